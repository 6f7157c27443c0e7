/** docs/validation.md from the results of the rows: the same bytes on every machine. */
import { holds, type Comparison, type RowResult, type Rule, type ValidationRow } from './row';

export interface Compared {
  readonly row: ValidationRow;
  readonly result: RowResult;
}

const HEAD = `# Validation

Written by \`npm run validate\` from runs of the engine; not to be edited. Each row runs workloads of
\`examples/validation\`, workloads of its own or a part of the model and puts its numbers beside those that others
published. Published values are compared and never read by the engine or by a preset; a machine has one set of constants
for all rows. What does not hold is explained in \`test/oracle/DEVIATIONS.md\`.

Tags of sources: LOG, parsed from the authors' own logs; SRC, read in their source; TXT, read in the text of the paper; FIG,
read off a figure (about 10 %); NOTE, third-party notes on the paper. _Factor_ is ours over published. _Promised_: \`exact\`,
the largest deviation, or \`stated\` where only the factor is told.
`;

const number = (value: number): string => {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3);
};

const promise = (rule: Rule): string => {
  switch (rule.kind) {
    case 'exact':
      return 'exact';
    case 'within':
      return `± ${number(rule.share * 100)} %`;
    case 'around':
      return `${rule.target} ± ${rule.distance}`;
    case 'stated':
      return 'stated';
  }
};

function factor({ published, ours }: Comparison): string {
  if (ours === published) return '1';
  return published === 0 ? '–' : (ours / published).toFixed(3);
}

const verdict = (held: boolean | null): string => (held === null ? '' : held ? 'holds' : '**does not hold**');

/** Code points. */
const lengthOf = (text: string): number => Array.from(text).length;

/** Columns padded as prettier pads them. */
function table(titles: readonly string[], rows: readonly (readonly string[])[], right: readonly number[]): string {
  const widths = titles.map((title, column) =>
    Math.max(3, title.length, ...rows.map((cells) => lengthOf(cells[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells
      .map((cell, column) => {
        const gap = ' '.repeat(widths[column]! - lengthOf(cell));
        return right.includes(column) ? gap + cell : cell + gap;
      })
      .join(' | ')} |`;
  const rule = widths.map((width, column) =>
    right.includes(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(titles), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** Failed, and failed without an explanation, and all of what a row promises. */
export function countOf({ result }: Compared): {
  readonly failed: number;
  readonly unexplained: number;
  readonly promised: number;
} {
  const verdicts = [
    ...result.comparisons.map(holds).filter((held) => held !== null),
    ...(result.statements ?? []).map((statement) => statement.holds),
  ];
  const failed = verdicts.filter((held) => !held).length;
  const explained = (result.statements ?? []).filter((each) => !each.holds && each.isExplained === true).length;
  return { failed, unexplained: failed - explained, promised: verdicts.length };
}

function section(compared: Compared): string {
  const { row, result } = compared;
  const parts = [`## ${row.id}: ${row.title}`, `Published: ${row.source}.`, row.why];
  if (result.comparisons.length > 0)
    parts.push(
      table(
        ['what', 'published', 'ours', 'unit', 'factor', 'promised', ''],
        result.comparisons.map((each) => [
          each.what,
          number(each.published),
          number(each.ours),
          each.unit,
          factor(each),
          promise(each.rule),
          verdict(holds(each)),
        ]),
        [1, 2, 4],
      ),
    );
  if (result.statements)
    parts.push(
      table(
        ['promised', 'seen', ''],
        result.statements.map(({ what, seen, holds: held }) => [what, seen, verdict(held)]),
        [],
      ),
    );
  return parts.join('\n\n');
}

export function validationMarkdown(all: readonly Compared[]): string {
  const overview = table(
    ['row', 'what', 'promises', 'held'],
    all.map((compared) => {
      const { failed, promised } = countOf(compared);
      return [compared.row.id, compared.row.title, String(promised), failed === 0 ? 'all' : `${promised - failed}`];
    }),
    [2, 3],
  );
  return `${[HEAD.trimEnd(), overview, ...all.map(section)].join('\n\n')}\n`;
}
