/** Rows of the object table for a range. */
import { countedOf } from '../model/catalog/metrics';
import { METRIC_COUNT, metricIndex, type Metric } from '../model/events';
import type { RecordingHeader } from '../model/recording';
import type { ObjectRow } from '../model/timeline';

type Read = (metric: Metric) => number;

/** @param counters `rowLength` numbers per object, those of the metrics first; @param resident bytes on devices */
export function objectRows(
  header: RecordingHeader,
  counters: Float64Array,
  resident: Float64Array,
  rowLength: number = METRIC_COUNT,
): { rows: ObjectRow[]; totals: ObjectRow } {
  const at = (metric: Metric, object: number): number => counters[object * rowLength + metricIndex(metric)]!;
  const counts = (of: Read): Omit<ObjectRow, 'object' | 'name' | 'bytes' | 'residentBytes'> => ({
    ...countedOf(of, header.machine.timing !== null),
    usefulBytes: header.scenario.usefulBytes ? of('usefulBytesToDevice') + of('usefulBytesToHost') : null,
    reads: {
      cpu: of('cpuReads') + of('cpuReadWrites') + of('cpuAtomics'),
      gpu: of('gpuReads') + of('gpuReadWrites') + of('gpuAtomics'),
    },
    writes: {
      cpu: of('cpuWrites') + of('cpuReadWrites') + of('cpuAtomics'),
      gpu: of('gpuWrites') + of('gpuReadWrites') + of('gpuAtomics'),
    },
  });
  const rows = header.objects.map(({ name, bytes }, object): ObjectRow => {
    const residentBytes = resident[object] ?? 0;
    return { object, name, bytes, residentBytes, ...counts((metric) => at(metric, object)) };
  });
  const sum = (metric: Metric): number => header.objects.reduce((total, _, object) => total + at(metric, object), 0);
  const totals: ObjectRow = {
    object: -1,
    name: 'all objects',
    bytes: header.objects.reduce((total, { bytes }) => total + bytes, 0),
    residentBytes: resident.reduce((total, bytes) => total + bytes, 0),
    ...counts(sum),
  };
  return { rows, totals };
}
