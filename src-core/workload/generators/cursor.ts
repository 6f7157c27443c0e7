/**
 * What the loops of one stream share: the batch that is filled and the meaning of names. A loop is a function from its
 * plan and the number of groups (or points) it has made so far to the same number after this batch; it keeps nothing
 * else, so that a stream can go back to any of its batches.
 */
import { type AccessBatch, addLane, endGroup } from '../../contracts/access-stream';
import type { Direction, LanePlan } from '../workload';

export interface Cursor {
  /** The batch of this call of next(); the caller may give another one each time. */
  batch: AccessBatch;
  /** Names → storage: what each name stands for after the swaps so far, as indices of objects. */
  readonly binding: Int32Array;
  /** Space offset of each storage. */
  readonly offsets: Float64Array;
  /** Element accesses handed out so far, shared by the branches of a fork. */
  readonly delivered: { count: number };
}

/** Space offset of the first byte of what a name stands for. */
export const storageOffset = (cursor: Cursor, name: number): number => cursor.offsets[cursor.binding[name]!]!;

/** Appends lane `at` of the group under construction: `count` accesses from element `first` of the lane's plan. */
export function putLane(
  cursor: Cursor,
  at: number,
  lane: LanePlan,
  first: number,
  count: number,
  reverse: boolean,
): void {
  const storage = cursor.binding[lane.object]!;
  const start = cursor.offsets[storage]! + lane.first + (reverse ? first + count - 1 : first) * lane.stride;
  addLane(cursor.batch, at, lane.op, storage, start, reverse ? -lane.stride : lane.stride, lane.bytes);
}

export function finishGroup(cursor: Cursor, lanes: number, count: number): void {
  endGroup(cursor.batch, lanes, count);
  cursor.delivered.count += lanes * count;
}

export const isReverse = (direction: Direction, iteration: number): boolean =>
  direction === 'reverse' || (direction === 'alternate' && iteration % 2 === 0);
