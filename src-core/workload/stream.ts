/**
 * A run of the workload as a pulled stream: phases, iterations and steps in order, inside a step the groups and points
 * of its loops. Lazy: nothing is made ahead of the batch that is asked for. Where it is are a few numbers, so that it
 * can go back.
 */
import type { Plain } from '../base/plain';
import { type AccessBatch, type AccessStream, createBatch, type StreamItem } from '../contracts/access-stream';
import type { OsStep } from '../model/os-action';
import type { SpaceSpec } from '../model/space';
import { BranchStream } from './branch-stream';
import { stepsOf } from './cost';
import { type DrawPosition, Draws } from './draw-states';
import type { Cursor } from './generators/cursor';
import { nextRun } from './iterations';
import { STEP_START, type StepPosition, StepWalk } from './step-walk';
import { applySwaps, exchange } from './swaps';
import type { Tables } from './tables';
import type { OsPart, PartPlan, PhasePlan, StepPlan, Workload } from './workload';

const END: StreamItem = { kind: 'end' };

export function openWorkload(workload: Workload, space: SpaceSpec, seed: number, tables: Tables): AccessStream {
  // A child inherits the links of a list with the list.
  const storageName = (storage: number): string => workload.objects[workload.objects[storage]!.origin ?? storage]!.name;
  const cursor: Cursor = {
    batch: createBatch(),
    binding: Int32Array.from(workload.objects, (_, index) => index),
    offsets: Float64Array.from(space.objects, (object) => object.offset),
    delivered: { count: 0 },
  };
  return new WorkloadStream(workload, cursor, new Draws(seed, tables, storageName));
}

type WorkloadPosition = {
  readonly phase: number;
  readonly iteration: number;
  readonly part: number;
  /** Of the open step; null between steps. */
  readonly step: StepPosition | null;
  readonly delivered: number;
  readonly binding: Int32Array;
  readonly draws: DrawPosition;
};

class WorkloadStream implements AccessStream {
  private phase = 0;
  /** 0: no iteration of the phase has begun. */
  private iteration = 0;
  /** Part that comes next, or that is open. */
  private part = 0;
  private step: StepWalk | null = null;

  constructor(
    private readonly workload: Workload,
    private readonly cursor: Cursor,
    private readonly draws: Draws,
  ) {}

  next(batch: AccessBatch): StreamItem {
    for (;;) {
      const item = this.step?.next(batch) ?? null;
      if (item) return item;
      if (this.step) this.endPart();
      const phase = this.workload.phases[this.phase];
      if (!phase) return END;
      const part = this.iteration > 0 ? phase.parts[this.part] : undefined;
      if (!part) this.beginIteration(phase);
      else {
        const begun = this.begin(part, phase);
        if (begun) return begun;
      }
    }
  }

  progress(): number {
    const total = this.workload.accesses;
    return total === 0 ? 1 : Math.min(1, this.cursor.delivered.count / total);
  }

  close(): void {
    this.phase = this.workload.phases.length;
    this.step = null;
  }

  position(): WorkloadPosition {
    const { phase, iteration, part, step, cursor, draws } = this;
    return {
      ...{ phase, iteration, part, step: step?.position() ?? null },
      ...{ delivered: cursor.delivered.count, binding: cursor.binding.slice(), draws: draws.position() },
    };
  }

  seek(position: Plain): void {
    const { phase, iteration, part, step, delivered, binding, draws } = position as WorkloadPosition;
    this.phase = phase;
    this.iteration = iteration;
    this.part = part;
    this.cursor.delivered.count = delivered;
    this.cursor.binding.set(binding);
    this.draws.seek(draws);
    this.step = null;
    const plan = this.workload.phases[phase]?.parts[part];
    if (step && plan?.kind === 'step') this.open(plan, step);
  }

  private endPart(): void {
    this.step = null;
    this.part++;
  }

  /** Goes to the next iteration in which anything runs, or to the next phase. Swaps of idle iterations are applied. */
  private beginIteration(phase: PhasePlan): void {
    const next = this.iteration + 1;
    let busy = phase.repeat + 1;
    for (const part of timedParts(phase)) busy = Math.min(busy, nextRun(part, next));
    if (next <= phase.repeat) applySwaps(phase, this.cursor.binding, busy - next);
    this.part = 0;
    this.iteration = busy > phase.repeat ? 0 : busy;
    if (busy > phase.repeat) this.phase++;
  }

  /** Begins a part; null: it gives no item by itself. */
  private begin(part: PartPlan, phase: PhasePlan): StreamItem | null {
    const { iteration, cursor } = this;
    if (part.kind === 'step' && nextRun(part, iteration) === iteration) {
      this.open(part, STEP_START);
      return null;
    }
    this.part++;
    if (part.kind === 'swap') exchange(cursor.binding, part.first, part.second);
    if (part.kind === 'os' && nextRun(part, iteration) === iteration)
      return { kind: 'os', step: boundCall(part, cursor) };
    return part.kind === 'concurrently' ? this.fork(part, phase.name) : null;
  }

  private open(step: StepPlan, at: StepPosition): void {
    const phase = this.workload.phases[this.phase]!.name;
    this.step = new StepWalk(step, phase, this.iteration, this.draws, this.cursor);
    this.step.seek(at);
  }

  private fork(part: Extract<PartPlan, { kind: 'concurrently' }>, phase: string): StreamItem | null {
    const { iteration, cursor, draws, workload } = this;
    const steps = part.steps.filter((step) => nextRun(step, iteration) === iteration);
    // No swap happens while the branches run, so that they can share the binding.
    const branches = steps.map((step) => {
      const walk = new StepWalk(step, phase, iteration, draws, { ...cursor });
      return new BranchStream(step, walk, draws, cursor.delivered, workload.accesses);
    });
    return branches.length > 0 ? { kind: 'fork', branches, quantum: part.quantum } : null;
  }
}

/** Parts that run at some iterations only, and so decide which iterations are idle. */
const timedParts = (phase: PhasePlan): readonly (StepPlan | OsPart)[] => [
  ...stepsOf(phase),
  ...phase.parts.filter((part) => part.kind === 'os'),
];

/** A call names an object; what it works on is the storage that the name stands for now. */
function boundCall({ process, action }: OsPart, { binding }: Cursor): OsStep {
  if (!('range' in action)) return { process, action };
  const range = { ...action.range, object: binding[action.range.object]! };
  if (action.kind === 'memcpy') return { process, action: { ...action, range, source: binding[action.source]! } };
  return { process, action: { ...action, range } };
}
