import type { RunSummary } from '../../../../src-core/model/summary';
import { PS_PER_US } from '../../../../src-core/base/units';
import { STATED, type Comparison, type Statement, type ValidationRow } from '../row';
import { compareRun, figure, gddr, uvmsmart, type PublishedRun, type Promises } from '../uvmsmart';

interface Scheme {
  readonly name: string;
  /** Eviction, and the prefetcher from the moment on at which memory would first be exceeded; the tree works until then. */
  readonly eviction: string;
  readonly prefetcher: string;
}
const SCHEMES: readonly Scheme[] = [
  { name: 'LRU-4K, prefetch off', eviction: 'lru-4k', prefetcher: 'disabled' },
  { name: 'random and random', eviction: 'random', prefetcher: 'random' },
  { name: 'SLe and SLp', eviction: 'sequential-local', prefetcher: 'sequential-local' },
  { name: 'TBNe and TBNp', eviction: 'tree', prefetcher: 'tree' },
  { name: 'LRU-2MB and TBNp', eviction: 'lru-2mb', prefetcher: 'tree' },
];

/** In the order of SCHEMES; the log of hotspot under LRU-4K is lost. */
const PUBLISHED: Readonly<Record<string, readonly (PublishedRun | null)[]>> = {
  hotspot: [
    null,
    { faults: 1776, megabytesIn: 18.57, writeBacks: 1960, kernelAndFaultUs: 84546.094 },
    { faults: 170, megabytesIn: 19.31, writeBacks: 135, kernelAndFaultUs: 10215.87 },
    { faults: 72, megabytesIn: 24, writeBacks: 42, kernelAndFaultUs: 6563.122 },
    { faults: 72, megabytesIn: 24, writeBacks: 7, kernelAndFaultUs: 6756.305 },
  ],
  'fdtd-2d': [
    { faults: 5951, megabytesIn: 39.59, writeBacks: 5931, kernelAndFaultUs: 280048.813 },
    { faults: 4230, megabytesIn: 34.36, writeBacks: 4591, kernelAndFaultUs: 200118.078 },
    { faults: 447, megabytesIn: 40.75, writeBacks: 390, kernelAndFaultUs: 24879.783 },
    { faults: 226, megabytesIn: 72.31, writeBacks: 199, kernelAndFaultUs: 18213.525 },
    { faults: 230, megabytesIn: 72.31, writeBacks: 33, kernelAndFaultUs: 21061.031 },
  ],
};
const MEGABYTES: Readonly<Record<string, number>> = { hotspot: 12, 'fdtd-2d': 18.0625 };
const ALL_STATED: Promises = { faults: STATED, megabytesIn: STATED, writeBacks: STATED };

const timeOf = (run: RunSummary): number => figure(run, 'kernelAndFaultPs') / PS_PER_US;

export const v6: ValidationRow = {
  id: 'V6',
  title: 'Which eviction is best on 110 % of memory, with the prefetcher that goes with it',
  source: 'UVMSmart, logs of the ISCA 2019 runs, EvictionPolicy_HWPrefetcher_Combo and LPEviction [LOG]',
  why: 'The sizes of the transfers in the logs show that all runs begin with the tree prefetcher, until memory would first be exceeded. Random choices are ours, not those of the simulator’s generator. Single pages under LRU-4K are in the hierarchical order of the other schemes; see the deviations.',
  compare: async (run) => {
    const comparisons: Comparison[] = [];
    const statements: Statement[] = [];
    for (const [workload, published] of Object.entries(PUBLISHED)) {
      const times: number[] = [];
      for (const [index, { name, eviction, prefetcher }] of SCHEMES.entries()) {
        const made = await run(workload, {
          system: uvmsmart({ eviction_policy: eviction, hwprefetch_oversub: prefetcher }),
          deviceMemoryBytes: gddr(MEGABYTES[workload]! / 1.1),
        });
        times.push(timeOf(made));
        const log = published[index];
        if (log) comparisons.push(...compareRun(`${workload}, ${name}`, log, made, ALL_STATED));
      }
      const [lru4k = 0, random = 0, local = 0, tree = 0, lru2mb = 0] = times;
      statements.push({
        what: `${workload}: LRU-4K > random > SLe and SLp > both TBNe and LRU-2MB with TBNp`,
        seen: `${times.map((time) => time.toFixed(0)).join(' : ')} µs`,
        holds: lru4k > random && random > local && local > Math.max(tree, lru2mb),
      });
    }
    return { comparisons, statements };
  },
};
