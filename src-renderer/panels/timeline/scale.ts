/** Where an instant lies on screen, and how zooming and panning change what is seen. Pure. */
import type { AxisKind } from '../../../src-core/model/timeline';
import type { Range } from '../../stores/view';

/** Shortest visible range: below it there is nothing to tell apart (1 ns, 16 accesses). */
export const SPAN_MIN: Readonly<Record<AxisKind, number>> = { time: 1000, accesses: 16 };

export const toPixel = (value: number, view: Range, width: number): number =>
  ((value - view.from) / (view.to - view.from)) * width;

export const toAxis = (pixel: number, view: Range, width: number): number =>
  view.from + (pixel / width) * (view.to - view.from);

/** Keeps a range inside the extent, with its span where that fits. */
export function clampRange(range: Range, extent: Range, spanMin: number): Range {
  const whole = extent.to - extent.from;
  const span = Math.min(Math.max(range.to - range.from, Math.min(spanMin, whole)), whole);
  const from = Math.min(Math.max(range.from, extent.from), extent.to - span);
  return { from, to: from + span };
}

/** Zooms so that the value under the pointer stays under the pointer. `factor` < 1 shows less (zooms in). */
export function zoomAround(view: Range, at: number, factor: number, extent: Range, spanMin: number): Range {
  const whole = extent.to - extent.from;
  const old = view.to - view.from;
  const span = Math.min(Math.max(old * factor, Math.min(spanMin, whole)), whole);
  const from = at - ((at - view.from) / old) * span;
  return clampRange({ from, to: from + span }, extent, spanMin);
}

export const panBy = (view: Range, delta: number, extent: Range, spanMin: number): Range =>
  clampRange({ from: view.from + delta, to: view.to + delta }, extent, spanMin);

/** What to show: the whole run, the zoomed range, or that range moved along with the end of the run. */
export function visibleRange(zoom: Range | null, follow: boolean, extent: Range, spanMin: number): Range {
  if (!zoom) return extent;
  if (!follow) return zoom;
  const span = zoom.to - zoom.from;
  return clampRange({ from: extent.to - span, to: extent.to }, extent, spanMin);
}

/** true: the range shows everything there is, so that the view may go back to growing with the run. */
export const coversAll = (range: Range, extent: Range): boolean => range.from <= extent.from && range.to >= extent.to;
