/** Time of faults and of the kernel's work, computed from the kernel's counters. */
import { picoseconds, PS_PER_S } from '../../base/units';
import type { MachineTiming } from '../../model/machine';
import { CPU, type ProcessorIndex } from '../../model/processor';
import { basePagesOf } from '../../kernel/base-page';
import type { Kernel, KernelCounters } from '../../kernel/kernel';
import { PAGE_BYTES, PMD_PAGES } from '../../kernel/page';
import type { FaultList } from '../fault-list';
import type { LinuxHost } from './backend';
import { DISK_WRITE, SWAP_READ } from './costs';

export type CounterMarks = Readonly<KernelCounters>;

export const markCounters = (kernel: Kernel): CounterMarks => ({ ...kernel.counters });

/** Faults that were serviced together, without transfers, in ps; `marks` are from before. */
export function serviceCost(
  { kernel, backend, pending }: LinuxHost,
  timing: MachineTiming,
  processor: ProcessorIndex,
  { count, entries, onlyFirstTouch }: FaultList,
  marks: CounterMarks,
): number {
  const inKernel = kernelCost(kernel, marks, timing);
  if (processor === CPU) {
    const isNew = onlyFirstTouch && !pending.travels();
    return (isNew ? timing.cpuFirstTouch.value : timing.cpuFault.value) + inKernel;
  }
  // The cost of a fault has the fetch of one entry in it. Other entries of its page are fetched too, before they are merged.
  const fetchPs = (entries - count) * (timing.driver?.fetchPerEntry.value ?? 0);
  const wholePs = timing.batchFixed.value + count * timing.batchPerFault.value;
  return (backend.faultPs?.(count) ?? wholePs) + fetchPs + inKernel;
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
