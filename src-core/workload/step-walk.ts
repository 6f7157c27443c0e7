/** A step while it runs: which of its runs and loops, and how much of that loop was handed out. Plain numbers only. */
import { type AccessBatch, beginGroups, fitsGroup, type StreamItem } from '../contracts/access-stream';
import { loopCost } from './cost';
import type { Draws } from './draw-states';
import { type Cursor, finishGroup, isReverse, putLane } from './generators/cursor';
import { fillGather } from './generators/gather';
import { fillGemm } from './generators/gemm';
import { fillPoints } from './generators/points';
import { fillStencil } from './generators/stencil';
import type { LoopPlan, PointsPlan, RunPlan, StepPlan } from './workload';

const ACCESSES: StreamItem = { kind: 'accesses' };
const STEP_END: StreamItem = { kind: 'step-end' };

/** Where a step is; `loop` −1 = its run has not begun. */
export type StepPosition = {
  readonly run: number;
  readonly loop: number;
  /** Groups or points of the loop that were handed out. */
  readonly at: number;
};

export const STEP_START: StepPosition = { run: 0, loop: -1, at: 0 };

const isPoints = (loop: LoopPlan): loop is PointsPlan =>
  loop.kind === 'random' || loop.kind === 'zipf' || loop.kind === 'chase';

export class StepWalk {
  private run = 0;
  private loop = -1;
  private at = 0;

  constructor(
    private readonly step: StepPlan,
    private readonly phase: string,
    private readonly iteration: number,
    private readonly draws: Draws,
    private readonly cursor: Cursor,
  ) {}

  /** The next item; null when the step has run as often as it repeats. */
  next(batch: AccessBatch): StreamItem | null {
    const { step } = this;
    if (this.run === step.repeat) return null;
    if (this.loop < 0) {
      this.loop = 0;
      const { phase, iteration } = this;
      return { kind: 'step-begin', step: { phase, iteration, name: step.name, processor: step.processor } };
    }
    this.cursor.batch = batch;
    if (this.fill()) return ACCESSES;
    this.run++;
    this.loop = -1;
    return STEP_END;
  }

  position(): StepPosition {
    return { run: this.run, loop: this.loop, at: this.at };
  }

  seek({ run, loop, at }: StepPosition): void {
    this.run = run;
    this.loop = loop;
    this.at = at;
  }

  /** Fills the batch from as many loops as fit; false: there is nothing left. Points have a batch to themselves. */
  private fill(): boolean {
    const { loops } = this.step;
    let isOpen = false;
    for (; this.loop < loops.length; this.loop++, this.at = 0) {
      const plan = loops[this.loop]!;
      const { units } = loopCost(plan);
      if (this.at === units) continue;
      if (isPoints(plan)) {
        if (!isOpen) this.at = fillPoints(plan, this.at, this.draws, this.cursor);
        return true;
      }
      if (!isOpen) beginGroups(this.cursor.batch);
      isOpen = true;
      this.at = this.fillGroups(plan, units);
      if (this.at < units) return true;
    }
    return isOpen;
  }

  private fillGroups(plan: Exclude<LoopPlan, PointsPlan>, units: number): number {
    const { iteration, at, draws, cursor } = this;
    switch (plan.kind) {
      case 'run':
        return fillRun(plan, iteration, cursor);
      case 'stencil':
        return fillStencil(plan, iteration, at, cursor);
      case 'gather':
        return fillGather(plan, iteration, at, draws, cursor);
      case 'gemm':
        return fillGemm(plan, units, at, cursor);
    }
  }
}

/** A whole pass over a range is one group, however long: 1 when it fitted, else 0. */
function fillRun(loop: RunPlan, iteration: number, cursor: Cursor): number {
  if (!fitsGroup(cursor.batch, loop.lanes.length)) return 0;
  for (const [at, lane] of loop.lanes.entries())
    putLane(cursor, at, lane, 0, loop.count, isReverse(lane.direction, iteration));
  finishGroup(cursor, loop.lanes.length, loop.count);
  return 1;
}

/** Names of the random numbers that a step draws from. */
export const drawNames = ({ loops }: StepPlan): readonly string[] =>
  loops.flatMap((loop) =>
    loop.kind === 'gather' ? loop.draws.map(({ stream }) => stream) : isPoints(loop) ? [loop.stream] : [],
  );
