/** A run's result for people. */
import { formatBytes, formatCount, formatTime } from '../../src-core/base/units';
import type { SystemSummary } from '../../src-core/model/memory-system';
import type { PolicyChoice } from '../../src-core/model/scenario';
import type { ReportBlock } from '../../src-core/model/report';
import type { ObjectSummary, RunSummary } from '../../src-core/model/summary';
import { formatPolicyFlag } from '../../src-core/session/run-flags';
import { systemBlocks } from '../../src-core/session/system-text';
import { blocksText } from './blocks-text';
import { findingText } from './exit';
import type { FailResult } from './fail-if';
import { facts, textTable } from './table';

const NOT_KNOWN = '–';
const size = (value: number | null): string => (value === null ? NOT_KNOWN : formatBytes(value));
/** The system that decides by itself, with policies and units of its own; null: those of the run govern it. */
const deciderOf = ({ system }: RunSummary): SystemSummary | null => (system?.followsPolicies ? null : system);
/** The policies of the run, or who decided instead of them. */
const governedBy = (summary: RunSummary): string => {
  const decider = deciderOf(summary);
  return decider ? `policies  none: ${decider.title} decides by itself` : `policies  ${policies(summary.policies)}`;
};
const policies = (choices: readonly PolicyChoice[]): string => choices.map(formatPolicyFlag).join('  ');

function totalsText({ totals }: RunSummary): string {
  const isTimed = totals.simTimePs > 0;
  return facts([
    ['accesses', formatCount(totals.accesses)],
    ['CPU faults', formatCount(totals.cpuFaults)],
    ['GPU faults', formatCount(totals.gpuFaults)],
    ['fault batches', formatCount(totals.batches)],
    ['migrations', formatCount(totals.migrations)],
    ['evictions', formatCount(totals.evictions)],
    ['to device', size(totals.bytesToDevice)],
    ['  of it dead', size(totals.deadBytesToDevice)],
    ['to host', size(totals.bytesToHost)],
    ['  of it dead', size(totals.deadBytesToHost)],
    ['unresolved', size(totals.unresolvedBytesToDevice + totals.unresolvedBytesToHost)],
    ['useful', size(totals.usefulBytes)],
    ['remote', size(totals.remoteBytes)],
    ...(isTimed ? ([['simulated time', formatTime(totals.simTimePs)]] as const) : []),
    ...(totals.stallPs === null ? [] : ([['waiting for faults', formatTime(totals.stallPs)]] as const)),
  ]);
}

const OBJECT_COLUMNS: readonly { readonly title: string; readonly text: (row: ObjectSummary) => string }[] = [
  { title: 'object', text: (row) => row.name },
  { title: 'size', text: (row) => formatBytes(row.bytes) },
  { title: 'CPU faults', text: (row) => formatCount(row.cpuFaults) },
  { title: 'GPU faults', text: (row) => formatCount(row.gpuFaults) },
  { title: 'to device', text: (row) => size(row.bytesToDevice) },
  { title: 'to host', text: (row) => size(row.bytesToHost) },
  { title: 'dead', text: (row) => size(row.deadBytesToDevice + row.deadBytesToHost) },
  { title: 'useful', text: (row) => size(row.usefulBytes) },
  { title: 'evictions', text: (row) => formatCount(row.evictions) },
  { title: 'ping-pongs', text: (row) => formatCount(row.pingPongs) },
  { title: 'stall', text: (row) => (row.stallPs === null ? NOT_KNOWN : formatTime(row.stallPs)) },
];

function checksText(summary: RunSummary, failIf: readonly FailResult[]): string[] {
  const expectations = summary.expectations.map(({ what, expected, actual, holds }) => {
    const found = actual === null ? 'not recorded' : formatCount(actual);
    return `  ${holds ? 'ok  ' : 'FAIL'}  expect ${what} ${expected}: ${found}`;
  });
  const conditions = failIf.map(
    ({ condition, actual, failed }) => `  ${failed ? 'FAIL' : 'ok  '}  fail if ${condition}: ${formatCount(actual)}`,
  );
  const all = [...expectations, ...conditions];
  return all.length === 0 ? [] : ['', 'Checks', ...all];
}

/** @param bounds blocks of the report's section, where they were asked for */
export function summaryText(
  summary: RunSummary,
  failIf: readonly FailResult[],
  bounds: readonly ReportBlock[] = [],
): string {
  const { machine, workload } = summary;
  const changes = summary.changes.map(
    (change) => `  batch ${formatCount(change.batch)}: ${formatPolicyFlag(change.policy)} (${change.origin})`,
  );
  return [
    `${workload.name} (${workload.kind}) on ${machine.id}, ${formatBytes(machine.deviceMemoryBytes)} device memory, ${deciderOf(summary) ? '' : `${formatBytes(machine.granularity)} granules, `}seed ${summary.seed}`,
    governedBy(summary),
    ...(changes.length === 0 ? [] : ['changed', ...changes]),
    ...(summary.complete
      ? []
      : ['', 'This run did not reach the end of its workload: all numbers are for the part that ran.']),
    '',
    'Totals',
    totalsText(summary),
    '',
    textTable(
      OBJECT_COLUMNS.map(({ title }) => title),
      summary.objects.map((row) => OBJECT_COLUMNS.map(({ text }) => text(row))),
    ),
    ...(summary.system ? ['', 'Memory system', blocksText(systemBlocks(summary))] : []),
    ...(bounds.length > 0 ? ['', blocksText(bounds)] : []),
    ...checksText(summary, failIf),
    ...(summary.findings.length === 0
      ? []
      : ['', 'Findings', ...summary.findings.map((finding) => `  ${findingText(finding)}`)]),
    '',
    `recording ${summary.recordingHash}`,
  ].join('\n');
}
