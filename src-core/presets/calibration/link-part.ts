/** The link's curve, from pinned copies by size and direction. */
import { formatBytes } from '../../base/units';
import type { Calibration } from './document';
import { fitLink, median, type LinkFit, type Point } from './fit';
import { add, lack, percent, scatterText, whyMissing, type Sheet } from './sheet';

/** Sizes that a curve with two unknowns needs so that its residual says something. */
const LEAST_SIZES = 3;
/** Directions overlap fully (1) on a full-duplex link and not at all (0) on a half-duplex one; this lies between. */
const DUPLEX_FROM = 0.5;
/** From this residual on (a factor of 1.5) the copies do not follow such a curve at all. */
const MOST_RESIDUAL = 0.4;
/** What a machine file can say of a curve's error. */
const MOST_ERROR = 1;
const FORMULA = 'rate(s) = asymptote × (2/π) × atan(s × knee), least squares of logarithms';

type Rows = NonNullable<Calibration['samples']['copy']>;

/** Fits of a calibrated link: one knee for both directions (what a machine has), and each direction by itself. */
export interface LinkFits {
  readonly joint: LinkFit;
  readonly toDevice: LinkFit;
  readonly toHost: LinkFit;
}

function pointsOf(rows: Rows, direction: Rows[number]['direction']): readonly Point[] {
  return rows
    .filter((row) => row.direction === direction)
    .map(({ bytes, ns }) => ({ bytes, ns: median(ns) }))
    .filter(({ ns }) => ns > 0);
}

const sizes = (points: readonly Point[]): number => new Set(points.map(({ bytes }) => bytes)).size;

/** How a fit deviates, in words. */
export const residualText = (fit: LinkFit): string =>
  `rms deviation ${percent(fit.residual)}, worst ${percent(fit.worst.deviation)} at ${formatBytes(fit.worst.bytes)}`;

function samplesText(points: readonly Point[], direction: string): string {
  const from = points.reduce((least, { bytes }) => Math.min(least, bytes), Infinity);
  const to = points.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  return `copy ${direction}: medians of ${points.length} sizes, ${formatBytes(from)} to ${formatBytes(to)}`;
}

/** Adds the link's constants; returns the fits, or null when there is too little to fit. */
export function readLink(calibration: Calibration, sheet: Sheet): LinkFits | null {
  const rows = calibration.samples.copy;
  const curve = ['asymptote', 'asymptoteToHost', 'kneePerKib', 'curveError'].map((name) => `timing.link.${name}`);
  if (!rows) {
    lack(sheet, [...curve, 'timing.link.duplex'], whyMissing(calibration, 'copy'));
    return null;
  }
  const toDevice = pointsOf(rows, 'toDevice');
  const toHost = pointsOf(rows, 'toHost');
  if (sizes(toDevice) < LEAST_SIZES || sizes(toHost) < LEAST_SIZES) {
    lack(
      sheet,
      [...curve, 'timing.link.duplex'],
      `copies of ${sizes(toDevice)} sizes to the device and ${sizes(toHost)} to the host; a curve needs ${LEAST_SIZES} of each`,
    );
    return null;
  }
  const joint = fitLink([toDevice, toHost]);
  if (joint.residual > MOST_RESIDUAL) {
    lack(sheet, curve, `the copies do not follow ${FORMULA}: ${residualText(joint)}`);
    readDuplex(rows, sheet);
    return null;
  }
  const fits = { joint, toDevice: fitLink([toDevice]), toHost: fitLink([toHost]) };
  const residual = residualText(joint);
  const there = samplesText(toDevice, 'toDevice');
  const back = samplesText(toHost, 'toHost');
  const alone = (fit: LinkFit): string =>
    `${FORMULA}, one knee for both directions (alone: knee ${fit.kneePerKib.toPrecision(4)} per KiB, ${residualText(fit)})`;
  add(sheet, curve[0]!, joint.asymptotes[0]!, 'rate', { samples: there, formula: alone(fits.toDevice), residual });
  add(sheet, curve[1]!, joint.asymptotes[1]!, 'rate', { samples: back, formula: alone(fits.toHost), residual });
  add(sheet, curve[2]!, joint.kneePerKib, 'perKib', { samples: `${there}; ${back}`, formula: FORMULA, residual });
  const error = Math.abs(joint.worst.deviation);
  if (error <= MOST_ERROR)
    add(sheet, curve[3]!, error, 'share', {
      samples: `${there}; ${back}`,
      formula: `largest deviation of the curve, at ${formatBytes(joint.worst.bytes)}`,
      residual: null,
    });
  else lack(sheet, [curve[3]!], `it is ${percent(error)}, and a machine file can say at most ${percent(MOST_ERROR)}`);
  readDuplex(rows, sheet);
  return fits;
}

/** The largest size that was copied in each direction alone and in both at once. */
function readDuplex(rows: Rows, sheet: Sheet): void {
  const at = (direction: string, bytes: number): readonly number[] | undefined =>
    rows.find((row) => row.direction === direction && row.bytes === bytes && median(row.ns) > 0)?.ns;
  const both = rows
    .filter((row) => row.direction === 'both' && at('toDevice', row.bytes) && at('toHost', row.bytes))
    .sort((a, b) => b.bytes - a.bytes)[0];
  if (!both) {
    lack(sheet, ['timing.link.duplex'], 'no size was copied in each direction alone and in both at once');
    return;
  }
  const alone = [median(at('toDevice', both.bytes)!), median(at('toHost', both.bytes)!)] as const;
  const overlap = (alone[0] + alone[1] - median(both.ns)) / Math.min(...alone);
  add(sheet, 'timing.link.duplex', overlap >= DUPLEX_FROM, 'flag', {
    samples: `copy both: ${formatBytes(both.bytes)}, ${both.ns.length} samples`,
    formula: `(time there + time back − time of both at once) ÷ the shorter of the two = ${overlap.toFixed(2)}; full duplex from ${DUPLEX_FROM} on`,
    residual: scatterText(both.ns),
  });
}
