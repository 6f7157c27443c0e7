/**
 * What the generators of one stream share: the batch in hand and the meaning of names. A generator appends groups while
 * there is room and yields when the batch is full; the caller of next() may hand in another batch each time.
 */
import {
  type AccessBatch,
  addLane,
  beginGroups,
  endGroup,
  fitsGroup,
  type StreamItem,
} from '../../contracts/access-stream';
import type { Direction, LanePlan } from '../workload';

export interface Cursor {
  batch: AccessBatch;
  /** The batch holds groups that were not handed out yet. */
  open: boolean;
  /** Names → storage: what each name stands for after the swaps so far, as indices of objects. */
  readonly binding: Int32Array;
  /** Space offset of each storage. */
  readonly offsets: Float64Array;
  /** Element accesses handed out so far, shared by the branches of a fork. */
  readonly delivered: { count: number };
}

export type Items = Generator<StreamItem, void, undefined>;

const ACCESSES: StreamItem = { kind: 'accesses' };

/** Hands out the batch: to be yielded. */
export function handOut(cursor: Cursor): StreamItem {
  cursor.open = false;
  return ACCESSES;
}

/** Begins a batch where none is open; true: a group of `lanes` lanes fits. */
export function hasRoom(cursor: Cursor, lanes: number): boolean {
  if (!cursor.open) {
    beginGroups(cursor.batch);
    cursor.open = true;
  }
  return fitsGroup(cursor.batch, lanes);
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
