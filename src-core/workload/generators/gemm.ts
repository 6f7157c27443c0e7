/**
 * Tiled matrix product as a library kernel does it: for each tile of C, the tiles of A and B along the inner dimension
 * are loaded row by row into fast memory (one access per element and tile), then the tile of C is stored. The products
 * themselves run in registers and shared memory and touch no page. Left out: vector loads, double buffering, split-k.
 *
 * One group per row of a tile. Groups are numbered through the whole product, so that any of them can come next.
 */
import { type AccessOp, READ } from '../../model/processor';
import { roomForGroups } from '../../contracts/access-stream';
import { type Cursor, storageOffset } from './cursor';
import type { GemmPlan, MatrixPlan } from '../workload';

/** A tile of one of the matrices: its rows are consecutive groups. */
interface Tile {
  matrix: MatrixPlan;
  op: AccessOp;
  row: number;
  rows: number;
  column: number;
  columns: number;
}

/** Appends groups from number `at` on, as many as fit; returns the number of the next one. */
export function fillGemm(loop: GemmPlan, total: number, at: number, cursor: Cursor): number {
  const tile: Tile = { matrix: loop.a, op: READ, row: 0, rows: 0, column: 0, columns: 0 };
  let next = at;
  for (let room = roomForGroups(cursor.batch, 1); room > 0 && next < total; room = roomForGroups(cursor.batch, 1)) {
    const from = findTile(loop, next, tile);
    const rows = Math.min(room, tile.rows - from);
    putRows(tile, from, rows, cursor);
    next += rows;
  }
  return next;
}

/** The tile that holds the group, and which of its rows the group is. */
function findTile(loop: GemmPlan, group: number, into: Tile): number {
  const { m, n, k, tile } = loop;
  const tilesK = Math.ceil(k / tile);
  const perTile = (height: number): number => (tilesK + 1) * height + k;
  // Only the last tile of a dimension is smaller, so that full ones give the number of those before.
  const rowOfTiles = Math.ceil(n / tile) * perTile(Math.min(tile, m));
  const i = Math.floor(group / rowOfTiles) * tile;
  const height = Math.min(tile, m - i);
  const inRow = group - (i / tile) * rowOfTiles;
  const j = Math.floor(inRow / perTile(height)) * tile;
  const width = Math.min(tile, n - j);
  const inTile = inRow - (j / tile) * perTile(height);
  if (inTile >= tilesK * height + k) {
    place(into, loop.c, i, height, j, width);
    into.op = loop.cOp;
    return inTile - (tilesK * height + k);
  }
  const p = Math.floor(inTile / (height + Math.min(tile, k))) * tile;
  const depth = Math.min(tile, k - p);
  const inner = inTile - (p / tile) * (height + Math.min(tile, k));
  into.op = READ;
  if (inner < height) place(into, loop.a, i, height, p, depth);
  else place(into, loop.b, p, depth, j, width);
  return inner < height ? inner : inner - height;
}

function place(into: Tile, matrix: MatrixPlan, row: number, rows: number, column: number, columns: number): void {
  into.matrix = matrix;
  into.row = row;
  into.rows = rows;
  into.column = column;
  into.columns = columns;
}

/** Rows from, from + 1, … of a tile as groups of one lane. */
function putRows({ matrix, op, row, column, columns }: Tile, from: number, rows: number, cursor: Cursor): void {
  const { batch, binding } = cursor;
  const storage = binding[matrix.object]!;
  const start = storageOffset(cursor, matrix.object) + column * matrix.bytes;
  let lane = batch.laneOf[batch.groups]!;
  let group = batch.groups;
  for (let r = row + from; r < row + from + rows; r++, lane++, group++) {
    batch.op[lane] = op;
    batch.object[lane] = storage;
    batch.address[lane] = start + r * matrix.pitch;
    batch.stride[lane] = matrix.bytes;
    batch.bytes[lane] = matrix.bytes;
    batch.count[group] = columns;
    batch.laneOf[group + 1] = lane + 1;
  }
  batch.groups = group;
  cursor.delivered.count += rows * columns;
}
