/**
 * Objects, totals and compared memory systems as one table after RFC 4180, for spreadsheets and scripts; units stand in
 * the header.
 */
import { comparisonLabel, type ComparisonRow } from '../model/comparison';
import { SUMMARY_METRICS, type MetricEntry, type SummaryMetric } from '../model/catalog/metrics';
import type { ObjectSummary, RunSummary } from '../model/summary';
import { addBounds } from './csv-bounds';
import { SYSTEM_COLUMNS, systemCells, type Cell } from './csv-systems';
import type { Exporter } from './exporter';

const UNITS: Readonly<Record<MetricEntry['unit'], string>> = { count: 'count', bytes: 'B', ps: 'ps' };

const COUNTERS: readonly { readonly field: SummaryMetric | 'accesses' | 'usefulBytes'; readonly unit: string }[] = [
  { field: 'accesses', unit: 'count' },
  ...SUMMARY_METRICS.map(({ id, unit }) => ({ field: id, unit: UNITS[unit] })),
  { field: 'usefulBytes', unit: 'B' },
];
const OPS = ['reads', 'writes', 'readWrites', 'atomics'] as const;

const HEADER: readonly string[] = [
  'row',
  'name',
  'address',
  'bytes [B]',
  ...COUNTERS.map(({ field, unit }) => `${field} [${unit}]`),
  ...(['cpu', 'gpu'] as const).flatMap((processor) => OPS.map((op) => `${processor}.${op} [count]`)),
  'simTimePs [ps]',
];

/**
 * A name comes from a workload file, and spreadsheets run cells that begin like a formula: such a name gets an
 * apostrophe in front, as spreadsheets themselves do.
 */
const harmless = (name: string): string => (/^[=+\-@\t\r]/.test(name) ? `'${name}` : name);

function quoted(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const objectRow = (object: ObjectSummary): readonly Cell[] => [
  'object',
  harmless(object.name),
  `0x${object.address.toString(16)}`,
  object.bytes,
  ...COUNTERS.map(({ field }) => object[field]),
  ...OPS.map((op) => object.cpu[op]),
  ...OPS.map((op) => object.gpu[op]),
  null,
];

const totalRow = ({ totals }: RunSummary, row = 'total', name: string | null = null): readonly Cell[] => [
  row,
  name,
  null,
  null,
  ...COUNTERS.map(({ field }) => totals[field]),
  ...OPS.map(() => null),
  ...OPS.map(() => null),
  totals.simTimePs,
];

/** One row per compared system; without numbers where it could not be run. */
function systemRow(row: ComparisonRow): readonly Cell[] {
  const { summary } = row;
  const counters = summary
    ? totalRow(summary, 'system', comparisonLabel(row))
    : ['system', comparisonLabel(row), ...HEADER.slice(2).map(() => null)];
  return [...counters, ...systemCells(summary?.system ?? null), row.refusal];
}

/** The table of a run on the ideal system has no columns for other systems. */
function tableOf(summary: RunSummary, comparison: readonly ComparisonRow[]): readonly (readonly Cell[])[] {
  const plain = [...summary.objects.map(objectRow), totalRow(summary)];
  if (!summary.system && comparison.length === 0) return [HEADER, ...plain];
  const own = plain.map((row) => [...row, ...systemCells(row[0] === 'total' ? summary.system : null), null]);
  // A comparison can be made of a run that has not begun: its zeros would be mistaken for results.
  return [
    [...HEADER, ...SYSTEM_COLUMNS, 'refusal'],
    ...(comparison.length > 0 && summary.totals.accesses === 0 ? [] : own),
    ...comparison.map(systemRow),
  ];
}

export const csvExporter: Exporter = {
  id: 'csv',
  title: 'CSV, objects and totals',
  extension: 'csv',
  mediaType: 'text/csv; charset=utf-8; header=present',
  write({ input: { summary, comparison, bounds } }) {
    const table = tableOf(summary, comparison ?? []);
    return (bounds ? addBounds(table, bounds, summary) : table)
      .map((cells) => `${cells.map(quoted).join(',')}\r\n`)
      .join('');
  },
};
