/** khugepaged and MADV_COLLAPSE: 512 base pages become one PMD-mapped folio (mm/khugepaged.c, A8). */
import { newAnon } from './anon';
import type { Ret } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { canWrite, isAnonymous, vmaAt, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { copyData, PMD_ORDER, PMD_PAGES, type Page } from './page';
import { entryAt, pte, setPte } from './page-table';
import { mapHuge, unmapPage } from './rmap';

const MOST_FAULTS = 32;

/** MADV_COLLAPSE of every whole PMD in the range; Linux answers the last failure. */
export function collapseRange(kernel: Kernel, mm: Mm, start: number, end: number): Ret {
  let ret: Ret = null;
  for (let at = Math.ceil(start / PMD_PAGES) * PMD_PAGES; at + PMD_PAGES <= end; at += PMD_PAGES) {
    const failed = collapse(kernel, mm, at);
    if (failed !== null) ret = failed;
  }
  return ret;
}

function collapse(kernel: Kernel, mm: Mm, start: number): Ret {
  const vma = vmaAt(mm, start);
  if (!vma || vma.end < start + PMD_PAGES || !isAnonymous(vma) || vma.thp === 'nohugepage') return 'EINVAL';
  if (entryAt(mm, start)?.huge) return null;
  const ready = bringBack(kernel, mm, vma, start);
  if (ready !== null) return ready;
  const head = newAnon(kernel, mm, vma, PMD_ORDER);
  if (!head) return 'ENOMEM';
  invalidate(mm, start, start + PMD_PAGES, 'CLEAR', () => {
    for (let i = 0; i < PMD_PAGES; i++) takePage(kernel, mm, start + i, head.pages![i]!);
    mapHuge(mm, start, pte('present', head, { write: canWrite(vma), dirty: true, young: true }));
  });
  kernel.lruAdd(head);
  kernel.put(head);
  kernel.counters.thpCollapses++;
  return null;
}

/** Swap entries and device-private pages are faulted in first; what cannot be collapsed stops it (A8). */
function bringBack(kernel: Kernel, mm: Mm, vma: Vma, start: number): Ret {
  let present = 0;
  for (let vpn = start; vpn < start + PMD_PAGES; vpn++) {
    for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
      const found = entryAt(mm, vpn);
      if (!found || found.entry.state === 'zero' || found.entry.state === 'present') break;
      const result = handleFault(kernel, mm, vpn, { write: false });
      if (result !== 'ok') return result === 'oom' ? 'ENOMEM' : 'EAGAIN';
    }
    const found = entryAt(mm, vpn);
    const page = found?.entry.page;
    if (!found || !page) continue;
    present++;
    const { head } = page;
    // A coherent device page, a pinned, locked or shared one cannot be replaced (A8).
    if (head.kind !== 'ram' || head.locked || head.order > 0 || head.ksm) return 'EINVAL';
    if (head.refcount !== head.rmap.length + (head.swapSlot >= 0 ? 1 : 0) || head.rmap.length !== 1) return 'EAGAIN';
    if (head.swapSlot >= 0 || !head.anon || vma.uffdMissing) return 'EAGAIN';
  }
  return present > 0 ? null : 'EINVAL';
}

/** Moves one base page into the folio. */
function takePage(kernel: Kernel, mm: Mm, vpn: number, to: Page): void {
  const found = entryAt(mm, vpn);
  if (!found) return;
  const { page } = found.entry;
  if (!page) {
    setPte(mm, vpn, null);
    return;
  }
  copyData(page, to);
  unmapPage(kernel, mm, vpn, page, null);
}
