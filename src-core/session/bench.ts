/**
 * Benchmarks of the engine and the recorder, on the same shapes of access as the C, JavaScript and WebAssembly baselines
 * of the reference (stream, stream32, rand, over150, zipf). Each case is a workload like any other: loaded, compiled and
 * run with recording on. Figures are medians of several runs; never a test.
 */
import type { Platform } from '../contracts/platform';
import { Run } from '../engine/run';
import { FORMAT_VERSION, METRIC_COUNT, metricIndex, MIGRATION } from '../model/events';
import type { FaultEvent, TransferEvent } from '../model/event-sink';
import { READ } from '../model/processor';
import type { RecordingHeader } from '../model/recording';
import type { ScenarioSpec } from '../model/scenario';
import { findPolicy } from '../policies';
import { ArrowWriter } from '../record/arrow-writer';
import { Recorder } from '../record/recorder';
import { Timeline } from '../timeline/timeline';
import { compileWorkload, loadWorkload } from '../workload';
import { findMachine, resolveScenario } from './scenario';
import { createMemory } from './create-memory';
import { ENGINE_VERSION } from './version';

export interface BenchCase {
  readonly id: string;
  readonly what: string;
  /** Workload text; its phase `warm` is not timed, `timed` is. */
  readonly text: string;
}

/** @param head machine and memory system; the counting reference unless given */
const file = (
  name: string,
  deviceMemory: string,
  objects: string,
  warm: string,
  timed: string,
  head = 'machine: r0',
): string => `faultline: 1
name: ${name}
${head.includes('{') ? `${head} }` : head}
granularity: 4KiB
deviceMemory: ${deviceMemory}
objects:
${objects}
phases:
  - name: warm
    steps: [{ on: gpu0, do: [${warm}] }]
  - name: timed
    steps: [{ on: gpu0, do: [${timed}] }]
`;
const HOST = 'initially: host';
const UVM = 'machine: pcie4-16g\nsystem: { id: nvidia-uvm';

export const benchCases: readonly BenchCase[] = [
  {
    id: 'stream',
    what: '1 touch per page over 2 GiB, resident',
    text: file(
      'stream',
      '4GiB',
      `  a: { size: 2GiB, element: 64B, ${HOST} }`,
      '{ read: a }',
      Array.from({ length: 40 }, () => '{ read: a, pattern: strided, stride: 64 }').join(', '),
    ),
  },
  {
    id: 'stream32',
    what: '32 touches per page over 2 GiB, resident, run-length',
    text: file(
      'stream32',
      '4GiB',
      `  a: { size: 2GiB, element: 128B, ${HOST} }`,
      '{ read: a }',
      Array.from({ length: 40 }, () => '{ read: a }').join(', '),
    ),
  },
  {
    id: 'rand',
    what: 'uniform over 2 GiB, resident, everything fits',
    text: file(
      'rand',
      '4GiB',
      `  a: { size: 2GiB, element: 64B, ${HOST} }`,
      '{ read: a }',
      '{ read: a, pattern: random, count: 20000000 }',
    ),
  },
  {
    id: 'rand-lru',
    what: 'uniform over 2 GiB, resident, LRU order kept (the space is larger than the device)',
    text: file(
      'rand-lru',
      '4GiB',
      `  a: { size: 2GiB, element: 64B, ${HOST} }\n  b: { size: 4GiB, element: 64B, ${HOST} }`,
      '{ read: a }',
      '{ read: a, pattern: random, count: 20000000 }',
    ),
  },
  {
    id: 'over150',
    what: 'cyclic over 6 GiB on 4 GiB: every page faults and evicts',
    text: file(
      'over150',
      '4GiB',
      `  a: { size: 6GiB, element: 64B, ${HOST} }`,
      '{ read: a }',
      '{ read: a, pattern: strided, stride: 64 }',
    ),
  },
  {
    id: 'zipf',
    what: 'Zipf 1.0 over 6 GiB of 4 KiB rows, scattered, on 4 GiB',
    text: file(
      'zipf',
      '4GiB',
      `  a: { size: 6GiB, element: 4096B, ${HOST} }`,
      '{ read: a, pattern: zipf, count: 4000000, s: 1, placement: hashed }',
      '{ read: a, pattern: zipf, count: 4000000, s: 1, placement: hashed }',
    ),
  },
  {
    id: 'uvm-rand',
    what: 'NVIDIA UVM: uniform over 2 GiB, resident',
    text: file(
      'uvm-rand',
      '4GiB',
      `  a: { size: 2GiB, element: 64B, ${HOST} }`,
      '{ read: a }',
      '{ read: a, pattern: random, count: 20000000 }',
      UVM,
    ),
  },
  {
    id: 'uvm-faults',
    what: 'NVIDIA UVM: every page of 16 GiB faults once, no prefetch, fits',
    text: file(
      'uvm-faults',
      '20GiB',
      `  a: { size: 16GiB, element: 64B, ${HOST} }`,
      '{ read: a, elements: [0, 64] }',
      '{ read: a, pattern: strided, stride: 64 }',
      `${UVM}, uvm_perf_prefetch_enable: false`,
    ),
  },
  {
    id: 'uvm-over150',
    what: 'NVIDIA UVM: cyclic over 6 GiB on 4 GiB with prefetch: faults and evicts',
    text: file(
      'uvm-over150',
      '4GiB',
      `  a: { size: 6GiB, element: 64B, ${HOST} }`,
      '{ read: a }',
      '{ read: a, pattern: strided, stride: 64 }, { read: a, pattern: strided, stride: 64 }',
      UVM,
    ),
  },
];

