import type { ReportSection } from '../../contracts/report';
import { ABSENT, formatBytes, formatCount } from '../../base/units';
import { snapshotOf } from '../words';

/** What was run, on what: enough to tell two reports apart. */
export const runFacts: ReportSection = {
  id: 'run',
  title: 'What was run',
  build({ summary, machine, system }) {
    const { workload, totals } = summary;
    const snapshot = snapshotOf(summary);
    const ran = summary.system;
    const governed = ran === null || ran.followsPolicies === true;
    return [
      {
        kind: 'facts',
        facts: [
          ...(snapshot === null ? [] : [{ label: 'State', value: snapshot }]),
          { label: workload.kind === 'trace' ? 'Trace' : 'Workload', value: workload.name },
          ...(workload.file === null ? [] : [{ label: 'File', value: workload.file }]),
          { label: 'Machine', value: `${machine.title} (${summary.machine.id})` },
          { label: 'Device memory', value: formatBytes(summary.machine.deviceMemoryBytes) },
          // A driver that decides by itself has units of its own.
          ...(governed
            ? [
                {
                  label: 'Granularity',
                  value: formatBytes(summary.machine.granularity),
                  help: 'the unit of residency and of migration',
                },
              ]
            : []),
          {
            label: 'Memory system',
            value: ran ? `${ran.title} (${ran.id})` : (system?.id ?? 'ideal (rule set R0)'),
            ...(ran ? { help: 'its parameters are under Memory system' } : {}),
          },
          { label: 'Seed', value: String(summary.seed) },
          { label: 'Fault batches', value: formatCount(totals.batches) },
          { label: 'Events recorded', value: formatCount(totals.events) },
          { label: 'Engine version', value: summary.engineVersion },
          { label: 'SHA-256 of the input', value: workload.sha256 },
          summary.complete
            ? {
                label: 'Recording hash',
                value: summary.recordingHash,
                help: 'SHA-256 of the events; a repeated run gives the same hash',
              }
            : { label: 'Recording hash', value: ABSENT, help: 'only finished runs have a hash' },
        ],
      },
    ];
  },
};
