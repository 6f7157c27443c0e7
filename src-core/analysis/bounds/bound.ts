/** What one bound is: a file here and a line in the index. Pure: what it needs to know was measured before. */
import type { BoundQuantity, BoundValue } from '../../model/bounds';
import type { SystemMovement } from '../../model/memory-system';
import type { RecordingHeader } from '../../model/recording';
import type { PolicyChoice } from '../../model/scenario';
import type { RunSummary } from '../../model/summary';
import type { Paging } from './optimal-paging';

/** A quantity as it had to grow along the run: by number of accesses executed. */
export type Curve = (access: number) => number;

/** What a pass over the same input with room for everything saw. */
export interface Observation {
  /** Bytes that have to cross from the host to a device, back, and between devices (engine/unavoidable-traffic.ts). */
  readonly toDevice: Curve;
  readonly toHost: Curve;
  readonly peerBytes: number;
  /** Pages whose bytes were too many to follow; they carry nothing in the three above. */
  readonly lostPages: number;
  /** Optimal paging with the capacity of the devices, and without limit; null where visits were too many to keep. */
  readonly optimal: Paging | null;
  readonly unlimited: Paging | null;
  /** Visits were taken in the order of the stream; false: whatever order inside a step. */
  readonly inOrder: boolean;
  /** Where that order is open: accesses made before each step, and at the end; null where visits are in order. */
  readonly kernels: readonly number[] | null;
  /** Unit of paging, bytes. */
  readonly unitBytes: number;
  /** Units that one device holds. */
  readonly capacity: number;
  /** Calls to the operating system. */
  readonly osCalls: number;
  /** Some steps ran at the same time. */
  readonly concurrent: boolean;
}

/** Runs of the same input, beside the current run. */
export const BOUND_RUNS = ['unlimited', 'remote', 'compute'] as const;
export type BoundRun = (typeof BOUND_RUNS)[number];

export interface BoundContext {
  readonly header: RecordingHeader;
  /** The current run as it stands. */
  readonly summary: RunSummary;
  /** Every policy that was ever in force in it. */
  readonly policies: readonly PolicyChoice[];
  readonly observation: Observation;
  /** How the memory system moves memory; null where it says nothing. */
  readonly movement: SystemMovement | null;
  /** Finished runs; null where one could not be made, with the reason in `refusals`. */
  readonly runs: Readonly<Partial<Record<BoundRun, RunSummary | null>>>;
  readonly refusals: Readonly<Partial<Record<BoundRun, string>>>;
}

/** One number of a bound, for the whole input and, if known, along the run. */
export type Judgement =
  | {
      readonly quantity: BoundQuantity;
      readonly kind: BoundValue['kind'];
      readonly total: number;
      readonly curve: Curve | null;
    }
  | { readonly quantity: BoundQuantity; readonly kind: BoundValue['kind']; readonly notDefined: string };

export interface Bound {
  /** Stable: layout of reports and scripts go by it. */
  readonly id: string;
  readonly title: string;
  /** What it bounds, why it is a bound, what it assumes: one short paragraph for people. */
  readonly summary: string;
  /** Runs that it reads. */
  readonly needs: readonly BoundRun[];
  judge(context: BoundContext): { readonly values: readonly Judgement[]; readonly notes: readonly string[] };
}

/** A number along the whole run. */
export const along = (quantity: BoundQuantity, curve: Curve): Judgement => ({
  quantity,
  kind: 'bound',
  total: curve(Infinity),
  curve,
});
/** A number that is known at the end only. */
export const atEnd = (quantity: BoundQuantity, kind: BoundValue['kind'], total: number): Judgement => ({
  quantity,
  kind,
  total,
  curve: null,
});
export const notDefined = (quantity: BoundQuantity, kind: BoundValue['kind'], reason: string): Judgement => ({
  quantity,
  kind,
  notDefined: reason,
});
