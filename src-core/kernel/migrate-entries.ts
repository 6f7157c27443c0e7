/**
 * Migration entries: the page-table entries of a folio while it moves, and the ordinary move of a folio to another RAM
 * node (mm/migrate.c, mm/rmap.c try_to_migrate). Accesses to a migration entry wait until it is removed (G14).
 */
import type { Kernel } from './kernel';
import type { Mm } from './mm';
import { migratePlainPage } from './move-plain';
import { invalidate } from './notifier';
import { copyData, folioPages, PMD_ORDER, PMD_PAGES, pagesOf, type Mapping, type Page } from './page';
import { entryAt, pte, setPmd, setPte, type Pte } from './page-table';
import { mapHuge, mapPage, mappingsOf, splitFolio, splitPmd, unmapHuge, unmapPage } from './rmap';

/**
 * Replaces one mapping by a migration entry that keeps write, young, dirty and exclusive (G8). Drops the mapping's
 * reference: the caller holds a reference of its own. false: an anon-exclusive page that turns out pinned stays mapped,
 * because the pin relies on the page being exclusive to this process (folio_try_share_anon_rmap).
 */
export function installMigrationEntry(kernel: Kernel, mm: Mm, vpn: number, huge: boolean, entry: Pte): boolean {
  const page = huge ? entry.page!.head : entry.page!;
  const { head } = page;
  const exclusive = head.anon && page.anonExclusive;
  if (exclusive && head.dmaPins > 0) return false;
  if (entry.dirty) head.dirty = true;
  const { write, dirty, young } = entry;
  const migration = pte('migration', page, { write, dirty, young, exclusive });
  if (huge) unmapHuge(kernel, mm, vpn, page, migration);
  else unmapPage(kernel, mm, vpn, page, migration);
  for (const each of huge ? pagesOf(page) : [page]) each.anonExclusive = false;
  return true;
}

/**
 * Replaces every mapping that is left (G12): a page that processes share moves for all of them at once, with a CLEAR
 * event for each. Device-exclusive entries are mappings to remove like any other (X6). The folio may stay mapped where
 * it is pinned.
 */
export function tryToMigrate(kernel: Kernel, head: Page): void {
  for (const { mm, vpn, huge } of mappingsOf(head))
    invalidate(mm, vpn, vpn + (huge ? PMD_PAGES : 1), 'CLEAR', () => {
      installMigrationEntry(kernel, mm, vpn, huge, entryAt(mm, vpn)!.entry);
    });
}

/**
 * Ends the wait: every migration entry of the folio maps the same page of `to` (G21); `to` is the folio itself after a
 * refusal. Entries that were removed meanwhile (munmap) stay removed; those that fork or mremap made are found as well.
 */
export function removeMigrationEntries(from: Page, to: Page): void {
  const targets = pagesOf(to);
  for (const [i, page] of pagesOf(from).entries())
    for (const mapping of page.waiting) restore(mapping, mapping.huge ? to : targets[i]!);
}

function restore({ mm, vpn, huge }: Mapping, page: Page): void {
  const { entry } = entryAt(mm, vpn)!;
  const isPrivate = page.kind === 'device-private';
  const { write, dirty, young, exclusive } = entry;
  const mapped = isPrivate
    ? pte('private', page, { write, exclusive })
    : pte('present', page, { write, dirty: dirty && page.head.dirty, young });
  if (page.head.anon) for (const each of huge ? pagesOf(page.head) : [page]) each.anonExclusive = exclusive;
  if (huge) {
    setPmd(mm, vpn, null);
    mapHuge(mm, vpn, mapped);
  } else {
    setPte(mm, vpn, null);
    mapPage(mm, vpn, mapped);
  }
}

/** References that the page cache and the swap cache hold. */
export const cacheReferences = (head: Page): number =>
  (head.file ? folioPages(head) : 0) + (head.swapSlot >= 0 ? 1 : 0);

