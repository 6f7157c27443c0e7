/** Size curves of links for which only the rate of large transfers is known. */
import { GIB, KIB, PS_PER_S } from '../../base/units';
import type { Sourced } from '../../model/machine';
import { from } from './sourced';

/** atan flattens like 1 − 2/(π k s): a large transfer takes bytes ÷ asymptote and this much more, whatever its size. */
const TWO_OVER_PI = 2 / Math.PI;

/**
 * What a transfer costs beside its bytes on the GTX 1080 Ti: 2/(π × 0.0775 per KiB) KiB at 11.39 GiB/s, from the curve
 * fitted to its nvprof log (see machines/gtx-1080-ti.ts).
 */
const COST_PER_TRANSFER_PS = ((TWO_OVER_PI / 0.0775) * KIB * PS_PER_S) / (11.39 * GIB);

/** Knee at which each transfer costs what it does on the GTX 1080 Ti: packets and set-up do not shrink with the lanes. */
export function kneeOfSameCost(bytesPerSecond: number): Sourced<number> {
  const knee = (TWO_OVER_PI * KIB * PS_PER_S) / (COST_PER_TRANSFER_PS * bytesPerSecond);
  return from(
    Math.round(knee * 1e5) / 1e5,
    'Each transfer is assumed to cost as much beside its bytes as on a GTX 1080 Ti (0.69 us, from the size curve fitted to its nvprof log): the knee then falls as the rate rises',
    'assumed',
  );
}
