/** Numbers as people read them in tables and sentences. Missing values are words, never zero. */
import { formatBytes, formatCount, formatTime, GIB, KIB, MIB } from '../../src-core/base/units';
import type { AxisKind } from '../../src-core/model/timeline';

export const NOTHING = '—';

/** Bytes in one unit over a wide range, so that rows of a column compare at a glance: 3168 MiB stays in MiB. */
export function columnBytes(value: number): string {
  if (value === 0) return '0';
  if (value < 1024) return `${value} B`;
  if (value < MIB) return `${fewDigits(value / KIB)} KiB`;
  if (value < 1024 * GIB) return `${fewDigits(value / MIB)} MiB`;
  return formatBytes(value);
}

/** One decimal below a hundred, none above; grouped. */
function fewDigits(value: number): string {
  return value < 100 ? formatCount(Number(value.toFixed(1))) : formatCount(Math.round(value));
}

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

/** A place on the axis of a run. */
export function axisValue(value: number, axis: AxisKind): string {
  if (axis === 'time') return value === 0 ? '0' : formatTime(value);
  return `access ${formatCount(Math.round(value))}`;
}

/** A length on the axis of a run, short. */
export const axisSpan = (value: number, axis: AxisKind): string =>
  axis === 'time' ? formatTime(value) : `${shortCount(value)} accesses`;

/** From where to where. */
export const axisRange = (range: { readonly from: number; readonly to: number }, axis: AxisKind): string =>
  axis === 'time'
    ? `${axisValue(range.from, axis)} – ${axisValue(range.to, axis)}`
    : `accesses ${formatCount(Math.round(range.from))} – ${formatCount(Math.round(range.to))}`;
