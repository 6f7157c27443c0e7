import type { ValidationRow } from '../row';
import { compareRun, uvmsmart } from '../uvmsmart';

const PUBLISHED = [
  [
    'disabled',
    {
      faults: 3072,
      transfers: 3072,
      megabytesIn: 12,
      transferUs: 5403.484,
      kernelUs: 5986.44,
      kernelAndFaultUs: 144226.438,
    },
  ],
  [
    'sequential-local',
    {
      faults: 192,
      transfers: 384,
      megabytesIn: 12,
      transferUs: 1387.835,
      kernelUs: 1979.698,
      kernelAndFaultUs: 10619.697,
    },
  ],
  [
    'tree',
    {
      faults: 36,
      transfers: 72,
      megabytesIn: 12,
      transferUs: 1051.845,
      kernelUs: 1778.053,
      kernelAndFaultUs: 3398.053,
    },
  ],
] as const;

export const v2: ValidationRow = {
  id: 'V2',
  title: 'hotspot that fits, under three prefetchers',
  source: 'UVMSmart, logs of the ISCA 2019 runs, HWPrefetchers [LOG]',
  why: 'Three arrays of 4 MiB, four kernels that go through all of them. The time of transfers under sequential-local is 1.3 % above the log: of its 192 first transfers 135 have 4 KiB and the others more, because there a later page of the block faulted first. Kernel time is transfers and bytes at full bandwidth here; what the kernels compute, about 146 µs each, is not modelled.',
  compare: async (run) => {
    const comparisons = [];
    for (const [prefetcher, published] of PUBLISHED)
      comparisons.push(
        ...compareRun(
          prefetcher,
          published,
          await run('hotspot', { system: uvmsmart({ hardware_prefetch: prefetcher }) }),
        ),
      );
    return { comparisons };
  },
};
