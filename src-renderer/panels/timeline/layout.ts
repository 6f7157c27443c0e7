/** How the height of the timeline is shared out. Pure; in CSS pixels. */
import type { Lane } from './series';

export const GUTTER_PX = 180;
export const RULER_PX = 24;
/** Height of the row with the flags of policy changes; it is there only when there are some. */
export const FLAGS_PX = 16;
/** Height of the row with system calls and outcomes; it is there only when there are some. */
export const CALLS_PX = 16;
export const BAND_PX = 18;
export const STEPS_PX = 18;
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
  /** Flags of policy changes, right below the ruler. */
  readonly flagsTop: number;
  /** Calls to the operating system, and outcomes such as SIGBUS. */
  readonly callsTop: number;
  /** Band with the phases. */
  readonly bandTop: number;
  /** Kernels and host functions. */
  readonly stepsTop: number;
  readonly lanes: readonly LaneBox[];
}

/**
 * @param width width of the plot, without the gutter
 * @param rows whether any policy change, and any system call or outcome, is in sight
 */
export function layOut(
  width: number,
  height: number,
  rows: { readonly flags: boolean; readonly calls: boolean } = { flags: false, calls: false },
): Layout {
  const callsTop = RULER_PX + (rows.flags ? FLAGS_PX : 0);
  const bandTop = callsTop + (rows.calls ? CALLS_PX : 0);
  const stepsTop = bandTop + BAND_PX;
  const first = stepsTop + STEPS_PX;
  const room = Math.max(0, height - first);
  const total = WEIGHTS.faults + WEIGHTS.bytes + WEIGHTS.occupancy;
  let top = first;
  const lanes = (['faults', 'bytes', 'occupancy'] as const).map((lane, index): LaneBox => {
    const laneHeight = index === 2 ? height - top : Math.round((room * WEIGHTS[lane]) / total);
    const box = { lane, top, height: Math.max(0, laneHeight) };
    top += laneHeight;
    return box;
  });
  return { width, height, flagsTop: RULER_PX, callsTop, bandTop, stepsTop, lanes };
}
