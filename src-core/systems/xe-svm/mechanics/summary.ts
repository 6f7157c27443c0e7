/** What the driver counts (its GT statistics, xe_gt_stats), for the table of the run. */
import type { SystemFigure } from '../../../model/memory-system';
import { CHUNK_PAGES } from '../decisions/ranges';
import type { DevmemBook } from './devmem';
import type { XeFaults } from './faults';
import type { XeMigration } from './migrate';

const SIZES: readonly string[] = ['2M', '64K', '4K'];

export function figuresOf(
  made: ReadonlyMap<number, number>,
  zapped: number,
  book: DevmemBook,
  faults: XeFaults,
  migration: XeMigration,
  isTimed: boolean,
): readonly SystemFigure[] {
  const count = (id: string, title: string, value: number): SystemFigure => ({ id, title, value, unit: 'count' });
  return [
    ...CHUNK_PAGES.map((pages, i) =>
      count(`svmRanges${SIZES[i]!}`, `SVM ranges of ${SIZES[i]!} created`, made.get(pages) ?? 0),
    ),
    count('svmZaps', 'Ranges unbound by an invalidation', zapped),
    count('svmGarbage', 'Unmapped ranges collected', migration.collected),
    count('svmMigrationsFailed', 'Migrations to VRAM that failed', faults.failed),
    count('svmMixedRanges', 'Ranges in several places that were evicted', faults.mixed),
    count('svmBoEvictions', 'VRAM buffer objects evicted', book.evictions),
    count('svmTimesliceWaits', 'CPU faults that waited for a time slice', migration.waits),
    {
      id: 'svmTimesliceWaited',
      title: 'Time that CPU faults waited for a time slice',
      value: isTimed ? migration.waitedPs : null,
      unit: 'ps',
    },
  ];
}
