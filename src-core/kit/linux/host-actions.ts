/** Memory use outside of the workload's processes: by the kernel itself, and by a process that only fills memory. */
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

/** Name of the process that fills memory; processes of a workload are forked from another one, this one is not. */
const HOG = 'pressure';
const hogOf = ({ kernel }: LinuxHost): Process =>
  kernel.processes.find(({ name, parent }) => name === HOG && parent === null) ?? kernel.spawn(HOG);

/** Another process fills memory: anonymous pages of its own, which reclaim may swap. */
export function pressure(memory: LinuxHost, pages: number): string {
  const { kernel } = memory;
  const hog = hogOf(memory);
  const { start } = mmap(kernel, hog, { start: null, pages, prot: 'rw', shared: false });
  for (let i = 0; i < pages; i++) {
    const result = handleFault(kernel, hog.mm, start + i, { write: true });
    if (result !== 'ok') return signalOf(result);
  }
  return 'ok';
}
