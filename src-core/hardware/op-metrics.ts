/** The metric that counts an access. */
import { metricIndex } from '../model/events';

/** By AccessOp. */
export const CPU_METRIC = [
  metricIndex('cpuReads'),
  metricIndex('cpuWrites'),
  metricIndex('cpuReadWrites'),
  metricIndex('cpuAtomics'),
] as const;
/** By AccessOp. */
export const DEVICE_METRIC = [
  metricIndex('gpuReads'),
  metricIndex('gpuWrites'),
  metricIndex('gpuReadWrites'),
  metricIndex('gpuAtomics'),
] as const;
