/** Everything that decides a run, as plain data: saved in recordings and reports, enough to repeat it. */

import type { SystemChoice } from './memory-system';

export const POLICY_KINDS = ['eviction', 'prefetch', 'migration'] as const;
export type PolicyKind = (typeof POLICY_KINDS)[number];

/** One chosen policy with all its parameters filled in. */
export interface PolicyChoice {
  readonly kind: PolicyKind;
  readonly id: string;
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

/** Parameters of the run's memory system that take other values during the run; those not named keep theirs. */
export interface SystemChange {
  readonly kind: 'system';
  /** The system that the run has: a change never replaces it. */
  readonly id: string;
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

/** What may change during the run. */
export const CHANGE_KINDS = [...POLICY_KINDS, 'system'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];
export type RunChange = PolicyChoice | SystemChange;
export const isPolicy = (change: RunChange): change is PolicyChoice => change.kind !== 'system';

/** When a scheduled change takes effect: at the first fault batch at which the condition holds. */
export type ChangeMoment =
  | { readonly at: 'batch'; readonly batch: number }
  | { readonly at: 'access'; readonly access: number }
  | { readonly at: 'time'; readonly timePs: number }
  | { readonly at: 'phase'; readonly phase: string; readonly iteration: number };

export interface PolicyChange {
  readonly moment: ChangeMoment;
  readonly policy: RunChange;
}

/** A change that took effect, with the first batch that it governed; `{at:'batch', batch}` repeats it exactly. */
export interface AppliedChange {
  readonly batch: number;
  readonly access: number;
  readonly timePs: number;
  readonly policy: RunChange;
  readonly origin: 'scheduled' | 'live';
}

export const GRANULARITIES = [4096, 65536, 2097152] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export interface ScenarioSpec {
  /** Machine preset id, or the whole machine when it came from a file. */
  readonly machine: string;
  readonly deviceMemoryBytes: number;
  readonly granularity: Granularity;
  readonly seed: number;
  readonly policies: readonly PolicyChoice[];
  readonly changes: readonly PolicyChange[];
  /** Which memory system runs the workload; absent = `ideal`, the one of rule set R0. */
  readonly system?: SystemChoice;
  /** Marking which bytes of a transfer were touched; off is faster, and useful bytes are then not recorded. */
  readonly usefulBytes: boolean;
}
