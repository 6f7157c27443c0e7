/** What others than the workload's processes do to memory: the kernel itself, and a process that only fills it. */
import type { LinuxHost } from './backend';
import { handleFault } from '../../kernel/fault';
import { mmap } from '../../kernel/mmap';
import type { Process } from '../../kernel/mm';
import { signalOf } from './signals';

/** Pages that the kernel takes for itself: on the host, or where it may on a device (requirement 1b). */
export function kernelAllocation({ kernel, tally }: LinuxHost, pages: number): string {
  tally.kernelRequests += pages;
  for (let i = 0; i < pages; i++) {
    const page = kernel.allocKernel();
    if (!page) return 'ENOMEM';
    if (page.node !== 0) tally.strayKernelPages++;
  }
  return 'ok';
}

const hogs = new WeakMap<LinuxHost, Process>();

/** Another process fills memory: anonymous pages of its own, which reclaim may swap. */
export function pressure(memory: LinuxHost, pages: number): string {
  const { kernel } = memory;
  let hog = hogs.get(memory);
  if (!hog) hogs.set(memory, (hog = kernel.spawn('pressure')));
  const { start } = mmap(kernel, hog, { start: null, pages, prot: 'rw', shared: false });
  for (let i = 0; i < pages; i++) {
    const result = handleFault(kernel, hog.mm, start + i, { write: true });
    if (result !== 'ok') return signalOf(result);
  }
  return 'ok';
}
