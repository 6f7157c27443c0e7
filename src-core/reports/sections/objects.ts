import type { ReportSection } from '../../contracts/report';
import { formatBytes, formatCount } from '../../base/units';
import type { ReportTable } from '../../model/report';
import { ABSENT, deadBytes, movedBytes, percent, rankObjects } from '../words';

/** Rows of one table; a trace can have 65,535 objects, and nobody reads that far. The CSV has all of them. */
const MOST_ROWS = 200;

const right = (title: string, help?: string): ReportTable['columns'][number] => ({
  title,
  align: 'right',
  ...(help === undefined ? {} : { help }),
});

/** Every object with what it cost, dearest first. */
export const objects: ReportSection = {
  id: 'objects',
  title: 'Objects',
  build({ summary }) {
    const ranking = rankObjects(summary);
    const shown = ranking.rows.slice(0, MOST_ROWS);
    const left = ranking.rows.length - shown.length;
    const order = {
      stall: 'waiting time',
      bytes: 'bytes moved',
      faults: 'faults',
      nothing: 'the order of the workload',
    };
    return [
      {
        kind: 'table',
        caption: `Sorted by ${order[ranking.by]}.${left > 0 ? ` ${formatCount(left)} cheaper objects are not shown; the CSV and JSON reports list all.` : ''}`,
        columns: [
          { title: 'Object', align: 'left' },
          right('Size'),
          right('CPU faults'),
          right('GPU faults'),
          right('To device'),
          right('To host'),
          right('Dead', 'share of bytes moved that was overwritten before anything read it'),
          right('Useful', 'share of bytes moved that the receiver touched'),
          right('Evictions', 'granules sent to the host to make room'),
          right('Ping-pongs', 'granules that came back to the device after the CPU had taken them'),
          right('Remote', 'bytes accessed in place on the other side'),
          right('Stall', 'share of the time that processors waited for faults'),
        ],
        rows: shown.map(({ object }) => [
          object.name,
          formatBytes(object.bytes),
          formatCount(object.cpuFaults),
          formatCount(object.gpuFaults),
          formatBytes(object.bytesToDevice),
          formatBytes(object.bytesToHost),
          percent(deadBytes(object), movedBytes(object)),
          object.usefulBytes === null ? ABSENT : percent(object.usefulBytes, movedBytes(object)),
          formatCount(object.evictions),
          formatCount(object.pingPongs),
          formatBytes(object.remoteBytes),
          object.stallPs === null ? ABSENT : percent(object.stallPs, summary.totals.stallPs ?? 0),
        ]),
      },
    ];
  },
};
