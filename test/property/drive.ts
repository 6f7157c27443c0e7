/** Runs of the real engine in this thread, with everything that a test may want to compare. */
import { createHash } from 'node:crypto';
import type { AccessSource } from '../../src-core/contracts/access-stream';
import type { PolicyEntry } from '../../src-core/contracts/policy';
import { lookAhead } from '../../src-core/engine/look-ahead';
import { Run } from '../../src-core/engine/run';
import { EVENT_KINDS, METRIC_COUNT, metricIndex, type EventColumn, type Metric } from '../../src-core/model/events';
import type { MachineSpec } from '../../src-core/model/machine';
import type { PolicyChoice, ScenarioSpec } from '../../src-core/model/scenario';
import { findPolicy } from '../../src-core/policies';
import { createMemory } from '../../src-core/session/create-memory';
import { r0 } from '../../src-core/presets/machines/r0';
import type { EventChunk } from '../../src-core/record/columns';
import { COLUMNS_OF_KIND } from '../../src-core/record/columns';
import { Recorder } from '../../src-core/record/recorder';
import { lastMoment } from '../support/events';
import type { SlowCounts } from './slow-model';

export type EventRow = { readonly name: (typeof EVENT_KINDS)[number]; readonly detail: string } & Readonly<
  Partial<Record<EventColumn, number>>
>;

export interface EngineRun {
  readonly objects: readonly SlowCounts[];
  readonly hash: string;
  readonly events: readonly EventRow[];
  readonly run: Run;
  readonly metric: (metric: Metric, object: number) => number;
}

export interface DriveOptions {
  readonly machine?: MachineSpec;
  /** Segments per call of advance(); everything in one go unless given. */
  readonly slice?: number;
  readonly findPolicy?: (choice: PolicyChoice) => PolicyEntry | undefined;
  /** Keep the rows of the recording; costs memory. */
  readonly keepEvents?: boolean;
  /** Called between slices. */
  readonly between?: (run: Run) => void;
}

export const choose = (kind: PolicyChoice['kind'], id: string, params: PolicyChoice['params'] = {}): PolicyChoice => {
  const parsed = findPolicy(kind, id)!.parse(params);
  if (!parsed.ok) throw new Error(parsed.error);
  return { kind, id, params: parsed.value };
};

export const makeScenario = (changes: Partial<ScenarioSpec> = {}): ScenarioSpec => ({
  machine: 'r0',
  deviceMemoryBytes: 1024 * 4096,
  granularity: 4096,
  seed: 1,
  policies: [choose('eviction', 'access-lru'), choose('prefetch', 'none'), choose('migration', 'on-fault')],
  changes: [],
  usefulBytes: true,
  ...changes,
});

export const makeHash = () => {
  const hash = createHash('sha256');
  return {
    update: (bytes: Uint8Array): void => void hash.update(bytes),
    digest: (): string => hash.copy().digest('hex'),
  };
};

/** The rows of a chunk, in the order of events. */
export function rowsOf(chunk: EventChunk): EventRow[] {
  const next = new Array<number>(EVENT_KINDS.length).fill(0);
  return Array.from(chunk.order.subarray(0, chunk.count), (kind) => {
    const row = next[kind]!++;
    const block = chunk.blocks[kind]!;
    const made: Partial<Record<EventColumn, number>> = {};
    for (const column of COLUMNS_OF_KIND[kind]!) made[column] = block.columns[column][row]!;
    return { name: EVENT_KINDS[kind]!, detail: block.details[row] ?? '', ...made };
  });
}

/** The public quantities of one object, from the counters of a run. */
export function countsOf(of: (metric: Metric) => number): SlowCounts {
  const cpu = {
    reads: of('cpuReads'),
    writes: of('cpuWrites'),
    readWrites: of('cpuReadWrites'),
    atomics: of('cpuAtomics'),
  };
  const gpu = {
    reads: of('gpuReads'),
    writes: of('gpuWrites'),
    readWrites: of('gpuReadWrites'),
    atomics: of('gpuAtomics'),
  };
  return {
    accesses: [...Object.values(cpu), ...Object.values(gpu)].reduce((sum, count) => sum + count, 0),
    cpuFaults: of('cpuFaults'),
    gpuFaults: of('gpuFaults'),
    bytesToDevice: of('bytesToDevice'),
    bytesToHost: of('bytesToHost'),
    migrations: of('migrations'),
    evictions: of('evictions'),
    deadBytesToDevice: of('deadBytesToDevice'),
    deadBytesToHost: of('deadBytesToHost'),
    unresolvedBytesToDevice: of('unresolvedBytesToDevice'),
    unresolvedBytesToHost: of('unresolvedBytesToHost'),
    usefulBytes: of('usefulBytesToDevice') + of('usefulBytesToHost'),
    remoteBytes: of('remoteBytes'),
    pingPongs: of('pingPongs'),
    prefetchedBytes: of('prefetchedBytes'),
    cpu,
    gpu,
  };
}

export async function drive(
  source: AccessSource,
  scenario: ScenarioSpec,
  options: DriveOptions = {},
): Promise<EngineRun> {
  const { machine = r0, slice = 1e9, keepEvents = false, between } = options;
  const find = options.findPolicy ?? ((choice: PolicyChoice) => findPolicy(choice.kind, choice.id));
  const config = { source, machine, scenario, findPolicy: find, createMemory };
  const changed = scenario.changes.map((change) => change.policy).filter((choice) => choice.kind !== 'system');
  const chosen = [...scenario.policies, ...changed];
  const needsFuture = chosen.some((choice) => find(choice)?.needsFuture);

  const future = needsFuture ? await lookAhead(config, new Recorder(null, null, null), () => Promise.resolve()) : null;
  const events: EventRow[] = [];
  const recorder = new Recorder(
    makeHash,
    keepEvents ? { chunk: (chunk) => void events.push(...rowsOf(chunk)) } : null,
    null,
  );
  const run = new Run({ ...config, recorder }, future);
  while (!run.finished) {
    await run.advance(slice);
    between?.(run);
  }
  const { counters } = run.memory.ledger;
  const metric = (name: Metric, object: number): number => counters[object * METRIC_COUNT + metricIndex(name)]!;
  const objects = source.space.objects.map((_, object) => countsOf((name) => metric(name, object)));
  let hash = '';
  recorder.end(lastMoment(run), (digest) => {
    hash = digest;
    return '{}';
  });
  return { objects, hash, events, run, metric };
}
