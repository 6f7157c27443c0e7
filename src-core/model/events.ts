/**
 * The events of a run, as columns. A new kind or column is a format change: bump FORMAT_VERSION, add an upgrader and
 * an entry in record/FORMATS.md.
 */
import { EVENT_TABLE, type EventKind } from './catalog/event-kinds';
import { METRIC_TABLE, type Metric } from './catalog/metrics';
import { REASON_TABLE, type Reason } from './catalog/reasons';

export const FORMAT_VERSION = 5;

/** Index = stored value of the kind column. */
export const EVENT_KINDS: readonly EventKind[] = EVENT_TABLE.map(({ id }) => id);
export { EVENT_COLUMNS, type EventColumn } from './catalog/event-kinds';
/** Codes by name, as constants whose types tell them apart; a test holds them to the table. */
export const FAULT = 0;
export const MIGRATION = 1;
export const EVICTION = 2;
export const STEP = 3;
export const LEDGER = 4;
export const POLICY = 5;
export const END = 6;
export const OS = 7;

/** Why: the reason column. Index = stored value. */
export const REASONS: readonly Reason[] = REASON_TABLE.map(({ id }) => id);
export type { Reason } from './catalog/reasons';
export const reasonCode = (reason: Reason): number => REASONS.indexOf(reason);

/** No processor (NO_PROCESSOR of model/processor.ts in one byte) / no object / no step / no cause in the columns below. */
export const STORED_NO_PROCESSOR = 255;
export const NO_OBJECT = 65535;
/** The change is none of a policy: it is of the memory system. */
export const NO_POLICY = 255;
export const NO_EVENT = 4294967295;

/** Counters kept per object and in total. Index = position in statistics rows. */
export const METRICS: readonly Metric[] = METRIC_TABLE.map(({ id }) => id);
export type { Metric } from './catalog/metrics';
export const METRIC_COUNT = METRICS.length;
export const metricIndex = (metric: Metric): number => METRICS.indexOf(metric);

/** The metrics that only ledger rows carry, in the order of a row's totals; the others are sums over events. */
export const LEDGER_METRICS: readonly Metric[] = METRIC_TABLE.filter(({ ledger }) => ledger).map(({ id }) => id);
