import type { ReportSection } from '../../contracts/report';
import { ABSENT, formatCount, formatTime } from '../../base/units';
import type { ReportBlock } from '../../model/report';
import type { RunSummary } from '../../model/summary';
import { policyFlag } from '../words';

/** Rows of the table of changes; a person clicks tens of times, a script may do more. */
const MOST_CHANGES = 500;

const startTable = (policies: RunSummary['policies']): ReportBlock => ({
  kind: 'table',
  caption: 'Policies at the start of the run.',
  columns: [
    { title: 'Kind', align: 'left' },
    { title: 'Policy', align: 'left' },
    { title: 'Parameters', align: 'left' },
  ],
  rows: policies.map((policy) => [
    policy.kind,
    policy.id,
    Object.entries(policy.params)
      .map(([name, value]) => `${name} = ${String(value)}`)
      .join(', ') || ABSENT,
  ]),
});

/** Who decided, and each change of that during the run. */
export const policies: ReportSection = {
  id: 'policies',
  title: 'Policies and changes',
  build({ summary, machine }) {
    const shown = summary.changes.slice(0, MOST_CHANGES);
    const left = summary.changes.length - shown.length;
    const { system } = summary;
    const governed = system === null || system.followsPolicies === true;
    return [
      governed
        ? startTable(summary.policies)
        : {
            kind: 'paragraph',
            text: `${system.title} makes its own decisions: eviction, prefetch and migration policies had no effect in this run. Its parameters are under Memory system.`,
          },
      shown.length === 0
        ? { kind: 'paragraph', text: `No ${governed ? 'policy' : 'parameter'} was changed during the run.` }
        : {
            kind: 'table',
            caption: `Changes during the run, numbered as the marks in the charts. Each took effect at the given fault batch.${left > 0 ? ` ${formatCount(left)} later changes are not shown; the embedded scenario lists all.` : ''}`,
            columns: [
              { title: 'Mark', align: 'right' },
              { title: 'Change to', align: 'left' },
              { title: 'Fault batch', align: 'right' },
              { title: 'Access', align: 'right' },
              { title: 'Time', align: 'right' },
              { title: 'Origin', align: 'left' },
            ],
            rows: shown.map((change, index) => [
              String(index + 1),
              policyFlag(change.policy),
              formatCount(change.batch),
              formatCount(change.access),
              machine.timing ? formatTime(change.timePs) : ABSENT,
              change.origin === 'live' ? 'live' : 'scheduled',
            ]),
          },
    ];
  },
};
