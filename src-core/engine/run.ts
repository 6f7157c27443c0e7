/**
 * One run of one source on one machine: pulls items from the stream, executes accesses, keeps steps and concurrent
 * branches apart, applies policy changes at fault batches, and closes the books. Can be advanced in slices; the slicing
 * never changes a result.
 */
import { assert } from '../base/assert';
import { StateKeeper } from '../base/snapshot';
import {
  createBatch,
  type AccessBatch,
  type AccessSource,
  type AccessStream,
  type Cursor,
  type StepInfo,
} from '../contracts/access-stream';
import type { PolicyEntry } from '../contracts/policy';
import { NO_POLICY, reasonCode } from '../model/events';
import type { MachineSpec } from '../model/machine';
import { CPU } from '../model/processor';
import type { SystemChoice } from '../model/memory-system';
import {
  isPolicy,
  type AppliedChange,
  type PolicyChange,
  type PolicyChoice,
  type RunChange,
  type ScenarioSpec,
  type SystemChange,
} from '../model/scenario';
import type { MemoryKit, MemorySystem, MemorySystemInRun } from '../kit/memory-system';
import { PoliciesInForce } from '../kit/policies-in-force';
import { BEGIN, FINISHED, type Recorder } from '../record/recorder';
import { Executor } from './executor';
import type { Future } from './future';
import { LedgerRows } from './ledger-rows';
import type { RunObserver } from './observer';

const CHANGED = reasonCode('changed');

/** Makes the memory of a run. @param system null: the ideal one, which has no parameters */
export type CreateMemory = (system: SystemChoice | null, machine: MachineSpec, kit: MemoryKit) => MemorySystemInRun;

export interface RunConfig {
  readonly source: AccessSource;
  readonly machine: MachineSpec;
  readonly scenario: ScenarioSpec;
  readonly findPolicy: (choice: PolicyChoice) => PolicyEntry | undefined;
  readonly createMemory: CreateMemory;
  readonly recorder: Recorder;
  /** Sees every access of the run; for runs on the ideal system. */
  readonly observer?: RunObserver;
}

/** A stream and its current position. */
interface Branch {
  readonly stream: AccessStream;
  readonly batch: AccessBatch;
  readonly cursor: Cursor;
  loaded: boolean;
  step: StepInfo | null;
  stepId: number;
  stepBegan: number;
  done: boolean;
}

interface Frame {
  readonly branches: readonly Branch[];
  readonly quantum: number;
  current: number;
  /** Accesses that the current branch may still make before its turn ends. */
  left: number;
  /** ps. */
  readonly began: number;
}

export class Run {
  readonly memory: MemorySystem;
  private readonly created: MemorySystemInRun;
  readonly policies: PoliciesInForce;
  readonly executor: Executor;
  readonly applied: AppliedChange[] = [];
  finished = false;
  /** Stop when this many batches were serviced. */
  haltAtBatch = Infinity;
  phase = '';
  private scheduled: PolicyChange[];
  private live: RunChange[] = [];
  /** The memory system with its current parameters; null = the ideal one, which has none. */
  system: SystemChoice | null;
  private readonly frames: Frame[] = [];
  private readonly phases = new Map<string, number>();
  private steps = 0;
  private readonly rows: LedgerRows;
  private readonly main: Branch;
  /**
   * Saves and restores the whole run between two calls of `advance`: memory system, recorder, streams, pending changes.
   * Chunks that the recorder has already passed on, and data derived from them, do not change.
   */
  readonly state: StateKeeper;

  /** @param future says when a device needs a granule again; see `lookAhead`. */
  constructor(
    private readonly config: RunConfig,
    private readonly future: Future | null,
    onAccess: ConstructorParameters<typeof Executor>[1] = null,
  ) {
    const { scenario, source, machine, recorder } = config;
    this.policies = new PoliciesInForce(scenario.seed, config.findPolicy);
    for (const choice of scenario.policies) this.policies.set(choice);
    this.scheduled = [...scenario.changes];
    this.system = scenario.system ?? null;
    this.created = config.createMemory(this.system, machine, {
      space: source.space,
      devices: source.devices,
      deviceMemoryBytes: scenario.deviceMemoryBytes,
      granuleBytes: scenario.granularity,
      usefulBytes: scenario.usefulBytes,
      policies: this.policies,
      deviceObjects: source.deviceObjects ?? null,
      sink: recorder,
      batchBegins: () => {
        this.batchBegins();
      },
      batchServiced: () => {
        if (this.memory.batches >= this.haltAtBatch) this.executor.turn.halt = true;
      },
      quietBatches: (events) =>
        this.live.length > 0 || this.scheduled.length > 0
          ? 0
          : Math.min(this.rows.batchesUntilDue(events), this.haltAtBatch - 1 - this.memory.batches),
      nextUse: future
        ? (granule) =>
            this.executor.isExpected(granule)
              ? this.memory.accessCount
              : this.future!.nextUse(granule, this.memory.accessCount)
        : null,
      ...this.listener(),
    });
    this.memory = this.created.memory;
    this.executor = new Executor(this.memory, onAccess);
    this.rows = new LedgerRows(this.memory, recorder);
    this.main = branchOf(source.open());
    this.frames.push({ branches: [this.main], quantum: Infinity, current: 0, left: Infinity, began: 0 });
    this.state = new StateKeeper([this], [source, machine, scenario]);
  }

