/**
 * A memory system as people choose it and as runs are made of it: id, title, parameters, and what creates it. Each is a
 * folder in systems/ and a line in its index.
 */
import type { z } from 'zod';
import type { MachineSpec } from '../model/machine';
import type { SystemMovement } from '../model/memory-system';
import { isLive, paramParser, type ParamValues, type ParseParams } from './params';

/** What a memory system of a run is, seen from here. */
export interface Tunable {
  /**
   * The parameters that it was created with have other values now. Called at the start of a fault batch, before any decision
   * of it; only those differ that are marked as live.
   */
  paramsChanged(): void;
}

interface SystemFacts {
  /** Stable, stored in recordings. */
  readonly id: string;
  /** Ids that it had before: accepted wherever a system is named, and never written. */
  readonly formerly?: readonly string[];
  /** A to G of docs/rules/thread-2015.md; empty for what is not in it. */
  readonly letter: string;
  readonly title: string;
  /** One sentence for the picker and the docs. */
  readonly summary: string;
  /** What real mechanism it stands for, with its source. */
  readonly source: string;
  /** Other memory systems whose folders this one imports from; test/arch/layers.cjs reads it. */
  readonly uses?: readonly string[];
  /** The run's eviction, prefetch and migration policies govern it; absent = it decides by itself. */
  readonly followsPolicies?: true;
  /** What bounds may take for granted; absent = only that devices have memory of their own across a link. */
  readonly movement?: SystemMovement;
}

export interface SystemSpec<T extends z.ZodObject, Kit, Memory extends Tunable> extends SystemFacts {
  readonly params: T;
  /**
   * Makes the memory of a run. Throws a Refusal where the system cannot run this workload on this machine.
   * @param params as they are in force: a live change writes into this object, then calls `paramsChanged` of what was made
   * @param kit what the run gives: space, policies, recorder
   */
  create(params: Readonly<z.infer<T>>, machine: MachineSpec, kit: Kit): Memory;
}

/** A memory system of a run, and the way to other values of its parameters. */
export interface CreatedSystem<Memory> {
  readonly memory: Memory;
  /** @param values parameters that were checked; those that are not live are left as they are */
  change(values: ParamValues): void;
}

/** What clients and checks need of a memory system. */
export interface SystemEntry extends SystemFacts {
  readonly schema: z.ZodObject;
  readonly parse: ParseParams;
  /** Names of the parameters that may change during the run, at a fault batch (`live` in their declaration). */
  readonly live: ReadonlySet<string>;
}

/** What a run needs besides. */
export interface RunnableSystem<Kit, Memory> extends SystemEntry {
  /** @param values parameters that were checked; absent ones have their defaults */
  create(values: ParamValues, machine: MachineSpec, kit: Kit): CreatedSystem<Memory>;
}

/** Hides the parameter type behind validation, as definePolicy does. */
export function defineSystem<T extends z.ZodObject, Kit, Memory extends Tunable>(
  spec: SystemSpec<T, Kit, Memory>,
): RunnableSystem<Kit, Memory> {
  const { params: schema, ...facts } = spec;
  const strict = schema.strict();
  const live = new Set(Object.keys(schema.shape).filter((name) => isLive(schema.shape[name])));
  return {
    ...facts,
    schema: strict,
    parse: paramParser(schema, `memory system "${facts.id}"`),
    live,
    create(values, machine, kit) {
      const params = strict.parse(values) as z.infer<T>;
      const memory = spec.create(params, machine, kit);
      return {
        memory,
        change(others) {
          Object.assign(params, Object.fromEntries(Object.entries(others).filter(([name]) => live.has(name))));
          memory.paramsChanged();
        },
      };
    },
  };
}