/** The working set of a job that does not fit: 24 GiB on 16 GiB, again and again. Counted in passes, not accesses. */
export const oversubscribedCase: BenchCase = {
  id: 'uvm-24g',
  what: 'NVIDIA UVM: 100 passes over 24 GiB on 16 GiB, one touch per 64 KiB, prefetch on',
  text: file(
    'uvm-24g',
    '16GiB',
    `  a: { size: 24GiB, element: 64B, ${HOST} }`,
    '{ read: a, elements: [0, 64] }',
    Array.from({ length: 100 }, () => '{ read: a, pattern: strided, stride: 1024 }').join(', '),
    UVM,
  ),
};

/** A 64 GiB address space in 4 KiB granules on a 16 GiB device, all of it touched. */
export const memoryCase: BenchCase = {
  id: 'memory',
  what: '64 GiB address space, 16 GiB device, 4 KiB granules, every page touched once',
  text: file(
    'memory',
    '16GiB',
    `  a: { size: 64GiB, element: 64B, ${HOST} }`,
    '{ read: a, elements: [0, 64] }',
    '{ read: a, pattern: strided, stride: 64 }',
  ),
};

export interface BenchResult {
  readonly id: string;
  readonly usefulBytes: boolean;
  /** Accesses of the timed phase. */
  readonly accesses: number;
  readonly faults: number;
  readonly events: number;
  readonly seconds: number;
}

const FAULTS = [metricIndex('cpuFaults'), metricIndex('gpuFaults')];

function faultsOf({ memory }: Run): number {
  const { counters } = memory.ledger;
  let faults = 0;
  for (let row = 0; row < counters.length; row += METRIC_COUNT)
    for (const metric of FAULTS) faults += counters[row + metric]!;
  return faults;
}

