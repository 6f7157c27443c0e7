/** Runs a bench case and says what its timed phase counted and cost. */
import { assert } from '../../base/assert';
import type { AccessSource } from '../../contracts/access-stream';
import type { Platform } from '../../contracts/platform';
import { Run } from '../../engine/run';
import type { ByteSink } from '../../model/byte-source';
import { FORMAT_VERSION, METRIC_COUNT, metricIndex, type Metric } from '../../model/events';
import type { RecordingHeader } from '../../model/recording';
import type { ScenarioSpec } from '../../model/scenario';
import { findPolicy } from '../../policies';
import { ArrowWriter } from '../../record/arrow-writer';
import { Recorder } from '../../record/recorder';
import { Timeline } from '../../timeline/timeline';
import { compileWorkload, loadWorkload } from '../../workload';
import { findMachine, resolveScenario } from '../scenario';
import { createMemory } from '../create-memory';
import { ENGINE_VERSION } from '../version';
import type { BenchCase } from './cases';
import { withMark } from './mark';

/** Seconds that have passed for the clock on the wall, for the calling thread, and for all threads of the process. */
export interface Seconds {
  readonly wall: number;
  readonly thread: number;
  readonly process: number;
}

export interface BenchPlatform extends Pick<Platform, 'createHash'> {
  /** Readings that only grow; differences are what counts. */
  seconds(): Seconds;
}

/** `kept`: columns, hash, timeline and Arrow, as in the app. `dropped`: events are made and forgotten. */
export type Recording = 'kept' | 'dropped';

/** What the C reference counts as well. */
export interface Counts {
  readonly accesses: number;
  readonly faults: number;
  readonly migrations: number;
  readonly evictions: number;
  readonly bytesToDevice: number;
  readonly bytesToHost: number;
}

interface Totals extends Counts {
  readonly events: number;
}

export interface TimedRun extends Totals {
  readonly seconds: Seconds;
}

/** A source with the choices for its run. */
export interface Subject {
  readonly id: string;
  readonly text: string;
  readonly source: AccessSource;
  readonly scenario: ScenarioSpec;
}

export function subjectOf(bench: BenchCase, usefulBytes = false): Subject {
  const workload = loadWorkload(bench.text, `${bench.id}.yaml`);
  const scenario = resolveScenario({ ...workload, usefulBytes }, {}, findMachine(workload.machine ?? 'r0'));
  return { id: bench.id, text: bench.text, source: compileWorkload(workload, { seed: scenario.seed }), scenario };
}

function headerOf({ id, text, source, scenario }: Subject): RecordingHeader {
  return {
    format: FORMAT_VERSION,
    engineVersion: ENGINE_VERSION,
    title: id,
    about: '',
    workload: { name: id, file: null, kind: 'workload', sha256: '' },
    workloadText: text,
    machine: findMachine(scenario.machine),
    scenario,
    axis: 'accesses',
    devices: source.devices,
    objects: source.space.objects,
    regions: source.space.regions,
    spaceBytes: source.space.bytes,
  };
}

const NOWHERE: ByteSink = { write: () => undefined, truncate: () => undefined, close: () => undefined };

function recorderOf(subject: Subject, recording: Recording, platform: BenchPlatform): Recorder {
  if (recording === 'dropped') return new Recorder(null, null, null);
  const header = headerOf(subject);
  const writer = new ArrowWriter(header, NOWHERE);
  return new Recorder(() => platform.createHash(), writer, new Timeline(header));
}

function total({ memory }: Run, metric: Metric): number {
  const { counters } = memory.ledger;
  let sum = 0;
  for (let at = metricIndex(metric); at < counters.length; at += METRIC_COUNT) sum += counters[at]!;
  return sum;
}

const countsOf = (run: Run): Counts => ({
  accesses: run.memory.accessCount,
  faults: total(run, 'cpuFaults') + total(run, 'gpuFaults'),
  migrations: total(run, 'migrations'),
  evictions: total(run, 'evictions'),
  bytesToDevice: total(run, 'bytesToDevice'),
  bytesToHost: total(run, 'bytesToHost'),
});

/** What came to pass between two readings. */
export function difference<T extends object>(later: T, earlier: T): T {
  const entries = Object.entries(later as Record<string, number>);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value - (earlier as Record<string, number>)[key]!]),
  ) as T;
}

/** Runs a subject to its end; counts and seconds are those after the phase `warm`, or all where there is none. */
export async function timedRun(subject: Subject, recording: Recording, platform: BenchPlatform): Promise<TimedRun> {
  const { scenario } = subject;
  const recorder = recorderOf(subject, recording, platform);
  const read = (): Totals => ({ ...countsOf(run), events: recorder.count });
  let before: Totals | undefined;
  let began: Seconds | undefined;
  const source = withMark(subject.source, () => {
    before = read();
    began = platform.seconds();
  });
  const machine = findMachine(scenario.machine);
  const run = new Run(
    { source, machine, scenario, findPolicy: (choice) => findPolicy(choice.kind, choice.id), createMemory, recorder },
    null,
  );
  while (!run.finished) await run.advance(1_000_000);
  const ended = platform.seconds();
  assert(before !== undefined && began !== undefined, `${subject.id} has no phase that is timed`);
  return { ...difference(read(), before), seconds: difference(ended, began) };
}
