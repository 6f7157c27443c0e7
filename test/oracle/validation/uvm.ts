/** Runs of the model of NVIDIA's driver. */
import { VA_BLOCK_BYTES } from '../../../src-core/model/space';
import type { RunSummary } from '../../../src-core/model/summary';
import type { SystemWish } from '../../../src-core/protocol/messages';
import { figure } from './uvmsmart';

/** The driver with these of its parameters; the others keep their defaults. */
export const nvidiaUvm = (params: NonNullable<SystemWish['params']>): SystemWish => ({ id: 'nvidia-uvm', params });

/** Root chunks of 2 MiB that were evicted. */
export const evictedRoots = (summary: RunSummary): number => figure(summary, 'evictedRoots');

/** Resident bytes of an evicted root chunk, on average, as a share of its 2 MiB. */
export const occupancy = (summary: RunSummary): number =>
  (summary.totals.evictions * summary.machine.granularity) / (evictedRoots(summary) * VA_BLOCK_BYTES);
