/**
 * Swap: slots with reference counts, the swap cache, swap-out of anonymous folios and swap-in at a fault (mm/swapfile.c,
 * mm/memory.c do_swap_page). Device pages never come here (R2).
 */
import { newAnon, outOfMemory } from './anon';
import type { FaultResult } from './errno';
import { NO_FRAME } from './frames';
import type { Kernel } from './kernel';
import { canWrite, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { PAGE_BYTES, type Page } from './page';
import { entryAt, pte, setPte, type Pte } from './page-table';
import { mapPage, mappingsOf, unmapPage } from './rmap';

/** One more swap entry refers to the slot: fork. */
export function swapDup(kernel: Kernel, slot: number): void {
  const used = kernel.swap.get(slot);
  if (!used) throw new Error(`swap slot ${slot} is not in use`);
  used.references++;
}

/** Drops references of swap entries; the last one frees the slot and takes the folio out of the swap cache. */
export function swapFree(kernel: Kernel, slot: number, count = 1): void {
  const used = kernel.swap.get(slot);
  if (!used) throw new Error(`swap slot ${slot} is not in use`);
  used.references -= count;
  if (used.references > 0) return;
  kernel.swap.delete(slot);
  const { cached } = used;
  if (!cached) return;
  cached.swapSlot = -1;
  kernel.put(cached);
}

/** A free slot, or −1. */
export function takeSlot(kernel: Kernel): number {
  if (kernel.swap.size >= kernel.config.swapPages) return -1;
  return kernel.nextSlot++;
}

/**
 * Swaps an anonymous folio of order 0 out: every mapping becomes a swap entry (CLEAR events), the bytes go to a slot
 * and the page is freed. false: no slot, or another reference exists. The caller has isolated the folio and holds one
 * reference.
 */
export function swapOut(kernel: Kernel, page: Page): boolean {
  const { head } = page;
  if (head.order > 0 || !head.anon || head.longPins > 0) return false;
  const inCache = head.swapSlot >= 0;
  if (head.refcount !== head.mappings + 1 + (inCache ? 1 : 0)) return false;
  const slot = inCache ? head.swapSlot : takeSlot(kernel);
  if (slot < 0) return false;
  if (!inCache) kernel.swap.set(slot, { data: null, references: 0, cached: null, memcg: head.memcg });
  const used = kernel.swap.get(slot)!;
  used.data = head.data ? head.data.slice() : null;
  for (const { mm, vpn } of mappingsOf(head)) {
    const found = entryAt(mm, vpn)!;
    const entry = pte('swap', null, { slot, exclusive: head.anonExclusive, write: false });
    invalidate(mm, vpn, vpn + 1, 'CLEAR', () => {
      if (found.entry.state === 'exclusive' || found.entry.state === 'present') unmapPage(kernel, mm, vpn, head, entry);
      mm.rss.swap++;
      used.references++;
    });
  }
  if (used.cached) {
    used.cached = null;
    head.swapSlot = -1;
    kernel.put(head);
  }
  kernel.counters.swapOuts++;
  return true;
}

/** do_swap_page: the slot's bytes come back; the folio stays in the swap cache while other entries want it. */
export function swapIn(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, entry: Pte, write: boolean): FaultResult {
  const used = kernel.swap.get(entry.slot);
  if (!used) throw new Error(`swap entry at page ${vpn} names slot ${entry.slot}, which is not in use`);
  let page = used.cached;
  if (page?.locked) return 'blocked';
  if (!page) {
    page = newAnon(kernel, mm, vma, 0, used.memcg ?? mm.memcg);
    if (!page) return outOfMemory(kernel);
    page.anonExclusive = false; // other entries may need the slot as well
    if (used.data) (page.data ??= new Uint8Array(PAGE_BYTES)).set(used.data);
    kernel.counters.swapIns++;
    kernel.counters.majorFaults++;
    kernel.hooks.copied?.(NO_FRAME, page.pfn, 1, 'swap-in');
    used.cached = page; // our allocation reference becomes that of the swap cache
    page.swapSlot = entry.slot;
    page.dirty = true;
    kernel.lruAdd(page);
  } else kernel.counters.minorFaults++;
  mm.rss.swap--;
  const alone = used.references === 1 && page.mappings === 0;
  if (alone) page.anonExclusive = true;
  setPte(mm, vpn, null);
  mapPage(
    mm,
    vpn,
    pte('present', page, { write: alone && write && canWrite(vma), dirty: write && alone, young: true }),
  );
  swapFree(kernel, entry.slot);
  return 'ok';
}
