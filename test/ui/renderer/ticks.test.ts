import { describe, expect, it } from 'vitest';
import { axisTicks, niceTop, valueLabel } from '../../../src-renderer/charts/ticks';

const MS = 1_000_000_000;
const labels = (...args: Parameters<typeof axisTicks>): string[] => axisTicks(...args).map((tick) => tick.label);

describe('ticks', () => {
  it('puts round times at readable distances', () => {
    expect(labels(0, 40 * MS, 500, 'time')).toEqual(['0', '10 ms', '20 ms', '30 ms', '40 ms']);
  });

  it('has as many digits as neighbouring ticks need', () => {
    expect(labels(10 * MS, 10.4 * MS, 500, 'time')).toEqual(['10.0 ms', '10.1 ms', '10.2 ms', '10.3 ms', '10.4 ms']);
    expect(labels(1_000_000, 1_002_000, 400, 'accesses')).toEqual([
      '1.0000 M',
      '1.0005 M',
      '1.0010 M',
      '1.0015 M',
      '1.0020 M',
    ]);
  });

  it('counts accesses in whole steps however far it is zoomed in', () => {
    expect(labels(5, 8, 2000, 'accesses')).toEqual(['5', '6', '7', '8']);
  });

  it('keeps labels apart for any range', () => {
    for (const to of [7, 130, 99_999, 3.3e9, 8.1e14]) {
      const ticks = axisTicks(0, to, 900, 'time');
      expect(ticks.length).toBeGreaterThan(0);
      for (let i = 1; i < ticks.length; i++)
        expect(((ticks[i]!.at - ticks[i - 1]!.at) / to) * 900).toBeGreaterThanOrEqual(89.9);
    }
  });

  it('has none where there is no range or no room', () => {
    expect(axisTicks(5, 5, 900, 'time')).toEqual([]);
    expect(axisTicks(0, 100, 40, 'time')).toEqual([]);
  });

  it('rounds value axes up, in binary steps for bytes', () => {
    expect(niceTop(1100, 'count')).toBe(1200);
    expect(niceTop(1200, 'count')).toBe(1200);
    expect(niceTop(5 * 1024 * 1024, 'bytes')).toBe(6 * 1024 * 1024);
    expect(niceTop(0, 'bytes')).toBe(1);
    for (let value = 1; value < 1e7; value = Math.ceil(value * 1.37))
      for (const unit of ['count', 'bytes'] as const) {
        expect(niceTop(value, unit)).toBeGreaterThanOrEqual(value);
        expect(niceTop(value, unit)).toBeLessThan(value * 1.7 + 1);
      }
  });

  it('labels values shortly', () => {
    expect(valueLabel(6 * 1024 * 1024, 'bytes')).toBe('6 MiB');
    expect(valueLabel(1.5 * 1024 * 1024 * 1024, 'bytes')).toBe('1.5 GiB');
    expect(valueLabel(1200, 'count')).toBe('1.2 k');
  });
});
