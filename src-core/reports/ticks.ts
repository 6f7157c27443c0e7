/** Axis steps at round numbers of the unit in which the axis is written. */
import { formatCount, GIB, KIB, MIB, PS_PER_MS, PS_PER_NS, PS_PER_S, PS_PER_US, TIB } from '../base/units';

export type AxisUnit = 'ps' | 'accesses' | 'count' | 'bytes';

export interface Ticks {
  readonly step: number;
  label(value: number): string;
}

const SCALES: Readonly<Record<AxisUnit, readonly (readonly [string, number])[]>> = {
  ps: [
    ['s', PS_PER_S],
    ['ms', PS_PER_MS],
    ['µs', PS_PER_US],
    ['ns', PS_PER_NS],
    ['ps', 1],
  ],
  bytes: [
    ['TiB', TIB],
    ['GiB', GIB],
    ['MiB', MIB],
    ['KiB', KIB],
    ['B', 1],
  ],
  accesses: [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
    ['', 1],
  ],
  count: [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
    ['', 1],
  ],
};

/** The smallest of 1, 2, 5 × 10^n (n may be negative) that divides `range` into at most `most` steps. */
function roundStep(range: number, most: number): number {
  let decade = 1;
  while (decade * most * 10 < range) decade *= 10;
  while (decade * most >= range && decade > 1e-9) decade /= 10;
  for (const factor of [1, 2, 5, 10, 20, 50, 100]) if (factor * decade * most >= range) return factor * decade;
  return range / most;
}

/** The smallest power of two (it may be below 1) that divides `range` into at most `most` steps: sizes are binary. */
function binaryStep(range: number, most: number): number {
  let step = 1;
  while (step * most < range) step *= 2;
  while ((step / 2) * most >= range && step > 1e-6) step /= 2;
  return step;
}

/** Steps for values up to `high` over a stretch of `range`, at most `most` of them. */
export function chooseTicks(unit: AxisUnit, range: number, high: number, most: number): Ticks {
  const scales = SCALES[unit];
  const [name, factor] = scales.find(([, size]) => high >= size) ?? ['', 1];
  // Counts, bytes and picoseconds have no fractions of their base unit.
  const step = Math.max(
    factor === 1 ? 1 : 0,
    (unit === 'bytes' ? binaryStep : roundStep)(Math.max(range, 1e-9) / factor, most),
  );
  return {
    step: step * factor,
    label: (value) => {
      if (Math.abs(value) < 1e-9) return '0';
      const shown = Math.round((Math.abs(value) / factor) * 1000) / 1000;
      return `${value < 0 ? '−' : ''}${formatCount(shown)}${name === '' ? '' : ` ${name}`}`;
    },
  };
}
