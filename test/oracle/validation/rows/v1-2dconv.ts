import type { ValidationRow } from '../row';
import { compareRun, uvmsmart } from '../uvmsmart';

export const v1: ValidationRow = {
  id: 'V1',
  title: '2DCONV that fits: the tree prefetcher makes 6 faults and 12 transfers per 2 MiB',
  source: 'UVMSmart, log of the DATE 2021 runs [LOG]',
  why: 'Two arrays of 4 MiB are touched row by row, in turn. Touching a large page in order faults on blocks 0, 1, 2, 4, 8 and 16.',
  compare: async (run) => {
    const fits = await run('2dconv', { system: uvmsmart() });
    return {
      comparisons: compareRun(
        'tree',
        { faults: 24, transfers: 48, megabytesIn: 8, megabytesOut: 0, transferUs: 701.228 },
        fits,
      ),
    };
  },
};
