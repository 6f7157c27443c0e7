/** Time that the kernel's work takes, from what its counters say was done. */
import { picoseconds, PS_PER_S } from '../../base/units';
import type { MachineTiming } from '../../model/machine';
import { basePagesOf } from '../linux/base-page';
import type { Kernel, KernelCounters } from '../linux/kernel';
import { PAGE_BYTES, PMD_PAGES } from '../linux/page';
import { DISK_WRITE, SWAP_READ } from './costs';

export type CounterMarks = Readonly<KernelCounters>;

export const markCounters = (kernel: Kernel): CounterMarks => ({ ...kernel.counters });

/** One CPU fault, without the transfer and without what the counters add. */
export function cpuFaultCost(timing: MachineTiming, onlyFirstTouch: boolean, bringsBack: boolean): number {
  return !onlyFirstTouch || bringsBack ? timing.cpuFault.value : timing.cpuFirstTouch.value;
}

/** Copies, clearing of huge pages, swap and disk since the marks, in ps. Small faults are priced by the caller: a fault on a
 * page of 64 KiB is one, and what it clears beyond the first 4 KiB is in here. */
export function kernelCost(kernel: Kernel, marks: CounterMarks, timing: MachineTiming): number {
  const { counters } = kernel;
  const since = (name: keyof KernelCounters): number => counters[name] - marks[name];
  const pages = basePagesOf(kernel);
  const pagePs = (PAGE_BYTES / timing.hostBandwidth.value) * PS_PER_S;
  return picoseconds(
    Math.round(
      since('cowBreaks') * 2 * pages * pagePs +
        since('zeroedRest') * pagePs +
        since('thpFaults') * PMD_PAGES * pagePs +
        since('thpCollapses') * PMD_PAGES * 2 * pagePs +
        since('swapIns') * SWAP_READ.value +
        (since('swapOuts') / pages + since('writebacks')) * DISK_WRITE.value,
    ),
  );
}
