import type { ValidationRow } from '../row';
import { compareRun, gddr, uvmsmart } from '../uvmsmart';

export const v3: ValidationRow = {
  id: 'V3',
  title: 'hotspot on 110 % and 125 % of memory, large pages evicted by last use',
  source: 'UVMSmart, logs of the ISCA 2019 runs, LPEviction/2MB [LOG]',
  why: 'The same touches with a device of 10.9091 and of 9.6 MB. Kernel time lacks what the kernels compute (see V2), and 96 and 71 µs per eviction, which the log has beyond its transfers and does not explain.',
  compare: async (run) => {
    const evicting = (megabytes: number) =>
      run('hotspot', { system: uvmsmart({ eviction_policy: 'lru-2mb' }), deviceMemoryBytes: gddr(megabytes) });
    return {
      comparisons: [
        ...compareRun(
          '110 %',
          {
            ...{ faults: 72, transfers: 144, megabytesIn: 24, writeBacks: 7, megabytesOut: 14 },
            ...{ transferUs: 2102.936, writeBackUs: 1144.2, kernelUs: 3516.304, kernelAndFaultUs: 6756.305 },
          },
          await evicting(10.9091),
        ),
        ...compareRun(
          '125 %',
          {
            ...{ faults: 108, transfers: 216, megabytesIn: 36, writeBacks: 14, megabytesOut: 28 },
            ...{ transferUs: 3151.302, writeBackUs: 2288.4, kernelUs: 5085.931, kernelAndFaultUs: 9945.931 },
          },
          await evicting(9.6),
        ),
      ],
    };
  },
};
