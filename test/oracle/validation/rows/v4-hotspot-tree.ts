import type { ValidationRow } from '../row';
import { compareRun, gddr, uvmsmart } from '../uvmsmart';

export const v4: ValidationRow = {
  id: 'V4',
  title: 'hotspot on 110 % and 125 % of memory, tree pre-eviction',
  source: 'UVMSmart, logs of the ISCA 2019 runs, LPEviction/TBN [LOG]',
  why: 'Emptied nodes of several blocks leave as one write-back where they are neighbours, so that the number of write-backs depends on the order of last uses. It is exact at both capacities. Kernel time as in V2.',
  compare: async (run) => {
    const evicting = (megabytes: number) =>
      run('hotspot', { system: uvmsmart({ eviction_policy: 'tree' }), deviceMemoryBytes: gddr(megabytes) });
    return {
      comparisons: [
        ...compareRun(
          '110 %',
          {
            ...{ faults: 72, transfers: 144, megabytesIn: 24, writeBacks: 42, megabytesOut: 14 },
            ...{ transferUs: 2102.591, writeBackUs: 1170.418, kernelUs: 3323.122, kernelAndFaultUs: 6563.122 },
          },
          await evicting(10.9091),
        ),
        ...compareRun(
          '125 %',
          {
            ...{ faults: 84, transfers: 168, megabytesIn: 30, writeBacks: 94, megabytesOut: 20.5 },
            ...{ transferUs: 2613.427, writeBackUs: 1738.872, kernelUs: 3875.032, kernelAndFaultUs: 7655.032 },
          },
          await evicting(9.6),
        ),
      ],
    };
  },
};
