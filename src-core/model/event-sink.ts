/**
 * Where memory systems and the engine report what happened. One structure per kind of event, with the columns of
 * model/events.ts as its fields; the sink copies it during the call, so that the caller may fill the same one again.
 */
import type { EVICTION, MIGRATION } from './events';
import type { AccessOp, ProcessorIndex } from './processor';
import type { RunChange } from './scenario';

/** When an event happened: every row has this. */
export interface EventMoment {
  timePs: number;
  /** Accesses executed before. */
  access: number;
  batch: number;
  step: number;
}

export interface FaultEvent extends EventMoment {
  processor: ProcessorIndex;
  op: AccessOp;
  object: number;
  address: number;
  policy: number;
  reason: number;
  cause: number;
}

/** Neighbouring granules that went the same way as one. */
export interface TransferEvent extends EventMoment {
  kind: typeof MIGRATION | typeof EVICTION;
  durationPs: number;
  source: ProcessorIndex;
  target: ProcessorIndex;
  object: number;
  /** Of the first granule. */
  address: number;
  bytes: number;
  policy: number;
  reason: number;
  cause: number;
}

export interface StepEvent extends EventMoment {
  durationPs: number;
  processor: ProcessorIndex;
  /** `begin` or `end`. */
  reason: number;
  /** JSON of the StepInfo at the begin. */
  detail: string;
}

/** Running totals of one object, in the order of LEDGER_METRICS. */
export interface LedgerEvent extends EventMoment {
  object: number;
  totals: readonly number[];
}

export interface OsEvent extends EventMoment {
  processor: ProcessorIndex;
  object: number;
  address: number;
  bytes: number;
  /** `call`, `outcome` or what a driver says. */
  reason: number;
  /** JSON: { what, result, … }. */
  detail: string;
}

export interface ChangeEvent extends EventMoment {
  change: RunChange;
  /** Where the policy stands in the run's list; NO_POLICY for parameters of the memory system, which come whole. */
  policy: number;
  reason: number;
}

/**
 * Faults of one kind, each in a batch of its own, with an eviction that makes room, or none, and the migration that answers
 * it. Nothing takes time.
 */
export interface FaultRunEvents {
  readonly count: number;
  /** Each fault has one, before its migration. */
  readonly hasEvictions: boolean;
  /** Accesses executed before the first fault, and from one to the next. */
  readonly access: number;
  readonly accessStep: number;
  /** Batch of the first; each further fault is in the next. */
  readonly batch: number;
  readonly step: number;
  readonly processor: ProcessorIndex;
  readonly op: AccessOp;
  readonly object: number;
  readonly granuleBytes: number;
  /** Of the first granule, and from one to the next. */
  readonly address: number;
  readonly addressStep: number;
  /** Of the migrations. */
  readonly source: ProcessorIndex;
  readonly evictionTarget: ProcessorIndex;
  readonly migrationPolicy: number;
  readonly evictionPolicy: number;
  readonly faultReason: number;
  readonly migrationReason: number;
  readonly evictionReason: number;
  /** Of each fault. The fault itself is the cause of its transfers. */
  readonly causes: Uint32Array;
  readonly victimAddresses: Float64Array;
  readonly victimObjects: Uint16Array;
}

export interface EventSink {
  /** Events so far: the ordinal of the next. */
  readonly count: number;
  /** Returns the ordinal of the event, which others name as their cause. */
  fault(event: Readonly<FaultEvent>): number;
  /** Returns the ordinal. */
  transfer(event: Readonly<TransferEvent>): number;
  /** The events of a run of faults; no more than `roomForRun` at once. */
  faultRun(events: FaultRunEvents): void;
  /** How many events `faultRun` takes now. */
  roomForRun(): number;
  step(event: Readonly<StepEvent>): void;
  ledger(event: Readonly<LedgerEvent>): void;
  /** Returns the ordinal. */
  os(event: Readonly<OsEvent>): number;
  policy(event: Readonly<ChangeEvent>): void;
}
