/** The columns of the object table, for the window, reports and the command line alike. */
import { ABSENT, formatBytes, formatCount, formatShare } from '../../base/units';
import { METRIC_TABLE, type Counted, type SummaryMetric } from './metrics';

/** What a row needs: of a range of the run or of all of it, of one object or of all together. */
export interface ObjectNumbers extends Counted {
  readonly name: string;
  readonly bytes: number;
  /** null: marking of useful bytes was off. */
  readonly usefulBytes: number | null;
}

export interface ObjectColumn {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** `share`: 0..1. */
  readonly unit: 'name' | 'bytes' | 'count' | 'share';
  /** null: not recorded, not modelled, or a share of nothing. @param all the row of all objects together */
  readonly value: (row: ObjectNumbers, all: ObjectNumbers) => number | string | null;
}

type Moved = Pick<Counted, 'bytesToDevice' | 'bytesToHost'>;
type Dead = Pick<Counted, 'deadBytesToDevice' | 'deadBytesToHost'>;
export const movedBytes = (row: Moved): number => row.bytesToDevice + row.bytesToHost;
export const deadBytes = (row: Dead): number => row.deadBytesToDevice + row.deadBytesToHost;

const stallShare: ObjectColumn['value'] = (row, all) => {
  if (row.stallPs === null || all.stallPs === null) return null;
  return all.stallPs > 0 ? row.stallPs / all.stallPs : 0;
};

const metricColumns = METRIC_TABLE.flatMap(({ id, short, means, unit, column }): ObjectColumn[] =>
  column
    ? [
        {
          id,
          title: short,
          help: means,
          unit: unit === 'bytes' ? unit : 'count',
          value: (row) => row[id as SummaryMetric],
        },
      ]
    : [],
);

const COLUMNS: readonly ObjectColumn[] = [
  {
    id: 'name',
    title: 'Object',
    help: 'A named piece of memory: an array, a list, a table. It has the same colour in the device-memory lane.',
    unit: 'name',
    value: (row) => row.name,
  },
  { id: 'bytes', title: 'Size', help: 'Size of the object in bytes.', unit: 'bytes', value: (row) => row.bytes },
  {
    id: 'stall',
    title: 'Share of stall',
    help: 'Share of the total time that processors waited for faults.',
    unit: 'share',
    value: stallShare,
  },
  ...metricColumns,
  {
    id: 'dead',
    title: 'Dead',
    help: 'Bytes that were moved and then completely overwritten before any processor read them. The move was not needed.',
    unit: 'bytes',
    value: deadBytes,
  },
  {
    id: 'useful',
    title: 'Useful',
    help: 'Share of the bytes moved that the receiver read or wrote before they left again.',
    unit: 'share',
    value: (row) => (row.usefulBytes === null || movedBytes(row) === 0 ? null : row.usefulBytes / movedBytes(row)),
  },
];

/** A machine that only counts has no stall: a column of dashes would say nothing. */
export const objectColumns = (isTimed: boolean): readonly ObjectColumn[] =>
  isTimed ? COLUMNS : COLUMNS.filter(({ id }) => id !== 'stall');

const TEXT: Readonly<Record<ObjectColumn['unit'], (value: number) => string>> = {
  name: String,
  bytes: formatBytes,
  count: formatCount,
  share: formatShare,
};

/** A cell of a table that is read, not sorted. */
export function columnText({ unit, value }: ObjectColumn, row: ObjectNumbers, all: ObjectNumbers): string {
  const found = value(row, all);
  if (found === null) return ABSENT;
  return typeof found === 'string' ? found : TEXT[unit](found);
}
