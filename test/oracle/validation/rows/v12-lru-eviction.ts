import type { RunSummary } from '../../../../src-core/model/summary';
import { STATED, type Comparison, type Statement, type ValidationRow } from '../row';
import { evictedRoots, nvidiaUvm, occupancy } from '../uvm';

/** Per cent of evictions that eviction by use saves, at best, over all programs of the paper. */
const MOST_SAVED = 71;
/** Resident share of a 2 MiB block at eviction is above that, per cent. */
const FULL = 90;

const MIB_192 = 192 * 2 ** 20;
/** Working set over device memory, per cent. */
const OVERSUBSCRIPTION = [150, 200] as const;

const percent = (share: number): number => Math.round(share * 1000) / 10;

export const v12: ValidationRow = {
  id: 'V12',
  title: 'Tiled matrix product: eviction by last migration against eviction by last use',
  source: 'ObservUVM, ISCA 2026, 14 programs of 2.1 to 23.6 GB on an RTX 3090 [TXT]',
  why: 'C = A · B on 192 MiB with memory for two thirds and for half of it: each row of tiles reads all of B, while A and C stream. The driver evicts what came first, B, although it is in use; with eviction_order=accessed only A and C go. Scale: 4096 × 4096 floats for matrices of gigabytes. The published share is the best of all programs and their sizes, so a factor below 1 is expected.',
  compare: async (run) => {
    const comparisons: Comparison[] = [];
    const statements: Statement[] = [];
    const blocks: RunSummary[] = [];
    for (const share of OVERSUBSCRIPTION) {
      const deviceMemoryBytes = (MIB_192 * 100) / share;
      const migrated = await run('matmul', { deviceMemoryBytes, system: nvidiaUvm({ eviction_order: 'migrated' }) });
      const accessed = await run('matmul', { deviceMemoryBytes, system: nvidiaUvm({ eviction_order: 'accessed' }) });
      const [before, after] = [evictedRoots(migrated), evictedRoots(accessed)];
      comparisons.push({
        ...{ what: `${share} %: evictions saved`, unit: '%', published: MOST_SAVED, rule: STATED },
        ours: percent(1 - after / before),
      });
      statements.push({
        what: `${share} %: eviction by use evicts fewer blocks`,
        seen: `${after} instead of ${before}`,
        holds: after < before,
      });
      blocks.push(migrated, accessed);
    }
    const least = Math.min(...blocks.map(occupancy));
    statements.push({
      what: `a block of 2 MiB is on average more than ${FULL} % full when it is evicted`,
      seen: `${percent(least)} % in the run where it is least`,
      holds: percent(least) > FULL,
    });
    return { comparisons, statements };
  },
};
