/**
 * Gather and scatter: in lock step, some lanes advance and others visit an element drawn in each iteration
 * (`y[i] += x[index[i]]`). One group per iteration, because drawn elements have no stride.
 */
import { type AccessBatch, roomForGroups } from '../../contracts/access-stream';
import type { Draws } from '../draw-states';
import { fillUniform } from '../draws';
import type { GatherLane, GatherPlan } from '../workload';
import { type Cursor, isReverse, storageOffset } from './cursor';

/** Appends groups from number `at` on, as many as fit; returns the number of the next one. */
export function fillGather(loop: GatherPlan, iteration: number, at: number, draws: Draws, cursor: Cursor): number {
  const { batch } = cursor;
  const { lanes } = loop;
  const some = Math.min(loop.count - at, roomForGroups(batch, lanes.length));
  if (some <= 0) return at;
  for (const [draw, { stream, elements }] of loop.draws.entries())
    fillUniform(draws.state(stream), draws.scratch(draw), some, elements);
  const first = batch.laneOf[batch.groups]!;
  for (const [number, lane] of lanes.entries()) {
    const start = storageOffset(cursor, lane.object) + lane.first;
    const column = first + number;
    describeLane(batch, lane, cursor.binding[lane.object]!, column, some, lanes.length);
    const { address } = batch;
    if (lane.draw >= 0) {
      const drawn = draws.scratch(lane.draw);
      for (let i = 0; i < some; i++) address[column + i * lanes.length] = start + drawn[i]! * lane.stride;
    } else {
      const reverse = isReverse(lane.direction, iteration);
      const from = reverse ? loop.count - 1 - at : at;
      const by = reverse ? -1 : 1;
      for (let i = 0; i < some; i++) address[column + i * lanes.length] = start + (from + by * i) * lane.stride;
    }
  }
  for (let i = 0; i < some; i++) {
    batch.count[batch.groups + i] = 1;
    batch.laneOf[batch.groups + i + 1] = first + (i + 1) * lanes.length;
  }
  batch.groups += some;
  cursor.delivered.count += some * lanes.length;
  return at + some;
}

/** What is the same in each of `groups` groups, `pitch` lanes apart. */
function describeLane(
  batch: AccessBatch,
  lane: GatherLane,
  storage: number,
  first: number,
  groups: number,
  pitch: number,
): void {
  const { op, object, stride, bytes } = batch;
  for (let i = 0, at = first; i < groups; i++, at += pitch) {
    op[at] = lane.op;
    object[at] = storage;
    stride[at] = 0;
    bytes[at] = lane.bytes;
  }
}
