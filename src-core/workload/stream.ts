/**
 * A run of the workload as a pulled stream: phases, iterations and steps in order, inside a step the groups and points
 * of its loops. Lazy: nothing is made ahead of the batch that is asked for.
 */
import { type AccessBatch, type AccessStream, createBatch, type StreamItem } from '../contracts/access-stream';
import type { OsStep } from '../model/os-action';
import type { SpaceSpec } from '../model/space';
import { stepsOf } from './cost';
import { drawState, type DrawState } from './draws';
import { type Cursor, finishGroup, handOut, hasRoom, isReverse, type Items, putLane } from './generators/cursor';
import { gatherItems } from './generators/gather';
import { gemmItems } from './generators/gemm';
import { type Draws, pointItems } from './generators/points';
import { stencilItems } from './generators/stencil';
import { nextRun } from './iterations';
import { applySwaps, exchange } from './swaps';
import type { Tables } from './tables';
import type { LoopPlan, OsPart, PartPlan, PhasePlan, RunPlan, StepPlan, Workload } from './workload';

const END: StreamItem = { kind: 'end' };
const STEP_END: StreamItem = { kind: 'step-end' };

export function openWorkload(workload: Workload, space: SpaceSpec, seed: number, tables: Tables): AccessStream {
  const states = new Map<string, DrawState>();
  const draws: Draws = {
    tables,
    // A child inherits the links of a list with the list.
    storageName: (storage) => workload.objects[workload.objects[storage]!.origin ?? storage]!.name,
    state: (stream) => {
      const state = states.get(stream) ?? drawState(seed, stream);
      states.set(stream, state);
      return state;
    },
  };
  const cursor: Cursor = {
    batch: createBatch(),
    open: false,
    binding: Int32Array.from(workload.objects, (_, index) => index),
    offsets: Float64Array.from(space.objects, (object) => object.offset),
    delivered: { count: 0 },
  };
  const items = function* (): Items {
    for (const phase of workload.phases) yield* phaseItems(phase, cursor, draws, workload.accesses);
  };
  return streamOf(items(), cursor, workload.accesses);
}

function streamOf(items: Items, cursor: Cursor, total: number): AccessStream {
  return {
    next(batch: AccessBatch): StreamItem {
      cursor.batch = batch;
      const item = items.next();
      return item.done === true ? END : item.value;
    },
    progress: () => (total === 0 ? 1 : Math.min(1, cursor.delivered.count / total)),
    close: () => {
      items.return();
    },
  };
}

function* phaseItems(phase: PhasePlan, cursor: Cursor, draws: Draws, total: number): Items {
  const timed = [...stepsOf(phase), ...phase.parts.filter((part) => part.kind === 'os')];
  for (let iteration = 1; iteration <= phase.repeat; iteration++) {
    let busy = phase.repeat + 1;
    for (const part of timed) busy = Math.min(busy, nextRun(part, iteration));
    applySwaps(phase, cursor.binding, busy - iteration);
    iteration = busy;
    if (iteration > phase.repeat) return;
    for (const part of phase.parts) yield* partItems(part, phase, iteration, cursor, draws, total);
  }
}

function* partItems(
  part: PartPlan,
  phase: PhasePlan,
  iteration: number,
  cursor: Cursor,
  draws: Draws,
  total: number,
): Items {
  if (part.kind === 'swap') exchange(cursor.binding, part.first, part.second);
  else if (part.kind === 'os') {
    if (nextRun(part, iteration) === iteration) yield { kind: 'os', step: boundCall(part, cursor) };
  } else if (part.kind === 'step') yield* stepItems(part, phase.name, iteration, cursor, draws);
  else {
    const steps = part.steps.filter((step) => nextRun(step, iteration) === iteration);
    const branches = steps.map((step) => {
      // No swap happens while the branches run, so that they can share the binding.
      const own: Cursor = { ...cursor, open: false };
      return streamOf(stepItems(step, phase.name, iteration, own, draws), own, total);
    });
    if (branches.length > 0) yield { kind: 'fork', branches, quantum: part.quantum };
  }
}

/** A call names an object; what it works on is the storage that the name stands for now. */
function boundCall({ process, action }: OsPart, { binding }: Cursor): OsStep {
  if (!('range' in action)) return { process, action };
  const range = { ...action.range, object: binding[action.range.object]! };
  if (action.kind === 'memcpy') return { process, action: { ...action, range, source: binding[action.source]! } };
  return { process, action: { ...action, range } };
}

function* stepItems(step: StepPlan, phase: string, iteration: number, cursor: Cursor, draws: Draws): Items {
  if (nextRun(step, iteration) !== iteration) return;
  for (let run = 0; run < step.repeat; run++) {
    yield { kind: 'step-begin', step: { phase, iteration, name: step.name, processor: step.processor } };
    for (const loop of step.loops) {
      if (loop.kind === 'run') {
        if (!hasRoom(cursor, loop.lanes.length)) {
          yield handOut(cursor);
          hasRoom(cursor, loop.lanes.length);
        }
        putRun(loop, iteration, cursor);
      } else yield* kernelItems(loop, iteration, cursor, draws);
    }
    if (cursor.open) yield handOut(cursor);
    yield STEP_END;
  }
}

/** A whole pass over a range is one group, however long. */
function putRun(loop: RunPlan, iteration: number, cursor: Cursor): void {
  for (const [at, lane] of loop.lanes.entries())
    putLane(cursor, at, lane, 0, loop.count, isReverse(lane.direction, iteration));
  finishGroup(cursor, loop.lanes.length, loop.count);
}

function kernelItems(loop: Exclude<LoopPlan, RunPlan>, iteration: number, cursor: Cursor, draws: Draws): Items {
  if (loop.kind === 'stencil') return stencilItems(loop, iteration, cursor);
  if (loop.kind === 'gather') return gatherItems(loop, iteration, draws, cursor);
  return loop.kind === 'gemm' ? gemmItems(loop, cursor) : pointItems(loop, draws, cursor);
}
