/** Reports of a run: the sections' blocks, written in one of the formats. */
import { exporters } from '../exporters';
import type { BoundRow } from '../model/bounds';
import type { ComparisonRow } from '../model/comparison';
import type { RecordingHeader } from '../model/recording';
import type { ReportBlock, ReportInput } from '../model/report';
import { Refusal } from '../model/refusal';
import type { PolicyChange } from '../model/scenario';
import type { RunSummary } from '../model/summary';
import type { ReportFormat } from '../protocol/methods';
import type { TimelineAnswer } from '../model/timeline';
import { buildReport } from '../reports/build';
import type { Timeline } from '../timeline/timeline';
import { formatChange, formatPolicyFlag, formatSystemFlag } from './run-flags';

/** Bins of a report's charts before the exporters thin them out further. */
const REPORT_BINS = 600;

const quote = (text: string): string =>
  /^[A-Za-z0-9._/:=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** `deviceFunctions` → `--device-functions`. */
const flagOf = (option: string): string => `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Options of an importer as flags; the command line has none for switches. */
const importFlag = (option: string, value: string | number | boolean): readonly string[] =>
  value === '' || typeof value === 'boolean' ? [] : [flagOf(option), quote(String(value))];

/** The command that repeats the run; changes appear with the batch that they first governed. */
export function repeatCommand(header: RecordingHeader, summary: RunSummary, fileChanges: number): string {
  const { scenario } = header;
  const changes: PolicyChange[] = summary.changes
    .filter((change, index) => change.origin === 'live' || index >= fileChanges)
    .map((change) => ({ moment: { at: 'batch', batch: change.batch }, policy: change.policy }));
  return [
    'npx faultline run',
    quote(header.workload.file ?? header.workload.name),
    '--machine',
    quote(scenario.machine),
    '--device-memory',
    `${scenario.deviceMemoryBytes}B`,
    '--granularity',
    `${scenario.granularity / 1024}KiB`,
    '--seed',
    String(scenario.seed),
    ...scenario.policies.flatMap((policy) => ['--policy', quote(formatPolicyFlag(policy))]),
    ...changes.flatMap((change) => ['--at', quote(formatChange(change))]),
    ...(scenario.system ? ['--system', quote(formatSystemFlag(scenario.system))] : []),
    ...(scenario.usefulBytes ? [] : ['--no-useful-bytes']),
    ...Object.entries(header.imported?.files ?? {}).flatMap(([option, name]) => [flagOf(option), quote(name)]),
    ...Object.entries(header.imported?.options ?? {}).flatMap(([option, value]) => importFlag(option, value)),
  ].join(' ');
}

/** What was made beside the run and belongs into its report. */
export interface BesideRun {
  readonly comparison: readonly ComparisonRow[] | null;
  readonly bounds: readonly BoundRow[] | null;
  /** Adds the lines of bounds to an answer of the timeline. */
  readonly withLines: (answer: TimelineAnswer) => TimelineAnswer;
}

/** What a client asks for: a format, and the ids of sections where it does not want all. */
interface ReportWish {
  readonly format: ReportFormat;
  readonly only?: readonly string[] | undefined;
}

export async function makeReport(
  header: RecordingHeader,
  summary: RunSummary,
  timeline: Timeline,
  fileChanges: number,
  { format, only }: ReportWish,
  beside: BesideRun,
): Promise<{ text: string; blocks: readonly ReportBlock[] }> {
  const input: ReportInput = {
    summary,
    machine: header.machine,
    workloadText: header.workloadText,
    timeline: beside.withLines(timeline.ask({ from: 0, to: Math.max(1, timeline.extentTo), bins: REPORT_BINS })),
    ...(header.scenario.system ? { system: header.scenario.system } : {}),
    ...(beside.comparison ? { comparison: beside.comparison } : {}),
    ...(beside.bounds ? { bounds: beside.bounds } : {}),
    command: repeatCommand(header, summary, fileChanges),
  };
  const blocks = buildReport(input, only);
  if (format === 'blocks') return { text: '', blocks };
  const exporter = exporters.find((each) => each.id === format);
  if (!exporter)
    throw new Refusal(`there is no report format "${format}"; expected ${exporters.map((each) => each.id).join(', ')}`);
  const { chartSvg } = await import('../reports/svg'); // half of what the engine loads, for this alone
  return { text: exporter.write({ input, blocks, drawChart: chartSvg }), blocks: [] };
}
