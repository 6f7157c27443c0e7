/**
 * Tiled matrix product as a library kernel does it: for each tile of C, the tiles of A and B along the inner dimension
 * are loaded row by row into fast memory (one access per element and tile), then the tile of C is stored. The products
 * themselves run in registers and shared memory and touch no page. Left out: vector loads, double buffering, split-k.
 */
import { type AccessOp, READ } from '../../model/processor';
import { addLane } from '../../contracts/access-stream';
import { type Cursor, finishGroup, handOut, hasRoom, type Items, storageOffset } from './cursor';
import type { GemmPlan, MatrixPlan } from '../workload';

export function* gemmItems(loop: GemmPlan, cursor: Cursor): Items {
  const { m, n, k, tile } = loop;
  for (let i = 0; i < m; i += tile) {
    const height = Math.min(tile, m - i);
    for (let j = 0; j < n; j += tile) {
      const width = Math.min(tile, n - j);
      for (let p = 0; p < k; p += tile) {
        const depth = Math.min(tile, k - p);
        yield* tileItems(loop.a, READ, i, height, p, depth, cursor);
        yield* tileItems(loop.b, READ, p, depth, j, width, cursor);
      }
      yield* tileItems(loop.c, loop.cOp, i, height, j, width, cursor);
    }
  }
}

/** One group per row of the tile. */
function* tileItems(
  matrix: MatrixPlan,
  op: AccessOp,
  row: number,
  rows: number,
  column: number,
  columns: number,
  cursor: Cursor,
): Items {
  const storage = cursor.binding[matrix.object]!;
  let address = storageOffset(cursor, matrix.object) + row * matrix.pitch + column * matrix.bytes;
  for (let r = 0; r < rows; r++, address += matrix.pitch) {
    if (!hasRoom(cursor, 1)) {
      yield handOut(cursor);
      hasRoom(cursor, 1);
    }
    addLane(cursor.batch, 0, op, storage, address, matrix.bytes, matrix.bytes);
    finishGroup(cursor, 1, columns);
  }
}
