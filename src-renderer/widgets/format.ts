/** Numbers as people read them in tables and sentences. Missing values are words, never zero. */
import { formatCount, formatTime, PS_PER_MS, PS_PER_NS, PS_PER_S, PS_PER_US } from '../../src-core/base/units';
import type { AxisKind } from '../../src-core/model/timeline';

export const NOTHING = '—';

/** A share as a percentage; what is not zero is never shown as zero. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return '0 %';
  if (value < 0.1) return '< 0.1 %';
  if (value < 10) return `${value.toFixed(1)} %`;
  // 99.96 is not 100: the last step is left to what is exactly all.
  return `${value < 100 ? Math.min(99, Math.round(value)) : 100} %`;
}

/** Large counts short: 1.2 M. */
export function shortCount(value: number): string {
  for (const [unit, factor] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (value >= factor) return `${(value / factor).toFixed(value / factor < 10 ? 1 : 0).replace(/\.0$/, '')} ${unit}`;
  return formatCount(Math.round(value));
}

const TIME_UNITS = [
  ['s', PS_PER_S],
  ['ms', PS_PER_MS],
  ['µs', PS_PER_US],
  ['ns', PS_PER_NS],
] as const;

/** With as many digits as tell two places apart that are `resolution` away from each other. */
function fineTime(ps: number, resolution: number): string {
  const [name, factor] = TIME_UNITS.find(([, size]) => Math.abs(ps) >= size) ?? (['ps', 1] as const);
  const digits = Math.ceil(-Math.log10(Math.max(1, resolution) / factor) - 1e-9);
  return `${(ps / factor).toFixed(Math.min(12, Math.max(0, digits))).replace(/\.0+$/, '')} ${name}`;
}

/** A place on the axis of a run; @param resolution the smallest visible difference. */
export function axisValue(value: number, axis: AxisKind, resolution?: number): string {
  if (axis === 'accesses') return `access ${formatCount(Math.round(value))}`;
  if (value === 0) return '0';
  return resolution === undefined ? formatTime(value) : fineTime(value, resolution);
}

/** A length on the axis of a run, short. */
export const axisSpan = (value: number, axis: AxisKind): string =>
  axis === 'time' ? formatTime(value) : `${shortCount(value)} accesses`;

/** The resolution of a range is a hundredth of its length. */
const rangeResolution = (range: { readonly from: number; readonly to: number }): number =>
  (range.to - range.from) / 100;

/** From where to where. */
export const axisRange = (range: { readonly from: number; readonly to: number }, axis: AxisKind): string =>
  axis === 'time'
    ? `${axisValue(range.from, axis, rangeResolution(range))} – ${axisValue(range.to, axis, rangeResolution(range))}`
    : `accesses ${formatCount(Math.round(range.from))} – ${formatCount(Math.round(range.to))}`;
