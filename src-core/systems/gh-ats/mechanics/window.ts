/**
 * GPU faults as UVM groups them on ATS: by aligned window of 2 MiB and VMA, as masks of pages that are to be read and
 * written (uvm_gpu_replayable_faults.c:1767-1869). Pages are those of the kernel, 4 or 64 KiB, numbered from the window's
 * start.
 */
import { createPageMask, setPage, type PageMask } from '../../../base/page-mask';
import { PMD_PAGES } from '../../../kernel/page';
import { vmaAt, type Mm, type Vma } from '../../../kernel/mm';
import type { DeviceFaultPage, LinuxHost } from '../../../kit/linux/backend';

/** Part of one VMA in one window of 2 MiB. */
export interface AtsWindow {
  readonly mm: Mm;
  readonly vma: Vma;
  /** First small page (4 KiB) of the window. */
  readonly start: number;
  /** Pages [first, outer) of the window that the VMA has. */
  readonly first: number;
  readonly outer: number;
}

export interface FaultWindow extends AtsWindow {
  readonly read: PageMask;
  readonly write: PageMask;
  /** By page of the window: the faults that wait for it. */
  readonly faults: ReadonlyMap<number, readonly DeviceFaultPage[]>;
}

/** The window around a page; null where nothing is mapped. `basePages`: small pages of one page of the kernel. */
export function windowAt(mm: Mm, vpn: number, basePages: number): AtsWindow | null {
  const vma = vmaAt(mm, vpn);
  if (!vma) return null;
  const start = vpn - (vpn % PMD_PAGES);
  const first = Math.floor((Math.max(start, vma.start) - start) / basePages);
  const outer = Math.ceil((Math.min(start + PMD_PAGES, vma.end) - start) / basePages);
  return { mm, vma, start, first, outer };
}

/** Faults of one batch, ascending; those of processes that are gone are dropped, those outside any VMA have no window. */
export function groupByWindow(
  memory: LinuxHost,
  faults: readonly DeviceFaultPage[],
  basePages: number,
): { readonly windows: readonly FaultWindow[]; readonly unmapped: readonly DeviceFaultPage[] } {
  const windows: FaultWindow[] = [];
  const unmapped: DeviceFaultPage[] = [];
  let open: (AtsWindow & { read: PageMask; write: PageMask; faults: Map<number, DeviceFaultPage[]> }) | null = null;
  for (const fault of faults) {
    const process = memory.processes.of(fault.granule);
    if (!process) continue;
    const vpn = memory.map.vpn(fault.granule);
    const { mm } = process;
    if (
      open?.mm !== mm ||
      vpn < open.vma.start ||
      vpn >= open.vma.end ||
      vpn - open.start >= PMD_PAGES ||
      vpn < open.start
    ) {
      const window = windowAt(mm, vpn, basePages);
      if (!window) {
        unmapped.push(fault);
        continue;
      }
      open = { ...window, read: createPageMask(), write: createPageMask(), faults: new Map() };
      windows.push(open);
    }
    const page = Math.floor((vpn - open.start) / basePages);
    setPage(fault.op === 0 ? open.read : open.write, page);
    const waiting = open.faults.get(page);
    if (waiting) waiting.push(fault);
    else open.faults.set(page, [fault]);
  }
  return { windows, unmapped };
}
