/**
 * Gather and scatter: in lock step, some lanes go on and others visit an element that is drawn anew in each iteration
 * (`y[i] += x[index[i]]`). One group per iteration, because drawn elements have no stride.
 */
import { addLane, BATCH_GROUPS } from '../../contracts/access-stream';
import { fillUniform } from '../draws';
import type { GatherLane, GatherPlan } from '../workload';
import { type Cursor, finishGroup, handOut, hasRoom, isReverse, type Items, storageOffset } from './cursor';
import type { Draws } from './points';

export function* gatherItems(loop: GatherPlan, iteration: number, draws: Draws, cursor: Cursor): Items {
  const { count, lanes } = loop;
  const drawn = loop.draws.map(({ elements, stream }) => ({
    elements,
    state: draws.state(stream),
    index: new Uint32Array(Math.min(count, BATCH_GROUPS)),
  }));
  for (let done = 0; done < count; done += BATCH_GROUPS) {
    const some = Math.min(BATCH_GROUPS, count - done);
    for (const { state, index, elements } of drawn) fillUniform(state, index, some, elements);
    for (let i = 0; i < some; i++) {
      if (!hasRoom(cursor, lanes.length)) {
        yield handOut(cursor);
        hasRoom(cursor, lanes.length);
      }
      for (const [at, lane] of lanes.entries()) {
        const element = lane.draw < 0 ? ordered(lane, done + i, count, iteration) : drawn[lane.draw]!.index[i]!;
        const address = storageOffset(cursor, lane.object) + lane.first + element * lane.stride;
        addLane(cursor.batch, at, lane.op, cursor.binding[lane.object]!, address, 0, lane.bytes);
      }
      finishGroup(cursor, lanes.length, 1);
    }
  }
}

const ordered = (lane: GatherLane, at: number, count: number, iteration: number): number =>
  isReverse(lane.direction, iteration) ? count - 1 - at : at;
