/** Bounds as rows of the CSV table, one per bound and kind; empty cells where a number is not defined. */
import type { BoundRow, BoundValue } from '../model/bounds';
import type { RunSummary } from '../model/summary';
import type { Cell } from './csv-systems';

const COLUMN: Readonly<Record<BoundValue['quantity'], string>> = {
  gpuFaults: 'gpuFaults [count]',
  bytesToDevice: 'bytesToDevice [B]',
  bytesToHost: 'bytesToHost [B]',
  linkBytes: 'linkBytes [B]',
  simTimePs: 'simTimePs [ps]',
};

/** The table with a column for what crosses the link, and the bounds below. */
export function addBounds(
  [header = [], ...rows]: readonly (readonly Cell[])[],
  bounds: readonly BoundRow[],
  { totals }: RunSummary,
): readonly (readonly Cell[])[] {
  const columns = [...header, COLUMN.linkBytes];
  const linkBytes = totals.bytesToDevice + totals.bytesToHost + totals.remoteBytes;
  const own = rows.map((row) => [...row, row[0] === 'total' ? linkBytes : null]);
  const below = bounds.flatMap(({ id, values }) =>
    (['bound', 'reference'] as const).flatMap((kind) => {
      const mine = values.filter((value) => value.kind === kind);
      if (mine.length === 0) return [];
      const cellOf = (column: Cell): Cell => mine.find(({ quantity }) => COLUMN[quantity] === column)?.value ?? null;
      return [[kind, id, ...columns.slice(2).map(cellOf)]];
    }),
  );
  return [columns, ...own, ...below];
}
