/**
 * Least squares over samples of one machine. Deviations are relative (of a curve: of logarithms), so that a transfer of
 * 4 KiB weighs as much as one of 64 MiB; the residual is the root mean square of these deviations.
 */
import { assert } from '../../base/assert';
import { arctan, exp, ln } from '../../base/math';
import { KIB } from '../../base/units';

const TWO_OVER_PI = 0.6366197723675814;
const NS_PER_S = 1e9;

/** Knees that are looked for, per KiB: half the asymptote is reached between 10 B and 1 GiB. */
const KNEE_LEAST = 1e-6;
const KNEE_MOST = 1e2;
const GRID_STEPS = 200;
const GOLDEN_STEPS = 60;
const GOLDEN = 0.6180339887498949;

export interface Point {
  readonly bytes: number;
  readonly ns: number;
}

/** rate(s) = asymptote × (2/π) × atan(s × knee), with one knee for all directions. */
export interface LinkFit {
  /** Bytes per second, in the order of the groups given. */
  readonly asymptotes: readonly number[];
  readonly kneePerKib: number;
  /** Root mean square of the deviations of logarithms. */
  readonly residual: number;
  /** Largest deviation, as curve ÷ sample − 1, and the size of its transfer. */
  readonly worst: { readonly deviation: number; readonly bytes: number };
}

/** The middle of the values; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  assert(values.length > 0, 'a median needs at least one value');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Half the width of the middle half of the values over their median: how far they scatter. */
export function scatter(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)]!;
  const middle = median(values);
  return middle > 0 ? (at(0.75) - at(0.25)) / 2 / middle : 0;
}

const shape = (bytes: number, kneePerKib: number): number => TWO_OVER_PI * arctan((bytes / KIB) * kneePerKib);
const rate = ({ bytes, ns }: Point): number => (bytes * NS_PER_S) / ns;

/** Best asymptote for a knee: the logarithms of curve and samples have the same mean. */
function asymptoteFor(points: readonly Point[], knee: number): number {
  let sum = 0;
  for (const point of points) sum += ln(rate(point) / shape(point.bytes, knee));
  return exp(sum / points.length);
}

/** Logarithm of curve ÷ sample: near the relative deviation while that is small, and the same for twice and half. */
const deviation = (point: Point, asymptote: number, knee: number): number =>
  ln((asymptote * shape(point.bytes, knee)) / rate(point));

function squaresFor(groups: readonly (readonly Point[])[], knee: number): number {
  let squares = 0;
  for (const points of groups) {
    const asymptote = asymptoteFor(points, knee);
    for (const point of points) squares += deviation(point, asymptote, knee) ** 2;
  }
  return squares;
}

/** Fits one knee and an asymptote per group. Needs two sizes in some group and no time of zero. */
export function fitLink(groups: readonly (readonly Point[])[]): LinkFit {
  assert(
    groups.every((points) => points.length > 0 && points.every(({ ns }) => ns > 0)),
    'a link is fitted to transfers that took time',
  );
  const from = ln(KNEE_LEAST);
  const step = (ln(KNEE_MOST) - from) / GRID_STEPS;
  const at = (x: number): number => squaresFor(groups, exp(x));
  let best = 0;
  let least = Infinity;
  for (let i = 0; i <= GRID_STEPS; i++) {
    const squares = at(from + i * step);
    if (squares < least) [best, least] = [i, squares];
  }
  let low = from + (best - 1) * step;
  let high = from + (best + 1) * step;
  for (let i = 0; i < GOLDEN_STEPS; i++) {
    const left = high - GOLDEN * (high - low);
    const right = low + GOLDEN * (high - low);
    if (at(left) <= at(right)) high = right;
    else low = left;
  }
  const kneePerKib = exp((low + high) / 2);
  const asymptotes = groups.map((points) => asymptoteFor(points, kneePerKib));
  const all = groups.flatMap((points, g) =>
    points.map((point) => ({ bytes: point.bytes, deviation: exp(deviation(point, asymptotes[g]!, kneePerKib)) - 1 })),
  );
  const worst = all.reduce((a, b) => (Math.abs(ln(1 + b.deviation)) > Math.abs(ln(1 + a.deviation)) ? b : a));
  return { asymptotes, kneePerKib, residual: Math.sqrt(squaresFor(groups, kneePerKib) / all.length), worst };
}

/** Nanoseconds that a fitted link needs for one transfer. */
export const linkNs = (bytes: number, asymptote: number, kneePerKib: number): number =>
  (bytes * NS_PER_S) / (asymptote * shape(bytes, kneePerKib));

export interface LineFit {
  readonly fixed: number;
  readonly perItem: number;
  readonly residual: number;
}

/** y = fixed + perItem × x, relative deviations; null when all x are equal. */
export function fitLine(points: readonly { readonly x: number; readonly y: number }[]): LineFit | null {
  let w = 0;
  let wx = 0;
  let wxx = 0;
  let wy = 0;
  let wxy = 0;
  for (const { x, y } of points) {
    assert(y > 0, 'a line is fitted to positive times');
    const weight = 1 / (y * y);
    w += weight;
    wx += weight * x;
    wxx += weight * x * x;
    wy += weight * y;
    wxy += weight * x * y;
  }
  const determinant = w * wxx - wx * wx;
  if (!(determinant > 1e-9 * w * wxx)) return null;
  const perItem = (w * wxy - wx * wy) / determinant;
  const fixed = (wy - perItem * wx) / w;
  const squares = points.reduce((sum, { x, y }) => sum + ((fixed + perItem * x) / y - 1) ** 2, 0);
  return { fixed, perItem, residual: Math.sqrt(squares / points.length) };
}
