/** Round places on axes with short labels. Pure. */
import { GIB, KIB, MIB, PS_PER_MS, PS_PER_NS, PS_PER_S, PS_PER_US, TIB } from '../../src-core/base/units';
import type { AxisKind } from '../../src-core/model/timeline';
import { shortCount } from '../widgets/format';

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Smallest of 1, 2, 5 × 10^n that is at least `value`. */
function niceStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 2, 5]) if (factor * power >= value * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

/** Top of a value axis: a round number at or above the largest value, so that live bars do not make it flicker. */
export function niceTop(value: number, unit: 'count' | 'bytes'): number {
  if (value <= 0) return 1;
  // Byte axes are round in binary units: 1, 1.5, 2, 3, 4, 6 … of a power of two.
  const power = unit === 'bytes' ? 2 ** Math.floor(Math.log2(value)) : 10 ** Math.floor(Math.log10(value));
  const factors = unit === 'bytes' ? [1, 1.5, 2] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
  const factor = factors.find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return Math.max(1, unit === 'count' ? Math.ceil(factor * power - 1e-9) : factor * power);
}

const TIME_UNITS = [
  ['s', PS_PER_S],
  ['ms', PS_PER_MS],
  ['µs', PS_PER_US],
  ['ns', PS_PER_NS],
  ['ps', 1],
] as const;

/** Digits after the point that tell two neighbouring ticks apart, in units of `factor`. */
const digitsFor = (step: number, factor: number): number => Math.max(0, Math.ceil(-Math.log10(step / factor) - 1e-9));

function timeLabel(at: number, step: number, largest: number): string {
  const [name, factor] = TIME_UNITS.find(([, size]) => largest >= size) ?? (['ps', 1] as const);
  return `${(at / factor).toFixed(Math.min(12, digitsFor(step, factor)))} ${name}`;
}

function accessLabel(at: number, step: number, largest: number): string {
  for (const [name, factor] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (largest >= factor) return `${(at / factor).toFixed(Math.min(12, digitsFor(step, factor)))} ${name}`;
  return String(Math.round(at));
}

/** Ticks of the horizontal axis, at least `gapPx` apart. */
export function axisTicks(from: number, to: number, width: number, axis: AxisKind, gapPx = 90): readonly Tick[] {
  if (!(to > from) || width < gapPx) return [];
  const wanted = ((to - from) * gapPx) / width;
  const step = Math.max(1, niceStep(wanted));
  const largest = Math.max(Math.abs(to), step);
  const label = axis === 'time' ? timeLabel : accessLabel;
  const ticks: Tick[] = [];
  for (let n = Math.ceil(from / step); n * step <= to; n++) {
    const at = n * step;
    ticks.push({ at, label: at === 0 ? '0' : label(at, step, largest) });
  }
  return ticks;
}

/** A value on a track's own axis, short. */
export function valueLabel(value: number, unit: 'count' | 'bytes'): string {
  if (unit === 'count') return shortCount(value);
  for (const [name, factor] of [
    ['TiB', TIB],
    ['GiB', GIB],
    ['MiB', MIB],
    ['KiB', KIB],
  ] as const)
    if (value >= factor)
      return `${(value / factor).toFixed(value / factor < 10 && value % factor !== 0 ? 1 : 0)} ${name}`;
  return `${Math.round(value)} B`;
}
