/** Stacked columns as cumulated heights. Pure; arrays are kept between frames. */
import type { TrackAnswer } from '../../../src-core/model/timeline';

export interface Stack {
  readonly tracks: readonly TrackAnswer[];
  /** One row of cumulated values per track: the top edge of its band. */
  readonly tops: readonly Float64Array[];
  /** Highest total of any bin. */
  readonly max: number;
}

export function stackUp(tracks: readonly TrackAnswer[], bins: number): Stack {
  const tops: Float64Array[] = [];
  let below: Float64Array | null = null;
  for (const { values } of tracks) {
    const top = new Float64Array(bins);
    for (let bin = 0; bin < bins; bin++) top[bin] = (below?.[bin] ?? 0) + (values[bin] ?? 0);
    tops.push(top);
    below = top;
  }
  let max = 0;
  if (below) for (let bin = 0; bin < bins; bin++) if (below[bin]! > max) max = below[bin]!;
  return { tracks, tops, max };
}
