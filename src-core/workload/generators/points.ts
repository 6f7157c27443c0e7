/** Irregular accesses: uniform and Zipf draws, and the pointer chase, in batches of element numbers. */
import { BATCH_POINTS } from '../../contracts/access-stream';
import { type DrawState, fillRanks, fillUniform } from '../draws';
import type { Tables } from '../tables';
import type { PointsPlan } from '../workload';
import { type Cursor, handOut, type Items, storageOffset } from './cursor';

/** Random numbers and tables of a run. */
export interface Draws {
  readonly tables: Tables;
  /** Names of storage, which permutations belong to. */
  readonly storageName: (storage: number) => string;
  /** The state of a consumer; goes on where its last batch ended. */
  readonly state: (stream: string) => DrawState;
}

export function* pointItems(loop: PointsPlan, draws: Draws, cursor: Cursor): Items {
  if (cursor.open) yield handOut(cursor);
  const fill = filler(loop, draws, cursor);
  for (let done = 0; done < loop.count;) {
    const n = Math.min(BATCH_POINTS, loop.count - done);
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
    fill(batch.index, n, done);
    done += n;
    cursor.delivered.count += n;
    yield handOut(cursor);
  }
}

/** Fills into[0 .. n) with the accesses done … done + n of the loop. */
type Fill = (into: Uint32Array, n: number, done: number) => void;

function filler(loop: PointsPlan, draws: Draws, cursor: Cursor): Fill {
  const { elements } = loop;
  const storage = draws.storageName(cursor.binding[loop.object]!);
  if (loop.kind === 'random') {
    const state = draws.state(loop.stream);
    return (into, n) => fillUniform(state, into, n, elements);
  }
  if (loop.kind === 'chase') {
    const order = draws.tables.permutation('chase', storage, elements);
    return (into, n, done) => {
      for (let filled = 0; filled < n;) {
        const from = (done + filled) % elements;
        const part = order.subarray(from, Math.min(elements, from + n - filled));
        into.set(part, filled);
        filled += part.length;
      }
    };
  }
  const state = draws.state(loop.stream);
  const table = draws.tables.zipf(elements, loop.exponent);
  if (!loop.hashed) return (into, n) => fillRanks(state, into, n, table);
  const rowOf = draws.tables.permutation('zipf', storage, elements);
  return (into, n) => {
    fillRanks(state, into, n, table);
    for (let i = 0; i < n; i++) into[i] = rowOf[into[i]!]!;
  };
}