/** Runs a case once with recording into nothing; `wallMs` is read around the timed phase only. */
export async function runBenchCase(
  bench: BenchCase,
  usefulBytes: boolean,
  platform: Pick<Platform, 'createHash' | 'wallMs'>,
): Promise<BenchResult> {
  const workload = loadWorkload(bench.text, `${bench.id}.yaml`);
  const machine = findMachine(workload.machine ?? 'r0');
  const scenario: ScenarioSpec = resolveScenario({ ...workload, usefulBytes }, {}, machine);
  const source = compileWorkload(workload, { seed: scenario.seed });
  const header: RecordingHeader = {
    format: FORMAT_VERSION,
    engineVersion: ENGINE_VERSION,
    title: bench.id,
    about: '',
    workload: { name: bench.id, file: null, kind: 'workload', sha256: '' },
    workloadText: bench.text,
    machine,
    scenario,
    axis: 'accesses',
    devices: source.devices,
    objects: source.space.objects,
    regions: source.space.regions,
    spaceBytes: source.space.bytes,
  };
  const timeline = new Timeline(header);
  const writer = new ArrowWriter(header, { write: () => undefined, close: () => undefined });
  const recorder = new Recorder(platform.createHash(), writer, (chunk) => {
    timeline.ingest(chunk);
  });
  const run = new Run(
    { source, machine, scenario, findPolicy: (choice) => findPolicy(choice.kind, choice.id), createMemory, recorder },
    null,
  );
  while (!run.finished && run.phase !== 'timed') await run.advance(1_000);
  const before = { accesses: run.memory.accessCount, faults: faultsOf(run), events: recorder.count };
  const began = platform.wallMs();
  while (!run.finished) await run.advance(1_000_000);
  const seconds = (platform.wallMs() - began) / 1000;
  return {
    id: bench.id,
    usefulBytes,
    accesses: run.memory.accessCount - before.accesses,
    faults: faultsOf(run) - before.faults,
    events: recorder.count - before.events,
    seconds,
  };
}

/** Events per second of the recorder alone: columns, hash, timeline and Arrow, `count` transfers. */
export function runRecorderBench(
  count: number,
  write: boolean,
  platform: Pick<Platform, 'createHash' | 'wallMs'>,
): { readonly events: number; readonly seconds: number } {
  const machine = findMachine('r0');
  const scenario = resolveScenario({}, {}, machine);
  const object = {
    name: 'a',
    address: 0,
    bytes: 2 ** 31,
    offset: 0,
    elementBytes: 8,
    layout: 'array',
    initially: 'host',
  } as const;
  const header: RecordingHeader = {
    format: FORMAT_VERSION,
    engineVersion: ENGINE_VERSION,
    title: 'recorder',
    about: '',
    workload: { name: 'recorder', file: null, kind: 'workload', sha256: '' },
    workloadText: '',
    machine,
    scenario,
    axis: 'accesses',
    devices: 1,
    objects: [object],
    regions: [{ address: 0, offset: 0, bytes: 2 ** 31 }],
    spaceBytes: 2 ** 31,
  };
  const timeline = new Timeline(header);
  const writer = write ? new ArrowWriter(header, { write: () => undefined, close: () => undefined }) : null;
  const recorder = new Recorder(platform.createHash(), writer, (chunk) => {
    timeline.ingest(chunk);
  });
  const moment = { timePs: 0, access: 0, batch: 0, step: 0, object: 0, address: 0, policy: 2, cause: 0 };
  const fault: FaultEvent = { ...moment, processor: 1, op: READ, reason: 2 };
  const parts = { kind: MIGRATION, durationPs: 10, source: 0, target: 1, bytes: 65536, reason: 4 } as const;
  const move: TransferEvent = { ...moment, ...parts };
  const began = platform.wallMs();
  for (let i = 0; i < count; i += 2) {
    const address = (i % 32768) * 65536;
    fault.timePs = fault.access = move.timePs = move.access = fault.cause = i;
    fault.batch = move.batch = i >> 1;
    fault.address = move.address = address;
    move.cause = recorder.fault(fault);
    recorder.transfer(move);
  }
  recorder.abandon();
  return { events: recorder.count, seconds: (platform.wallMs() - began) / 1000 };
}
