/**
 * Nothing ever migrates: all data lives in host memory and devices reach it over the link, access by access. A reference point
 * and not a bound: where data is used again and again, or remote access is slower than a transfer, a run that migrates is
 * faster and moves fewer bytes. On R0's memory system, whatever the run's own; not defined where a device cannot reach host
 * memory.
 */
import { atEnd, notDefined, type Bound } from './bound';

export const noMigration: Bound = {
  id: 'no-migration',
  title: 'No migration (all remote)',
  summary:
    'A reference point, not a bound: all data stays in host memory and devices access it over the link. If the ratio is below 1, migration helps this run.',
  needs: ['remote'],
  judge({ header, runs, refusals }) {
    const totals = runs.remote?.totals;
    if (!totals) {
      const reason = refusals.remote ?? 'the run without migration was not made';
      return { values: [notDefined('linkBytes', 'reference', reason)], notes: [] };
    }
    return {
      values: [
        atEnd('linkBytes', 'reference', totals.bytesToDevice + totals.bytesToHost + totals.remoteBytes),
        header.machine.timing
          ? atEnd('simTimePs', 'reference', totals.simTimePs)
          : notDefined('simTimePs', 'reference', 'this machine only counts and has no clock'),
      ],
      notes: [],
    };
  },
};
