/**
 * Counters kept per object. One row per metric; its place in the table is its position in rows of statistics and in
 * ledger rows of recordings, so the table only grows at its end. The summary of a run, the CSV and JSON reports, the
 * object table and the fields that `expect` and `--fail-if` know derive from it.
 */
import { ABSENT, formatBytes, formatCount, formatTime } from '../../base/units';

interface MetricRow {
  readonly id: string;
  /** In tables and facts. */
  readonly title: string;
  /** In column heads. */
  readonly short: string;
  readonly unit: 'count' | 'bytes' | 'ps';
  /** What is counted, in words for a reader who does not know it. */
  readonly means: string;
  /** Recorded in ledger rows; the others are sums over events. */
  readonly ledger?: true;
  /** A field of the summary of a run and of each object. `timed`: null on a machine without timing. */
  readonly summary?: 'always' | 'timed';
  /** A column of the object table. */
  readonly column?: true;
}

const rows = [
  {
    id: 'cpuFaults',
    title: 'CPU faults',
    short: 'CPU faults',
    unit: 'count',
    means: 'How often the CPU touched a granule that was not available to it.',
    summary: 'always',
    column: true,
  },
  {
    id: 'gpuFaults',
    title: 'GPU faults',
    short: 'GPU faults',
    unit: 'count',
    means: 'How often a GPU touched a granule that was not available to it.',
    summary: 'always',
    column: true,
  },
  {
    id: 'bytesToDevice',
    title: 'Bytes moved to devices',
    short: 'To device',
    unit: 'bytes',
    means: 'Bytes that were copied into device memory, including prefetches.',
    summary: 'always',
    column: true,
  },
  {
    id: 'bytesToHost',
    title: 'Bytes moved to the host',
    short: 'To host',
    unit: 'bytes',
    means: 'Bytes that were copied back to host memory, including evictions.',
    summary: 'always',
    column: true,
  },
  {
    id: 'migrations',
    title: 'Migrations',
    short: 'Migrations',
    unit: 'count',
    means: 'Granules moved in either direction, including evictions.',
    summary: 'always',
  },
  {
    id: 'evictions',
    title: 'Evictions',
    short: 'Evictions',
    unit: 'count',
    means: 'Granules evicted to the host to make room on the device.',
    summary: 'always',
    column: true,
  },
  {
    id: 'deadBytesToDevice',
    title: 'Dead bytes to devices',
    short: 'Dead, to device',
    unit: 'bytes',
    means: 'Bytes moved to a device and then overwritten before they were read.',
    ledger: true,
    summary: 'always',
  },
  {
    id: 'deadBytesToHost',
    title: 'Dead bytes to the host',
    short: 'Dead, to host',
    unit: 'bytes',
    means: 'Bytes moved to the host and then overwritten before they were read.',
    ledger: true,
    summary: 'always',
  },
  {
    id: 'unresolvedBytesToDevice',
    title: 'Unresolved bytes to devices',
    short: 'Unresolved, to device',
    unit: 'bytes',
    means: 'Bytes moved to a device and neither read nor overwritten so far.',
    ledger: true,
    summary: 'always',
  },
  {
    id: 'unresolvedBytesToHost',
    title: 'Unresolved bytes to the host',
    short: 'Unresolved, to host',
    unit: 'bytes',
    means: 'Bytes moved to the host and neither read nor overwritten so far.',
    ledger: true,
    summary: 'always',
  },
  {
    id: 'usefulBytesToDevice',
    title: 'Useful bytes to devices',
    short: 'Useful, to device',
    unit: 'bytes',
    means: 'Bytes moved to a device that it touched before they left again.',
    ledger: true,
  },
  {
    id: 'usefulBytesToHost',
    title: 'Useful bytes to the host',
    short: 'Useful, to host',
    unit: 'bytes',
    means: 'Bytes moved to the host that the CPU touched before they left again.',
    ledger: true,
  },
  {
    id: 'remoteBytes',
    title: 'Bytes accessed remotely',
    short: 'Remote',
    unit: 'bytes',
    means: 'Bytes that a processor read or wrote across the link without moving them.',
    ledger: true,
    summary: 'always',
    column: true,
  },
  {
    id: 'pingPongs',
    title: 'Ping-pongs',
    short: 'Ping-pongs',
    unit: 'count',
    means: 'Granules that returned to the device after the CPU had taken them (evicted ones do not count).',
    ledger: true,
    summary: 'always',
    column: true,
  },
  {
    id: 'stallPs',
    title: 'Waiting for faults',
    short: 'Stall',
    unit: 'ps',
    means: 'Time that processors waited for faults, summed over processors.',
    ledger: true,
    summary: 'timed',
  },
  {
    id: 'prefetchedBytes',
    title: 'Bytes prefetched',
    short: 'Prefetched',
    unit: 'bytes',
    means: 'Bytes moved by request of the prefetch policy.',
    summary: 'always',
  },
  {
    id: 'bytesPeer',
    title: 'Bytes between devices',
    short: 'Peer',
    unit: 'bytes',
    means: 'Bytes moved to a device from another device.',
  },
  {
    id: 'cpuReads',
    title: 'CPU reads',
    short: 'CPU reads',
    unit: 'count',
    means: 'Elements that the CPU read.',
    ledger: true,
  },
  {
    id: 'cpuWrites',
    title: 'CPU writes',
    short: 'CPU writes',
    unit: 'count',
    means: 'Elements that the CPU wrote.',
    ledger: true,
  },
  {
    id: 'cpuReadWrites',
    title: 'CPU read-writes',
    short: 'CPU read-writes',
    unit: 'count',
    means: 'Elements that the CPU read and then wrote in one access.',
    ledger: true,
  },
  {
    id: 'cpuAtomics',
    title: 'CPU atomics',
    short: 'CPU atomics',
    unit: 'count',
    means: 'Atomic accesses of the CPU.',
    ledger: true,
  },
  {
    id: 'gpuReads',
    title: 'GPU reads',
    short: 'GPU reads',
    unit: 'count',
    means: 'Elements that GPUs read.',
    ledger: true,
  },
  {
    id: 'gpuWrites',
    title: 'GPU writes',
    short: 'GPU writes',
    unit: 'count',
    means: 'Elements that GPUs wrote.',
    ledger: true,
  },
  {
    id: 'gpuReadWrites',
    title: 'GPU read-writes',
    short: 'GPU read-writes',
    unit: 'count',
    means: 'Elements that GPUs read and then wrote in one access.',
    ledger: true,
  },
  {
    id: 'gpuAtomics',
    title: 'GPU atomics',
    short: 'GPU atomics',
    unit: 'count',
    means: 'Atomic accesses of GPUs.',
    ledger: true,
  },
] as const satisfies readonly MetricRow[];

