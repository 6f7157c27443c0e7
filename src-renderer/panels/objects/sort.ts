/** Order of the object table. Pure and stable: equal rows keep the order of the run's object list. */
import { objectColumns } from '../../../src-core/model/catalog/object-columns';
import type { ObjectRow } from '../../../src-core/model/timeline';
import { costOf } from './columns';

export interface Sorting {
  /** Column id; `cost` is the order without a click: the most costly object first. */
  readonly by: string;
  readonly descending: boolean;
}

export const BY_COST: Sorting = { by: 'cost', descending: true };

/** First click sorts the way that answers a question (largest first, names from A); the next turns it round. */
export function nextSorting(current: Sorting, column: string): Sorting {
  if (current.by === column) return { by: column, descending: !current.descending };
  return { by: column, descending: column !== 'name' };
}

function compare(a: number | string | null, b: number | string | null, descending: boolean): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  const order = a < b ? -1 : 1;
  return descending ? -order : order;
}

/** @param all the row of all objects together, for shares */
export function sortRows(rows: readonly ObjectRow[], all: ObjectRow, sorting: Sorting): readonly ObjectRow[] {
  const value = objectColumns(true).find((column) => column.id === sorting.by)?.value ?? costOf;
  return [...rows].sort(
    (a, b) =>
      compare(value(a, all), value(b, all), sorting.descending) ||
      compare(costOf(a), costOf(b), true) ||
      a.object - b.object,
  );
}
