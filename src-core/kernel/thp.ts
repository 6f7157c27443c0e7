/**
 * Collapse of base pages into one PMD-sized folio (mm/khugepaged.c, MADV_COLLAPSE), and what has to happen where only a
 * part of a huge mapping is concerned. Left out: khugepaged's own scanning, and collapse of shmem and file memory.
 */
import { newAnon } from './anon';
import type { Ret } from './errno';
import { handleFault } from './fault';
import { NO_FRAME } from './frames';
import type { Kernel } from './kernel';
import { canWrite, isAnonymous, isSpecial, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { copyData, isZoneDevice, PMD_ORDER, PMD_PAGES, type Page } from './page';
import { pmdEntry, pmdKind, pmdStart, pte, pteAt, setPte, type Pte } from './page-table';
import { mapHuge, unmapPage } from './rmap';

/** A page that is in swap, on a device or exclusive to one may need several faults until it is plainly present. */
const MOST_FAULTS = 16;

/**
 * The part [start, end) of a VMA, huge page by huge page (madvise_collapse). Returns the last refusal, by the kernel's
 * table: EAGAIN for pages that are busy, ENOMEM, EINVAL for the rest.
 */
export function collapseRange(kernel: Kernel, mm: Mm, vma: Vma, start: number, end: number): Ret {
  if (vma.thp === 'nohugepage' || vma.hugetlb || isSpecial(vma) || !isAnonymous(vma) || vma.uffdMissing)
    return 'EINVAL';
  const first = Math.ceil(start / PMD_PAGES) * PMD_PAGES;
  const last = pmdStart(end);
  if (last < first) return 'EINVAL';
  let ret: Ret = null;
  for (let vpn = first; vpn < last; vpn += PMD_PAGES) ret = collapse(kernel, mm, vma, vpn) ?? ret;
  return ret;
}

function collapse(kernel: Kernel, mm: Mm, vma: Vma, start: number): Ret {
  if (pmdKind(mm, start) === 'none') return 'EINVAL';
  const huge = pmdEntry(mm, start);
  if (huge) return huge.state === 'present' || huge.state === 'zero' ? null : 'EINVAL';
  const refused = scan(kernel, tableAt(mm, start)) ?? bringBack(kernel, mm, start);
  if (refused) return refused;
  const head = newAnon(kernel, mm, vma, PMD_ORDER);
  if (!head) return 'ENOMEM';
  // The allocation may have reclaimed pages, so the entries are checked again.
  const now = pmdKind(mm, start) === 'table' ? tableAt(mm, start) : null;
  const again = now && !now.some(isAway) ? scan(kernel, now) : 'EAGAIN';
  if (again || !now) {
    kernel.put(head);
    return again;
  }
  invalidate(mm, start, start + PMD_PAGES, 'CLEAR', () => {
    moveInto(kernel, mm, start, now, head);
    mapHuge(mm, start, pte('present', head, { write: canWrite(vma), dirty: true, young: true }));
  });
  kernel.lruAdd(head);
  kernel.put(head);
  kernel.counters.thpCollapses++;
  return null;
}

/** The entries of the PTE table at `start`. */
const tableAt = (mm: Mm, start: number): readonly (Pte | null)[] =>
  Array.from({ length: PMD_PAGES }, (_, i) => pteAt(mm, start + i));

/** Swap, device-private (A8), exclusive and migration entries: what a collapse has to fault in first. */
const isAway = (entry: Pte | null): boolean => entry !== null && entry.state !== 'present' && entry.state !== 'zero';

/** hpage_collapse_scan_pmd: whether these pages may be collapsed. */
function scan(kernel: Kernel, table: readonly (Pte | null)[]): Ret {
  let writable = false;
  for (const entry of table) {
    if (!entry) continue;
    if (entry.state === 'poison' || entry.state === 'special' || entry.state === 'uffd-marker') return 'EINVAL';
    writable ||= entry.write;
    if (entry.state !== 'present') continue;
    const page = entry.page!;
    const { head } = page;
    // A8: a coherent page, like every zone-device page, aborts the collapse.
    if (isZoneDevice(page) || !head.anon || page.poisoned) return 'EINVAL';
    const expected = head.mappings + (head.swapSlot >= 0 ? 1 : 0);
    if (head.locked || !head.onLru || head.refcount !== expected) return 'EAGAIN';
  }
  // 6.12 wants at least one writable entry (SCAN_PAGE_RO); later trees dropped that.
  return kernel.config.profile === '612' && !writable ? 'EINVAL' : null;
}

/** __collapse_huge_page_swapin: a device-private entry counts as a swap entry and comes back to RAM (A8). */
function bringBack(kernel: Kernel, mm: Mm, start: number): Ret {
  for (let vpn = start; vpn < start + PMD_PAGES; vpn++)
    for (let faults = 0; ; faults++) {
      if (pmdKind(mm, start) !== 'table') return 'EAGAIN';
      if (!isAway(pteAt(mm, vpn))) break;
      if (faults === MOST_FAULTS) return 'EAGAIN';
      const result = handleFault(kernel, mm, vpn, { write: false });
      if (result !== 'ok') return result === 'blocked' ? 'EAGAIN' : 'EINVAL';
    }
  return null;
}

/** Copies what is there into the folio and clears the PTEs; holes and the zero page leave zeros. */
function moveInto(kernel: Kernel, mm: Mm, start: number, table: readonly (Pte | null)[], head: Page): void {
  let first: Page | null = null;
  let copied = 0;
  for (const [i, entry] of table.entries()) {
    if (!entry) continue;
    const { page } = entry;
    if (!page) {
      setPte(mm, start + i, null);
      continue;
    }
    first ??= page;
    copied++;
    copyData(page, head.sibling(i));
    unmapPage(kernel, mm, start + i, page, null);
  }
  if (copied > 0) kernel.hooks.copied?.(first?.pfn ?? NO_FRAME, head.pfn, copied, 'collapse');
}
