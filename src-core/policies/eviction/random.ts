/** A uniformly random resident granule: no bookkeeping at all, and immune to cyclic patterns. */
import { z } from 'zod';
import { NO_GRANULE } from '../../base/indices';
import { definePolicy } from '../../contracts/policy';

/** Draws before falling back to a scan, so that one call stays bounded when nearly everything is protected. */
const MAX_DRAWS = 64;

export const random = definePolicy({
  kind: 'eviction',
  id: 'random',
  title: 'Random',
  summary: 'Evicts a random resident granule, using the seed of the run.',
  source: 'Policy "R" of UVMSmart (Ganguly et al., ISCA 2019).',
  params: z.object({}),
  create: (_params, env) => ({
    order: 'none',
    victim: (device, memory) => {
      const residents = memory.residents(device);
      if (residents === 0) return NO_GRANULE;
      for (let draw = 0; draw < MAX_DRAWS; draw++) {
        const granule = memory.residentAt(device, env.random.below(residents));
        if (!memory.isProtected(granule)) return granule;
      }
      const start = env.random.below(residents);
      for (let i = 0; i < residents; i++) {
        const granule = memory.residentAt(device, (start + i) % residents);
        if (!memory.isProtected(granule)) return granule;
      }
      return NO_GRANULE;
    },
  }),
});
