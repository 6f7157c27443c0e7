/**
 * Grid kernels: for each element in memory order, the neighbours that exist are read and the element's lanes follow in
 * lock step. A row is up to three groups: its first and last column lack a neighbour, so their lanes differ.
 */
import { fitsGroup } from '../../contracts/access-stream';
import { type Cursor, finishGroup, isReverse, putLane } from './cursor';
import type { StencilPlan } from '../workload';

interface Stretch {
  readonly from: number;
  readonly count: number;
}

/** Columns with the same neighbours, ascending. */
function stretches(columns: number): Stretch[] {
  const parts = [{ from: 0, count: 1 }];
  if (columns > 2) parts.push({ from: 1, count: columns - 2 });
  if (columns > 1) parts.push({ from: columns - 1, count: 1 });
  return parts;
}

/** Appends groups from number `at` on, as many as fit; returns the number of the next one. */
export function fillStencil(loop: StencilPlan, iteration: number, at: number, cursor: Cursor): number {
  const reverse = isReverse(loop.direction, iteration);
  const parts = stretches(loop.columns);
  if (reverse) parts.reverse();
  const rows = loop.planes * loop.rows;
  const mostLanes = loop.neighbours.length + loop.lanes.length;
  let step = Math.floor(at / parts.length);
  let part = at - step * parts.length;
  for (; step < rows; step++, part = 0) {
    const row = reverse ? rows - 1 - step : step;
    for (; part < parts.length; part++) {
      if (!fitsGroup(cursor.batch, mostLanes)) return step * parts.length + part;
      putStretch(loop, row, parts[part]!, reverse, cursor);
    }
  }
  return rows * parts.length;
}

function putStretch(loop: StencilPlan, row: number, part: Stretch, reverse: boolean, cursor: Cursor): void {
  const plane = Math.floor(row / loop.rows);
  const rowInPlane = row - plane * loop.rows;
  const last = part.from + part.count - 1;
  let lanes = 0;
  for (const by of loop.neighbours) {
    const inside =
      within(plane + by.plane, loop.planes) &&
      within(rowInPlane + by.row, loop.rows) &&
      within(part.from + by.column, loop.columns) &&
      within(last + by.column, loop.columns);
    if (!inside) continue;
    const first = (row + by.plane * loop.rows + by.row) * loop.columns + part.from + by.column;
    putLane(cursor, lanes++, loop.read, first, part.count, reverse);
  }
  const own = row * loop.columns + part.from;
  for (const lane of loop.lanes) putLane(cursor, lanes++, lane, own, part.count, reverse);
  finishGroup(cursor, lanes, part.count);
}

const within = (at: number, extent: number): boolean => at >= 0 && at < extent;
