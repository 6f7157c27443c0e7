/** The numbers of a run as plain data: the public contract of `run --json`. */
import { countedOf } from '../model/catalog/metrics';
import { METRIC_COUNT, metricIndex, type Metric } from '../model/events';
import type { Finding } from '../model/finding';
import type { SystemSummary } from '../model/memory-system';
import type { RecordingHeader } from '../model/recording';
import type { AppliedChange } from '../model/scenario';
import type { AccessCounts, ObjectSummary, RunSummary } from '../model/summary';
import type { Workload } from '../workload';

export interface SummaryFacts {
  readonly system?: SystemSummary | null;
  readonly accesses: number;
  readonly simTimePs: number;
  readonly batches: number;
  readonly events: number;
  readonly changes: readonly AppliedChange[];
  readonly findings: readonly Finding[];
  readonly complete: boolean;
  readonly recordingHash: string;
}

/** Reads one counter of one object; `rowLength` numbers per object. */
type Read = (metric: Metric, object: number) => number;

const reader =
  (counters: Float64Array, rowLength: number): Read =>
  (metric, object) =>
    counters[object * rowLength + metricIndex(metric)]!;

const accessesOf = (of: (metric: Metric) => number, side: 'cpu' | 'gpu'): AccessCounts => ({
  reads: of(`${side}Reads`),
  writes: of(`${side}Writes`),
  readWrites: of(`${side}ReadWrites`),
  atomics: of(`${side}Atomics`),
});

function objectSummary(header: RecordingHeader, object: number, read: Read): ObjectSummary {
  const spec = header.objects[object]!;
  const useful = header.scenario.usefulBytes;
  const of = (metric: Metric): number => read(metric, object);
  const cpu = accessesOf(of, 'cpu');
  const gpu = accessesOf(of, 'gpu');
  const all = (side: AccessCounts): number => side.reads + side.writes + side.readWrites + side.atomics;
  return {
    name: spec.name,
    address: spec.address,
    bytes: spec.bytes,
    accesses: all(cpu) + all(gpu),
    ...countedOf(of, header.machine.timing !== null),
    usefulBytes: useful ? of('usefulBytesToDevice') + of('usefulBytesToHost') : null,
    simTimePs: null,
    cpu,
    gpu,
  };
}

export function summarize(
  header: RecordingHeader,
  counters: Float64Array,
  facts: SummaryFacts,
  expect: Workload['expect'],
  rowLength: number = METRIC_COUNT,
): RunSummary {
  const read = reader(counters, rowLength);
  const objects = header.objects.map((_, object) => objectSummary(header, object, read));
  const sum = (pick: (object: ObjectSummary) => number): number =>
    objects.reduce((total, object) => total + pick(object), 0);
  const totals: RunSummary['totals'] = {
    accesses: facts.accesses,
    ...countedOf((metric) => sum((object) => object[metric] ?? 0), header.machine.timing !== null),
    usefulBytes: header.scenario.usefulBytes ? sum((o) => o.usefulBytes ?? 0) : null,
    simTimePs: facts.simTimePs,
    batches: facts.batches,
    events: facts.events,
  };
  const partial = { totals, objects };
  return {
    engineVersion: header.engineVersion,
    workload: header.workload,
    machine: {
      id: header.machine.id,
      deviceMemoryBytes: header.scenario.deviceMemoryBytes,
      granularity: header.scenario.granularity,
    },
    seed: header.scenario.seed,
    policies: header.scenario.policies,
    changes: facts.changes,
    ...partial,
    findings: facts.findings,
    expectations: facts.complete ? expect.map((each) => checkExpectation(each, partial)) : [],
    system: facts.system ?? null,
    complete: facts.complete,
    recordingHash: facts.recordingHash,
  };
}

/** Looks a field up: `gpuFaults`, `objects.r.pingPongs`, `objects.A.gpu.reads`. null where there is no such number. */
export function fieldOf(summary: Pick<RunSummary, 'totals' | 'objects'>, path: string): number | null {
  const match = /^objects\.(.+?)\.((?:cpu|gpu)\.[A-Za-z]+|[A-Za-z]+)$/.exec(path);
  const base: unknown = match ? summary.objects.find((object) => object.name === match[1]) : summary.totals;
  let value: unknown = base;
  for (const key of (match ? match[2]! : path).split('.'))
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
  return typeof value === 'number' ? value : null;
}

function checkExpectation(
  each: Workload['expect'][number],
  summary: Pick<RunSummary, 'totals' | 'objects'>,
): RunSummary['expectations'][number] {
  const actual = fieldOf(summary, each.what);
  const { expected } = each;
  if (typeof expected === 'number')
    return { what: each.what, expected: String(expected), actual, holds: actual === expected };
  const { min = -Infinity, max = Infinity } = expected;
  const text = [min > -Infinity ? `at least ${min}` : '', max < Infinity ? `at most ${max}` : '']
    .filter(Boolean)
    .join(', ');
  return { what: each.what, expected: text, actual, holds: actual !== null && actual >= min && actual <= max };
}
