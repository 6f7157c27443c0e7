/** Runs of the model of NVIDIA's driver. */
import { VA_BLOCK_BYTES } from '../../../src-core/model/space';
import type { RunSummary } from '../../../src-core/model/summary';
import type { SystemWish } from '../../../src-core/protocol/parameters';
import { figure } from './uvmsmart';

/** The driver with these of its parameters; the others keep their defaults. */
export const nvidiaUvm = (params: NonNullable<SystemWish['params']>): SystemWish => ({ id: 'nvidia-uvm', params });

/** Root chunks of 2 MiB that were evicted. */
export const evictedRoots = (summary: RunSummary): number => figure(summary, 'evictedRoots');

/** Resident bytes of an evicted root chunk, on average, as a share of its 2 MiB. */
export const occupancy = (summary: RunSummary): number =>
  (summary.totals.evictions * summary.machine.granularity) / (evictedRoots(summary) * VA_BLOCK_BYTES);

/** Time of all kernels, ps: the runs of these rows have nothing else. */
export const kernelPs = (summary: RunSummary): number => summary.totals.simTimePs;

/** Median time of the kernels of a run, ps. */
export function medianKernelPs(summary: RunSummary): number {
  const items = summary.system?.numbers.workItems;
  if (!items) throw new Error(`the run of ${summary.workload.name} timed no kernels`);
  return items.p50Ps;
}
