/** What the driver counts, for the table of the run. */
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
  const count = (id: string, title: string, value: number): SystemFigure => ({ id, title, value, unit: 'count' });
  return [
    count('svmRanges', 'SVM ranges at the end', ranges),
    count('svmBoEvictions', 'VRAM buffer objects evicted', vram.evictions),
    count('droppedRetryFaults', 'Retry faults dropped as duplicates after a validation', faults.dropped),
    count('queueStops', 'Times that queues were stopped', queues.stops),
    count('queueStarts', 'Times that queues were restarted', queues.starts),
    count('queueInvalidations', 'Invalidations of mapped ranges that stop queues', queues.invalidations),
    count('queueRestoredRanges', 'Ranges mapped again while queues were stopped', queues.restoredRanges),
    count('queueRescheduled', 'Restore attempts that failed', queues.rescheduled),
    {
      id: 'queueStopped',
      title: 'Time that queues were stopped',
      value: isTimed ? queues.stoppedPs : null,
      unit: 'ps',
    },
  ];
}
