/**
 * Policies decide; the OS model acts. A policy sees read-only views and answers with intentions, which the OS model may
 * refuse (no room, in flight): that is recorded, not an error. A policy is deterministic: randomness only from
 * env.random, time only from the view. All three kinds may be replaced in mid-run, at a fault batch; `create` is then
 * called with the memory as it stands. What a policy remembers lies in fields of the object that `create` returns, where
 * a snapshot of the run finds it; variables captured by its functions are not saved.
 */
import type { z } from 'zod';
import type { Granule } from '../base/indices';
import type { Random } from '../base/random';
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { PolicyKind } from '../model/scenario';
import { paramParser, type ParamValues, type ParseParams } from './params';

/** What every policy may look at. */
export interface MemoryView {
  readonly granuleBytes: number;
  /** Granules of one 2 MiB VA block: 512, 32 or 1. */
  readonly granulesPerBlock: number;
  /** Granules of the whole space. */
  readonly granules: number;
  /** Where the granule is: a processor, or −1 while it is not populated. */
  ownerOf(granule: Granule): ProcessorIndex;
  objectOf(granule: Granule): number;
  /** Granules that the device can hold, and how many of these are free. */
  capacity(device: ProcessorIndex): number;
  free(device: ProcessorIndex): number;
  /** Accesses executed so far. */
  accesses(): number;
}

export interface EvictionView extends MemoryView {
  /** First granule of the device in the order that the policy asked for, oldest first; −1 when nothing is resident. */
  oldest(device: ProcessorIndex): Granule;
  /** The next younger one, or −1. */
  younger(granule: Granule): Granule;
  residents(device: ProcessorIndex): number;
  /** i-th resident granule in an arbitrary but reproducible order, 0 ≤ i < residents. */
  residentAt(device: ProcessorIndex, index: number): Granule;
  /** Came in with the batch that is being serviced: evicting it would undo the batch. */
  isProtected(granule: Granule): boolean;
  /** Ordinal of the next access by a device; Infinity when there is none. Only where the policy declared `needsFuture`. */
  nextUse(granule: Granule): number;
}

export interface EvictionPolicy {
  /** The order that the OS model keeps for this policy: by last device access, by last migration, or none at all. */
  readonly order: 'access' | 'migration' | 'none';
  /** The granule to evict from a full device; NO_GRANULE when all are protected. */
  victim(device: ProcessorIndex, memory: EvictionView): Granule;
  /** Called after a run of accesses to a granule by its device has ended, and when a granule arrives there. */
  used?(device: ProcessorIndex, granule: Granule, memory: EvictionView): void;
  /** true: the victim is the oldest granule that is not protected, always, so that a run of faults need not ask for each. */
  readonly isOldestFirst?: boolean;
}

/** The faults of one batch in one VA block. The CPU's faults are batches of one. */
export interface BlockFaults {
  /** Who faulted, and so where the granules go. */
  readonly device: ProcessorIndex;
  /** Granules [first, outer) of the VA block that the space holds. */
  readonly first: Granule;
  readonly outer: Granule;
  /** Faulted granules, ascending. */
  readonly faulted: Int32Array;
  readonly count: number;
}

export interface PrefetchPolicy {
  /**
   * Calls `want` for each further granule to bring along, ascending; granules already on the device are ignored. Absent:
   * nothing is ever brought along. `faults` is valid during the call.
   */
  choose?(faults: BlockFaults, memory: MemoryView, want: (granule: Granule) => void): void;
}

export interface MigrationPolicy {
  /** A processor touched a granule that is somewhere else (never called for a first touch). */
  onFault(processor: ProcessorIndex, granule: Granule, op: AccessOp, memory: MemoryView): 'migrate' | 'map-remote';
  /** Remote accesses of one granule by one device before the OS model moves it; null = never. */
  readonly counterThreshold: number | null;
  /** Where memory comes into being that a device touches first; absent = on the device. */
  readonly populates?: 'host';
  /** true: `onFault` answers `migrate`, always, so that a run of faults need not ask for each. */
  readonly isAlwaysMigrating?: boolean;
}

export interface PolicyEnv {
  readonly random: Random;
}

interface PolicyBehaviour {
  readonly eviction: EvictionPolicy;
  readonly prefetch: PrefetchPolicy;
  readonly migration: MigrationPolicy;
}

export interface PolicySpec<K extends PolicyKind, T extends z.ZodObject> {
  readonly kind: K;
  /** Stable, stored in recordings; never shown, never reused. */
  readonly id: string;
  readonly title: string;
  /** One sentence for the picker and the docs. */
  readonly summary: string;
  /** What real mechanism it stands for, with its source. */
  readonly source: string;
  readonly params: T;
  /** The policy looks into the future of the workload: an offline bound, refused in a live run. */
  readonly needsFuture?: boolean;
  create(params: z.infer<T>, env: PolicyEnv): PolicyBehaviour[K];
}

export interface PolicyEntry<K extends PolicyKind = PolicyKind> {
  readonly kind: K;
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly source: string;
  readonly needsFuture: boolean;
  readonly schema: z.ZodObject;
  readonly parse: ParseParams;
  create(params: ParamValues, env: PolicyEnv): PolicyBehaviour[K];
}

/** Hides the parameter type behind validation, so that the registry is one plain array. */
export function definePolicy<K extends PolicyKind, T extends z.ZodObject>(spec: PolicySpec<K, T>): PolicyEntry<K> {
  const strict = spec.params.strict();
  return {
    kind: spec.kind,
    id: spec.id,
    title: spec.title,
    summary: spec.summary,
    source: spec.source,
    needsFuture: spec.needsFuture ?? false,
    schema: strict,
    parse: paramParser(spec.params, `${spec.kind} policy "${spec.id}"`),
    create: (params, env) => spec.create(strict.parse(params) as z.infer<T>, env),
  };
}
