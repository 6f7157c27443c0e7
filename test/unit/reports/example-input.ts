/** A realistic report input: S1 on a timed machine, written down by hand. */
import { objectColour } from '../../../src-core/model/catalog/colours';
import type { ReportInput } from '../../../src-core/model/report';
import type { ObjectSummary } from '../../../src-core/model/summary';
import type { TimelineAnswer, TrackAnswer } from '../../../src-core/model/timeline';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { tracksOf } from '../../../src-core/timeline/tracks';

const MIB = 1048576;
const noOps = { reads: 0, writes: 0, readWrites: 0, atomics: 0 };

export const object = (name: string, over: Partial<ObjectSummary> = {}): ObjectSummary => ({
  name,
  address: 0x7f0000000000,
  bytes: 32 * MIB,
  accesses: 0,
  cpuFaults: 0,
  gpuFaults: 0,
  bytesToDevice: 0,
  bytesToHost: 0,
  migrations: 0,
  evictions: 0,
  deadBytesToDevice: 0,
  deadBytesToHost: 0,
  unresolvedBytesToDevice: 0,
  unresolvedBytesToHost: 0,
  usefulBytes: 0,
  remoteBytes: 0,
  simTimePs: null,
  pingPongs: 0,
  stallPs: 0,
  prefetchedBytes: 0,
  cpu: noOps,
  gpu: noOps,
  ...over,
});

const BINS = 1024;
const track = (
  id: string,
  title: string,
  group: TrackAnswer['group'],
  value: (bin: number) => number,
  index?: number,
): TrackAnswer => ({
  id,
  title,
  group,
  unit: group === 'faults' ? 'count' : 'bytes',
  short: title,
  colour: tracksOf(false).tracks.find((one) => one.id === id)?.colour ?? objectColour(index ?? -1),
  down: id.startsWith('bytes.toHost'),
  ...(index === undefined ? {} : { object: index }),
  values: Float64Array.from({ length: BINS }, (_, bin) => value(bin)),
});

const SPAN_PS = 1_850_000_000_000;
/** GPU and CPU take turns every 8 bins after 40 bins of initialisation. */
const gpuTurn = (bin: number): boolean => bin >= 40 && Math.floor(bin / 8) % 2 === 0;
const cpuTurn = (bin: number): boolean => bin >= 40 && !gpuTurn(bin);

export const timeline: TimelineAnswer = {
  axis: 'time',
  extent: { from: 0, to: SPAN_PS },
  from: 0,
  to: SPAN_PS * 1.02,
  bins: BINS,
  capacityBytes: 256 * MIB,
  tracks: [
    track('faults.cpu.first-touch', 'CPU first touch', 'faults', (bin) => (bin < 40 ? 410 : 0)),
    track('faults.cpu.not-resident', 'CPU, on the device', 'faults', (bin) => (cpuTurn(bin) ? 60 + (bin % 7) * 9 : 0)),
    track('faults.gpu.not-resident', 'GPU, on the host', 'faults', (bin) => (gpuTurn(bin) ? 120 - (bin % 5) * 13 : 0)),
    track('bytes.toDevice.fault', 'To device, by fault', 'bytes', (bin) => (gpuTurn(bin) ? 2.2 * MIB : 0)),
    track('bytes.toDevice.prefetch', 'To device, prefetched', 'bytes', (bin) => (gpuTurn(bin) && bin > 500 ? MIB : 0)),
    track('bytes.toHost.fault', 'To host, by fault', 'bytes', (bin) => (cpuTurn(bin) ? 2.9 * MIB : 0)),
    track('bytes.toHost.eviction', 'To host, evicted', 'bytes', () => 0),
    track('occupancy.0', 'u', 'occupancy', (bin) => (bin < 40 ? 0 : 32 * MIB), 0),
    track('occupancy.1', 'unew', 'occupancy', (bin) => (bin < 60 ? 0 : 32 * MIB), 1),
    track('occupancy.2', 'r', 'occupancy', (bin) => (gpuTurn(bin) ? ((bin % 8) + 1) * 4 * MIB : 0), 2),
  ],
  marks: [
    { at: 0, kind: 'phase', label: 'initialise', detail: '' },
    { at: SPAN_PS * 0.49, kind: 'policy', label: 'prefetch = tree', detail: '' },
    { at: SPAN_PS * 0.8, kind: 'policy', label: 'eviction = random', detail: '' },
    { at: SPAN_PS * 0.805, kind: 'policy', label: 'prefetch = none', detail: '' },
  ],
  steps: [],
  stepsOmitted: 0,
};

