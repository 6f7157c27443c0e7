import type { ReportSection } from '../../contracts/report';
import { formatCount } from '../../base/units';
import type { ReportBlock } from '../../model/report';
import type { RunSummary } from '../../model/summary';
import { changeFlags } from '../change-flags';
import { auxiliaryFiles, commandWords } from '../command';

/** Lines of the input that are printed; all of it is in the embedded scenario. */
const MOST_LINES = 400;

function clipped(text: string): string {
  const lines = text.split('\n');
  if (lines.length <= MOST_LINES) return text;
  return [
    ...lines.slice(0, MOST_LINES),
    `… ${formatCount(lines.length - MOST_LINES)} more lines are in the embedded scenario`,
  ].join('\n');
}

function promise({ complete, recordingHash, totals, workload }: RunSummary): string {
  if (!complete)
    return `The command runs the whole ${workload.kind === 'trace' ? 'trace' : 'workload'}: its numbers will differ from this snapshot, which was taken at access ${formatCount(totals.accesses)}. The events up to this access are the same. There is no recording hash to compare, because only finished runs have one.`;
  return `The same input, seed and engine version give the same events on every machine: recording hash ${recordingHash}.`;
}

/** A trace is too long to print: what one needs is to know whether one has the right files. */
function traceFiles({ workload }: RunSummary, command: string): readonly ReportBlock[] {
  return [
    { kind: 'paragraph', text: 'The trace is not part of this report. You need these files:' },
    {
      kind: 'facts',
      facts: [
        { label: 'Trace', value: workload.file ?? workload.name },
        { label: 'SHA-256 of the trace', value: workload.sha256 },
        ...auxiliaryFiles(command).map(({ title, flag, name }) => ({ label: `${title} (${flag})`, value: name })),
      ],
    },
  ];
}

/** How to get the same numbers again. */
export const repeat: ReportSection = {
  id: 'repeat',
  title: 'How to repeat this run',
  build({ summary, command, workloadText }) {
    const { workload } = summary;
    const given = commandWords(command);
    const missing = changeFlags(summary.changes).filter((flag) => !given.includes(flag.replace('--at ', '')));
    const caption =
      workload.kind === 'trace'
        ? 'Description of the trace'
        : `Workload${workload.file === null ? '' : ` (${workload.file})`}`;
    return [
      { kind: 'paragraph', text: promise(summary) },
      { kind: 'code', caption: 'Command', text: [command, ...missing].join(' \\\n  ') },
      ...(workload.kind === 'trace' ? traceFiles(summary, command) : []),
      ...(workloadText.trim() === '' ? [] : [{ kind: 'code', caption, text: clipped(workloadText) } as const]),
    ];
  },
};
