/**
 * Migration entries: what stands in page tables while a folio moves, and the ordinary move of a folio to another RAM node
 * (mm/migrate.c, mm/rmap.c try_to_migrate). Accesses to a migration entry wait until it is removed (G14).
 */
import type { Kernel } from './kernel';
import type { Mm } from './mm';
import { invalidate } from './notifier';
import { copyData, folioPages, PMD_PAGES, pagesOf, type Page } from './page';
import { entryAt, pageOf, pte, setPmd, setPte, type Pte } from './page-table';
import { mapHuge, mapPage, mappingsOf, splitFolio, splitPmd, unmapHuge, unmapPage } from './rmap';

/** Where a migration entry stands, and for which base page (the head for a PMD entry). */
export interface Place {
  readonly mm: Mm;
  readonly vpn: number;
  readonly huge: boolean;
  readonly page: Page;
}

/**
 * Replaces one mapping by a migration entry that keeps write, young, dirty and exclusive (G8). Drops the mapping's
 * reference: the caller holds one of his own.
 */
export function installMigrationEntry(kernel: Kernel, mm: Mm, vpn: number, huge: boolean, entry: Pte): Place {
  const page = huge ? entry.page!.head : entry.page!;
  const migration = pte('migration', page, {
    write: entry.write,
    dirty: entry.dirty,
    young: entry.young,
    exclusive: page.anonExclusive,
  });
  if (huge) unmapHuge(kernel, mm, vpn, page, migration);
  else unmapPage(kernel, mm, vpn, page, migration);
  return { mm, vpn, huge, page };
}

/** Replaces every mapping of the folio (G12): a page that processes share moves for all of them at once. */
export function tryToMigrate(kernel: Kernel, head: Page): Place[] {
  const places: Place[] = [];
  for (const { mm, vpn, huge } of mappingsOf(head)) {
    const { entry } = entryAt(mm, vpn)!;
    // Device-exclusive entries are mappings to remove like any other (X6).
    invalidate(mm, vpn, vpn + (huge ? PMD_PAGES : 1), 'CLEAR', () => {
      places.push(installMigrationEntry(kernel, mm, vpn, huge, entry));
    });
  }
  return places;
}

/**
 * Ends the wait: each place that still has its migration entry maps `target(page)` (G21). Entries that went meanwhile
 * (munmap in another process) stay gone.
 */
export function removeMigrationEntries(places: readonly Place[], target: (page: Page) => Page): void {
  for (const { mm, vpn, huge, page } of places) {
    const found = entryAt(mm, vpn);
    if (found?.entry.state !== 'migration' || found.huge !== huge) continue;
    if (pageOf(found.entry, huge, vpn) !== page) continue;
    restore(mm, vpn, huge, found.entry, target(page));
  }
}

function restore(mm: Mm, vpn: number, huge: boolean, entry: Pte, page: Page): void {
  const state = page.kind === 'device-private' ? 'private' : 'present';
  const mapped = pte(state, page, { write: entry.write, dirty: entry.dirty, young: entry.young });
  if (page.head.anon) {
    if (huge) for (const each of pagesOf(page.head)) each.anonExclusive = entry.exclusive;
    else page.anonExclusive = entry.exclusive;
  }
  if (huge) {
    setPmd(mm, vpn, null);
    mapHuge(mm, vpn, mapped);
  } else {
    setPte(mm, vpn, null);
    mapPage(mm, vpn, mapped);
  }
}

/** The places of a folio whose PMD entries became PTEs, one per base page. */
export function splitPlaces(places: readonly Place[]): Place[] {
  return places.flatMap((place) => {
    if (!place.huge) return [place];
    const found = entryAt(place.mm, place.vpn);
    if (found?.huge && found.entry.state === 'migration') splitPmd(place.mm, place.vpn);
    return pagesOf(place.page).map((page, i) => ({ mm: place.mm, vpn: place.vpn + i, huge: false, page }));
  });
}

/** References that the page cache and the swap cache hold. */
export const cacheReferences = (head: Page): number =>
  (head.file ? folioPages(head) : 0) + (head.swapSlot >= 0 ? 1 : 0);

/** Everything but the bytes goes from one folio to another of the same order: mapping, flags, memcg charge (G19, R4). */
export function moveMetadata(kernel: Kernel, from: Page, to: Page): void {
  to.anon = from.anon;
  to.index = from.index;
  to.dirty = from.dirty;
  to.active = from.active;
  to.referenced = from.referenced;
  to.mlocked = from.mlocked;
  to.ksm = from.ksm;
  to.memcg = from.memcg; // the charge follows: no new one, so the way back cannot fail on the limit (R4)
  from.memcg = null;
  if (from.swapSlot >= 0) {
    const used = kernel.swap.get(from.swapSlot)!;
    used.cached = to;
    to.swapSlot = from.swapSlot;
    from.swapSlot = -1;
    to.refcount++;
    from.refcount--;
  }
  const { file } = from;
  if (!file) return;
  to.file = file;
  from.file = null;
  for (let i = 0; i < folioPages(from); i++) {
    file.cache.set(from.index + i, to.pages?.[i] ?? to);
    to.refcount++;
    from.refcount--;
  }
}

/** Copies the bytes of a folio, base page by base page. */
export function copyFolio(kernel: Kernel, from: Page, to: Page, reason: string): void {
  const target = pagesOf(to);
  for (const [i, page] of pagesOf(from).entries()) copyData(page, target[i]!);
  kernel.hooks.copied?.(from, to, folioPages(from), reason);
}

/** Splits a large folio wherever it is mapped: PMD entries first (CLEAR), then the folio. false: somebody holds it. */
export function splitEverywhere(kernel: Kernel, head: Page, extra: number): boolean {
  if (head.order === 0) return true;
  for (const { mm, vpn, huge } of mappingsOf(head))
    if (huge)
      invalidate(mm, vpn, vpn + PMD_PAGES, 'CLEAR', () => {
        splitPmd(mm, vpn);
      });
  return splitFolio(kernel, head, extra);
}

/**
 * migrate_pages for one folio of ordinary memory: to another node, bytes and all. false: pinned, locked, off the LRU, or
 * no room there; then nothing changed.
 */
export function migrateFolio(kernel: Kernel, page: Page, node: number): boolean {
  const { head } = page;
  if ((head.kind !== 'ram' && head.kind !== 'device-coherent') || head.locked || head.hugetlb) return false;
  const isRam = head.kind === 'ram';
  if (isRam) {
    if (!kernel.isolate(head)) return false;
  } else kernel.get(head);
  head.locked = true;
  const places = tryToMigrate(kernel, head);
  const movable = head.refcount === 1 + cacheReferences(head) && !head.writeback;
  const to = movable ? kernel.allocRam(head.order, node) : null;
  const lands = to !== null && to.node === node;
  if (to && lands) {
    copyFolio(kernel, head, to, 'migrate');
    moveMetadata(kernel, head, to);
    removeMigrationEntries(places, (old) => to.pages?.[old.tail] ?? to);
    kernel.lruAdd(to);
    kernel.put(to);
  } else {
    if (to) kernel.put(to);
    removeMigrationEntries(places, (old) => old);
  }
  head.locked = false;
  if (isRam && !(to && lands)) kernel.putback(head);
  else {
    head.isolated = false;
    kernel.put(head);
  }
  return lands;
}
