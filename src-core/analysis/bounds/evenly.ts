/** How to draw a curve of which only the sum per kernel is known. */
import type { Curve } from './bound';

/**
 * Where the order of accesses inside a kernel is open, a curve grows at the kernel's end by all that the kernel needs. Drawn bin
 * by bin, that is a spike beside which the run itself cannot be seen; drawn evenly over the kernel, it is a rate that can be
 * compared. The sum over a kernel stays; a value inside of one is no bound any more, so numbers are never read off here.
 * @param kernels accesses made before each kernel, and at the end of the run; ascending, the first is 0
 */
export function evenly(curve: Curve, kernels: readonly number[]): Curve {
  return (access) => {
    let low = 0;
    let high = kernels.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (kernels[middle]! <= access) low = middle + 1;
      else high = middle;
    }
    const end = kernels[low];
    if (low === 0 || end === undefined) return curve(access);
    const begin = kernels[low - 1]!;
    const before = curve(begin);
    return before + ((curve(end) - before) * (access - begin)) / (end - begin);
  };
}
