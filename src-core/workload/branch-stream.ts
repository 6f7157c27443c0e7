/** One branch of a fork as a stream: the runs of one step. */
import type { Plain } from '../base/plain';
import type { AccessBatch, AccessStream, StreamItem } from '../contracts/access-stream';
import type { DrawPosition, Draws } from './draw-states';
import { drawNames, type StepPosition, type StepWalk } from './step-walk';
import type { StepPlan } from './workload';

const END: StreamItem = { kind: 'end' };

type BranchPosition = { readonly step: StepPosition; readonly delivered: number; readonly draws: DrawPosition };

export class BranchStream implements AccessStream {
  /**
   * @param delivered accesses handed out by all branches and the stream that forked
   * @param total element accesses of the whole workload, for progress()
   */
  constructor(
    private readonly step: StepPlan,
    private readonly walk: StepWalk,
    private readonly draws: Draws,
    private readonly delivered: { count: number },
    private readonly total: number,
  ) {}

  next(batch: AccessBatch): StreamItem {
    return this.walk.next(batch) ?? END;
  }

  progress(): number {
    return this.total === 0 ? 1 : Math.min(1, this.delivered.count / this.total);
  }

  close(): void {
    this.walk.seek({ run: this.step.repeat, loop: -1, at: 0 });
  }

  /** The binding is not part of it: it stays as it is while branches run, and the stream that forked has it. */
  position(): BranchPosition {
    const { walk, delivered, draws, step } = this;
    return { step: walk.position(), delivered: delivered.count, draws: draws.positionOf(drawNames(step)) };
  }

  seek(position: Plain): void {
    const { step, delivered, draws } = position as BranchPosition;
    this.walk.seek(step);
    this.delivered.count = delivered;
    this.draws.seekOf(drawNames(this.step), draws);
  }
}
