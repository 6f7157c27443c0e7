/** Bounds as report blocks: one table of numbers and ratios, and what the reader has to know. Shared by UI, CLI and reports. */
import { formatBytes, formatCount, formatTime } from '../base/units';
import type { BoundQuantity, BoundRow, BoundValue } from '../model/bounds';
import type { ReportBlock } from '../model/report';
import { ABSENT } from './words';

const QUANTITIES: Readonly<
  Record<BoundQuantity, { readonly title: string; readonly format: (value: number) => string }>
> = {
  gpuFaults: { title: 'Device faults', format: formatCount },
  bytesToDevice: { title: 'Bytes to device', format: formatBytes },
  bytesToHost: { title: 'Bytes to host', format: formatBytes },
  linkBytes: { title: 'Bytes over the link', format: formatBytes },
  simTimePs: { title: 'Simulated time', format: formatTime },
};

/** `4.17`, `1.00`; a run that does what it must is 1, and a run far away needs no decimals. */
export const formatRatio = (ratio: number): string =>
  ratio >= 1000 ? formatCount(Math.round(ratio)) : ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2);

function ratioOf({ value, run, ratio }: BoundValue): string {
  if (ratio !== null) return `${formatRatio(ratio)} ×`;
  if (value === null) return ABSENT;
  return run === 0 ? 'both 0' : 'bound is 0';
}

const rowOf = (bound: BoundRow, value: BoundValue): string[] => {
  const { title, format } = QUANTITIES[value.quantity];
  return [
    bound.title,
    title,
    value.kind === 'bound' ? 'at least' : 'reference',
    value.value === null ? 'not defined' : format(value.value),
    format(value.run),
    ratioOf(value),
  ];
};

/** Reasons, each once with all that it concerns. */
function reasons(rows: readonly BoundRow[]): string[] {
  const about = new Map<string, string[]>();
  for (const { title, values } of rows)
    for (const { quantity, reason } of values)
      if (reason !== null) {
        const what = `${title}: ${QUANTITIES[quantity].title.toLowerCase()}`;
        about.set(reason, [...(about.get(reason) ?? []), what]);
      }
  return [...about].map(([reason, what]) => `Not defined, because ${reason}: ${what.join('; ')}.`);
}

/** @param complete the run has reached its end; otherwise bounds are for the part that ran */
export function boundBlocks(rows: readonly BoundRow[], complete: boolean): readonly ReportBlock[] {
  if (rows.length === 0) return [];
  const part = complete ? '' : ' The run is not finished: numbers that grow along it are for the part that ran.';
  return [
    {
      kind: 'table',
      caption: `The run beside what could not be avoided, and beside reference points. Ratio: run ÷ bound; 1 is as good as it gets.${part}`,
      columns: [
        { title: 'Bound', align: 'left' },
        { title: 'Of', align: 'left' },
        {
          title: 'Kind',
          align: 'left',
          help: 'at least: no run of this kind gets below. reference: may be on either side.',
        },
        { title: 'Bound is', align: 'right' },
        { title: 'This run', align: 'right' },
        { title: 'Ratio', align: 'right' },
      ],
      rows: rows.flatMap((bound) => bound.values.map((value) => rowOf(bound, value))),
    },
    { kind: 'facts', facts: rows.map(({ title, summary }) => ({ label: title, value: summary })) },
    ...[...rows.flatMap(({ title, notes }) => notes.map((note) => `${title}: ${note}`)), ...reasons(rows)].map(
      (text): ReportBlock => ({ kind: 'paragraph', text }),
    ),
  ];
}
