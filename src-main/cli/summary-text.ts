/** A run's result for people. */
import { ABSENT, formatBytes, formatCount, formatTime } from '../../src-core/base/units';
import { metricText, SUMMARY_METRICS } from '../../src-core/model/catalog/metrics';
import { columnText, objectColumns } from '../../src-core/model/catalog/object-columns';
import type { SystemSummary } from '../../src-core/model/memory-system';
import type { PolicyChoice } from '../../src-core/model/scenario';
import type { ReportBlock } from '../../src-core/model/report';
import type { RunSummary } from '../../src-core/model/summary';
import { formatPolicyFlag } from '../../src-core/session/run-flags';
import { systemBlocks } from '../../src-core/session/system-text';
import { blocksText } from './blocks-text';
import { findingText } from './exit';
import type { FailResult } from './fail-if';
import { facts, textTable } from './table';

/** The system that decides by itself, with policies and units of its own; null: those of the run govern it. */
const deciderOf = ({ system }: RunSummary): SystemSummary | null => (system?.followsPolicies ? null : system);
/** The policies of the run, or who decided instead of them. */
const governedBy = (summary: RunSummary): string => {
  const decider = deciderOf(summary);
  return decider
    ? `policies  none: ${decider.title} makes its own decisions`
    : `policies  ${policies(summary.policies)}`;
};
const policies = (choices: readonly PolicyChoice[]): string => choices.map(formatPolicyFlag).join('  ');

function totalsText({ totals }: RunSummary): string {
  const isTimed = totals.stallPs !== null;
  const counted = SUMMARY_METRICS.filter(({ summary }) => summary === 'always' || isTimed);
  return facts([
    ['Accesses', formatCount(totals.accesses)],
    ['Fault batches', formatCount(totals.batches)],
    ...counted.map((metric) => [metric.title, metricText(metric, totals[metric.id])] as const),
    ['Useful bytes', totals.usefulBytes === null ? ABSENT : formatBytes(totals.usefulBytes)],
    ...(isTimed ? ([['Simulated time', formatTime(totals.simTimePs)]] as const) : []),
  ]);
}

function objectsText({ objects, totals }: RunSummary): string {
  const columns = objectColumns(totals.stallPs !== null);
  const all = { ...totals, name: '', bytes: 0 };
  return textTable(
    columns.map(({ title }) => title),
    objects.map((row) => columns.map((column) => columnText(column, row, all))),
  );
}

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
      : ['', 'This run did not reach the end of its workload. All numbers are for the part that ran.']),
    '',
    'Totals',
    totalsText(summary),
    '',
    objectsText(summary),
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
