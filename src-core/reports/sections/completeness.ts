import type { ReportSection } from '../../contracts/report';
import { formatCount } from '../../base/units';
import type { ReportInput } from '../../model/report';
import { machineConstants } from '../machine-constants';
import { plural, snapshotOf } from '../words';

/** What the engine leaves out of this run. */
function notModelled({ summary: { system }, machine }: ReportInput): readonly string[] {
  const walks = machine.timing !== null && machine.gpu !== undefined;
  const hostMemory = Number(system?.params['hostMemory'] ?? 0) > 0;
  const driver = system !== null && system.followsPolicies !== true;
  return [
    walks ? 'Caches, and TLBs before the last level of each device.' : 'Caches, TLBs and page-table walks.',
    'Computation: the duration of a step is the time of its memory accesses and faults.',
    ...(hostMemory ? [] : ['A limit of host memory: there is no swapping.']),
    ...(driver ? [] : ['Thrashing mitigation, fault throttling and similar mechanisms of real drivers.']),
  ];
}

/** What these numbers do not contain; a reader must not take silence for zero. */
export const completeness: ReportSection = {
  id: 'completeness',
  title: 'Limits of these numbers',
  build(input) {
    const { summary, machine } = input;
    const constants = machineConstants(machine);
    const assumed = constants.filter(({ grade }) => grade === 'assumed').map(({ name }) => name);
    const damaged = summary.findings
      .filter(({ severity }) => severity !== 'note')
      .reduce((sum, finding) => sum + finding.count, 0);
    return [
      {
        kind: 'table',
        caption: 'Recorded and modelled.',
        columns: [
          { title: 'What', align: 'left' },
          { title: 'State', align: 'left' },
        ],
        rows: [
          [
            'The run',
            summary.complete
              ? 'Reached the end of its workload.'
              : `${snapshotOf(summary) ?? ''}; the numbers do not include the rest of the run, and bytes that are not decided yet count as unresolved.`,
          ],
          [
            'Time',
            machine.timing
              ? `Modelled from ${formatCount(constants.length)} constants${assumed.length > 0 ? `, of which ${assumed.length} assumed: ${assumed.join(', ')}` : ''}. Not calibrated against your machine.`
              : 'Not modelled on this machine: no waiting times, and the axis is the access number.',
          ],
          [
            'Useful bytes',
            summary.totals.usefulBytes === null
              ? 'Not recorded: useful bytes were switched off for this run.'
              : 'Recorded for each transfer.',
          ],
          [
            'The input',
            damaged === 0
              ? 'Read completely.'
              : `${plural(formatCount(damaged), 'warning or error', 'warnings and errors')} while reading or running; see Findings.`,
          ],
          ...notModelled(input).map((text) => ['Not modelled', text]),
        ],
      },
    ];
  },
};
