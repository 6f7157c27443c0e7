/**
 * Reclaim of host memory (mm/vmscan.c), as far as placement needs it: two lists with a second chance, dirty file pages
 * written back, anonymous pages swapped, pinned and locked pages left, device pages never seen (R1). With tiers, cold
 * pages are demoted before anything is swapped (U4).
 */
import type { Kernel } from './kernel';
import type { Memcg } from './mm';
import { invalidate } from './notifier';
import { folioPages, PMD_PAGES, type Page } from './page';
import { demote } from './numa';
import { dropCached, shmemSwapOut, unmapEverywhere, writeback } from './page-cache';
import { entryAt } from './page-table';
import { changeEntry, mappingsOf, splitFolio, splitPmd, unmapPage } from './rmap';
import { swapOut } from './swap';

/** Most folios looked at in one call, as a multiple of what is asked for: reclaim gives up, it never hangs. */
const LOOKS = 64;

/** Wires direct reclaim into the allocator. */
export function installReclaim(kernel: Kernel): void {
  let busy = false;
  kernel.reclaim = (node, pages, memcg) => {
    if (busy) return false; // memory that reclaim itself needs is not reclaimed for (PF_MEMALLOC)
    busy = true;
    try {
      return shrink(kernel, node, pages, memcg) >= pages;
    } finally {
      busy = false;
    }
  };
}

/** Frees pages of a node, of one memcg where its limit is the reason; answers how many. */
export function shrink(kernel: Kernel, node: number, pages: number, memcg: Memcg | null): number {
  const limited = memcg !== null && memcg.charged + pages > memcg.limitPages;
  let freed = 0;
  let looks = Math.max(256, pages * LOOKS);
  while (freed < pages && looks > 0) {
    if (kernel.inactive.size === 0 && !refill(kernel)) break;
    let moved = false;
    for (const head of [...kernel.inactive].slice(0, 32)) {
      if (freed >= pages || looks-- <= 0) break;
      if (head.node !== node && !limited) continue;
      if (limited && head.memcg !== memcg) continue;
      moved = true;
      freed += shrinkFolio(kernel, head);
    }
    if (!moved && !refill(kernel)) {
      freed += shrinkRest(kernel, node, pages - freed, limited ? memcg : null);
      break;
    }
  }
  return freed;
}

/** The head of the list is of other nodes or cgroups: look through all of it once. */
function shrinkRest(kernel: Kernel, node: number, pages: number, memcg: Memcg | null): number {
  let freed = 0;
  for (const head of [...kernel.inactive]) {
    if (freed >= pages) break;
    if (memcg ? head.memcg === memcg : head.node === node) freed += shrinkFolio(kernel, head);
  }
  return freed;
}

/** Moves old active folios to the inactive list; false: there are none. */
function refill(kernel: Kernel): boolean {
  let moved = 0;
  for (const head of kernel.activeList) {
    if (moved++ >= 32) break;
    kernel.lruRemove(head);
    head.active = false;
    head.referenced = false;
    kernel.lruAdd(head);
  }
  return moved > 0;
}

/** Was the folio used since it was looked at last? Clears the accessed bits. */
function wasUsed(head: Page): boolean {
  let young = false;
  for (const { mm, vpn, huge } of mappingsOf(head)) {
    const found = entryAt(mm, vpn);
    if (!found?.entry.young) continue;
    young = true;
    changeEntry(mm, vpn, huge, { ...found.entry, young: false });
  }
  return young;
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

/** One folio: kept with a second chance, demoted, or freed. Answers base pages freed on its node. */
function shrinkFolio(kernel: Kernel, head: Page): number {
  if (head.locked || head.writeback || head.longPins > 0 || head.mlocked) return rotate(kernel, head);
  if (wasUsed(head) && !head.referenced) {
    head.referenced = true;
    return rotate(kernel, head);
  }
  if (demote(kernel, head)) return folioPages(head);
  if (head.order > 0) return splitForReclaim(kernel, head);
  if (!kernel.isolate(head)) return 0;
  const freed = freeIsolated(kernel, head);
  kernel.putback(head);
  return freed ? 1 : 0;
}

function rotate(kernel: Kernel, head: Page): number {
  kernel.lruRemove(head);
  kernel.lruAdd(head);
  return 0;
}

function reclaimFilePage(kernel: Kernel, head: Page): boolean {
  const { file } = head;
  if (!file) return false;
  // Ours, the page cache's and the mappings'; anything else is a pin.
  if (head.refcount !== head.rmap.length + 2) return false;
  if (file.kind === 'shmem') return shmemSwapOut(kernel, head);
  unmapEverywhere(kernel, head);
  writeback(kernel, file, head.index, head.index + 1);
  if (head.dirty) return false;
  dropCached(kernel, file, head.index);
  return true;
}

/** A large folio goes page by page: split first (split_folio in shrink_folio_list). */
function splitForReclaim(kernel: Kernel, head: Page): number {
  for (const { mm, vpn, huge } of mappingsOf(head))
    if (huge)
      invalidate(mm, vpn, vpn + PMD_PAGES, 'CLEAR', () => {
        splitPmd(mm, vpn);
      });
  if (!splitFolio(kernel, head, 0)) rotate(kernel, head);
  return 0;
}
