/** madvise (mm/madvise.c). What the advice does to device pages: A4, A5, A8, A9. */
import type { Advice } from '../model/os-action';
import { reachPage } from './access';
import { unshare } from './anon';
import type { FaultResult, Ret } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { splitEverywhere } from './migrate-entries';
import { canWrite, isAnonymous, isSpecial, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { PMD_PAGES, type Page } from './page';
import { isMappedElsewhere } from './places';
import { entryAt, isPteHole, isSameEntry, pmdKind, pmdStart, setPte } from './page-table';
import { shrinkPage } from './reclaim';
import { changeEntry } from './rmap';
import { swapFree } from './swap';
import { collapseRange } from './thp';
import { canIsolate, isolateRange, mergeVmas, vmasIn } from './vma-ops';
import { zapRange } from './zap';

/**
 * Applies advice to pages [start, end), VMA by VMA. A hole in the range returns ENOMEM, but, as in the kernel, the rest
 * is still advised; any other error ends the call at that point.
 * @param advised called for each part [start, end) that took the advice, even if the call fails later
 */
export function madvise(
  kernel: Kernel,
  mm: Mm,
  start: number,
  end: number,
  advice: Advice,
  advised?: (start: number, end: number) => void,
): Ret {
  if (end <= start) return end === start ? null : 'EINVAL';
  let at = start;
  let hole = false;
  for (const vma of vmasIn(mm, start, end)) {
    if (vma.start > at) hole = true;
    if (hole && advice === 'populate-write') return 'ENOMEM';
    const to = Math.min(end, vma.end); // before the advice splits the VMA
    const from = Math.max(start, vma.start);
    const ret = advise(kernel, mm, vma, from, to, advice);
    if (ret) return ret;
    advised?.(from, to);
    at = to;
  }
  mergeVmas(mm, start, end);
  return hole || at < end ? 'ENOMEM' : null;
}

function advise(kernel: Kernel, mm: Mm, vma: Vma, start: number, end: number, advice: Advice): Ret {
  switch (advice) {
    case 'hugepage':
    case 'nohugepage':
      if (!canIsolate(mm, start, end)) return 'EINVAL';
      for (const each of isolateRange(mm, start, end)) each.thp = advice;
      return null;
    case 'mergeable':
    case 'unmergeable':
      return setMergeable(kernel, mm, vma, start, end, advice === 'mergeable');
    case 'collapse':
      return collapseRange(kernel, mm, vma, start, end);
    case 'populate-write':
      return populate(kernel, mm, vma, start, end);
    case 'dontneed':
      return dontNeed(kernel, mm, vma, start, end);
    case 'free':
      return free(kernel, mm, vma, start, end);
    case 'cold':
    case 'pageout':
      return age(kernel, mm, vma, start, end, advice);
  }
}

/** ksm_madvise: memory that KSM could never merge is no error. Taking it back breaks what was merged (break_ksm). */
function setMergeable(kernel: Kernel, mm: Mm, vma: Vma, start: number, end: number, mergeable: boolean): Ret {
  if (vma.shared || vma.hugetlb || vma.dax || isSpecial(vma)) return null;
  for (const each of isolateRange(mm, start, end)) each.mergeable = mergeable;
  if (mergeable) return null;
  for (let vpn = start; vpn < end; vpn++) {
    const ret = breakKsm(kernel, mm, vma, vpn);
    if (ret) return ret;
  }
  return null;
}

/**
 * break_ksm: faults until the page is the process's own. A merged page that went to a device comes back first. EAGAIN: it
 * is in flight, where the kernel would sleep. A fault that cannot be served leaves the page merged.
 */
function breakKsm(kernel: Kernel, mm: Mm, vma: Vma, vpn: number): Ret {
  for (;;) {
    const entry = entryAt(mm, vpn)?.entry;
    if (entry?.page?.head.ksm !== true) return null;
    const result =
      entry.state === 'present' ? unshare(kernel, mm, vma, vpn) : handleFault(kernel, mm, vpn, { write: false });
    if (result === 'oom') return 'ENOMEM';
    if (result === 'blocked') return 'EAGAIN';
    if (result !== 'ok' || isSameEntry(entryAt(mm, vpn)?.entry, entry)) return null;
  }
}

/** MADV_POPULATE_WRITE: what a write to each page would do, without the write. */
function populate(kernel: Kernel, mm: Mm, vma: Vma, start: number, end: number): Ret {
  if (vma.io || !canWrite(vma)) return 'EINVAL';
  for (let vpn = start; vpn < end; vpn++) {
    const { result } = reachPage(kernel, mm, vpn, true);
    if (result !== 'ok') return populateErrno(result);
  }
  return null;
}

function populateErrno(result: FaultResult): Ret {
  if (result === 'oom') return 'ENOMEM';
  return result === 'blocked' || result === 'uffd' ? 'EAGAIN' : 'EFAULT';
}

/** Clears the entries (A4): private memory is zeros again, shared memory keeps its pages in the file. */
function dontNeed(kernel: Kernel, mm: Mm, vma: Vma, start: number, end: number): Ret {
  if (vma.io || vma.locked) return 'EINVAL';
  if (vma.hugetlb && (start % PMD_PAGES !== 0 || end % PMD_PAGES !== 0)) return 'EINVAL';
  invalidate(mm, start, end, 'CLEAR', () => {
    zapRange(kernel, mm, vma, start, end);
  });
  return null;
}

/**
 * MADV_FREE: pages of this process alone become clean, and reclaim may drop them instead of swapping; a write before
 * that keeps the page. Swap entries go at once. Zone-device pages and device-private entries stay as they are (A5).
 */
function free(kernel: Kernel, mm: Mm, vma: Vma, start: number, end: number): Ret {
  if (!isAnonymous(vma) || vma.hugetlb || vma.locked) return 'EINVAL';
  invalidate(mm, start, end, 'CLEAR', () => {
    forEachEntry(mm, start, end, (vpn) => {
      const found = entryAt(mm, vpn)!;
      if (found.entry.state === 'swap') {
        mm.rss.swap--;
        setPte(mm, vpn, null);
        swapFree(kernel, found.entry.slot);
        return;
      }
      const page = ownRamPage(kernel, mm, vpn, isWhole(mm, vpn, start, end));
      if (!page || page.head.swapSlot >= 0) return;
      const { head } = page;
      const now = entryAt(mm, vpn)!;
      changeEntry(mm, now.huge ? pmdStart(vpn) : vpn, now.huge, { ...now.entry, dirty: false, young: false });
      head.dirty = false;
      head.lazyFree = true;
      kernel.hasLazyFree = true;
      deactivate(kernel, head);
    });
  });
  return null;
}

/** COLD moves pages to the old end of the LRU, PAGEOUT reclaims them now. Device pages are on no LRU and skipped (A5). */
function age(kernel: Kernel, mm: Mm, vma: Vma, start: number, end: number, advice: 'cold' | 'pageout'): Ret {
  if (vma.locked || vma.hugetlb || vma.io) return 'EINVAL';
  forEachEntry(mm, start, end, (vpn) => {
    // What is paged out goes page by page: reclaim splits large folios (reclaim.ts).
    const page = ownRamPage(kernel, mm, vpn, advice === 'cold' && isWhole(mm, vpn, start, end));
    if (!page) return;
    const { entry, huge } = entryAt(mm, vpn)!;
    changeEntry(mm, huge ? pmdStart(vpn) : vpn, huge, { ...entry, young: false });
    page.head.referenced = false;
    if (advice === 'cold') deactivate(kernel, page.head);
    else shrinkPage(kernel, page);
  });
  return null;
}

/** true: a PMD entry that lies in the range with all its pages. */
function isWhole(mm: Mm, vpn: number, start: number, end: number): boolean {
  const first = pmdStart(vpn);
  return first >= start && first + PMD_PAGES <= end && entryAt(mm, vpn)?.huge === true;
}

/**
 * The page of an entry, if advice may touch it: plain RAM, unlocked, without other mappings. Unless it may stay `whole`,
 * a large folio is split first; one that cannot be split is left alone.
 */
function ownRamPage(kernel: Kernel, mm: Mm, vpn: number, whole: boolean): Page | null {
  const found = entryAt(mm, vpn);
  const page = found?.entry.state === 'present' ? found.entry.page : null;
  if (!found || page?.kind !== 'ram') return null;
  const { head } = page;
  if (head.locked || head.mlocked) return null;
  if (head.order > 0 && !whole) {
    if (isMappedElsewhere(kernel.frames, head.pfn, mm) || !splitEverywhere(kernel, head, 0)) return null;
    return ownRamPage(kernel, mm, vpn, false);
  }
  return head.mappings === 1 ? page : null;
}

function deactivate(kernel: Kernel, head: Page): void {
  if (!head.onLru) return;
  kernel.lruRemove(head);
  head.active = false;
  head.referenced = false;
  kernel.lruAdd(head);
}

/** Runs `each` once per entry of [start, end), at its first page there; entries may change meanwhile. */
function forEachEntry(mm: Mm, start: number, end: number, each: (vpn: number) => void): void {
  for (let vpn = start; vpn < end;) {
    const next = pmdStart(vpn) + PMD_PAGES;
    if (pmdKind(mm, vpn) === 'huge' || !isPteHole(mm, vpn)) each(vpn);
    vpn = pmdKind(mm, vpn) === 'table' ? vpn + 1 : next;
  }
}