  private listener(): Pick<MemoryKit, 'onAccess'> {
    const { observer } = this.config;
    return observer
      ? {
          onAccess: (processor, { granule, op, address, stride, count, bytes }) => {
            observer.accessed(this.memory.accessCount, processor, granule, op, address, stride, count, bytes);
          },
        }
      : {};
  }

  /** 0..1 of the source, or null. */
  progress(): number | null {
    return this.finished ? 1 : this.main.stream.progress();
  }

  /**
   * A change requested by the user; takes effect at the next fault batch. Values of the same system wait as one change.
   */
  change(choice: RunChange): void {
    const before = this.live.find((each) => each.kind === 'system');
    if (isPolicy(choice) || !before) this.live.push(choice);
    else
      this.live = this.live.map((each) =>
        each === before ? { ...choice, params: { ...before.params, ...choice.params } } : each,
      );
  }

  pendingChanges(): readonly RunChange[] {
    return this.live;
  }

  /** Scheduled changes that are still to come. */
  waitingChanges(): readonly PolicyChange[] {
    return this.scheduled;
  }

  /** Advances by at most `maxSegments` segments (a few hundred nanoseconds each) or to the end. */
  async advance(maxSegments: number): Promise<void> {
    const { executor } = this;
    executor.turn.halt = false;
    const until = executor.turn.segments + maxSegments;
    while (!this.finished && executor.turn.segments < until) {
      if (this.stopped()) break;
      const frame = this.frames.at(-1)!;
      const branch = frame.branches[frame.current]!;
      if (branch.loaded) {
        this.execute(frame, branch, until - executor.turn.segments);
        continue;
      }
      const answer = branch.stream.next(branch.batch);
      const item = answer instanceof Promise ? await answer : answer;
      executor.turn.segments++; // items cost time too: a workload of empty steps must not hold the loop
      switch (item.kind) {
        case 'accesses':
          branch.loaded = true;
          branch.cursor.group = 0;
          branch.cursor.at = 0;
          branch.cursor.lane = 0;
          break;
        case 'step-begin':
          this.beginStep(branch, item.step);
          break;
        case 'step-end':
          this.endStep(branch);
          break;
        case 'not-before':
          this.notBefore(branch, item.timePs);
          break;
        case 'os':
          this.executor.drain();
          this.config.observer?.osCall(item.step);
          this.memory.call(item.step);
          break;
        case 'fork':
          this.frames.push({
            branches: item.branches.map(branchOf),
            quantum: item.quantum,
            current: 0,
            left: item.quantum,
            began: this.memory.clocks.latest(),
          });
          break;
        case 'end':
          branch.done = true;
          branch.stream.close();
          this.turn(frame);
          break;
      }
    }
  }

  /** Set by the memory system or from outside while a segment was executed. */
  private stopped(): boolean {
    return this.executor.turn.halt;
  }

  close(): void {
    for (const frame of this.frames) for (const branch of frame.branches) branch.stream.close();
  }

  private execute(frame: Frame, branch: Branch, maxSegments: number): void {
    const { executor, memory } = this;
    assert(branch.step !== null, 'a stream gave accesses outside a step');
    executor.begin(branch.step.processor, branch.batch.dependent);
    memory.step = branch.stepId;
    const before = memory.accessCount;
    if (executor.execute(branch.batch, branch.cursor, frame.left, maxSegments)) branch.loaded = false;
    frame.left -= memory.accessCount - before;
    if (frame.left <= 0) this.turn(frame);
  }

  /** Gives the turn to the next branch that is not done; ends the frame when none is left. */
  private turn(frame: Frame): void {
    frame.left = frame.quantum;
    for (let i = 1; i <= frame.branches.length; i++) {
      const next = (frame.current + i) % frame.branches.length;
      if (frame.branches[next]!.done) continue;
      frame.current = next;
      return;
    }
    this.frames.pop();
    const met = this.memory.clocks.meet();
    if (this.frames.length > 0) this.memory.barrier(met - frame.began);
    if (this.frames.length === 1) this.config.observer?.met(this.memory.accessCount);
    if (this.frames.length === 0) this.finish();
  }

