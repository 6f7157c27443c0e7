/**
 * Reclaim of host memory (mm/vmscan.c), as far as placement needs it: an active and an inactive list, dirty file pages
 * written back, anonymous pages swapped, pinned and locked pages left, device pages never seen (R1). With tiers, cold
 * pages are demoted before anything is swapped (U4). Left out: kswapd and watermarks (reclaim runs when an allocation
 * needs it and frees what it needs), swappiness, refault distances; a page written back is clean at once.
 */
import type { Kernel } from './kernel';
import type { Memcg } from './mm';
import { vmaAt } from './mm';
import { invalidate } from './notifier';
import { folioPages, pagesOf, type Page } from './page';
import { demote } from './numa';
import { splitEverywhere } from './migrate-entries';
import { dropCached, shmemSwapOut, unmapEverywhere, writeback } from './page-cache';
import { entryAt } from './page-table';
import { changeEntry, mappingsOf, unmapPage } from './rmap';
import { swapOut } from './swap';

/**
 * Looks at the whole inactive list before reclaim gives up: the first gives each used page a second chance, the second
 * frees those that were not used again, and before the last one the active list is emptied.
 */
const MOST_PASSES = 3;
/** Active folios that become inactive when the inactive list is the shorter one (SWAP_CLUSTER_MAX). */
const BATCH = 32;

/** Anonymous pages are scanned only if swap or a lower tier can take them (can_reclaim_anon_pages). */
const hasWork = (kernel: Kernel): boolean =>
  kernel.lru.files > 0 ||
  kernel.hasLazyFree ||
  kernel.swap.size < kernel.config.swapPages ||
  kernel.tiering?.demotion === true;

/** Wires direct reclaim into the allocator. */
export function installReclaim(kernel: Kernel): void {
  let busy = false;
  kernel.reclaim = (node, pages, memcg) => {
    if (busy) return false; // memory that reclaim itself needs is not reclaimed for (PF_MEMALLOC)
    if (!hasWork(kernel)) return false;
    busy = true;
    try {
      return shrink(kernel, node, pages, memcg) >= pages;
    } finally {
      busy = false;
    }
  };
}

/**
 * Frees pages of a node or, where a memcg is named, of that memcg on any node, because its limit is the reason. Returns
 * how many base pages; fewer than asked for means that nothing more can be freed.
 */
function shrink(kernel: Kernel, node: number, pages: number, memcg: Memcg | null): number {
  const isMine = (head: Page): boolean => (memcg ? head.memcg === memcg : head.node === node);
  let freed = 0;
  for (let pass = 0; pass < MOST_PASSES && freed < pages; pass++) {
    if (pass === MOST_PASSES - 1) deactivate(kernel, isMine, Infinity);
    else if (kernel.lru.inactive.size < kernel.lru.active.size) deactivate(kernel, isMine, BATCH);
    let looks = kernel.lru.inactive.size; // what is put back comes at the end, for the next pass
    for (const head of kernel.lru.inactive) {
      if (freed >= pages || looks-- <= 0) break;
      if (isMine(head)) freed += shrinkFolio(kernel, head, pages - freed, memcg !== null);
    }
  }
  return freed;
}

/** Moves the oldest active folios to the inactive list and clears their accessed bits (shrink_active_list). */
function deactivate(kernel: Kernel, isMine: (head: Page) => boolean, most: number): void {
  let looks = Math.min(most, kernel.lru.active.size);
  for (const head of kernel.lru.active) {
    if (looks-- <= 0) break;
    if (!isMine(head)) continue;
    clearYoung(head);
    kernel.lruRemove(head);
    head.active = false;
    head.referenced = false;
    kernel.lruAdd(head);
  }
}

/** Clears the accessed bits; returns how many mappings were used since the last look (folio_referenced). */
function clearYoung(head: Page): number {
  let used = 0;
  for (const { mm, vpn, huge } of mappingsOf(head)) {
    const found = entryAt(mm, vpn);
    if (!found?.entry.young) continue;
    used++;
    changeEntry(mm, vpn, huge, { ...found.entry, young: false });
  }
  return used;
}

