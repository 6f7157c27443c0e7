/** Objects and totals as one table after RFC 4180, for spreadsheets and scripts; units stand in the header. */
import type { ObjectSummary, RunSummary } from '../model/summary';
import type { Exporter } from './exporter';

type Cell = string | number | null;
type Counters = Omit<ObjectSummary, 'name' | 'address' | 'bytes' | 'cpu' | 'gpu'>;

const COUNTERS: readonly (readonly [keyof Counters, string])[] = [
  ['accesses', 'count'],
  ['cpuFaults', 'count'],
  ['gpuFaults', 'count'],
  ['bytesToDevice', 'B'],
  ['bytesToHost', 'B'],
  ['migrations', 'count'],
  ['evictions', 'count'],
  ['pingPongs', 'count'],
  ['deadBytesToDevice', 'B'],
  ['deadBytesToHost', 'B'],
  ['unresolvedBytesToDevice', 'B'],
  ['unresolvedBytesToHost', 'B'],
  ['usefulBytes', 'B'],
  ['remoteBytes', 'B'],
  ['prefetchedBytes', 'B'],
  ['stallPs', 'ps'],
];
const OPS = ['reads', 'writes', 'readWrites', 'atomics'] as const;

const HEADER: readonly string[] = [
  'row',
  'name',
  'address',
  'bytes [B]',
  ...COUNTERS.map(([field, unit]) => `${field} [${unit}]`),
  ...(['cpu', 'gpu'] as const).flatMap((processor) => OPS.map((op) => `${processor}.${op} [count]`)),
  'simTimePs [ps]',
];

/**
 * A name comes from a workload file, and spreadsheets run cells that begin like a formula: such a name gets an
 * apostrophe in front, as spreadsheets themselves do.
 */
const harmless = (name: string): string => (/^[=+\-@\t\r]/.test(name) ? `'${name}` : name);

function field(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const objectRow = (object: ObjectSummary): readonly Cell[] => [
  'object',
  harmless(object.name),
  `0x${object.address.toString(16)}`,
  object.bytes,
  ...COUNTERS.map(([counter]) => object[counter]),
  ...OPS.map((op) => object.cpu[op]),
  ...OPS.map((op) => object.gpu[op]),
  null,
];

const totalRow = ({ totals }: RunSummary): readonly Cell[] => [
  'total',
  null,
  null,
  null,
  ...COUNTERS.map(([counter]) => totals[counter]),
  ...OPS.map(() => null),
  ...OPS.map(() => null),
  totals.simTimePs,
];

export const csvExporter: Exporter = {
  id: 'csv',
  title: 'CSV, objects and totals',
  extension: 'csv',
  mediaType: 'text/csv; charset=utf-8; header=present',
  write: ({ input: { summary } }) =>
    [HEADER, ...summary.objects.map(objectRow), totalRow(summary)]
      .map((cells) => `${cells.map(field).join(',')}\r\n`)
      .join(''),
};
