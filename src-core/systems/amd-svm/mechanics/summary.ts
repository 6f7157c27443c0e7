/** What the driver counts, for the table of the run. */
import { countFigure, timeFigure } from '../../../kit/figures';
import type { SystemFigure } from '../../../model/memory-system';
import type { SvmQueues } from './queues';
import type { SvmRestore } from './restore';
import type { Vram } from './vram';

export function figuresOf(
  ranges: number,
  vram: Vram,
  faults: SvmRestore,
  queues: SvmQueues,
  isTimed: boolean,
): readonly SystemFigure[] {
  return [
    countFigure('svmRanges', 'SVM ranges at the end', ranges),
    countFigure('svmBoEvictions', 'VRAM buffer objects evicted', vram.evictions),
    countFigure('droppedRetryFaults', 'Retry faults dropped as duplicates after a validation', faults.dropped),
    countFigure('queueStops', 'Times that queues were stopped', queues.stops),
    countFigure('queueStarts', 'Times that queues were restarted', queues.starts),
    countFigure('queueInvalidations', 'Invalidations of mapped ranges that stop queues', queues.invalidations),
    countFigure('queueRestoredRanges', 'Ranges mapped again while queues were stopped', queues.restoredRanges),
    countFigure('queueRescheduled', 'Restore attempts that failed', queues.rescheduled),
    timeFigure('queueStopped', 'Time that queues were stopped', isTimed ? queues.stoppedPs : null),
  ];
}
