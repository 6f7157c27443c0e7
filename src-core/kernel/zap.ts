/**
 * Clearing page-table entries with all their counts: munmap, exit, MADV_DONTNEED, truncate (mm/memory.c,
 * zap_pte_range).
 */
import type { Kernel } from './kernel';
import { vmaAt, type Mm, type Vma } from './mm';
import { PMD_PAGES, type Page } from './page';
import { pmdEntry, pmdKind, pmdStart, pteAt, setPmd, setPte, type Pte } from './page-table';
import { unmapHuge, unmapPage } from './rmap';
import { splitHuge, splitPartlyMapped } from './split-huge';
import { swapFree } from './swap';

/**
 * Clears [start, end) of a VMA (A4). The caller brackets it with the notifier event that fits (UNMAP or CLEAR). A PMD
 * entry that lies only partly in the range is split first (L3).
 * @param only clears only the entries for which it returns true
 */
export function zapRange(
  kernel: Kernel,
  mm: Mm,
  vma: Vma,
  start: number,
  end: number,
  only: ((entry: Pte) => boolean) | null = null,
): void {
  const large = new Set<Page>();
  for (let vpn = start; vpn < end;) {
    const first = pmdStart(vpn);
    const next = first + PMD_PAGES;
    if (pmdKind(mm, vpn) === 'none') {
      vpn = next;
      continue;
    }
    const huge = pmdEntry(mm, vpn);
    if (huge) {
      if (vpn > first || end < next) splitHuge(mm, vpn);
      else {
        if (!only || only(huge)) zapHuge(kernel, mm, first, huge);
        vpn = next;
        continue;
      }
    }
    const until = Math.min(end, next);
    for (; vpn < until; vpn++) {
      const entry = pteAt(mm, vpn);
      if (!entry || (only && !only(entry))) continue;
      if (entry.page && entry.page.head.order > 0) large.add(entry.page.head);
      zapEntry(kernel, mm, vma, vpn, entry);
    }
  }
  for (const head of large) splitPartlyMapped(kernel, head);
}

function zapHuge(kernel: Kernel, mm: Mm, first: number, entry: Pte): void {
  if (entry.page && entry.state !== 'migration') unmapHuge(kernel, mm, first, entry.page.head, null);
  else setPmd(mm, first, null);
}

function zapEntry(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, entry: Pte): void {
  const { page } = entry;
  if (entry.state === 'swap') {
    mm.rss.swap--;
    setPte(mm, vpn, null);
    swapFree(kernel, entry.slot);
    return;
  }
  if (!page || entry.state === 'migration') {
    setPte(mm, vpn, null); // zero page, marker, or a page in flight: its migrator finds the entry gone
    return;
  }
  noteDirty(page, entry);
  unmapPage(kernel, mm, vpn, page, null);
  if (vma.locked) munlockUnmapped(kernel, page.head);
}

/** The dirty bit of a file mapping goes to the folio, so that it is written back. */
function noteDirty(page: Page, entry: Pte): void {
  if (entry.dirty && page.head.file) page.head.dirty = true;
}

/** A page leaves a locked VMA: reclaim may take it again, unless another locked VMA still maps it. */
function munlockUnmapped(kernel: Kernel, head: Page): void {
  if (head.free || !head.mlocked || head.rmap.some((each) => vmaAt(each.mm, each.vpn)?.locked === true)) return;
  const listed = head.onLru;
  kernel.lruRemove(head);
  head.mlocked = false;
  if (listed) kernel.lruAdd(head);
}
