/** Stacked columns as cumulated heights. Pure; arrays are kept between frames. */
import type { Series } from './series';

export interface Stack {
  readonly series: readonly Series[];
  /** One row of cumulated values per series: the top edge of its band. */
  readonly tops: readonly Float64Array[];
  /** Highest total of any bin. */
  readonly max: number;
}

export function stackUp(series: readonly Series[], bins: number): Stack {
  const tops: Float64Array[] = [];
  let below: Float64Array | null = null;
  for (const { track } of series) {
    const top = new Float64Array(bins);
    for (let bin = 0; bin < bins; bin++) top[bin] = (below?.[bin] ?? 0) + (track.values[bin] ?? 0);
    tops.push(top);
    below = top;
  }
  let max = 0;
  if (below) for (let bin = 0; bin < bins; bin++) if (below[bin]! > max) max = below[bin]!;
  return { series, tops, max };
}
