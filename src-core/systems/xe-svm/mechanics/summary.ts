/** What the driver counts (its GT statistics, xe_gt_stats), for the table of the run. */
import { countFigure, timeFigure } from '../../../kit/figures';
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
  return [
    ...CHUNK_PAGES.map((pages, i) =>
      countFigure(`svmRanges${SIZES[i]!}`, `SVM ranges of ${SIZES[i]!} created`, made.get(pages) ?? 0),
    ),
    countFigure('svmZaps', 'Ranges unbound by an invalidation', zapped),
    countFigure('svmGarbage', 'Unmapped ranges collected', migration.collected),
    countFigure('svmMigrationsFailed', 'Migrations to VRAM that failed', faults.failed),
    countFigure('svmMixedRanges', 'Ranges in several places that were evicted', faults.mixed),
    countFigure('svmBoEvictions', 'VRAM buffer objects evicted', book.evictions),
    countFigure('svmTimesliceWaits', 'CPU faults that waited for a time slice', migration.waits),
    timeFigure(
      'svmTimesliceWaited',
      'Time that CPU faults waited for a time slice',
      isTimed ? migration.waitedPs : null,
    ),
  ];
}
