/** How a run stands, in words. Pure. */
import { formatTime } from '../../src-core/base/units';
import type { RunState, RunStatus } from '../../src-core/protocol/answers';
import { percent, shortCount } from '../widgets/format';

const STATES: Readonly<Record<RunState, string>> = {
  empty: 'Nothing open',
  opening: 'Opening',
  ready: 'Ready',
  running: 'Running',
  paused: 'Paused',
  finished: 'Finished',
  failed: 'Failed',
};

export const stateWord = (state: RunState): string => STATES[state];

/** The numbers beside the state: only those that mean something on this machine. */
export function statusNumbers(status: RunStatus): readonly string[] {
  if (status.state === 'empty' || status.state === 'opening') return status.doing ? [status.doing] : [];
  if (status.extentTo === 0) return [];
  const parts: string[] = [];
  if (status.state === 'running' && status.progress !== null) parts.push(percent(status.progress));
  if (status.phase) parts.push(status.phase);
  parts.push(
    `${shortCount(status.accesses)} accesses`,
    `${shortCount(status.batches)} fault ${status.batches === 1 ? 'batch' : 'batches'}`,
  );
  if (status.axis === 'time') parts.push(formatTime(status.simTimePs));
  return parts;
}

export interface Speed {
  readonly value: string;
  readonly title: string;
  readonly batchesPerSecond: number | null;
}

const LIMITS = [10_000, 5_000, 1_000, 100, 10] as const;

/** Choices of the speed control; `value` is what the select element holds. */
export const SPEEDS: readonly Speed[] = [
  { value: 'full', title: 'Full speed', batchesPerSecond: null },
  ...LIMITS.map((limit) => ({
    value: String(limit),
    title: `${shortCount(limit)} batches/s`,
    batchesPerSecond: limit,
  })),
];