type Row = (typeof rows)[number];
export type Metric = Row['id'];
/** Metrics that the summary of a run and of each object has as a field of the same name. */
export type SummaryMetric = Extract<Row, { readonly summary: string }>['id'];
type TimedMetric = Extract<Row, { readonly summary: 'timed' }>['id'];
export interface MetricEntry extends MetricRow {
  readonly id: Metric;
}
export const METRIC_TABLE: readonly MetricEntry[] = rows;

/** The fields that a summary has of the table; null where the machine has no timing. */
export type Counted = { readonly [M in SummaryMetric]: M extends TimedMetric ? number | null : number };

interface SummaryEntry extends MetricEntry {
  readonly id: SummaryMetric;
}
export const SUMMARY_METRICS: readonly SummaryEntry[] = METRIC_TABLE.filter(
  (row): row is SummaryEntry => row.summary !== undefined,
);

const byId = Object.fromEntries(METRIC_TABLE.map((row) => [row.id, row])) as Readonly<Record<Metric, MetricEntry>>;
export const metric = (id: Metric): MetricEntry => byId[id];

const TEXT: Readonly<Record<MetricRow['unit'], (value: number) => string>> = {
  count: formatCount,
  bytes: formatBytes,
  ps: formatTime,
};
/** A number in its unit, for people. */
export const metricText = ({ unit }: MetricEntry, value: number | null): string =>
  value === null ? ABSENT : TEXT[unit](value);

/** Reads the fields of a summary: `of` answers one counter. Times are rounded to whole picoseconds. */
export const countedOf = (of: (metric: SummaryMetric) => number, isTimed: boolean): Counted =>
  Object.fromEntries(
    SUMMARY_METRICS.map(({ id, summary, unit }) => {
      if (summary === 'timed' && !isTimed) return [id, null];
      return [id, unit === 'ps' ? Math.round(of(id)) : of(id)];
    }),
  ) as Counted;
