/** Memory systems as report blocks: one run's numbers, or several systems side by side. Shared by UI, CLI and reports. */
import { ABSENT, formatBytes, formatCount, formatTime } from '../base/units';
import { metric } from '../model/catalog/metrics';
import { comparisonLabel as labelOf, type ComparisonRow } from '../model/comparison';
import type { Latencies, OutcomeRow, RequirementRow, SystemFigure, SystemNumbers } from '../model/memory-system';
import type { ReportBlock } from '../model/report';
import type { RunSummary } from '../model/summary';
import { formatSystem } from './words';

const NOT_RECORDED = 'not recorded';

const time = (ps: number | null): string => (ps === null ? ABSENT : formatTime(ps));
const share = (value: number | null): string => (value === null ? ABSENT : `${(value * 100).toFixed(1)} %`);
const bytes = (value: number | null): string => (value === null ? ABSENT : formatBytes(value));
const count = (value: number | null): string => (value === null ? ABSENT : formatCount(value));
const rate = (value: number | null): string => (value === null ? ABSENT : `${formatCount(Math.round(value))}/s`);
const yes = (value: boolean): string => (value ? 'yes' : 'NO');
const figure = ({ unit, value }: SystemFigure): string => {
  if (value === null) return ABSENT;
  return unit === 'ps' ? formatTime(value) : unit === 'bytes' ? formatBytes(value) : formatCount(value);
};

interface Row {
  readonly title: string;
  /** From the run's totals: every system has it. */
  readonly total?: (summary: RunSummary) => string;
  /** Only systems on the Linux model. */
  readonly number?: (numbers: SystemNumbers) => string;
}

/** A spread of latencies takes four short rows: columns stay narrow, and a tail is seen beside those of other systems. */
const spread = (what: string, of: (numbers: SystemNumbers) => Latencies | null): readonly Row[] => {
  const shown =
    (field: 'p50Ps' | 'p99Ps' | 'maxPs') =>
    (numbers: SystemNumbers): string =>
      time(of(numbers)?.[field] ?? null);
  return [
    { title: `${what}s`, number: (numbers) => formatCount(of(numbers)?.count ?? 0) },
    { title: `${what}, median`, number: shown('p50Ps') },
    { title: `${what}, 99th percentile`, number: shown('p99Ps') },
    { title: `${what}, longest`, number: shown('maxPs') },
  ];
};

/** The numbers of docs/rules/thread-2015.md, in reading order. */
const ROWS: readonly Row[] = [
  { title: 'Simulated time', total: ({ totals }) => (totals.stallPs === null ? ABSENT : formatTime(totals.simTimePs)) },
  { title: 'Accesses per second', number: (n) => rate(n.accessesPerSecond) },
  ...spread('Work item', (n) => n.workItems),
  ...spread('Barrier step', (n) => n.barriers),
  { title: 'Device busy', number: (n) => share(n.deviceBusy) },
  { title: metric('cpuFaults').title, total: ({ totals }) => formatCount(totals.cpuFaults) },
  { title: 'Device faults', total: ({ totals }) => formatCount(totals.gpuFaults) },
  { title: 'Bytes to device', total: ({ totals }) => formatBytes(totals.bytesToDevice) },
  { title: 'Bytes to host', total: ({ totals }) => formatBytes(totals.bytesToHost) },
  {
    title: 'Dead bytes moved',
    total: ({ totals }) => formatBytes(totals.deadBytesToDevice + totals.deadBytesToHost),
  },
  { title: 'Accessed over the link', total: ({ totals }) => formatBytes(totals.remoteBytes) },
  { title: metric('evictions').title, total: ({ totals }) => formatCount(totals.evictions) },
  {
    title: 'Bounces (worst page)',
    number: (n) => `${formatCount(n.bounces)} (${count(n.bouncesOfWorstPage)})`,
  },
  { title: 'Duplication factor', number: (n) => n.duplicationFactor?.toFixed(2) ?? ABSENT },
  { title: 'Relocated pointers', number: (n) => formatCount(n.relocatedPointers) },
  { title: 'Calls added to the application', number: (n) => formatCount(n.apiCalls) },
  { title: 'Stale pages read', number: (n) => formatCount(n.staleReads) },
  { title: 'Evacuation', number: (n) => time(n.evacuationPs) },
  { title: 'Evacuation residue', number: (n) => bytes(n.evacuationResidueBytes) },
  { title: 'Pinned, at most', number: (n) => bytes(n.pinnedBytesPeak) },
  { title: 'On the device, never used there', number: (n) => bytes(n.untouchedDeviceBytes) },
  { title: 'Kernel memory on the device', number: (n) => bytes(n.strayKernelBytes) },
  { title: 'Device memory, at most', number: (n) => formatBytes(n.peakDeviceBytes) },
  { title: 'Host memory, at most', number: (n) => formatBytes(n.peakHostBytes) },
  { title: 'Swapped out / in (pages)', number: (n) => `${count(n.swapOuts)} / ${count(n.swapIns)}` },
  { title: 'NUMA-hint faults', number: (n) => count(n.hintFaults) },
  { title: 'COW breaks', number: (n) => count(n.cowBreaks) },
  { title: 'Notifier events', number: (n) => count(n.notifierEvents) },
  {
    title: 'Wrong bytes read',
    number: (n) => (n.contentMismatches === null ? NOT_RECORDED : formatCount(n.contentMismatches)),
  },
  {
    title: 'RSS and memcg add up',
    number: (n) => (n.rssConsistent === null ? ABSENT : yes(n.rssConsistent && n.memcgConsistent === true)),
  },
];

