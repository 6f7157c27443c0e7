import type { ReportSection } from '../../contracts/report';
import { formatCount } from '../../base/units';
import { changeFlags } from '../change-flags';

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

/** How to get the same numbers again. */
export const repeat: ReportSection = {
  id: 'repeat',
  title: 'How to repeat this run',
  build({ summary, command, workloadText }) {
    const given = command.split(/[\s'"]+/);
    const missing = changeFlags(summary.changes).filter((flag) => !given.includes(flag.replace('--at ', '')));
    return [
      {
        kind: 'paragraph',
        text: `The same input, seed and engine version give the same events on every machine: recording hash ${summary.recordingHash}.`,
      },
      { kind: 'code', caption: 'Command', text: [command, ...missing].join(' \\\n  ') },
      {
        kind: 'code',
        caption:
          summary.workload.kind === 'trace'
            ? 'Trace'
            : `Workload${summary.workload.file === null ? '' : ` (${summary.workload.file})`}`,
        text: clipped(workloadText),
      },
    ];
  },
};
