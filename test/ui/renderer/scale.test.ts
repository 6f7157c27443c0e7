import { describe, expect, it } from 'vitest';
import {
  clampRange,
  coversAll,
  panBy,
  toAxis,
  toPixel,
  visibleRange,
  zoomAround,
} from '../../../src-renderer/panels/timeline/scale';

const extent = { from: 0, to: 1000 };

describe('timeline scale', () => {
  it('maps places to pixels and back', () => {
    const view = { from: 200, to: 600 };
    expect(toPixel(300, view, 800)).toBe(200);
    expect(toAxis(200, view, 800)).toBe(300);
  });

  it('keeps the value under the pointer where it is while zooming in', () => {
    const before = { from: 100, to: 900 };
    const after = zoomAround(before, 300, 0.5, extent, 10);
    expect(after.to - after.from).toBe(400);
    expect(toPixel(300, after, 800)).toBeCloseTo(toPixel(300, before, 800), 9);
  });

  it('never shows less than the smallest span nor more than the run', () => {
    const near = zoomAround({ from: 500, to: 520 }, 505, 0.001, extent, 10);
    expect(near.to - near.from).toBe(10);
    expect(zoomAround({ from: 500, to: 520 }, 505, 1e9, extent, 10)).toEqual(extent);
    expect(zoomAround({ from: 0, to: 4 }, 2, 0.5, { from: 0, to: 4 }, 10)).toEqual({ from: 0, to: 4 });
  });

  it('stops panning at both ends with its span kept', () => {
    expect(panBy({ from: 100, to: 300 }, -500, extent, 10)).toEqual({ from: 0, to: 200 });
    expect(panBy({ from: 100, to: 300 }, 5000, extent, 10)).toEqual({ from: 800, to: 1000 });
    expect(clampRange({ from: -50, to: 2000 }, extent, 10)).toEqual(extent);
  });

  it('shows the growing run, a fixed range, or a range that moves along', () => {
    expect(visibleRange(null, false, extent, 10)).toEqual(extent);
    expect(visibleRange({ from: 100, to: 300 }, false, extent, 10)).toEqual({ from: 100, to: 300 });
    expect(visibleRange({ from: 100, to: 300 }, true, extent, 10)).toEqual({ from: 800, to: 1000 });
  });

  it('recognises that the whole run is in view', () => {
    expect(coversAll({ from: 0, to: 1000 }, extent)).toBe(true);
    expect(coversAll({ from: 0, to: 999 }, extent)).toBe(false);
  });
});
