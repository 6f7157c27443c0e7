/** What snapshots of a run cost: one is taken after each stretch of engine time, as the app does to go back. */
import type { SystemChoice } from '../../model/memory-system';
import { Run } from '../../engine/run';
import { findPolicy } from '../../policies';
import { Recorder } from '../../record/recorder';
import { compileWorkload, loadWorkload } from '../../workload';
import { createMemory } from '../create-memory';
import { findMachine, resolveScenario } from '../scenario';
import type { BenchPlatform } from './timed-run';

export interface SnapshotCosts {
  /** Seconds of the engine's thread that each snapshot took, in order; the first one saves everything. */
  readonly seconds: readonly number[];
  /** Bytes that each snapshot after the first holds and the one before it does not ÷ bytes of the state then. */
  readonly freshShares: readonly number[];
  /** Of the last one. */
  readonly stateBytes: number;
}

export interface SnapshotPlan {
  readonly text: string;
  readonly machine: string;
  /** null: the ideal one. */
  readonly system: SystemChoice['id'] | null;
  readonly usefulBytes: boolean;
  /** Engine seconds from one snapshot to the next. */
  readonly everySeconds: number;
  /** Snapshots at most. */
  readonly most: number;
}

/** So short that a stretch of engine time is hardly overrun. */
const SLICE_SEGMENTS = 256;

const hasMore = (run: Run): boolean => !run.finished;

export async function snapshotCosts(
  plan: SnapshotPlan,
  threadSeconds: () => number,
  platform: Pick<BenchPlatform, 'createHash'>,
): Promise<SnapshotCosts> {
  const machine = findMachine(plan.machine);
  const workload = loadWorkload(plan.text, 'snapshots.yaml');
  const chosen = plan.system === null ? {} : { system: { id: plan.system, params: {} } };
  const scenario = resolveScenario({ ...workload, usefulBytes: plan.usefulBytes }, chosen, machine);
  const source = compileWorkload(workload, { seed: scenario.seed });
  const recorder = new Recorder(() => platform.createHash(), null, null);
  const run = new Run(
    { source, machine, scenario, findPolicy: ({ kind, id }) => findPolicy(kind, id), createMemory, recorder },
    null,
  );
  const seconds: number[] = [];
  const freshShares: number[] = [];
  let stateBytes = 0;
  while (!run.finished && seconds.length < plan.most) {
    const until = threadSeconds() + plan.everySeconds;
    do await run.advance(SLICE_SEGMENTS);
    while (hasMore(run) && threadSeconds() < until);
    const began = threadSeconds();
    const snapshot = run.state.take();
    seconds.push(threadSeconds() - began);
    if (seconds.length > 1) freshShares.push(snapshot.freshBytes / snapshot.stateBytes);
    ({ stateBytes } = snapshot);
  }
  run.close();
  return { seconds, freshShares, stateBytes };
}
