/** How the height of the timeline is shared out. Pure; in CSS pixels. */
import type { Lane } from './series';

export const GUTTER_PX = 180;
export const RULER_PX = 24;
export const BAND_PX = 18;
const WEIGHTS: Readonly<Record<Lane, number>> = { faults: 1, bytes: 1.25, occupancy: 1.1 };
/** Between the top of a lane and its highest value: room for the scale's label. */
export const LANE_HEAD_PX = 6;

export interface LaneBox {
  readonly lane: Lane;
  readonly top: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Band with the phases and the labels of policy changes, below the ruler. */
  readonly bandTop: number;
  readonly lanes: readonly LaneBox[];
}

/** @param width width of the plot, without the gutter. */
export function layOut(width: number, height: number): Layout {
  const first = RULER_PX + BAND_PX;
  const room = Math.max(0, height - first);
  const total = WEIGHTS.faults + WEIGHTS.bytes + WEIGHTS.occupancy;
  let top = first;
  const lanes = (['faults', 'bytes', 'occupancy'] as const).map((lane, index): LaneBox => {
    const laneHeight = index === 2 ? height - top : Math.round((room * WEIGHTS[lane]) / total);
    const box = { lane, top, height: Math.max(0, laneHeight) };
    top += laneHeight;
    return box;
  });
  return { width, height, bandTop: RULER_PX, lanes };
}
