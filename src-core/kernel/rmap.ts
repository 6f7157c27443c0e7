/**
 * Mapping and unmapping of pages with all their counts: reverse map, map counts, references, RSS. Everything that puts
 * a page into a page table or takes it out goes through here; entries without a page (swap, zero) are written directly.
 */
import type { Kernel } from './kernel';
import type { Mm } from './mm';
import { folioPages, pagesOf, type Mapping, type Page } from './page';
import { addPlace, MAPS, removePlace } from './places';
import { entryAt, pmdStart, setPmd, setPte, type Pte } from './page-table';

const rssKind = (head: Page): 'anon' | 'file' | 'shmem' => {
  if (!head.file) return 'anon';
  return head.file.kind === 'shmem' ? 'shmem' : 'file';
};
/** Driver pages and hugetlb folios are not in RSS (hugetlb is counted apart). */
const inRss = (head: Page): boolean => head.kind !== 'driver' && !head.hugetlb;

/** Installs a present, private or exclusive entry for one base page: takes a reference, keeps rmap and RSS. */
export function mapPage(mm: Mm, vpn: number, entry: Pte): void {
  const page = entry.page!;
  const { head } = page;
  head.refcount++;
  page.mapcount++;
  addPlace(mm.kernel.frames, MAPS, head.pfn, { mm, vpn, huge: false });
  if (inRss(head)) mm.rss[rssKind(head)]++;
  setPte(mm, vpn, entry);
}

/** The same for a PMD entry of a whole folio; one reference. */
export function mapHuge(mm: Mm, vpn: number, entry: Pte): void {
  const { head } = entry.page!;
  head.refcount++;
  head.entireMapcount++;
  addPlace(mm.kernel.frames, MAPS, head.pfn, { mm, vpn: pmdStart(vpn), huge: true });
  if (inRss(head)) mm.rss[rssKind(head)] += folioPages(head);
  setPmd(mm, vpn, entry);
}

function forget(head: Page, mm: Mm, vpn: number, huge: boolean): void {
  if (!removePlace(mm.kernel.frames, MAPS, head.pfn, { mm, vpn, huge }))
    throw new Error(`frame ${head.pfn} is not mapped at page ${vpn}`);
}

/**
 * Takes a page out of one PTE and writes `replacement` there (null clears). The reference of the mapping is dropped,
 * unless `keepReference`: then it is the caller's (a migration keeps it).
 */
export function unmapPage(
  kernel: Kernel,
  mm: Mm,
  vpn: number,
  page: Page,
  replacement: Pte | null,
  keepReference = false,
): void {
  const { head } = page;
  forget(head, mm, vpn, false);
  page.mapcount--;
  if (inRss(head)) mm.rss[rssKind(head)]--;
  setPte(mm, vpn, replacement);
  if (!keepReference) kernel.put(head);
}

/** The same for a PMD entry. */
export function unmapHuge(
  kernel: Kernel,
  mm: Mm,
  vpn: number,
  head: Page,
  replacement: Pte | null,
  keepReference = false,
): void {
  const start = pmdStart(vpn);
  forget(head, mm, start, true);
  head.entireMapcount--;
  if (inRss(head)) mm.rss[rssKind(head)] -= folioPages(head);
  setPmd(mm, start, replacement);
  if (!keepReference) kernel.put(head);
}

/** Replaces flags of a mapped entry in place: the page and the counts stay the same. */
export function changeEntry(mm: Mm, vpn: number, huge: boolean, entry: Pte): void {
  if (huge) setPmd(mm, vpn, entry);
  else setPte(mm, vpn, entry);
}

/**
 * Splits a PMD entry into 512 PTEs of the same pages and flags (no notifier: the caller brackets it with CLEAR).
 * Works for present, private, zero and migration entries.
 */
export function splitPmd(mm: Mm, vpn: number): void {
  const start = pmdStart(vpn);
  const found = entryAt(mm, start);
  if (!found?.huge) return;
  const { entry } = found;
  if (!entry.page) {
    setPmd(mm, start, null);
    for (let i = 0; i < 512; i++) setPte(mm, start + i, entry);
    return;
  }
  const { head } = entry.page;
  const pages = pagesOf(head);
  if (entry.state === 'migration') {
    setPmd(mm, start, null);
    for (const [i, page] of pages.entries()) setPte(mm, start + i, { ...entry, page });
    return;
  }
  // One reference and one map count of the PMD become one of each per PTE.
  forget(head, mm, start, true);
  head.entireMapcount--;
  head.refcount += pages.length - 1;
  setPmd(mm, start, null);
  for (const [i, page] of pages.entries()) {
    page.mapcount++;
    addPlace(mm.kernel.frames, MAPS, head.pfn, { mm, vpn: start + i, huge: false });
    setPte(mm, start + i, { ...entry, page });
  }
  mm.kernel.counters.thpSplits++;
}

/** A copy of the places where the folio (or one base page of it) is mapped. */
export function mappingsOf(head: Page, page: Page | null = null): readonly Mapping[] {
  if (!page || head.order === 0) return head.rmap;
  return head.rmap.filter((each) => each.huge || entryAt(each.mm, each.vpn)?.entry.page === page);
}

/**
 * Makes a large folio 512 folios of order 0 (split_folio). All PMD mappings are split first by the caller. Fails
 * (false) if there are more references than the mappings, the cache and `extra` explain. The extra references and the
 * lock become those of `holder`'s own folio (as split_huge_page_to_list leaves them with the page that its caller
 * named).
 */
export function splitFolio(kernel: Kernel, head: Page, extra: number, holder: Page = head): boolean {
  if (head.order === 0) return true;
  const pages = head.pages!;
  if (head.entireMapcount > 0) throw new Error(`folio ${head.pfn} is split while a PMD entry maps it`);
  const cached = head.file ? pages.length : 0;
  if (head.refcount !== head.mappings + cached + extra) return false;
  const { frames } = kernel;
  const lru = head.onLru;
  kernel.lruRemove(head);
  const { memcg, anon, file, dirty, active, mlocked, kind, index } = head;
  const mappings = head.rmap;
  for (const mapping of mappings) removePlace(frames, MAPS, head.pfn, mapping);
  frames.uncompound(head.pfn);
  for (const [i, page] of pages.entries()) {
    page.anon = anon;
    page.file = file;
    page.index = index + i;
    page.dirty = dirty;
    page.active = active;
    page.mlocked = mlocked;
    page.memcg = memcg;
    page.refcount = page.mapcount + (file ? 1 : 0);
    if (file) file.cache.set(page.index, page);
  }
  for (const mapping of mappings) addPlace(frames, MAPS, entryAt(mapping.mm, mapping.vpn)!.entry.page!.pfn, mapping);
  holder.refcount += extra;
  const { locked } = head;
  head.locked = false;
  holder.locked = locked;
  if (kind !== 'ram') head.pagemap?.folioSplit?.(head.pfn);
  for (const page of pages) {
    if (lru) kernel.lruAdd(page);
    // Pages without a mapping are freed at once.
    if (page.refcount === 0) {
      page.refcount = 1;
      kernel.put(page);
    }
  }
  return true;
}
