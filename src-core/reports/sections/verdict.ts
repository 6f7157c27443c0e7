import type { ReportSection } from '../../contracts/report';
import { formatBytes, formatCount, formatTime } from '../../base/units';
import type { ReportBlock } from '../../model/report';
import type { ObjectSummary, RunSummary } from '../../model/summary';
import { metric } from '../../model/catalog/metrics';
import { deadBytes, movedBytes } from '../../model/catalog/object-columns';
import { percent, plural, rankObjects, snapshotOf, type Ranking } from '../words';

const BY: Readonly<Record<Ranking['by'], string>> = {
  stall: 'of the time that processors waited for faults',
  bytes: 'of all bytes moved',
  faults: 'of all faults',
  nothing: '',
};

const amount = (by: Ranking['by'], cost: number): string =>
  by === 'stall' ? formatTime(cost) : by === 'bytes' ? formatBytes(cost) : formatCount(cost);

function headline(ranking: Ranking): string {
  const [first, second] = ranking.rows;
  if (ranking.by === 'nothing' || !first || first.cost === 0)
    return 'No object has a cost: there were no faults and no bytes were moved.';
  const share = percent(first.cost, ranking.total);
  const next =
    second && second.cost > 0 ? ` Next comes ${second.object.name} with ${percent(second.cost, ranking.total)}.` : '';
  return `${first.object.name} costs most: ${share} ${BY[ranking.by]} (${amount(ranking.by, first.cost)}).${next}`;
}

function reasons(object: ObjectSummary): string {
  const moved = movedBytes(object);
  if (moved === 0) return `${object.name} was never moved; its faults are first touches or remote mappings.`;
  const said = [
    `${formatBytes(object.bytesToDevice)} of ${object.name} went to the device and ${formatBytes(object.bytesToHost)} to the host, for an object of ${formatBytes(object.bytes)}.`,
  ];
  const dead = deadBytes(object);
  if (dead > 0)
    said.push(
      `${formatBytes(dead)} of that (${percent(dead, moved)}) was dead: overwritten before it was read, so the move was not needed.`,
    );
  if (object.usefulBytes !== null)
    said.push(`The receiver touched ${percent(object.usefulBytes, moved)} of the bytes moved.`);
  if (object.pingPongs > 0) said.push(`It went back and forth: ${plural(formatCount(object.pingPongs), 'ping-pong')}.`);
  if (object.evictions > 0)
    said.push(`${plural(formatCount(object.evictions), 'eviction')} removed parts of it from the device to make room.`);
  return said.join(' ');
}

/** The first thing to know about an unfinished run; nothing for a finished one. */
function snapshot(summary: RunSummary): ReportBlock[] {
  const what = snapshotOf(summary);
  if (what === null) return [];
  const so = `all numbers cover its first ${plural(formatCount(summary.totals.accesses), 'access', 'accesses')}, and a finished run will have other numbers.`;
  return [{ kind: 'paragraph', text: `${what}: ${so}` }];
}

/** Expectations are for a whole run; what was not checked did not fail. */
function failures({ complete, expectations }: RunSummary): ReportBlock[] {
  const failed = complete ? expectations.filter((expectation) => !expectation.holds).length : 0;
  if (failed === 0) return [];
  const of = plural(String(expectations.length), 'expectation');
  return [{ kind: 'paragraph', text: `${failed} of ${of} of the workload failed; see Findings.` }];
}

/** The answer first: which object costs what, in plain words. */
export const verdict: ReportSection = {
  id: 'verdict',
  title: 'Verdict',
  build({ summary }) {
    const { totals } = summary;
    const ranking = rankObjects(summary);
    const dearest = ranking.rows[0];
    return [
      ...snapshot(summary),
      { kind: 'paragraph', text: headline(ranking) },
      ...(dearest && dearest.cost > 0 ? [{ kind: 'paragraph', text: reasons(dearest.object) } as const] : []),
      ...failures(summary),
      {
        kind: 'facts',
        facts: [
          summary.totals.stallPs === null
            ? { label: 'Accesses', value: formatCount(totals.accesses) }
            : { label: 'Simulated time', value: formatTime(totals.simTimePs) },
          { label: metric('cpuFaults').title, value: formatCount(totals.cpuFaults) },
          { label: metric('gpuFaults').title, value: formatCount(totals.gpuFaults) },
          { label: 'Moved to the device', value: formatBytes(totals.bytesToDevice) },
          { label: 'Moved to the host', value: formatBytes(totals.bytesToHost) },
          {
            label: 'Dead share of bytes moved',
            value: percent(deadBytes(totals), movedBytes(totals)),
            help: 'moved, then overwritten before it was read',
          },
          { label: metric('evictions').title, value: formatCount(totals.evictions) },
        ],
      },
    ];
  },
};