/**
 * An isolated folio goes: a clean MADV_FREE page is dropped (its bytes are lost, as its owner allowed), other anonymous
 * ones are swapped out, file pages are written back and leave the page cache.
 */
function freeIsolated(kernel: Kernel, head: Page): boolean {
  if (!head.anon) return reclaimFilePage(kernel, head);
  return discardLazyFree(kernel, head) || swapOut(kernel, head);
}

function discardLazyFree(kernel: Kernel, head: Page): boolean {
  if (!head.lazyFree) return false;
  const mappings = mappingsOf(head);
  const dirty = head.dirty || mappings.some(({ mm, vpn }) => entryAt(mm, vpn)?.entry.dirty === true);
  head.lazyFree = !dirty; // written since: an ordinary page again
  if (dirty || head.swapSlot >= 0 || head.refcount !== mappings.length + 1) return false;
  for (const { mm, vpn } of mappings)
    invalidate(mm, vpn, vpn + 1, 'CLEAR', () => {
      unmapPage(kernel, mm, vpn, head, null);
    });
  return true;
}

/** MADV_PAGEOUT: reclaims one folio now, whatever its age. */
export function shrinkPage(kernel: Kernel, head: Page): boolean {
  if (head.locked || head.writeback || head.longPins > 0 || head.mlocked || head.order > 0) return false;
  if (!kernel.isolate(head)) return false;
  const freed = freeIsolated(kernel, head);
  kernel.putback(head);
  return freed;
}

/**
 * One folio: kept with a second chance, demoted, or freed; of a large one at most `wanted` pages. Returns the base
 * pages that are free now where they are wanted.
 */
function shrinkFolio(kernel: Kernel, head: Page, wanted: number, forLimit: boolean): number {
  if (head.locked || head.writeback || head.longPins > 0) return rotate(kernel, head);
  if (isInLockedVma(head)) {
    // Faulted in, copied or brought back from a device after the mlock: found out here (try_to_unmap).
    head.mlocked = true;
    return rotate(kernel, head);
  }
  const used = clearYoung(head);
  if (used > 0) {
    // Used again since the last look, or by several: active. The first time, it only stays.
    head.active = head.referenced || used > 1;
    head.referenced = true;
    return rotate(kernel, head);
  }
  // A demoted folio stays charged, so demotion does not help a memcg below its limit.
  const size = folioPages(head);
  if (!forLimit && demote(kernel, head)) return size;
  if (head.order > 0) return shrinkPages(kernel, head, wanted, forLimit);
  if (!kernel.isolate(head)) return 0;
  const freed = freeIsolated(kernel, head);
  kernel.putback(head);
  return freed ? 1 : 0;
}

/** A large folio goes page by page: split first, the rest of its pages stays on the list. */
function shrinkPages(kernel: Kernel, head: Page, wanted: number, forLimit: boolean): number {
  const pages = pagesOf(head);
  if (!splitEverywhere(kernel, head, 0)) return rotate(kernel, head);
  let freed = 0;
  for (const page of pages) {
    if (freed >= wanted) break;
    if (!page.free) freed += shrinkFolio(kernel, page, 1, forLimit);
  }
  return freed;
}

const isInLockedVma = (head: Page): boolean => head.rmap.some(({ mm, vpn }) => vmaAt(mm, vpn)?.locked === true);

/** To the young end of the list that its flags name. */
function rotate(kernel: Kernel, head: Page): number {
  kernel.lruRemove(head);
  kernel.lruAdd(head);
  return 0;
}

function reclaimFilePage(kernel: Kernel, head: Page): boolean {
  const { file } = head;
  if (!file) return false;
  // References of reclaim, the page cache and the mappings; any other is a pin.
  if (head.refcount !== head.mappings + 2) return false;
  if (file.kind === 'shmem') return shmemSwapOut(kernel, head);
  unmapEverywhere(kernel, head);
  writeback(kernel, file, head.index, head.index + 1);
  if (head.dirty) return false;
  dropCached(kernel, file, head.index);
  return true;
}
