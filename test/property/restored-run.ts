/** A run that is cut into slices, changed by hand between some of them, and can go back to the start of any slice. */
import { randomStream } from '../../src-core/base/random';
import type { Snapshot, StateKeeper } from '../../src-core/base/snapshot';
import { lookAhead } from '../../src-core/engine/look-ahead';
import { Run } from '../../src-core/engine/run';
import type { SystemChoice } from '../../src-core/model/memory-system';
import type { PolicyChoice, RunChange } from '../../src-core/model/scenario';
import { findPolicy } from '../../src-core/policies';
import { Recorder } from '../../src-core/record/recorder';
import { createMemory } from '../../src-core/session/create-memory';
import { findMachine, resolveScenario } from '../../src-core/session/scenario';
import { compileWorkload, loadWorkload } from '../../src-core/workload';
import { makeHash } from './drive';

export interface Program {
  readonly text: string;
  readonly system?: SystemChoice;
  readonly policies?: readonly PolicyChoice[];
  /** Asked for by hand before the slice of that number. */
  readonly byHand: ReadonlyMap<number, RunChange>;
  readonly findPolicy?: (choice: PolicyChoice) => ReturnType<typeof findPolicy>;
}

/** Most segments of one slice: a thread group is one, and few hold a whole step. Slices are of random lengths up to here. */
const MOST_SEGMENTS = 4;

export class RestoredRun {
  /** By slice: the state before it. */
  readonly snapshots: Snapshot[] = [];
  private slice = 0;

  private constructor(
    readonly run: Run,
    private readonly recorder: Recorder,
    private readonly program: Program,
    /** Instead of the run's own keeper, to leave something out. */
    private readonly keeper: StateKeeper = run.state,
  ) {}

  static async create(
    program: Program,
    keeperOf: (run: Run) => StateKeeper = (run) => run.state,
  ): Promise<RestoredRun> {
    const workload = loadWorkload(program.text, 'restored.yaml');
    const machine = findMachine(workload.machine ?? 'r0');
    const { system, policies } = program;
    const scenario = resolveScenario(workload, { ...(system && { system }), ...(policies && { policies }) }, machine);
    const source = compileWorkload(workload, { seed: scenario.seed });
    const find = program.findPolicy ?? ((choice: PolicyChoice) => findPolicy(choice.kind, choice.id));
    const config = { source, machine, scenario, findPolicy: find, createMemory };
    const needsFuture = scenario.policies.some((choice) => find(choice)?.needsFuture);
    const unheard = new Recorder(null, null, null);
    const future = needsFuture ? await lookAhead(config, unheard, () => Promise.resolve()) : null;
    const recorder = new Recorder(makeHash, null, null);
    const run = new Run({ ...config, recorder }, future);
    return new RestoredRun(run, recorder, program, keeperOf(run));
  }

  /** Goes on to the end, keeping the state before each slice where it is new; returns what the run was, as text. */
  async finish(): Promise<string> {
    while (!this.run.finished) {
      if (this.slice === this.snapshots.length) this.snapshots.push(this.keeper.take());
      const change = this.program.byHand.get(this.slice);
      if (change) this.run.change(change);
      await this.run.advance(1 + randomStream(this.slice, 'slices').below(MOST_SEGMENTS));
      this.slice++;
    }
    const { memory, applied } = this.run;
    this.recorder.abandon();
    return JSON.stringify({
      hash: this.recorder.digest(),
      events: this.recorder.count,
      accesses: memory.accessCount,
      ps: memory.clocks.latest(),
      counters: [...memory.ledger.counters],
      summary: memory.systemReport(),
      applied,
    });
  }

  /** Back to the state before a slice. */
  goBack(slice: number): void {
    this.keeper.restore(this.snapshots[slice]!);
    this.slice = slice;
  }
}
