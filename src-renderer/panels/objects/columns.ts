/** Columns of the object table: what they mean, how they sort and how they read. Pure. */
import { formatBytes, formatCount, formatTime } from '../../../src-core/base/units';
import type { ObjectRow } from '../../../src-core/model/timeline';
import { NOTHING, percent } from '../../widgets/format';

/** What decides how a missing value is worded. */
export interface TableContext {
  readonly machine: string;
  readonly timed: boolean;
  readonly usefulBytes: boolean;
  /** The stall of the whole range is known to be what it is: false while a run goes on and nothing has been counted. */
  readonly stallKnown: boolean;
}

export interface Cell {
  readonly text: string;
  /** Why there is no number, or the exact number behind a short one. */
  readonly title?: string;
  readonly missing?: boolean;
}

export interface Column {
  readonly id: string;
  readonly title: string;
  /** Plain words for someone who sees the table for the first time. */
  readonly help: string;
  /** Sort key; null sorts last in either direction. */
  readonly value: (row: ObjectRow) => number | string | null;
  readonly cell: (row: ObjectRow, context: TableContext) => Cell;
}

const count = (id: string, title: string, help: string, value: (row: ObjectRow) => number): Column => ({
  id,
  title,
  help,
  value,
  cell: (row) => ({ text: value(row) === 0 ? '0' : formatCount(value(row)) }),
});

const size = (id: string, title: string, help: string, value: (row: ObjectRow) => number): Column => ({
  id,
  title,
  help,
  value,
  cell: (row) => ({
    text: value(row) === 0 ? '0' : formatBytes(value(row)),
    title: `${formatCount(value(row))} bytes`,
  }),
});

const stallCell = (row: ObjectRow, { machine, timed, stallKnown }: TableContext): Cell => {
  if (row.stallShare === null || row.stallPs === null)
    return timed
      ? { text: NOTHING, title: 'not recorded', missing: true }
      : { text: NOTHING, title: `not modelled on ${machine}: this machine counts, it has no costs`, missing: true };
  if (!stallKnown) return { text: NOTHING, title: 'not known yet: stalls are counted as steps go on', missing: true };
  return { text: percent(row.stallShare), title: `${formatTime(row.stallPs)} of waiting` };
};

const usefulCell = (row: ObjectRow, { usefulBytes }: TableContext): Cell => {
  if (row.usefulRatio !== null) return { text: percent(row.usefulRatio) };
  if (!usefulBytes)
    return { text: NOTHING, title: 'not recorded: marking of useful bytes is switched off', missing: true };
  if (row.bytesToDevice + row.bytesToHost === 0) return { text: NOTHING, title: 'nothing was moved', missing: true };
  return { text: NOTHING, title: 'not recorded', missing: true };
};

export const moved = (row: ObjectRow): number => row.bytesToDevice + row.bytesToHost;

export const COLUMNS: readonly Column[] = [
  {
    id: 'name',
    title: 'Object',
    help: 'A named piece of memory: an array, a list, a table. The colour is the one in the device-memory lane.',
    value: (row) => row.name,
    cell: (row) => ({ text: row.name, title: `${row.name}, ${formatBytes(row.bytes)}` }),
  },
  {
    id: 'stall',
    title: 'Share of stall',
    help: 'Of all the time that processors stood still waiting for memory, how much they waited for this object.',
    value: (row) => row.stallShare,
    cell: stallCell,
  },
  count(
    'cpuFaults',
    'Faults CPU',
    'How often the CPU touched a piece of this object that was not there for it.',
    (row) => row.cpuFaults,
  ),
  count(
    'gpuFaults',
    'Faults GPU',
    'How often a GPU touched a piece of this object that was not in its memory.',
    (row) => row.gpuFaults,
  ),
  size(
    'bytesToDevice',
    'To device',
    'Bytes of this object that were copied into device memory.',
    (row) => row.bytesToDevice,
  ),
  size(
    'bytesToHost',
    'To host',
    'Bytes of this object that were copied back to host memory, evictions included.',
    (row) => row.bytesToHost,
  ),
  size(
    'deadBytes',
    'Dead bytes',
    'Bytes that were moved and then completely overwritten before anyone read them: moved for nothing.',
    (row) => row.deadBytes,
  ),
  count(
    'pingPongs',
    'Ping-pongs',
    'Granules that came back to the device after the CPU had taken them (evicted pieces do not count).',
    (row) => row.pingPongs,
  ),
  count(
    'evictions',
    'Evictions',
    'How often a piece was thrown out of device memory to make room for something else.',
    (row) => row.evictions,
  ),
  {
    id: 'usefulRatio',
    title: 'Useful',
    help: 'Of the bytes moved, the part that the receiver touched at all, also by writing, before they left again.',
    value: (row) => row.usefulRatio,
    cell: usefulCell,
  },
  size(
    'remoteBytes',
    'Remote',
    'Bytes that a processor read or wrote across the link without moving them.',
    (row) => row.remoteBytes,
  ),
];

/** Machines that only count have no stall: a column of dashes would say nothing. */
export const columnsFor = (timed: boolean): readonly Column[] =>
  timed ? COLUMNS : COLUMNS.filter((column) => column.id !== 'stall');

/** The most costly first: by stall where it is known, else by bytes moved. */
export const costOf = (row: ObjectRow): number => row.stallPs ?? moved(row);
