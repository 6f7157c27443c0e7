/**
 * Least recently migrated: the order that NVIDIA's UVM driver keeps for root chunks. A hit does not move a granule,
 * because the driver never sees hits. Left out: the driver evicts 2 MiB root chunks and prefers unused and discarded
 * chunks; here the unit is the granule of the run.
 */
import { z } from 'zod';
import { NO_GRANULE } from '../../base/indices';
import { definePolicy } from '../../contracts/policy';

export const migratedLru = definePolicy({
  kind: 'eviction',
  id: 'migrated-lru',
  title: 'LRU by migration',
  summary: 'Evicts the granule that has been on the device longest, no matter how often it was used.',
  source: 'NVIDIA UVM driver 595.45.04, uvm_pmm_gpu.c: used root chunks in order of last migration.',
  params: z.object({}),
  create: () => ({
    order: 'migration',
    isOldestFirst: true,
    victim: (device, memory) => {
      let granule = memory.oldest(device);
      while (granule !== NO_GRANULE && memory.isProtected(granule)) granule = memory.younger(granule);
      return granule;
    },
  }),
});