/** Everything but the bytes goes from one folio to another of the same order: mapping, flags, memcg charge (G19, R4). */
export function moveMetadata(kernel: Kernel, from: Page, to: Page): void {
  kernel.uncharge(to);
  to.anon = from.anon;
  to.index = from.index;
  to.dirty = from.dirty;
  to.active = from.active;
  to.referenced = from.referenced;
  to.mlocked = from.mlocked;
  to.lazyFree = from.lazyFree;
  to.ksm = from.ksm;
  to.memcg = from.memcg; // the charge follows: no new one, so the way back cannot fail on the limit (R4)
  from.memcg = null;
  if (from.swapSlot >= 0) {
    kernel.swap.get(from.swapSlot)!.cached = to;
    to.swapSlot = from.swapSlot;
    from.swapSlot = -1;
    to.refcount++;
    from.refcount--;
  }
  const { file } = from;
  if (!file) return;
  to.file = file;
  from.file = null;
  for (const [i, page] of pagesOf(to).entries()) {
    file.cache.set(from.index + i, page);
    to.refcount++;
    from.refcount--;
  }
}

/** Copies the bytes of a folio, base page by base page. */
export function copyFolio(kernel: Kernel, from: Page, to: Page, reason: string): void {
  const target = pagesOf(to);
  for (const [i, page] of pagesOf(from).entries()) copyData(page, target[i]!);
  kernel.hooks.copied?.(from.pfn, to.pfn, folioPages(from), reason);
}

/**
 * Splits a large folio wherever it is mapped: PMD entries first (CLEAR, although no page moves), then the folio. The
 * `extra` references and the lock go to the folio of `holder`. false: another reference exists.
 */
export function splitEverywhere(kernel: Kernel, head: Page, extra: number, holder: Page = head): boolean {
  if (head.order === 0) return true;
  // can_split_folio: a refusal that is known leaves the PMD entries alone. A PMD entry has one reference, as in rmap.
  if (head.refcount !== head.mappings + (head.file ? PMD_PAGES : 0) + extra) return false;
  for (const { mm, vpn, huge } of mappingsOf(head))
    if (huge)
      invalidate(mm, vpn, vpn + PMD_PAGES, 'CLEAR', () => {
        splitPmd(mm, vpn);
      });
  return splitFolio(kernel, head, extra, holder);
}

/**
 * migrate_pages for one folio of ordinary memory, or of coherent device memory on its way to a long-term pin: to another
 * RAM node, bytes and all. A large folio that finds no room whole goes page by page. false: pinned, locked, off the LRU,
 * or no room there; what did not move is as it was.
 */
export function migrateFolio(kernel: Kernel, page: Page, node: number): boolean {
  const { head } = page;
  if ((head.kind !== 'ram' && head.kind !== 'device-coherent') || head.locked || head.hugetlb) return false;
  if (migratePlainPage(kernel, head.pfn, node)) return true;
  const isRam = head.kind === 'ram';
  if (!isRam) kernel.get(head);
  else if (!kernel.isolate(head)) return false;
  head.locked = true;
  tryToMigrate(kernel, head);
  const isMovable = head.mappings === 0 && head.refcount === 1 + cacheReferences(head) && !head.writeback;
  const to = isMovable ? roomOn(kernel, head.order, node) : null;
  if (to) {
    copyFolio(kernel, head, to, 'migrate');
    moveMetadata(kernel, head, to);
    kernel.lruAdd(to);
  }
  removeMigrationEntries(head, to ?? head);
  head.locked = false;
  if (to) kernel.put(to);
  if (isRam && !to) kernel.putback(head);
  else {
    head.isolated = false;
    kernel.put(head);
  }
  if (to !== null) return true;
  return isMovable && head.order === PMD_ORDER && migrateByPages(kernel, head, node);
}

function migrateByPages(kernel: Kernel, head: Page, node: number): boolean {
  const pages = pagesOf(head);
  if (!splitEverywhere(kernel, head, 0)) return false;
  let moved = true;
  for (const page of pages) if (!page.free && !migrateFolio(kernel, page, node)) moved = false;
  return moved;
}

/** A folio on exactly this node (__GFP_THISNODE), or null. */
function roomOn(kernel: Kernel, order: number, node: number): Page | null {
  const to = kernel.allocRam(order, node);
  if (!to || to.node === node) return to;
  kernel.put(to);
  return null;
}
