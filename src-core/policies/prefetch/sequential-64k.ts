/**
 * The aligned region around each faulted granule: the sequential-local prefetcher "SLp" of UVMSmart, whose basic block
 * is 64 KiB. At 64 KiB granules and the default it does nothing; raise `regionKib` to bring neighbours along.
 */
import { z } from 'zod';
import { integer } from '../../contracts/params';
import { definePolicy } from '../../contracts/policy';
import { CPU } from '../../model/processor';
import { asGranule } from '../../base/indices';

export const sequential64k = definePolicy({
  kind: 'prefetch',
  id: 'sequential-64k',
  title: 'Sequential 64 KiB',
  summary: 'Moves the whole aligned region around each faulted granule.',
  source: 'Sequential-local prefetcher of UVMSmart (Ganguly et al., ISCA 2019): 64 KiB basic blocks.',
  params: z.object({
    regionKib: integer({
      title: 'Region',
      help: 'Size of the aligned region that is moved as a whole; at most one 2 MiB VA block.',
      unit: 'KiB',
      min: 4,
      max: 2048,
      initial: 64,
      step: 4,
    }),
  }),
  create: ({ regionKib }) => ({
    choose: (faults, memory, want) => {
      if (faults.device === CPU) return; // the simulator it stands for has no CPU side
      const size = Math.max(1, Math.floor((regionKib * 1024) / memory.granuleBytes));
      let done = faults.first;
      for (let i = 0; i < faults.count; i++) {
        const granule = faults.faulted[i]!;
        const inBlock = granule % memory.granulesPerBlock;
        const start = asGranule(Math.max(done, faults.first, granule - (inBlock % size)));
        const end = Math.min(faults.outer, granule - (inBlock % size) + size);
        for (let g = start; g < end; g++) want(g);
        done = asGranule(Math.max(done, end));
      }
    },
  }),
});
