/** An answer of the timeline, prepared once for drawing and for the read-out. Pure. */
import { TRACK_GROUPS, type BoundTrack, type TimelineAnswer } from '../../../src-core/model/timeline';
import { boundsOf, LANES, tracksOf, type Lane } from './series';
import { stackUp, type Stack } from './stack';
import { niceTop } from '../../charts/ticks';

export interface LanePicture {
  readonly lane: Lane;
  readonly unit: 'count' | 'bytes';
  readonly up: Stack;
  /** Only the bytes lane: what goes to the host. */
  readonly down: Stack | null;
  /** What could not be avoided, drawn over the stacks. */
  readonly bounds: readonly BoundTrack[];
  /** Value at the upper edge (and at the lower edge of a mirrored lane). */
  readonly top: number;
}

export interface Picture {
  readonly answer: TimelineAnswer;
  readonly lanes: readonly LanePicture[];
}

/** Room above the capacity line, so that it is seen as a line and not as the edge. */
const CAPACITY_HEADROOM = 1.06;

/** @param withBounds their lines are drawn, and scales make room for them */
export function toPicture(answer: TimelineAnswer, withBounds = true): Picture {
  const lanes = LANES.map((lane): LanePicture => {
    const tracks = tracksOf(answer, lane);
    const { unit } = TRACK_GROUPS[lane];
    const bounds = withBounds ? boundsOf(answer, lane) : [];
    const highest = bounds.reduce((most, { values }) => values.reduce((a, b) => Math.max(a, b), most), 0);
    const up = stackUp(
      tracks.filter((one) => !one.down),
      answer.bins,
    );
    if (lane === 'occupancy') {
      const top = Math.max(up.max, answer.capacityBytes, highest) * CAPACITY_HEADROOM || 1;
      return { lane, unit, up, down: null, bounds, top };
    }
    const down =
      lane === 'bytes'
        ? stackUp(
            tracks.filter((one) => one.down),
            answer.bins,
          )
        : null;
    return { lane, unit, up, down, bounds, top: niceTop(Math.max(up.max, down?.max ?? 0, highest), unit) };
  });
  return { answer, lanes };
}

/** Bin that holds a place on the axis; null outside of the answer. */
export function binAt(answer: TimelineAnswer, at: number): number | null {
  const bin = Math.floor(((at - answer.from) / (answer.to - answer.from)) * answer.bins);
  return bin >= 0 && bin < answer.bins ? bin : null;
}

export const binStart = (answer: TimelineAnswer, bin: number): number =>
  answer.from + ((answer.to - answer.from) * bin) / answer.bins;
