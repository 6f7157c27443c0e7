import type { ReportSection } from '../../contracts/report';
import { ABSENT, formatBytes, formatCount } from '../../base/units';
import { metric, metricText, type SummaryMetric } from '../../model/catalog/metrics';
import { movedBytes } from '../../model/catalog/object-columns';
import type { Totals } from '../../model/summary';
import { percent, timeOrAbsent } from '../words';

/** What is not in the table above them. */
const FACTS: readonly SummaryMetric[] = [
  'migrations',
  'evictions',
  'pingPongs',
  'prefetchedBytes',
  'remoteBytes',
  'stallPs',
];

const factOf =
  (sums: Totals) =>
  (id: SummaryMetric): { readonly label: string; readonly value: string; readonly help: string } => ({
    label: metric(id).title,
    value: metricText(metric(id), sums[id]),
    help: metric(id).means,
  });

/** Sums over the run, and what became of the bytes that were moved. */
export const totals: ReportSection = {
  id: 'totals',
  title: 'Totals',
  build({ summary: { totals: sums } }) {
    const moved = movedBytes(sums);
    const split = (what: string, toDevice: number, toHost: number): string[] => [
      what,
      formatBytes(toDevice),
      percent(toDevice, sums.bytesToDevice),
      formatBytes(toHost),
      percent(toHost, sums.bytesToHost),
      formatBytes(toDevice + toHost),
      percent(toDevice + toHost, moved),
    ];
    const useful = sums.usefulBytes;
    return [
      {
        kind: 'table',
        caption:
          'Bytes moved and their use. Dead: overwritten before they were read. Unresolved: neither read nor overwritten by the end of the run. Useful: touched by the receiver before they left again; counted for both directions together.',
        columns: [
          { title: 'Bytes', align: 'left' },
          { title: metric('bytesToDevice').short, align: 'right' },
          { title: 'Share', align: 'right' },
          { title: metric('bytesToHost').short, align: 'right' },
          { title: 'Share', align: 'right' },
          { title: 'Both', align: 'right' },
          { title: 'Share', align: 'right' },
        ],
        rows: [
          split('Moved', sums.bytesToDevice, sums.bytesToHost),
          split('Dead', sums.deadBytesToDevice, sums.deadBytesToHost),
          split('Unresolved', sums.unresolvedBytesToDevice, sums.unresolvedBytesToHost),
          [
            'Useful',
            ABSENT,
            ABSENT,
            ABSENT,
            ABSENT,
            useful === null ? 'not recorded' : formatBytes(useful),
            useful === null ? ABSENT : percent(useful, moved),
          ],
        ],
      },
      {
        kind: 'facts',
        facts: [
          { label: 'Accesses', value: formatCount(sums.accesses) },
          ...FACTS.map(factOf(sums)),
          { label: 'Simulated time', value: sums.stallPs === null ? ABSENT : timeOrAbsent(sums.simTimePs) },
        ],
      },
    ];
  },
};
