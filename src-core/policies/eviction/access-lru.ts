/**
 * Least recently used by device access: what simulators and papers usually call LRU. No shipping driver sees device
 * accesses, so this is the model's reference, not a driver's behaviour (compare migrated-lru).
 */
import { z } from 'zod';
import { NO_GRANULE } from '../../base/indices';
import { definePolicy } from '../../contracts/policy';

export const accessLru = definePolicy({
  kind: 'eviction',
  id: 'access-lru',
  title: 'LRU by access',
  summary: 'Evicts the granule whose last access by the device is the oldest.',
  source: 'Rule set R0 (docs/r0-rules.md); LRU-4K of UVMSmart (Ganguly et al., ISCA 2019) at 4 KiB granules.',
  params: z.object({}),
  create: () => ({
    order: 'access',
    isOldestFirst: true,
    victim: (device, memory) => {
      let granule = memory.oldest(device);
      while (granule !== NO_GRANULE && memory.isProtected(granule)) granule = memory.younger(granule);
      return granule;
    },
  }),
});
