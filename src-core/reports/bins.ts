/** A timeline answer at the resolution of a printed chart. */
import type { TimelineAnswer } from '../model/timeline';

/** More than this cannot be distinguished on a printed page. */
const MOST_BINS = 600;

export interface Bins {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Bins of the answer that make one bin of the chart. */
  readonly merge: number;
  /** Bins of the answer that lie inside the run; the answer may be widened beyond its end. */
  readonly used: number;
}

/** Chooses bins of equal width: the last one may reach beyond the end of the run. */
export function toBins(answer: TimelineAnswer): Bins {
  const given = Math.max(1, answer.tracks[0]?.values.length ?? answer.bins);
  const width = (answer.to - answer.from) / given;
  const inside = width > 0 ? Math.ceil((answer.extent.to - answer.from) / width) : given;
  const used = Math.min(given, Math.max(1, inside));
  const merge = Math.ceil(used / MOST_BINS);
  const count = Math.ceil(used / merge);
  return { from: answer.from, to: answer.from + count * merge * width, count, merge, used };
}

function reduce(values: Float64Array, bins: Bins, step: (merged: number, value: number) => number): readonly number[] {
  return Array.from({ length: bins.count }, (_, bin) => {
    let merged = 0;
    for (let i = bin * bins.merge; i < Math.min(bins.used, (bin + 1) * bins.merge); i++)
      merged = step(merged, values[i]!);
    return merged;
  });
}

/** For counts and bytes: what happened in the bin. */
export const sumOf = (values: Float64Array, bins: Bins): readonly number[] =>
  reduce(values, bins, (sum, value) => sum + value);
/** For levels: the state at the end of the bin. */
export const lastOf = (values: Float64Array, bins: Bins): readonly number[] =>
  reduce(values, bins, (_, value) => value);
