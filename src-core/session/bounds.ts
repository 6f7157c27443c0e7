/**
 * Bounds of a run: what they need is measured once per input, by passes of the same engine beside the current run, and judged
 * against the current state of the run at each request.
 */
import { bytesPerSecond, picoseconds } from '../base/units';
import { BOUND_RUNS, type BoundRun, type Curve, type Judgement, type Observation } from '../analysis/bounds/bound';
import { evenly } from '../analysis/bounds/evenly';
import { bounds } from '../analysis/bounds';
import { fewestFetches, type Paging } from '../analysis/bounds/optimal-paging';
import { traceNotes } from '../analysis/bounds/trace-notes';
import { pagingOf } from '../analysis/bounds/paging-claims';
import { observe } from '../engine/observe';
import type { BoundRow, BoundValue } from '../model/bounds';
import type { MachineSpec, Sourced } from '../model/machine';
import type { SystemMovement } from '../model/memory-system';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import {
  isPolicy,
  type AppliedChange,
  type Granularity,
  type PolicyChange,
  type PolicyChoice,
  type RunChange,
  type ScenarioSpec,
} from '../model/scenario';
import type { RunSummary } from '../model/summary';
import { findPolicy } from '../policies';
import { Recorder } from '../record/recorder';
import { createMemory } from './create-memory';
import { defaultSystem, findSystem } from './systems';
import { runBeside, type BesideContext } from './beside';
import type { Runnable } from './open';

const findChoice = (choice: PolicyChoice): ReturnType<typeof findPolicy> => findPolicy(choice.kind, choice.id);

/** All that bounds are judged by; kept as long as the input is the same. */
interface Measured {
  readonly input: string;
  readonly observation: Observation;
  readonly runs: Partial<Record<BoundRun, RunSummary | null>>;
  readonly refusals: Partial<Record<BoundRun, string>>;
}

/** One line of a bound along the run. */
export interface BoundLine {
  readonly bound: string;
  /** `footprint`: bytes that devices have touched so far. */
  readonly quantity: BoundValue['quantity'] | 'footprint';
  readonly curve: Curve;
}

export class Bounds {
  private measured: Measured | null = null;
  /** What was asked for last may go on. */
  private turn = 0;
  private making: { readonly input: string; readonly work: Promise<void> } | null = null;

  /** Measures what is not known yet. Throws `cancelled`. */
  async make(opened: Runnable, changes: readonly AppliedChange[], context: BesideContext): Promise<void> {
    const input = inputOf(opened.header, changes);
    if (this.measured?.input === input) return;
    if (this.making?.input !== input) {
      const before = this.stop();
      const turn = this.turn;
      this.making = { input, work: before.then(() => this.measure(opened, changes, context, turn)) };
    }
    await this.making.work;
  }

  private async measure(
    opened: Runnable,
    changes: readonly AppliedChange[],
    context: BesideContext,
    turn: number,
  ): Promise<void> {
    if (turn !== this.turn) throw new Refusal('cancelled');
    try {
      this.measured = await measure(opened, changes, {
        platform: context.platform,
        cancelled: () => turn !== this.turn || context.cancelled(),
        progress: (fraction, doing) => {
          context.progress(fraction, `${doing} (${Math.floor(fraction * 100)} %)`);
        },
      });
    } finally {
      if (turn === this.turn) this.making = null;
    }
  }

  get isEmpty(): boolean {
    return this.measured === null;
  }

  /** Ends what is being made. */
  async stop(): Promise<void> {
    this.turn++;
    const { making } = this;
    this.making = null;
    await making?.work.catch(() => undefined); // the requester gets the error; here only the end counts
  }

  /** null: not made for this input. */
  rowsOf(header: RecordingHeader, summary: RunSummary): readonly BoundRow[] | null {
    const ofTrace = traceNotes(header, summary);
    return this.judgedBy(header, summary, ({ id, title, summary: text }, values, notes) => ({
      id,
      title,
      summary: text,
      values: values.map((value) => valueOf(value, summary)),
      notes: [...notes, ...ofTrace],
    }));
  }

  /** What can be drawn along the run; null: not made for this input. */
  linesOf(header: RecordingHeader, summary: RunSummary): readonly BoundLine[] | null {
    const observation = this.measured?.observation;
    if (!observation) return null;
    const { toDevice, toHost, unlimited, unitBytes, kernels } = observation;
    const drawn = (curve: Curve): Curve => (kernels ? evenly(curve, kernels) : curve);
    const lines = this.judgedBy(header, summary, ({ id }, values) =>
      values.flatMap((value): BoundLine[] =>
        'curve' in value && value.curve ? [{ bound: id, quantity: value.quantity, curve: drawn(value.curve) }] : [],
      ),
    )?.flat();
    if (!lines) return null;
    // The floor of the link is one number for both ways; drawn, it is two.
    if (lines.some(({ bound }) => bound === 'link-floor'))
      lines.push(
        { bound: 'link-floor', quantity: 'bytesToDevice', curve: toDevice },
        { bound: 'link-floor', quantity: 'bytesToHost', curve: toHost },
      );
    const footprint = unlimited?.footprint;
    if (footprint)
      lines.push({
        bound: 'infinite-memory',
        quantity: 'footprint',
        curve: drawn((access) => footprint.at(access) * unitBytes),
      });
    return lines;
  }

