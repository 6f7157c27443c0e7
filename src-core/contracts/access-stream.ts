/**
 * What a workload or a trace gives to the engine: steps, and inside them batches of accesses, pulled one by one.
 *
 * An access is run-length encoded. A *group* is `count` iterations over its *lanes*; in each iteration every lane makes
 * one access, in lane order: for i in 0..count: for lane: op on [address + i × stride, + bytes). A single run is a group
 * of one lane; `a[i] = b[i] + c[i]` is a group of three. Addresses are space offsets (model/space.ts), in bytes; a lane
 * stays inside one region. `stride` may be 0 or negative. A group of no iterations does not occur.
 *
 * Irregular accesses come as *points*: one op, one object, one element size, and a list of element numbers:
 * for i: op on [base + index[i] × pitch, + bytes).
 */
import type { Positioned } from '../base/plain';
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { OsStep } from '../model/os-action';
import type { SpaceSpec } from '../model/space';
import type { Finding } from '../model/finding';

/** Most groups, lanes and points of one batch. */
export const BATCH_GROUPS = 4096;
export const BATCH_LANES = 16384;
export const BATCH_POINTS = 65536;
/** Most lanes of one group (a 7-point stencil with its output needs 8; tiled kernels stay below). */
export const GROUP_LANES = 64;

/** Filled by the stream, read by the engine, owned by the caller and used again for the next batch. */
export interface AccessBatch {
  /** 'groups' or 'points'; says which of the two halves below holds data. */
  kind: 'groups' | 'points';
  /** Each access depends on the one before (pointer chase): a device cannot have two faults in flight. */
  dependent: boolean;

  groups: number;
  /** Lanes of group g are laneOf[g] .. laneOf[g + 1] − 1. */
  readonly laneOf: Int32Array;
  /** Iterations of group g, a whole number up to 2^53. */
  readonly count: Float64Array;
  readonly address: Float64Array;
  readonly stride: Float64Array;
  /** Bytes of one access of the lane. */
  readonly bytes: Float64Array;
  readonly op: Uint8Array;
  /** Index in SpaceSpec.objects. */
  readonly object: Int32Array;

  points: number;
  readonly index: Uint32Array;
  base: number;
  pitch: number;
  pointBytes: number;
  pointOp: AccessOp;
  pointObject: number;
}

/** Position inside a batch. */
export interface Cursor {
  group: number;
  /** Iteration of the group, or number of the point. */
  at: number;
  /** Lane of that iteration, where a halt came between two of its lanes; 0 or absent otherwise. */
  lane?: number;
}

export function createBatch(): AccessBatch {
  return {
    kind: 'groups',
    dependent: false,
    groups: 0,
    laneOf: new Int32Array(BATCH_GROUPS + 1),
    count: new Float64Array(BATCH_GROUPS),
    address: new Float64Array(BATCH_LANES),
    stride: new Float64Array(BATCH_LANES),
    bytes: new Float64Array(BATCH_LANES),
    op: new Uint8Array(BATCH_LANES),
    object: new Int32Array(BATCH_LANES),
    points: 0,
    index: new Uint32Array(BATCH_POINTS),
    base: 0,
    pitch: 0,
    pointBytes: 0,
    pointOp: 0,
    pointObject: 0,
  };
}

/** Empties a batch for groups. */
export function beginGroups(batch: AccessBatch): void {
  batch.kind = 'groups';
  batch.dependent = false;
  batch.groups = 0;
  batch.points = 0;
  batch.laneOf[0] = 0;
}

/** true: a group of `lanes` lanes still fits. */
export function fitsGroup(batch: AccessBatch, lanes: number): boolean {
  return batch.groups < BATCH_GROUPS && (batch.laneOf[batch.groups] ?? 0) + lanes <= BATCH_LANES;
}

/** Appends a lane to the group under construction. Order of calls: addLane × lanes, then endGroup. */
export function addLane(
  batch: AccessBatch,
  lane: number,
  op: AccessOp,
  object: number,
  address: number,
  stride: number,
  bytes: number,
): void {
  const at = (batch.laneOf[batch.groups] ?? 0) + lane;
  batch.op[at] = op;
  batch.object[at] = object;
  batch.address[at] = address;
  batch.stride[at] = stride;
  batch.bytes[at] = bytes;
}

/** How many groups of `lanes` lanes still fit. */
export const roomForGroups = (batch: AccessBatch, lanes: number): number =>
  Math.min(BATCH_GROUPS - batch.groups, Math.floor((BATCH_LANES - (batch.laneOf[batch.groups] ?? 0)) / lanes));

export function endGroup(batch: AccessBatch, lanes: number, count: number): void {
  batch.count[batch.groups] = count;
  batch.laneOf[batch.groups + 1] = (batch.laneOf[batch.groups] ?? 0) + lanes;
  batch.groups++;
}

/** A step instance: one run of a kernel on a device or of a function on the CPU. */
export interface StepInfo {
  /** Phase of the workload file (or `trace`), and which iteration of it, from 1. */
  readonly phase: string;
  readonly iteration: number;
  /** Name of the kernel or function. */
  readonly name: string;
  readonly processor: ProcessorIndex;
}

export type StreamItem =
  | { readonly kind: 'step-begin'; readonly step: StepInfo }
  /** The batch given to next() was filled; its accesses belong to the innermost open step. */
  | { readonly kind: 'accesses' }
  | { readonly kind: 'step-end' }
  /** Accesses up to here happen no earlier than this instant (traces with times; ignored by machines without timing). */
  | { readonly kind: 'not-before'; readonly timePs: number }
  /** Steps that run at the same time; each branch yields whole steps and then `end`. Interleaved by `quantum` accesses. */
  | { readonly kind: 'fork'; readonly branches: readonly AccessStream[]; readonly quantum: number }
  /** Between steps: a call to the operating system. Only memory systems on the Linux model do anything with it. */
  | { readonly kind: 'os'; readonly step: OsStep }
  | { readonly kind: 'end' };

/**
 * A stream can go back: its position is plain data, and after `seek` it gives bit-identical items and batches to those
 * that followed `position()`. Limits:
 * - A position belongs to streams of the same source (same file, same seed). `seek` also opens a closed stream again.
 * - The branches of a fork have positions of their own. The position of the stream that forked lies behind the fork: to
 *   go back into a fork, seek that stream and the branches, or the stream to before the fork and then its new branches.
 * - A trace is read again from its start up to the position, at the next `next()`, which then returns a promise.
 * - Not to be called while a promise of `next()` is pending.
 */
export interface AccessStream extends Positioned {
  /** The next item. Fills `batch` when the answer is `accesses`. Synchronous for generators, a promise for files. */
  next(batch: AccessBatch): StreamItem | Promise<StreamItem>;
  /** 0..1, or null where the end is not known. */
  progress(): number | null;
  close(): void;
}

/** A workload or trace that can be replayed from the start any number of times, with the same accesses each time. */
export interface AccessSource {
  readonly kind: 'workload' | 'trace';
  readonly name: string;
  readonly space: SpaceSpec;
  /** Devices that the source names: highest gpu index + 1, at least 1. */
  readonly devices: number;
  /** Exact number of element accesses where it is known before the run (spanning pieces not counted), else null. */
  readonly accesses: number | null;
  /** Objects that devices touch → the first device that does, where it is known before the run (workloads). */
  readonly deviceObjects?: ReadonlyMap<number, ProcessorIndex>;
  /** What was dropped, guessed or clipped while reading. */
  findings(): readonly Finding[];
  open(): AccessStream;
}
