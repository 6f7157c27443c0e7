/** The arithmetic of the bench's tables. */
import type { Seconds } from '../../../src-core/session/bench';

/** The middle value, the upper one of two; NaN without values. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Seconds of the engine's thread where the system tells them, of the whole process elsewhere. */
export const engineSeconds = ({ thread, process }: Seconds): number => (Number.isFinite(thread) ? thread : process);

/** Median of `count` per second over runs. */
export const rate = <T extends { readonly seconds: Seconds }>(runs: readonly T[], count: (run: T) => number): number =>
  median(runs.map((run) => count(run) / engineSeconds(run.seconds)));

/** Simulated seconds per CPU second of all threads. */
export const simulatedRatio = (simTimePs: number, { process }: Seconds): number => simTimePs / 1e12 / process;

const digits = (value: number): number => (value >= 100 ? 0 : value >= 10 ? 1 : 2);

/** `0.034`, `1.25`, `12.5`, `340`; a dash for what is not known. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-';
  if (value !== 0 && value < 0.1) return value.toPrecision(2);
  return value.toFixed(digits(value));
}

/** Millions. */
export const millionsText = (value: number | null | undefined): string =>
  numberText(value === null || value === undefined ? value : value / 1e6);

/** `ours ÷ theirs`, or null where there are no others. */
export const ratioOf = (ours: number, theirs: number | null | undefined): number | null =>
  theirs === null || theirs === undefined || theirs === 0 ? null : ours / theirs;
