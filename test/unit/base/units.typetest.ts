/** Compile-time tests: mixing units must not compile. Checked by `tsc -p test`. */
import { bytes, picoseconds, type Bytes, type Picoseconds } from '../../../src-core/base/units';

export const size: Bytes = bytes(1);
export const delay: Picoseconds = picoseconds(1);
// @ts-expect-error a duration is not a size
export const mixed: Bytes = picoseconds(1);
// @ts-expect-error a plain number has no unit
export const bare: Picoseconds = 5;