const objects = [
  object('u', {
    cpuFaults: 8192,
    gpuFaults: 8192,
    bytesToDevice: 32 * MIB,
    usefulBytes: 32 * MIB,
    stallPs: 4.1e10,
    accesses: 4e8,
  }),
  object('unew', {
    cpuFaults: 8192,
    gpuFaults: 8192,
    bytesToDevice: 32 * MIB,
    deadBytesToDevice: 32 * MIB,
    usefulBytes: 32 * MIB,
    stallPs: 4.3e10,
    accesses: 4e8,
  }),
  object('r', {
    cpuFaults: 819200,
    gpuFaults: 819200,
    bytesToDevice: 3168 * MIB,
    bytesToHost: 3200 * MIB,
    deadBytesToDevice: 3168 * MIB,
    usefulBytes: 6368 * MIB,
    migrations: 1630208,
    pingPongs: 811008,
    stallPs: 1.61e12,
    accesses: 8e8,
  }),
];

const change = (batch: number, timePs: number, kind: 'prefetch' | 'eviction', id: string, params = {}) =>
  ({ batch, access: batch * 261_000, timePs, policy: { kind, id, params }, origin: 'live' }) as const;

export const example: ReportInput = {
  summary: {
    engineVersion: '0.1.0',
    workload: {
      name: 'Jacobi with residual',
      file: 's1-jacobi-residual.yaml',
      kind: 'workload',
      sha256: 'ab'.repeat(32),
    },
    machine: { id: 'pcie4-16g', deviceMemoryBytes: 256 * MIB, granularity: 4096 },
    seed: 1,
    policies: [
      { kind: 'eviction', id: 'access-lru', params: {} },
      { kind: 'prefetch', id: 'none', params: {} },
      { kind: 'migration', id: 'on-fault', params: {} },
    ],
    changes: [
      change(3021, SPAN_PS * 0.49, 'prefetch', 'tree', { threshold: 75 }),
      change(5410, SPAN_PS * 0.8, 'eviction', 'random'),
      change(5433, SPAN_PS * 0.805, 'prefetch', 'none'),
    ],
    totals: {
      accesses: 1_610_612_736,
      cpuFaults: 835_584,
      gpuFaults: 835_584,
      bytesToDevice: 3232 * MIB,
      bytesToHost: 3200 * MIB,
      migrations: 1_646_592,
      evictions: 0,
      deadBytesToDevice: 3200 * MIB,
      deadBytesToHost: 0,
      unresolvedBytesToDevice: 0,
      unresolvedBytesToHost: 0,
      usefulBytes: 6432 * MIB,
      remoteBytes: 0,
      simTimePs: SPAN_PS,
      stallPs: 1.694e12,
      pingPongs: 811008,
      prefetchedBytes: 410 * MIB,
      batches: 6801,
      events: 4_953_344,
    },
    objects,
    findings: [
      {
        kind: 'csv-bad-row',
        severity: 'warning',
        message: 'A row has 4 fields where the header names 5; it was left out.',
        count: 3,
        place: { file: 'trace.csv', line: 1207 },
      },
    ],
    expectations: [
      { what: 'totals.gpuFaults', expected: '835584', actual: 835584, holds: true },
      { what: 'totals.bytesToHost', expected: '3200MiB', actual: 3355443200, holds: true },
    ],
    system: null,
    complete: true,
    recordingHash: 'cd'.repeat(32),
  },
  machine: pcie4x16g,
  workloadText:
    'faultline: 1\ntitle: Jacobi with residual\nobjects:\n  u: { type: f64, layout: matrix, rows: 2048, columns: 2048 }\n',
  timeline,
  command:
    'npx faultline run s1-jacobi-residual.yaml --machine pcie4-16g --device-memory 256MiB --granularity 4KiB --seed 1',
};