  private beginStep(branch: Branch, step: StepInfo): void {
    const { memory, config } = this;
    assert(step.processor <= config.source.devices, 'a step names a device that the source did not announce');
    branch.step = step;
    branch.stepId = this.steps++;
    memory.step = branch.stepId;
    this.phase = step.phase;
    this.phases.set(step.phase, Math.max(step.iteration, this.phases.get(step.phase) ?? 0));
    const { timing } = config.machine;
    const now = memory.settleClock(step.processor);
    branch.stepBegan = now;
    if (timing && step.processor !== CPU) memory.clocks.reach(step.processor, now + timing.kernelLaunch.value);
    memory.stepBegins(step.processor);
    this.executor.stepBegins(step.processor);
    config.observer?.stepBegins(step.processor, memory.accessCount, this.frames.length > 1);
    config.recorder.step({
      ...memory.moment(now),
      durationPs: 0,
      processor: step.processor,
      reason: BEGIN,
      detail: JSON.stringify(step),
    });
  }

  private endStep(branch: Branch): void {
    const { memory, executor, config } = this;
    const { step } = branch;
    assert(step !== null, 'a stream ended a step that it had not begun');
    memory.step = branch.stepId;
    executor.begin(step.processor, false);
    executor.drain();
    memory.settleClock(step.processor);
    memory.stepEnds(step.processor, branch.stepBegan);
    const now = memory.clocks.now(step.processor);
    if (this.frames.length === 1) memory.clocks.meet();
    this.rows.write(now);
    config.recorder.step({
      ...memory.moment(now),
      durationPs: now - branch.stepBegan,
      processor: step.processor,
      reason: FINISHED,
      detail: '',
    });
    branch.step = null;
  }

  private notBefore(branch: Branch, timePs: number): void {
    if (!this.config.machine.timing || !branch.step) return;
    this.memory.settleClock(branch.step.processor);
    this.memory.clocks.reach(branch.step.processor, timePs);
  }

  private finish(): void {
    const { memory, config } = this;
    this.executor.drain();
    assert(this.executor.isIdle(), 'a run ended while accesses wait for a fault batch');
    memory.ends();
    memory.ledger.finish();
    this.finished = true;
    this.rows.write(memory.clocks.meet());
    config.recorder.read();
  }

  private batchBegins(): void {
    this.rows.keepUp();
    for (const choice of this.live.length > 0 ? this.live.splice(0) : []) this.apply(choice, 'live');
    if (this.scheduled.length === 0) return;
    const due = this.scheduled.filter((change) => this.isDue(change));
    if (due.length === 0) return;
    this.scheduled = this.scheduled.filter((change) => !due.includes(change));
    for (const change of due) this.apply(change.policy, 'scheduled');
  }

  private isDue({ moment }: PolicyChange): boolean {
    const { memory } = this;
    switch (moment.at) {
      case 'batch':
        return memory.batches >= moment.batch;
      case 'access':
        return memory.accessCount >= moment.access;
      case 'time':
        return memory.clocks.latest() >= moment.timePs;
      case 'phase':
        return (this.phases.get(moment.phase) ?? 0) >= moment.iteration;
    }
  }

  private apply(policy: RunChange, origin: AppliedChange['origin']): void {
    const { memory, config } = this;
    const timePs = memory.clocks.latest();
    let recorded = policy;
    if (isPolicy(policy)) this.policies.set(policy);
    else recorded = this.setKnobs(policy);
    this.executor.policyChanged();
    this.applied.push({ batch: memory.batches, access: memory.accessCount, timePs, policy, origin });
    config.recorder.policy({
      ...{ timePs, access: memory.accessCount, batch: memory.batches, step: memory.step },
      change: recorded,
      policy: isPolicy(policy) ? this.policies.all.length - 1 : NO_POLICY,
      reason: CHANGED,
    });
  }

  /** Returns the change with every parameter in it, as it is recorded. */
  private setKnobs({ id, params }: SystemChange): SystemChange {
    assert(this.system?.id === id, `parameters of the memory system "${id}" were accepted in a run without it`);
    this.system = { id, params: { ...this.system.params, ...params } };
    this.created.change(this.system.params);
    return { kind: 'system', ...this.system };
  }
}

function branchOf(stream: AccessStream): Branch {
  return {
    stream,
    batch: createBatch(),
    cursor: { group: 0, at: 0 },
    loaded: false,
    step: null,
    stepId: 0,
    stepBegan: 0,
    done: false,
  };
}
