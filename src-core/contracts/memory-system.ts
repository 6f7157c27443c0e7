/**
 * A memory system as people choose it: id, title, parameters. Each is a folder in systems/ and a line in its index.
 */
import type { z } from 'zod';
import type { MemorySystemId, SystemMovement } from '../model/memory-system';
import type { NvidiaDecisions } from './nvidia-uvm';
import { isLive, paramParser, type ParseParams } from './params';

export interface SystemSpec<T extends z.ZodObject> {
  /** Stable, stored in recordings. */
  readonly id: MemorySystemId;
  /** A to G of thread-2015.md section 5; empty for what is not in it. */
  readonly letter: string;
  readonly title: string;
  /** One sentence for the picker and the docs. */
  readonly summary: string;
  /** What real mechanism it stands for, with its source. */
  readonly source: string;
  readonly params: T;
  /** Other memory systems whose folders this one imports from; test/arch/layers.cjs reads it. */
  readonly uses?: readonly MemorySystemId[];
  /** The run's eviction, prefetch and migration policies govern it; absent = it decides by itself. */
  readonly followsPolicies?: true;
  /** What bounds may take for granted; absent = only that devices have memory of their own across a link. */
  readonly movement?: SystemMovement;
  /** Decisions of NVIDIA's driver, for the systems that are built on it; the session hands them to the engine. */
  readonly decisions?: NvidiaDecisions;
}

export interface SystemEntry extends Omit<SystemSpec<z.ZodObject>, 'params'> {
  readonly schema: z.ZodObject;
  readonly parse: ParseParams;
  /** Names of the parameters that may change in mid-run, at a fault batch (`live` in their declaration). */
  readonly live: ReadonlySet<string>;
}

/** Hides the parameter type behind validation, as definePolicy does. */
export function defineSystem<T extends z.ZodObject>({ params, ...rest }: SystemSpec<T>): SystemEntry {
  return {
    ...rest,
    schema: params.strict(),
    parse: paramParser(params, `memory system "${rest.id}"`),
    live: new Set(Object.keys(params.shape).filter((name) => isLive(params.shape[name]))),
  };
}
