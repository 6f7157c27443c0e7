import type { ReportSection } from '../../contracts/report';
import { ABSENT, formatCount } from '../../base/units';
import type { Finding } from '../../model/finding';

const MOST_ROWS = 200;

function where({ place }: Finding): string {
  if (!place) return ABSENT;
  return (
    [
      place.file,
      place.line === undefined ? undefined : `line ${place.line}`,
      place.column === undefined ? undefined : `column ${place.column}`,
      place.path,
      place.offset === undefined ? undefined : `byte ${formatCount(place.offset)}`,
    ]
      .filter((part) => part !== undefined && part !== '')
      .join(', ') || ABSENT
  );
}

/** What was damaged, dropped or guessed, and whether the expectations of the workload hold. */
export const findings: ReportSection = {
  id: 'findings',
  title: 'Findings',
  build({ summary }) {
    const { expectations } = summary;
    const left = summary.findings.length - MOST_ROWS;
    return [
      summary.findings.length === 0
        ? { kind: 'paragraph', text: 'No input was damaged, dropped or guessed, and the run has no findings.' }
        : {
            kind: 'table',
            caption: `The location is that of the first occurrence.${left > 0 ? ` ${formatCount(left)} more are in the JSON report.` : ''}`,
            columns: [
              { title: 'Severity', align: 'left' },
              { title: 'Finding', align: 'left' },
              { title: 'Times', align: 'right' },
              { title: 'Where', align: 'left' },
            ],
            rows: summary.findings
              .slice(0, MOST_ROWS)
              .map((finding) => [finding.severity, finding.message, formatCount(finding.count), where(finding)]),
          },
      ...(expectations.length === 0
        ? []
        : [
            {
              kind: 'table',
              caption: 'Expectations written in the workload file.',
              columns: [
                { title: 'Quantity', align: 'left' },
                { title: 'Expected', align: 'right' },
                { title: 'Found', align: 'right' },
                { title: 'Holds', align: 'left' },
              ],
              rows: expectations.slice(0, MOST_ROWS).map(({ what, expected, actual, holds }) => [
                what,
                expected,
                actual === null ? 'not recorded' : formatCount(actual),
                // Expectations are for a whole run: what an unfinished one shows is no verdict.
                summary.complete ? (holds ? 'yes' : 'NO') : 'not checked',
              ]),
            } as const,
          ]),
    ];
  },
};
