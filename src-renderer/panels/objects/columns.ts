/** Cells of the object table, and why some have no number. Pure. */
import { formatBytes, formatCount, formatTime } from '../../../src-core/base/units';
import { movedBytes, objectColumns, type ObjectColumn } from '../../../src-core/model/catalog/object-columns';
import type { ObjectRow } from '../../../src-core/model/timeline';
import { NOTHING, percent } from '../../widgets/format';

/** What decides how a missing value is worded. */
export interface TableContext {
  readonly machine: string;
  readonly timed: boolean;
  /** The stall of the whole range is known to be what it is: false while a run goes on and nothing has been counted. */
  readonly stallKnown: boolean;
}

export interface Cell {
  readonly text: string;
  /** Why there is no number, or the exact number behind a short one. */
  readonly title?: string;
  readonly missing?: boolean;
}

export interface Column extends ObjectColumn {
  readonly cell: (row: ObjectRow, all: ObjectRow, context: TableContext) => Cell;
}

const missing = (title: string): Cell => ({ text: NOTHING, title, missing: true });

/** What the cells of a unit say; the exact number is in the tooltip of a rounded one. */
const CELLS: Readonly<Record<ObjectColumn['unit'], (value: number) => Cell>> = {
  name: (value) => ({ text: String(value) }),
  count: (value) => ({ text: formatCount(value) }),
  bytes: (value) => ({ text: value === 0 ? '0' : formatBytes(value), title: `${formatCount(value)} bytes` }),
  share: (value) => ({ text: percent(value) }),
};

/** Why a share is not there. */
const ABSENCES: Readonly<Record<string, (row: ObjectRow, context: TableContext) => string>> = {
  stall: (_, { timed, machine }) =>
    timed ? 'not recorded' : `not modelled on ${machine}: this machine only counts and has no costs`,
  useful: (row) => (row.usefulBytes === null ? 'not recorded: recording of useful bytes is off' : 'nothing was moved'),
};

function cellOf(column: ObjectColumn, row: ObjectRow, all: ObjectRow, context: TableContext): Cell {
  const value = column.value(row, all);
  if (value === null) return missing(ABSENCES[column.id]?.(row, context) ?? 'not recorded');
  if (column.id === 'stall' && !context.stallKnown)
    return missing('not known yet: stalls are counted as steps progress');
  if (typeof value === 'string') return { text: value, title: `${value}, ${formatBytes(row.bytes)}` };
  const cell = CELLS[column.unit](value);
  return column.id === 'stall' && row.stallPs !== null
    ? { ...cell, title: `${formatTime(row.stallPs)} of waiting` }
    : cell;
}

/** The size of an object stands beside its name. */
export const columnsFor = (timed: boolean): readonly Column[] =>
  objectColumns(timed)
    .filter(({ id }) => id !== 'bytes')
    .map((column) => ({ ...column, cell: (row, all, context) => cellOf(column, row, all, context) }));

/** The most costly first: by stall where it is known, else by bytes moved. */
export const costOf = (row: ObjectRow): number => row.stallPs ?? movedBytes(row);
