/** Irregular accesses: uniform and Zipf draws, and the pointer chase, in batches of element numbers. */
import { BATCH_POINTS } from '../../contracts/access-stream';
import type { Draws } from '../draw-states';
import { fillRanks, fillUniform } from '../draws';
import type { PointsPlan } from '../workload';
import { type Cursor, storageOffset } from './cursor';

/** Fills the batch with accesses from number `at` on; returns the number of the next one. */
export function fillPoints(loop: PointsPlan, at: number, draws: Draws, cursor: Cursor): number {
  const n = Math.min(BATCH_POINTS, loop.count - at);
  const { batch } = cursor;
  batch.kind = 'points';
  batch.dependent = loop.kind === 'chase';
  batch.groups = 0;
  batch.points = n;
  batch.base = storageOffset(cursor, loop.object) + loop.first;
  batch.pitch = loop.bytes;
  batch.pointBytes = loop.bytes;
  batch.pointOp = loop.op;
  batch.pointObject = cursor.binding[loop.object]!;
  fillNumbers(loop, at, batch.index.subarray(0, n), draws, batch.pointObject);
  cursor.delivered.count += n;
  return at + n;
}

/** Element numbers of accesses at, at + 1, … of the loop. */
function fillNumbers(loop: PointsPlan, at: number, into: Uint32Array, draws: Draws, storage: number): void {
  const { elements } = loop;
  if (loop.kind === 'random') {
    fillUniform(draws.state(loop.stream), into, into.length, elements);
    return;
  }
  const name = draws.storageName(storage);
  if (loop.kind === 'chase') {
    repeatFrom(draws.tables.permutation('chase', name, elements), at, into);
    return;
  }
  fillRanks(draws.state(loop.stream), into, into.length, draws.tables.zipf(elements, loop.exponent));
  if (!loop.hashed) return;
  const rowOf = draws.tables.permutation('zipf', name, elements);
  for (let i = 0; i < into.length; i++) into[i] = rowOf[into[i]!]!;
}

/** into = order over and over, from access `at` on. */
function repeatFrom(order: Uint32Array, at: number, into: Uint32Array): void {
  for (let filled = 0; filled < into.length;) {
    const from = (at + filled) % order.length;
    const part = order.subarray(from, Math.min(order.length, from + into.length - filled));
    into.set(part, filled);
    filled += part.length;
  }
}