  private judgedBy<T>(
    header: RecordingHeader,
    summary: RunSummary,
    use: (bound: (typeof bounds)[number], values: readonly Judgement[], notes: readonly string[]) => T,
  ): T[] | null {
    const { measured } = this;
    if (measured?.input !== inputOf(header, summary.changes)) return null;
    const policies = [...summary.policies, ...summary.changes.map(({ policy }) => policy).filter(isPolicy)];
    const context = { header, summary, policies, movement: movementOf(header), ...measured };
    return bounds.map((bound) => {
      const { values, notes } = bound.judge(context);
      return use(bound, values, notes);
    });
  }
}

/** Changes by hand are part of the input: the run with room for everything repeats them. */
function inputOf(header: RecordingHeader, changes: readonly AppliedChange[]): string {
  return JSON.stringify([header, changes.filter(({ origin }) => origin === 'live')]);
}

function runNumber(quantity: BoundValue['quantity'], { totals }: RunSummary): number {
  return quantity === 'linkBytes' ? totals.bytesToDevice + totals.bytesToHost + totals.remoteBytes : totals[quantity];
}

function valueOf(judged: Judgement, summary: RunSummary): BoundValue {
  const { quantity, kind } = judged;
  const run = runNumber(quantity, summary);
  const absent = (reason: string): BoundValue => ({ quantity, kind, value: null, run, ratio: null, reason });
  if ('notDefined' in judged) return absent(judged.notDefined);
  if (!summary.complete && !judged.curve) return absent('available when the run has ended');
  const value = summary.complete ? judged.total : judged.curve!(summary.totals.accesses);
  return { quantity, kind, value, run, ratio: value > 0 ? run / value : null, reason: null };
}

async function measure(opened: Runnable, changes: readonly AppliedChange[], context: BesideContext): Promise<Measured> {
  const { header } = opened;
  const wanted = BOUND_RUNS.filter(
    (id) => (id === 'remote' || header.machine.timing) && bounds.some(({ needs }) => needs.includes(id)),
  );
  const parts = wanted.length + 1;
  const observation = await observeInput(opened, context, (share) => {
    context.progress(share / parts, 'computing bounds');
  });
  const runs: Partial<Record<BoundRun, RunSummary | null>> = {};
  const refusals: Partial<Record<BoundRun, string>> = {};
  for (const [index, id] of wanted.entries())
    try {
      runs[id] = await runBeside(opened, VARIANTS[id].header(header, changes), context, (share) => {
        context.progress((1 + index + share) / parts, VARIANTS[id].doing);
      });
    } catch (cause) {
      if (!(cause instanceof Refusal) || cause.message === 'cancelled') throw cause;
      runs[id] = null;
      refusals[id] = cause.message;
    }
  return { input: inputOf(header, changes), observation, runs, refusals };
}

async function observeInput(
  { header, source }: Runnable,
  context: BesideContext,
  progress: (share: number) => void,
): Promise<Observation> {
  const { platform } = context;
  const { unitBytes, takes, inOrder } = pagingOf(header);
  const pause = async (share: number | null): Promise<void> => {
    progress(share ?? 0);
    if (context.cancelled()) throw new Refusal('cancelled');
    await platform.pause(0);
  };
  const pass = (ordered: boolean) =>
    observe(
      { source, machine: header.machine, scenario: header.scenario, findPolicy: findChoice, createMemory },
      new Recorder(null, null, null),
      unitBytes as Granularity,
      ordered,
      pause,
    );
  let seen = await pass(inOrder);
  const byStep = inOrder && seen.visits === null;
  if (byStep) seen = await pass(false); // an epoch per step needs less room, and gives a bound that is true, if lower
  const { traffic, visits } = seen;
  const capacity = Math.floor(header.scenario.deviceMemoryBytes / unitBytes);
  const paging = (limit: number): Promise<Paging | null> =>
    visits ? inSlices(fewestFetches(visits, { capacity: limit, takes }), pause) : Promise.resolve(null);
  return {
    toDevice: (access) => traffic.toDevice.at(access),
    toHost: (access) => traffic.toHost.at(access),
    peerBytes: traffic.peerBytes,
    lostPages: traffic.lost,
    optimal: await paging(capacity),
    unlimited: await paging(Infinity),
    inOrder: inOrder && !byStep,
    kernels: visits && (byStep || !inOrder) ? [...Array.from(visits.access), visits.accesses] : null,
    unitBytes,
    capacity,
    osCalls: seen.osCalls,
    concurrent: seen.concurrent,
  };
}

