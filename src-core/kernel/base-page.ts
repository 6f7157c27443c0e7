/**
 * Kernels whose page is larger than 4 KiB (arm64 with CONFIG_ARM64_64K_PAGES). The model keeps its frames and entries at
 * 4 KiB; a page of such a kernel is a group of 16 of them, aligned, that is faulted in, copied, moved and counted as one.
 * Left out: that mappings, calls and reclaim work in whole pages of the kernel (a mapping's last page may be a part of
 * one, reclaim takes 4 KiB after 4 KiB), and THP, whose page is 512 MiB there.
 */
import type { FaultResult } from './errno';
import type { Kernel, KernelCounters } from './kernel';
import { vmaAt, type Mm } from './mm';
import { entryAt } from './page-table';

/** Small pages of one page of the kernel. */
export const basePagesOf = (kernel: Kernel): number => kernel.config.basePages ?? 1;

/** Small pages [start, end) of the kernel's page around vpn, as far as its VMA goes. */
export function basePageAround(kernel: Kernel, mm: Mm, vpn: number): { readonly start: number; readonly end: number } {
  const pages = basePagesOf(kernel);
  const vma = vmaAt(mm, vpn);
  const start = vpn - (vpn % pages);
  return { start: Math.max(start, vma?.start ?? vpn), end: Math.min(start + pages, vma?.end ?? vpn + 1) };
}

/** Counters that a fault counts once, however many small pages its page has. */
const ONCE: readonly (keyof KernelCounters)[] = [
  'minorFaults',
  'majorFaults',
  'cowBreaks',
  'swapIns',
  'numaHintFaults',
];

/**
 * The rest of a kernel page whose small page `vpn` was faulted: calls `fault` for each other small page that lacks what
 * this one now has. Their results do not change the result of the fault: memory may be short, or the file may end
 * inside the page.
 */
export function faultRest(
  kernel: Kernel,
  mm: Mm,
  vpn: number,
  write: boolean,
  fault: (vpn: number) => FaultResult,
): void {
  const { counters } = kernel;
  const before = ONCE.map((name) => counters[name]);
  const { start, end } = basePageAround(kernel, mm, vpn);
  for (let at = start; at < end; at++) {
    const entry = at === vpn ? null : entryAt(mm, at)?.entry;
    if (entry === null) continue;
    const isHole = entry === undefined || entry.state === 'zero';
    const isReady = entry && (entry.state === 'present' || entry.state === 'zero') && !entry.protnone;
    if (isReady && !(write && !entry.write)) continue;
    if (fault(at) === 'ok' && isHole && write) counters.zeroedRest++;
  }
  ONCE.forEach((name, i) => {
    counters[name] = before[i]!;
  });
}
