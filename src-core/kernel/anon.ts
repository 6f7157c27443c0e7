/** Anonymous pages: allocation with its charge, first touch, copy on write (mm/memory.c). */
import { basePagesOf } from './base-page';
import type { FaultResult } from './errno';
import { F } from './frame-flags';
import type { Kernel } from './kernel';
import type { Memcg, Mm, Vma } from './mm';
import { canWrite, policyNode } from './mm';
import { invalidate } from './notifier';
import { copyData, PMD_ORDER, PMD_PAGES, type Page, pagesOf } from './page';
import { entriesChanged, pmdKind, pmdStart, pte, pteAt, rowsFor, setPmd, setPte, type Pte } from './page-table';
import { P, PRESENT } from './pte-tables';
import { changeEntry, mapHuge, mapPage, unmapPage } from './rmap';
import { splitHuge } from './split-huge';
import { knowSpace, setOwnPlace } from './places';

/**
 * A new anonymous folio, charged and on no list yet; null where memory or the memcg's limit ran out. Refcount 1.
 * @param memcg charged instead of the process's own: a page that comes from swap keeps its owner
 * @param onlyNode the only allowed node; null: the nodes of the VMA's policy and their fallbacks
 */
export function newAnon(
  kernel: Kernel,
  mm: Mm,
  vma: Vma,
  order: number,
  memcg: Memcg = mm.memcg,
  onlyNode: number | null = null,
): Page | null {
  const head = kernel.allocRam(order, onlyNode ?? policyNode(vma.policy, kernel.localNode), onlyNode !== null);
  if (!head) return null;
  if (!kernel.charge(head, memcg)) {
    kernel.put(head);
    return null;
  }
  head.anon = true;
  for (const page of pagesOf(head)) page.anonExclusive = true;
  return head;
}

/** Out of memory: a state of the run, counted, not an exception. */
export function outOfMemory(kernel: Kernel): FaultResult {
  kernel.counters.oomKills++;
  return 'oom';
}

/** true: a PMD entry may stand here (transparent_hugepage/enabled, alignment, nothing mapped around it). */
function hugeFits(kernel: Kernel, mm: Mm, vma: Vma, vpn: number): boolean {
  if (basePagesOf(kernel) > 1) return false; // a PMD maps 512 MiB there
  const start = pmdStart(vpn);
  if (start < vma.start || start + PMD_PAGES > vma.end || pmdKind(mm, vpn) !== 'none') return false;
  if (vma.thp === 'nohugepage' || vma.uffdMissing) return false;
  return kernel.thp === 'always' || (kernel.thp === 'madvise' && vma.thp === 'hugepage');
}

/** First touch of private anonymous memory: a read maps the shared zero page, a write a page of its own. */
export function anonymousFault(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, write: boolean): FaultResult {
  vma.hasAnon = true;
  if (hugeFits(kernel, mm, vma, vpn) && hugeFault(kernel, mm, vma, vpn, write)) return 'ok';
  kernel.counters.minorFaults++;
  if (!write) {
    setPte(mm, vpn, pte('zero', null, { young: true }));
    return 'ok';
  }
  return mapZeroed(kernel, mm, vma, vpn, true) ? 'ok' : outOfMemory(kernel);
}

/**
 * Maps a new page of zeros into a hole: newAnon and mapAnon of a base page in one step on the columns.
 * @param onlyNode as in newAnon
 * @returns false: memory or the memcg's limit ran out
 */
export function mapZeroed(
  kernel: Kernel,
  mm: Mm,
  vma: Vma,
  vpn: number,
  write: boolean,
  onlyNode: number | null = null,
): boolean {
  const { frames, tables } = kernel;
  const frame = kernel.allocFrames(0, onlyNode ?? policyNode(vma.policy, kernel.localNode), onlyNode !== null);
  if (frame < 0) return false;
  if (!kernel.chargeFrames(frame, 1, mm.memcg)) {
    kernel.putFrame(frame);
    return false;
  }
  knowSpace(frames, mm);
  frames.flags[frame] = frames.flags[frame]! | F.anon | F.anonExclusive | F.placeMaps;
  frames.mapcount[frame] = 1;
  setOwnPlace(frames, frame, mm, vpn);
  mm.rss.anon++;
  const rows = rowsFor(mm, vpn);
  const row = rows + (vpn % PMD_PAGES);
  tables.used[rows / PMD_PAGES] = tables.used[rows / PMD_PAGES]! + 1;
  tables.value[row] = frame;
  tables.bits[row] = PRESENT | P.young | (write ? P.write | P.dirty : 0);
  entriesChanged(mm, vpn, 1);
  kernel.lru.add(frame); // the allocation's reference is the mapping's
  return true;
}

