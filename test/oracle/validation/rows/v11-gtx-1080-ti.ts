import { PS_PER_MS } from '../../../../src-core/base/units';
import type { RunSummary } from '../../../../src-core/model/summary';
import { STATED, type Comparison, type Statement, type ValidationRow } from '../row';
import { kernelPs } from '../uvm';
import { figure } from '../uvmsmart';

const MIB = 2 ** 20;
/** Per cent of the free memory. */
const SHARES = [100, 125, 150] as const;

/** Kernel time in ms at each share. */
const PROGRAMS = [
  { file: 'fdtd-gtx-1080-ti', title: 'fdtd', workingSet: 48 * MIB, publishedMs: [37.5, 62.6, 71] },
  { file: 'hotspot-gtx-1080-ti', title: 'hotspot', workingSet: 66 * MIB, publishedMs: [20.3, 29.7, 31.6] },
] as const;

/** The log of hotspot at 100 %. */
const HOTSPOT = { transfers: 350, megabytes: 44, groups: 99, groupMs: 19.61, transferMs: 4.249 } as const;

const stated = (what: string, unit: string, published: number, ours: number): Comparison => ({
  ...{ what, unit, published, ours },
  rule: STATED,
});

function hotspotLog(run: RunSummary): Comparison[] {
  const log = 'hotspot, 100 %';
  return [
    stated(`${log}: to the device`, 'MiB', HOTSPOT.megabytes, run.totals.bytesToDevice / MIB),
    stated(`${log}: transfers to the device`, '', HOTSPOT.transfers, figure(run, 'transfersToDevice')),
    stated(`${log}: fault groups`, '', HOTSPOT.groups, figure(run, 'batches')),
    stated(`${log}: time of fault groups`, 'ms', HOTSPOT.groupMs, figure(run, 'driverBusyPs') / PS_PER_MS),
  ];
}

export const v11: ValidationRow = {
  id: 'V11',
  title: 'fdtd and hotspot on a real GTX 1080 Ti: kernel time at 100, 125 and 150 % of free memory',
  source: 'UVMSmart, nvprof logs of real runs, RealOversubOverhead [LOG]',
  why: 'The size of hotspot follows from its 44 MiB of transfers; the sizes of fdtd and the number of kernels of both are not in the logs and are assumed: one time step, and two kernels. So the shape is promised and the factors are stated. A kernel more is a pass more over all arrays, and beyond 100 % each pass moves nearly everything; DEVIATIONS.md has other numbers of kernels.',
  compare: async (run) => {
    const comparisons: Comparison[] = [];
    const statements: Statement[] = [];
    for (const { file, title, workingSet, publishedMs } of PROGRAMS) {
      const summaries: RunSummary[] = [];
      for (const share of SHARES)
        summaries.push(await run(file, { deviceMemoryBytes: Math.floor((workingSet * 100) / share) }));
      const ours = summaries.map((summary) => kernelPs(summary) / PS_PER_MS);
      SHARES.forEach((share, i) => {
        comparisons.push(stated(`${title}, ${share} %: kernel time`, 'ms', publishedMs[i]!, ours[i]!));
        if (i > 0)
          comparisons.push(
            stated(`${title}, ${share} % over 100 %`, '×', publishedMs[i]! / publishedMs[0], ours[i]! / ours[0]!),
          );
      });
      if (title === 'hotspot') comparisons.push(...hotspotLog(summaries[0]!));
      const [fits, some, more] = ours as [number, number, number];
      const seen = ours.map((ms) => ms.toFixed(1)).join(', ');
      statements.push(
        { what: `${title}: time grows with oversubscription`, seen: `${seen} ms`, holds: fits < some && some < more },
        {
          what: `${title}: the step to 125 % is greater than that from there to 150 %`,
          seen: `${(some - fits).toFixed(1)} and ${(more - some).toFixed(1)} ms`,
          holds: some - fits > more - some,
        },
      );
    }
    return { comparisons, statements };
  },
};
