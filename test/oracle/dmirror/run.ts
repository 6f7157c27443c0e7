/** One run of a test: its state, and what the operations share. */
import type { Profile } from '../../../src-core/kernel/kernel';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import type { Benchmark } from './benchmark';
import type { Actor, Machine, Thp } from './machine';
import { mapBuffer, type Buffer, type Spec } from './mapping';
import { pageRange, type Scope, type Vars } from './phrases';

export interface Step {
  readonly op: string;
  readonly [key: string]: unknown;
}

export interface SelfTest {
  readonly id: string;
  readonly fixture: string;
  readonly mapping: Spec | null;
  readonly steps: readonly Step[];
  readonly changed_since_6_12?: string;
}

export interface Tables {
  readonly fixtures: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly bits: Readonly<Record<string, number>>;
}

export interface Options {
  readonly variant: string;
  readonly profile: Profile;
  readonly thp: Thp;
}

/** When a step that runs beside a device read happens: before it, in the middle of it, or after it. */
export const SCHEDULES = ['before', 'between', 'after'] as const;
export type Schedule = (typeof SCHEDULES)[number];

/** State of one run; the operations in steps.ts work on it. */
export interface Run {
  readonly machine: Machine;
  readonly options: Options;
  readonly tables: Tables;
  readonly spec: Spec | null;
  readonly minors: readonly number[];
  readonly parent: Actor;
  child: Actor | null;
  vars: Vars;
  buffer: Buffer | null;
  /** Buffers that the test mapped besides; all go at the end of the iteration. */
  readonly buffers: Buffer[];
  readonly schedule: Schedule;
  /** What a thread has still to do. */
  pending: (() => void) | null;
  readonly benchmark: Benchmark;
}

/** Maps the test's buffer anew; the mirror buffer has its size. */
export function freshBuffer(run: Run, actor: Actor): void {
  if (!run.spec) return;
  run.buffer = mapBuffer(run.machine, actor, run.spec, run.vars);
  run.buffers.push(run.buffer);
  actor.mirror = new Uint8Array(run.buffer.pages * PAGE_BYTES);
}

/** One operation: the keys that it reads from a step (an unknown one fails the test), and what it does. */
export interface Operation {
  readonly keys: readonly string[];
  run(run: Run, actor: Actor, step: Step): void;
}

export function bufferOf(run: Run): Buffer {
  if (!run.buffer) throw new Error('the test has no buffer');
  return run.buffer;
}

export function scopeOf(run: Run): Scope {
  const { pages, s, gone } = bufferOf(run);
  return { vars: run.vars, bytes: pages * PAGE_BYTES, s, gone };
}

/** Virtual pages [start, end) of a range phrase. */
export function vpnsOf(run: Run, phrase: unknown): { readonly start: number; readonly end: number } {
  const { first, end } = pageRange(phrase, scopeOf(run));
  const { base } = bufferOf(run);
  return { start: base + first, end: base + end };
}