/** do_huge_pmd_anonymous_page; false: fall back to base pages. */
function hugeFault(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, write: boolean): boolean {
  if (!write) {
    setPmd(mm, vpn, pte('zero', null, { young: true }));
    return true;
  }
  const head = newAnon(kernel, mm, vma, PMD_ORDER);
  if (!head) return false;
  kernel.counters.thpFaults++;
  mapHuge(mm, vpn, pte('present', head, { write: canWrite(vma), dirty: true, young: true }));
  kernel.lruAdd(head);
  kernel.put(head);
  return true;
}

/** Maps a fresh page (refcount 1, ours) and gives our reference to the mapping. */
export function mapAnon(kernel: Kernel, mm: Mm, vpn: number, page: Page, write: boolean): void {
  mapPage(mm, vpn, pte('present', page, { write, dirty: write, young: true }));
  kernel.lruAdd(page.head);
  kernel.put(page);
}

/** true: the writer may keep the page, because no other mapping or reference exists (wp_can_reuse_anon_folio). */
function canReuse(page: Page): boolean {
  if (page.anonExclusive) return true;
  const { head } = page;
  return (
    !head.ksm && !head.locked && head.order === 0 && head.swapSlot < 0 && head.mappings === 1 && head.refcount === 1
  );
}

/**
 * FAULT_FLAG_UNSHARE, before a pin for reading: the page becomes the process's own but stays read-only, so that a later
 * write of the process is visible through the pin.
 */
export function unshare(kernel: Kernel, mm: Mm, vma: Vma, vpn: number): FaultResult {
  splitHuge(mm, vpn);
  const entry = pteAt(mm, vpn);
  return entry ? copyOnWrite(kernel, mm, vma, vpn, entry, false) : 'ok';
}

/**
 * Write to a page that is mapped read-only (do_wp_page), or a write through a private mapping to a page that is not the
 * process's own: reuse, or a copy under a CLEAR event (N: COW break).
 */
export function copyOnWrite(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, entry: Pte, write = true): FaultResult {
  const old = entry.page;
  if (old?.head.anon && canReuse(old)) {
    old.anonExclusive = true;
    kernel.counters.minorFaults++;
    changeEntry(mm, vpn, false, { ...entry, write, dirty: entry.dirty || write, young: true });
    return 'ok';
  }
  if (old) kernel.get(old.head);
  const page = newAnon(kernel, mm, vma, 0);
  if (!page) {
    if (old) kernel.put(old);
    return outOfMemory(kernel);
  }
  vma.hasAnon = true;
  kernel.counters.minorFaults++;
  kernel.counters.cowBreaks++;
  if (old) {
    copyData(old, page);
    kernel.hooks.copied?.(old.pfn, page.pfn, 1, 'cow');
  }
  invalidate(mm, vpn, vpn + 1, 'CLEAR', () => {
    if (old) unmapPage(kernel, mm, vpn, old, null);
    else setPte(mm, vpn, null);
    mapAnon(kernel, mm, vpn, page, write);
  });
  if (old) kernel.put(old);
  return 'ok';
}

/** Write to a PMD-mapped folio that is read-only: reuse, a new THP for the huge zero page, or a split and base pages. */
export function hugeCopyOnWrite(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, entry: Pte): FaultResult {
  const start = pmdStart(vpn);
  if (!entry.page) {
    const head = newAnon(kernel, mm, vma, PMD_ORDER);
    if (!head) {
      splitHuge(mm, start);
      return 'ok';
    }
    kernel.counters.thpFaults++;
    invalidate(mm, start, start + PMD_PAGES, 'CLEAR', () => {
      setPmd(mm, start, null);
      mapHuge(mm, start, pte('present', head, { write: true, dirty: true, young: true }));
    });
    kernel.lruAdd(head);
    kernel.put(head);
    return 'ok';
  }
  const { head } = entry.page;
  if (head.anonExclusive || (head.mappings === 1 && head.refcount === 1)) {
    for (const page of pagesOf(head)) page.anonExclusive = true;
    kernel.counters.minorFaults++;
    changeEntry(mm, start, true, { ...entry, write: true, dirty: true, young: true });
    return 'ok';
  }
  splitHuge(mm, start); // copied page by page when the fault is taken again
  return 'ok';
}
