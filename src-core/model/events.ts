/**
 * The events of a run, as columns. A new kind or column is a format change: bump FORMAT_VERSION, add an upgrader and
 * an entry in record/FORMATS.md.
 */
import { METRIC_TABLE, type Metric } from './catalog/metrics';
import { REASON_TABLE, type Reason } from './catalog/reasons';

export const FORMAT_VERSION = 4;

export const EVENT_KINDS = ['fault', 'migration', 'eviction', 'step', 'ledger', 'policy', 'end', 'os'] as const;
export const FAULT = 0;
export const MIGRATION = 1;
export const EVICTION = 2;
/** Begin or end of a step of the workload (a kernel, a host function). */
export const STEP = 3;
/** Running totals of one object, written at step ends: what is not an event by itself (accesses, dead and useful bytes). */
export const LEDGER = 4;
/** A change took effect: a policy, or parameters of the memory system. */
export const POLICY = 5;
/** Last row of a complete recording: the run's summary. */
export const END = 6;
/** The operating system: a call with its answer, or an outcome of an access (SIGBUS, OOM, an errno). */
export const OS = 7;

/** Why: the reason column. Index = stored value. */
export const REASONS: readonly Reason[] = REASON_TABLE.map(({ id }) => id);
export type { Reason } from './catalog/reasons';
export const reasonCode = (reason: Reason): number => REASONS.indexOf(reason);

/** No processor / no object / no step / no cause in the columns below. */
export const NO_PROCESSOR = 255;
export const NO_OBJECT = 65535;
/** The change is none of a policy: it is of the memory system. */
export const NO_POLICY = 255;
export const NO_EVENT = 4294967295;

/** Column name → type and unit. The order is the order in which recordingHash reads them. */
export const EVENT_COLUMNS = {
  /** EVENT_KINDS index. */
  kind: 'u8',
  /** Number of the event in the run, from 0, over all kinds. */
  ordinal: 'u32',
  /** Simulated instant in ps; 0 throughout on a machine without timing. */
  time: 'f64',
  /** ps; migration, eviction: transfer; step end: the whole step. */
  duration: 'f64',
  /** Accesses executed before this event. */
  access: 'f64',
  /** Fault batch, from 1; 0 = before the first. */
  batch: 'u32',
  /** Step instance, from 0. */
  step: 'u32',
  /** Faulting processor, or the processor of a step. */
  processor: 'u8',
  /** Where the bytes came from and went. */
  source: 'u8',
  target: 'u8',
  /** AccessOp of the fault. */
  op: 'u8',
  /** Index in the recording's object list. */
  object: 'u16',
  /** Virtual address of the first byte: of the granule, or of the first of several neighbours that moved as one. */
  address: 'f64',
  /** Bytes moved, came into being, or went; 0 where pages were dropped. */
  bytes: 'u32',
  /** Index of the policy that decided: those of the header's scenario, then the changes to policies; or NO_POLICY. */
  policy: 'u8',
  /** REASONS index. */
  reason: 'u8',
  /**
   * Ordinal of the event that led to this one: for a transfer, the fault that asked for it; for a fault, the transfer
   * that took the granule away (its eviction, or its way to another processor). NO_EVENT: none.
   */
  cause: 'u32',
} as const;
export type EventColumn = keyof typeof EVENT_COLUMNS;

/** Counters kept per object and in total. Index = position in statistics rows. */
export const METRICS: readonly Metric[] = METRIC_TABLE.map(({ id }) => id);
export type { Metric } from './catalog/metrics';
export const METRIC_COUNT = METRICS.length;
export const metricIndex = (metric: Metric): number => METRICS.indexOf(metric);

/** The metrics that only ledger rows carry, in the order of a row's totals; the others are sums over events. */
export const LEDGER_METRICS: readonly Metric[] = METRIC_TABLE.filter(({ ledger }) => ledger).map(({ id }) => id);