async function inSlices<T>(work: Generator<undefined, T>, pause: (share: number | null) => Promise<void>): Promise<T> {
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
    await pause(1);
  }
}

interface Variant {
  readonly doing: string;
  readonly header: (header: RecordingHeader, changes: readonly AppliedChange[]) => RecordingHeader;
}

const withScenario = (header: RecordingHeader, scenario: Partial<ScenarioSpec>): RecordingHeader => ({
  ...header,
  scenario: { ...header.scenario, ...scenario },
});
const onIdeal = (header: RecordingHeader, scenario: Partial<ScenarioSpec>): RecordingHeader => {
  const { system: _system, ...rest } = header.scenario;
  return { ...header, scenario: { ...rest, changes: [], usefulBytes: false, ...scenario } };
};
const plain = (kind: PolicyChoice['kind'], id: string): PolicyChoice => ({ kind, id, params: {} });
const ON_DEMAND = [plain('eviction', 'access-lru'), plain('prefetch', 'none')] as const;

/** Twice what the workload has: forked processes and blocks that are not full need more than once. */
const roomForAll = (header: RecordingHeader): number =>
  Math.max(2 * header.spaceBytes, header.scenario.deviceMemoryBytes);

/** Where nothing is evicted, no victim is chosen: a policy that looks ahead would look for nothing. */
const withoutFuture = <C extends RunChange>(choice: C): C | PolicyChoice =>
  isPolicy(choice) && findChoice(choice)?.needsFuture ? plain('eviction', 'access-lru') : choice;

const VARIANTS: Readonly<Record<BoundRun, Variant>> = {
  unlimited: {
    doing: 'running with unlimited device memory',
    header: (header, changes) =>
      withScenario(header, {
        deviceMemoryBytes: roomForAll(header),
        usefulBytes: false,
        policies: header.scenario.policies.map(withoutFuture),
        changes: [
          ...header.scenario.changes.map(({ moment, policy }) => ({ moment, policy: withoutFuture(policy) })),
          ...changes
            .filter(({ origin }) => origin === 'live')
            .map(({ access, policy }): PolicyChange => ({ moment: { at: 'access', access }, policy })),
        ],
      }),
  },
  remote: {
    doing: 'running without migration',
    header: (header) => onIdeal(header, { policies: [...ON_DEMAND, plain('migration', 'stay-on-host')] }),
  },
  compute: {
    doing: 'running with all memory local',
    header: (header) => ({
      ...onIdeal(header, {
        deviceMemoryBytes: roomForAll(header),
        policies: [...ON_DEMAND, plain('migration', 'on-fault')],
      }),
      machine: atNoCost(header.machine, hostReachesDevices(header)),
    }),
  },
};

const movementOf = ({ scenario }: RecordingHeader): SystemMovement | null =>
  (scenario.system ? findSystem(scenario.system.id) : defaultSystem)?.movement ?? null;

/** Linux nodes that CPUs reach are CPUs' to use whatever the machine says of its driver's mappings. */
const hostReachesDevices = (header: RecordingHeader): boolean =>
  header.machine.hostMapsDevice.value || (header.scenario.system !== undefined && movementOf(header) !== 'on-demand');

/** The machine, where only computing takes time: each processor at the highest rate at which it reaches memory. */
function atNoCost({ gpu: _gpu, ...machine }: MachineSpec, hostReaches: boolean): MachineSpec {
  const { timing } = machine;
  if (!timing) return machine;
  const free: Sourced<ReturnType<typeof picoseconds>> = {
    value: picoseconds(0),
    source: 'perfect prefetch',
    grade: 'definition',
  };
  const remote = timing.remoteBandwidth;
  const others = timing.peerLink ? [remote, timing.peerLink.asymptote] : [remote];
  const fastest = (own: typeof remote): typeof remote =>
    others.reduce((best, rate) => (rate.value > best.value ? rate : best), own);
  return {
    ...machine,
    faultBatchEntries: { value: 1, source: 'perfect prefetch', grade: 'definition' },
    timing: {
      link: {
        asymptote: { value: bytesPerSecond(Infinity), source: 'perfect prefetch', grade: 'definition' },
        kneePerKib: { value: 1e9, source: 'perfect prefetch', grade: 'definition' },
        duplex: { value: true, source: 'perfect prefetch', grade: 'definition' },
      },
      cpuFirstTouch: free,
      cpuFault: free,
      batchFixed: free,
      batchPerFault: free,
      evictionFixed: free,
      hostBandwidth: hostReaches ? fastest(timing.hostBandwidth) : timing.hostBandwidth,
      deviceBandwidth: fastest(timing.deviceBandwidth),
      remoteBandwidth: remote,
      kernelLaunch: timing.kernelLaunch,
    },
  };
}
