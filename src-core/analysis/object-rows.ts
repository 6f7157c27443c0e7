/** Rows of the object table for a range. */
import { METRIC_COUNT, metricIndex, type Metric } from '../model/events';
import type { RecordingHeader } from '../model/recording';
import type { ObjectRow } from '../model/timeline';

export function objectRows(
  header: RecordingHeader,
  counters: Float64Array,
  resident: Float64Array,
  rowLength: number = METRIC_COUNT,
): { rows: ObjectRow[]; totals: ObjectRow } {
  const timed = header.machine.timing !== null;
  const stallAt = metricIndex('stallPs');
  let allStall = 0;
  for (let object = 0; object < header.objects.length; object++) allStall += counters[object * rowLength + stallAt]!;
  const rows = header.objects.map((spec, object) => {
    const of = (metric: Metric): number => counters[object * rowLength + metricIndex(metric)]!;
    return row(header, object, spec.name, spec.bytes, of, resident[object] ?? 0, timed ? allStall : null);
  });
  const total = (metric: Metric): number => {
    let sum = 0;
    for (let object = 0; object < header.objects.length; object++)
      sum += counters[object * rowLength + metricIndex(metric)]!;
    return sum;
  };
  const size = header.objects.reduce((sum, spec) => sum + spec.bytes, 0);
  const inMemory = resident.reduce((sum, bytes) => sum + bytes, 0);
  return { rows, totals: row(header, -1, 'all objects', size, total, inMemory, timed ? allStall : null) };
}

function row(
  header: RecordingHeader,
  object: number,
  name: string,
  bytes: number,
  of: (metric: Metric) => number,
  residentBytes: number,
  allStall: number | null,
): ObjectRow {
  const moved = of('bytesToDevice') + of('bytesToHost');
  const useful = of('usefulBytesToDevice') + of('usefulBytesToHost');
  const stallPs = allStall === null ? null : of('stallPs');
  return {
    object,
    name,
    bytes,
    cpuFaults: of('cpuFaults'),
    gpuFaults: of('gpuFaults'),
    bytesToDevice: of('bytesToDevice'),
    bytesToHost: of('bytesToHost'),
    migrations: of('migrations'),
    evictions: of('evictions'),
    pingPongs: of('pingPongs'),
    deadBytes: of('deadBytesToDevice') + of('deadBytesToHost'),
    usefulRatio: header.scenario.usefulBytes && moved > 0 ? useful / moved : null,
    remoteBytes: of('remoteBytes'),
    stallPs,
    stallShare: stallPs === null || allStall === null ? null : allStall > 0 ? stallPs / allStall : 0,
    reads: {
      cpu: of('cpuReads') + of('cpuReadWrites') + of('cpuAtomics'),
      gpu: of('gpuReads') + of('gpuReadWrites') + of('gpuAtomics'),
    },
    writes: {
      cpu: of('cpuWrites') + of('cpuReadWrites') + of('cpuAtomics'),
      gpu: of('gpuWrites') + of('gpuReadWrites') + of('gpuAtomics'),
    },
    residentBytes,
  };
}
