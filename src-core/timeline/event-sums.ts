/**
 * Sums of faults and transfers per bucket of the axis: over the run, and per object. There are millions of rows, so
 * neighbouring rows that count alike are added as one.
 */
import {
  EVICTION,
  METRIC_COUNT,
  metricIndex,
  reasonCode,
  STORED_NO_PROCESSOR,
  type EventColumn,
  type Metric,
} from '../model/events';
import { CPU } from '../model/processor';
import type { ColumnBlock, EventChunk } from '../record/columns';
import { Buckets } from './buckets';
import type { TrackTable } from './tracks';

/** Buckets of the run-wide tracks. */
const TRACK_BUCKETS = 16384;
/** Numbers kept for all objects together: 256 MiB. */
const OBJECT_NUMBERS = 32 * 1024 * 1024;

const at = (metric: Metric): number => metricIndex(metric);
const M = {
  cpuFaults: at('cpuFaults'),
  gpuFaults: at('gpuFaults'),
  toDevice: at('bytesToDevice'),
  toHost: at('bytesToHost'),
  migrations: at('migrations'),
  evictions: at('evictions'),
  prefetched: at('prefetchedBytes'),
};
/** Net change of the bytes on devices; stands behind the metrics of an object's row. */
export const RESIDENT = METRIC_COUNT;
export const OBJECT_NUMBERS_PER_ROW = METRIC_COUNT + 1;
const PREFETCH = reasonCode('prefetch');

export type Columns = EventChunk['blocks'][number]['columns'];

function add(sums: Float64Array, column: number, amount: number): void {
  sums[column] = sums[column]! + amount;
}

export class EventSums {
  readonly tracks: Buckets;
  /** Rows of OBJECT_NUMBERS_PER_ROW numbers per object. */
  readonly perObject: Buckets;

  /** @param unitBytes of the unit in which migrations are counted */
  constructor(
    private readonly table: TrackTable,
    objects: number,
    private readonly unitBytes: number,
    private readonly axis: 'time' | 'accesses',
  ) {
    const numbers = Math.max(1, objects) * OBJECT_NUMBERS_PER_ROW;
    let buckets = TRACK_BUCKETS;
    while (buckets > 16 && buckets * numbers > OBJECT_NUMBERS) buckets /= 2;
    this.tracks = new Buckets(TRACK_BUCKETS, table.tracks.length);
    this.perObject = new Buckets(buckets, numbers);
  }

  /** Makes both axes reach to x. */
  cover(x: number): void {
    this.tracks.cover(x);
    this.perObject.cover(x);
  }

  /** Adds the rows [from, to). */
  faults(block: ColumnBlock, from: number, to: number): void {
    for (let row = from; row < to;) {
      const end = endOfFaults(block, row, to);
      while (row < end) row = this.alikeFaults(block.columns, row, end);
    }
  }

  /** Adds the rows [from, to) of migrations or evictions. */
  transfers(block: ColumnBlock, from: number, to: number): void {
    for (let row = from; row < to;) {
      const end = endOfTransfers(block, row, to);
      while (row < end) row = this.alikeTransfers(block.columns, block.kind, row, end);
    }
  }

  /** Adds rows up to `end`, or up to the end of the bucket; returns the row behind the last. */
  private alikeFaults(columns: Columns, row: number, end: number): number {
    const along = this.axis === 'time' ? columns.time : columns.access;
    const all = this.tracks.row(along[row]!);
    const object = this.perObject.row(along[row]!);
    const last = this.endOfBucket(along, row, end);
    const isGpu = columns.processor[row] !== CPU;
    const { cpuFaults, gpuFaults } = this.table;
    add(all, (isGpu ? gpuFaults : cpuFaults)[columns.reason[row]!]!, last - row);
    const base = columns.object[row]! * OBJECT_NUMBERS_PER_ROW;
    add(object, base + (isGpu ? M.gpuFaults : M.cpuFaults), last - row);
    return last;
  }

  private alikeTransfers(columns: Columns, kind: number, row: number, end: number): number {
    const along = this.axis === 'time' ? columns.time : columns.access;
    const all = this.tracks.row(along[row]!);
    const sums = this.perObject.row(along[row]!);
    const last = this.endOfBucket(along, row, end);
    const bytes = columns.bytes[row]!;
    const moved = bytes * (last - row);
    const object = columns.object[row]! * OBJECT_NUMBERS_PER_ROW;
    const source = columns.source[row]!;
    const target = columns.target[row]!;
    // Pages that came into being on a device, or went with their mapping: no bytes moved.
    if (source === STORED_NO_PROCESSOR || target === STORED_NO_PROCESSOR) {
      add(sums, object + RESIDENT, source === STORED_NO_PROCESSOR ? moved : -moved);
      return last;
    }
    const isToHost = target === CPU;
    const reason = columns.reason[row]!;
    add(all, (isToHost ? this.table.toHost : this.table.toDevice)[reason]!, moved);
    const units = Math.max(1, bytes / this.unitBytes) * (last - row);
    add(sums, object + (isToHost ? M.toHost : M.toDevice), moved);
    add(sums, object + M.migrations, units);
    if (kind === EVICTION) add(sums, object + M.evictions, units);
    if (reason === PREFETCH) add(sums, object + M.prefetched, moved);
    if (isToHost !== (source === CPU)) add(sums, object + RESIDENT, isToHost ? -moved : moved);
    return last;
  }

  /** End of the rows from `row` on, up to `end`, that lie in the buckets of that row, which were asked for last. */
  private endOfBucket(along: Columns['time'], row: number, end: number): number {
    const { tracks, perObject } = this;
    let last = row + 1;
    while (last < end && tracks.holds(along[last]!) && perObject.holds(along[last]!)) last++;
    return last;
  }
}

/** Columns in which rows have to be equal to be added as one. */
const ALIKE_FAULTS = ['processor', 'reason', 'object'] as const;
const ALIKE_TRANSFERS = ['source', 'target', 'reason', 'object', 'bytes'] as const;

/** Rows from the first on, up to `to`, that are known to be equal in these columns. */
function knownAlike({ columns, even }: ColumnBlock, names: readonly EventColumn[], to: number): number {
  let rows = to;
  for (const name of names) {
    const values = columns[name];
    rows = Math.min(rows, values[1] === values[0] ? even[name] : 0);
  }
  return rows;
}

/** End of the rows from `row` on that differ only in their place. */
function endOfFaults(block: ColumnBlock, row: number, to: number): number {
  const known = knownAlike(block, ALIKE_FAULTS, to);
  if (known > row) return known;
  const { processor, reason, object } = block.columns;
  const by = processor[row];
  const why = reason[row];
  const what = object[row];
  let end = row + 1;
  while (end < to && object[end] === what && reason[end] === why && processor[end] === by) end++;
  return end;
}

function endOfTransfers(block: ColumnBlock, row: number, to: number): number {
  const known = knownAlike(block, ALIKE_TRANSFERS, to);
  if (known > row) return known;
  const { source, target, reason, object, bytes } = block.columns;
  const origin = source[row];
  const destination = target[row];
  const why = reason[row];
  const what = object[row];
  const size = bytes[row];
  const isAlike = (at: number): boolean =>
    bytes[at] === size &&
    object[at] === what &&
    reason[at] === why &&
    source[at] === origin &&
    target[at] === destination;
  let end = row + 1;
  while (end < to && isAlike(end)) end++;
  return end;
}