const cellOf = (row: Row, summary: RunSummary): string => {
  if (row.total) return row.total(summary);
  return summary.system ? (row.number?.(summary.system.numbers) ?? ABSENT) : ABSENT;
};

const verdict = ({ holds }: RequirementRow): string => (holds === null ? 'not tested' : holds ? 'pass' : 'FAIL');

function outcomeTable(rows: readonly (OutcomeRow & { readonly system?: string })[], caption: string): ReportBlock[] {
  if (rows.length === 0) return [];
  const named = rows.some(({ system }) => system !== undefined);
  return [
    {
      kind: 'table',
      caption,
      columns: [
        ...(named ? [{ title: 'System', align: 'left' } as const] : []),
        { title: 'Result', align: 'left' },
        { title: 'Object', align: 'left' },
        { title: 'Object', align: 'left' },
        { title: 'Count', align: 'right' },
        { title: 'First access', align: 'right' },
      ],
      rows: rows.map(({ system, result, what, object, count, access }) => [
        ...(named ? [system ?? ''] : []),
        result,
        what,
        object ?? ABSENT,
        formatCount(count),
        formatCount(access),
      ]),
    },
  ];
}

function requirementTable(requirements: readonly RequirementRow[]): ReportBlock[] {
  if (requirements.length === 0) return [];
  return [
    {
      kind: 'table',
      caption: 'Requirements of the 2015 discussion, as checks of this run.',
      columns: [
        { title: 'Nr', align: 'left' },
        { title: 'Requirement', align: 'left' },
        { title: 'Verdict', align: 'left' },
        { title: 'Observed', align: 'left' },
      ],
      rows: requirements.map((row) => [row.id, row.title, verdict(row), row.detail]),
    },
  ];
}

/** Figures that only some of the systems have: a row for each, in the order of the first system that has it. */
function figureRows(summaries: readonly (RunSummary | null)[]): string[][] {
  const titles = new Map<string, string>();
  for (const summary of summaries) for (const { id, title } of summary?.system?.figures ?? []) titles.set(id, title);
  return [...titles].map(([id, title]) => [
    title,
    ...summaries.map((summary) => {
      const found = summary?.system?.figures?.find((each) => each.id === id);
      return found ? figure(found) : ABSENT;
    }),
  ]);
}

const OUTCOMES =
  'Results of Linux or the driver that are not success. These are states of the run, not errors of Faultline.';

/** The memory system of one run; nothing for the ideal system, and for a run that has not begun. */
export function systemBlocks(summary: RunSummary): readonly ReportBlock[] {
  const { system, totals } = summary;
  if (!system || totals.accesses === 0) return [];
  return [
    { kind: 'paragraph', text: `${system.title}: ${formatSystem(system)}.` },
    {
      kind: 'facts',
      facts: [
        ...(system.figures ?? []).map((each) => ({ label: each.title, value: figure(each) })),
        ...ROWS.filter((row) => row.number).map((row) => ({ label: row.title, value: cellOf(row, summary) })),
      ],
    },
    ...requirementTable(system.requirements),
    ...outcomeTable(system.outcomes, OUTCOMES),
  ];
}

/** Several systems side by side: numbers, requirements, outcomes, and what could not be run. */
export function comparisonBlocks(rows: readonly ComparisonRow[]): readonly ReportBlock[] {
  const ran = rows.filter((row) => row.summary !== null);
  const refused = rows.filter((row) => row.summary === null);
  const columns = [
    { title: 'Number', align: 'left' } as const,
    ...ran.map((row) => ({ title: labelOf(row), align: 'right', help: row.title }) as const),
  ];
  const requirements = new Map<string, string>();
  for (const { summary } of ran)
    for (const { id, title } of summary?.system?.requirements ?? []) requirements.set(id, title);
  const blocks: ReportBlock[] = [];
  if (ran.length > 0)
    blocks.push({
      kind: 'table',
      caption: 'The same workload under different memory systems.',
      columns,
      rows: [
        ...ROWS.map((row) => [row.title, ...ran.map(({ summary }) => (summary ? cellOf(row, summary) : ABSENT))]),
        ...figureRows(ran.map(({ summary }) => summary)),
      ],
    });
  if (requirements.size > 0)
    blocks.push({
      kind: 'table',
      caption: 'Requirements of the 2015 discussion: pass, FAIL, or not tested by this workload.',
      columns: [{ title: 'Requirement', align: 'left' }, ...columns.slice(1)],
      rows: [...requirements].map(([id, title]) => [
        `${id} ${title}`,
        ...ran.map(({ summary }) => {
          const row = summary?.system?.requirements.find((each) => each.id === id);
          return row ? verdict(row) : ABSENT;
        }),
      ]),
    });
  const outcomes = ran.flatMap((row) =>
    (row.summary?.system?.outcomes ?? []).map((outcome) => ({ ...outcome, system: labelOf(row) })),
  );
  blocks.push(...outcomeTable(outcomes, OUTCOMES));
  for (const row of refused)
    blocks.push({ kind: 'paragraph', text: `${labelOf(row)} could not be run: ${row.refusal ?? ''}` });
  return blocks;
}
