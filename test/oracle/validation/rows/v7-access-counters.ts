import { MIB } from '../../../../src-core/base/units';
import { around, STATED, type Comparison, type Statement, type ValidationRow } from '../row';
import { figure, uvmsmart } from '../uvmsmart';

const SCHEMES = ['disabled', 'oversub', 'always', 'adaptive'] as const;
type Scheme = (typeof SCHEMES)[number];

/** Kernel + 45 µs × faults over that of `disabled`, and the working set in MiB. */
interface Application {
  readonly workload: string;
  readonly megabytes: number;
  /** 1 is expected of all schemes. */
  readonly isRegular: boolean;
  readonly published: Readonly<Record<Exclude<Scheme, 'disabled'>, number>>;
}
const APPLICATIONS: readonly Application[] = [
  { workload: 'sssp', megabytes: 28, isRegular: false, published: { oversub: 0.761, always: 0.746, adaptive: 0.402 } },
  { workload: 'bfs', megabytes: 9.75, isRegular: false, published: { oversub: 0.906, always: 0.802, adaptive: 0.782 } },
  { workload: 'ra', megabytes: 40, isRegular: false, published: { oversub: 1, always: 0.244, adaptive: 0.218 } },
  { workload: 'hotspot', megabytes: 12, isRegular: true, published: { oversub: 0.995, always: 0.92, adaptive: 1.002 } },
  {
    workload: 'fdtd-2d',
    megabytes: 18.0625,
    isRegular: true,
    published: { oversub: 1.005, always: 1.007, adaptive: 1.008 },
  },
];

export const v7: ValidationRow = {
  id: 'V7',
  title: 'Zero-copy schemes by access counters on 125 % of memory, ts = 8, p = 8',
  source: 'UVMSmart, logs and spreadsheet of the IPDPS 2020 runs, Page_Migration_Pinning/Oversub [LOG]',
  why: 'Ratios to the scheme that migrates at the first touch. sssp, bfs and ra are workloads like the published ones, with random numbers in place of their graphs and inputs; large pages are evicted by last use. Only the first two have a published counterpart of the same size; ra is larger and has fewer updates per block than theirs.',
  compare: async (run) => {
    const comparisons: Comparison[] = [];
    const statements: Statement[] = [];
    for (const { workload, megabytes, isRegular, published } of APPLICATIONS) {
      const times = new Map<Scheme, number>();
      for (const scheme of SCHEMES) {
        const system = uvmsmart({ enable_dma: scheme, migrate_threshold: 8, multiply_dma_penalty: 8 });
        const made = await run(workload, { system, deviceMemoryBytes: Math.floor((megabytes / 1.25) * MIB) });
        times.set(scheme, figure(made, 'kernelAndFaultPs'));
      }
      const of = (scheme: Scheme): number => times.get(scheme)! / times.get('disabled')!;
      for (const scheme of ['oversub', 'always', 'adaptive'] as const)
        comparisons.push({
          ...{ what: `${workload}: ${scheme} over disabled`, unit: '', ours: of(scheme) },
          published: published[scheme],
          rule: isRegular ? around(1, 0.01) : STATED,
        });
      if (!isRegular)
        statements.push({
          what: `${workload}: disabled ≥ oversubscription ≥ always > adaptive`,
          seen: SCHEMES.map((scheme) => of(scheme).toFixed(3)).join(' : '),
          holds: 1 >= of('oversub') && of('oversub') >= of('always') && of('always') > of('adaptive'),
        });
    }
    return { comparisons, statements };
  },
};
