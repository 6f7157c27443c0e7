/**
 * Page tables of one address space: PTE tables of 512 entries, or a PMD entry that maps 2 MiB at once. Entries are
 * immutable and replaced whole, and every replacement passes `setPte` / `setPmd`, so that whoever mirrors the tables (a
 * TLB, a device on ATS) hears of each change.
 */
import type { Mm } from './mm';
import { PMD_PAGES, type Page } from './page';
import { addPlace, removePlace, WAITS } from './places';

/**
 * present: a page (or a driver's page). zero: the shared zero page (a PMD: the huge zero page), always read-only.
 * swap: in slot `slot`. migration: a migrate_vma or migrate_pages is under way; accesses wait. private: a device-private
 * page. exclusive: device-exclusive, the page stays in RAM. poison: hardware poison. special: present, without struct page.
 */
export type PteState =
  'present' | 'zero' | 'swap' | 'migration' | 'private' | 'exclusive' | 'poison' | 'special' | 'uffd-marker';

export interface Pte {
  readonly state: PteState;
  /** The base page (for a PMD entry: the head); null for zero, swap, poison, special and markers. */
  readonly page: Page | null;
  readonly write: boolean;
  readonly dirty: boolean;
  readonly young: boolean;
  /** present entry made inaccessible by NUMA-hint scanning. */
  readonly protnone: boolean;
  /** Swap slot; −1 unless state is swap. */
  readonly slot: number;
  /** A migration, swap or private entry of an anon-exclusive page. */
  readonly exclusive: boolean;
}

/** Writes an entry with the usual defaults. */
export const pte = (state: PteState, page: Page | null, rest: Partial<Omit<Pte, 'state' | 'page'>> = {}): Pte => ({
  state,
  page,
  write: rest.write ?? false,
  dirty: rest.dirty ?? false,
  young: rest.young ?? false,
  protnone: rest.protnone ?? false,
  slot: rest.slot ?? -1,
  exclusive: rest.exclusive ?? false,
});

export interface PteTable {
  readonly kind: 'table';
  readonly entries: (Pte | null)[];
  used: number;
}
export interface PmdEntry {
  readonly kind: 'huge';
  readonly entry: Pte;
}
export type Pmd = PteTable | PmdEntry;

export const pmdOf = (vpn: number): number => Math.floor(vpn / PMD_PAGES);
export const pmdStart = (vpn: number): number => vpn - (vpn % PMD_PAGES);

/** The entry that governs one page: its PTE, or the PMD entry around it; null for a hole. */
export function entryAt(mm: Mm, vpn: number): { readonly entry: Pte; readonly huge: boolean } | null {
  const pmd = mm.pmds.get(pmdOf(vpn));
  if (!pmd) return null;
  if (pmd.kind === 'huge') return { entry: pmd.entry, huge: true };
  const entry = pmd.entries[vpn % PMD_PAGES];
  return entry ? { entry, huge: false } : null;
}

/** The PTE; null for a hole. The caller knows that no PMD entry stands here. */
export function pteAt(mm: Mm, vpn: number): Pte | null {
  const pmd = mm.pmds.get(pmdOf(vpn));
  return pmd?.kind === 'table' ? (pmd.entries[vpn % PMD_PAGES] ?? null) : null;
}

/** The base page that an entry gives for vpn: the entry's page, or the tail of a PMD-mapped folio. */
export function pageOf(entry: Pte, huge: boolean, vpn: number): Page | null {
  if (!entry.page) return null;
  return huge ? entry.page.sibling(vpn % PMD_PAGES) : entry.page;
}

/**
 * Keeps `Page.waiting` as entries come and go: a fork copies a migration entry and an mremap moves it while its folio is
 * in flight, and whoever ends the migration has to find all of them (the kernel's rmap walk does).
 */
function trackWaiting(mm: Mm, vpn: number, huge: boolean, before: Pte | null, now: Pte | null): void {
  const { frames } = mm.kernel;
  if (before?.state === 'migration') removePlace(frames, WAITS, before.page!.pfn, { mm, vpn, huge });
  if (now?.state === 'migration') addPlace(frames, WAITS, now.page!.pfn, { mm, vpn, huge });
}

/** Replaces one PTE (null clears it), keeping the table as small as what is in it. Books are the caller's: see rmap.ts. */
export function setPte(mm: Mm, vpn: number, entry: Pte | null): void {
  const at = pmdOf(vpn);
  let pmd = mm.pmds.get(at);
  if (pmd?.kind === 'huge') throw new Error(`page ${vpn} is mapped by a PMD entry: split it before its PTEs are set`);
  if (!pmd) {
    if (!entry) return;
    pmd = { kind: 'table', entries: new Array<Pte | null>(PMD_PAGES).fill(null), used: 0 };
    mm.pmds.set(at, pmd);
  }
  const slot = vpn % PMD_PAGES;
  const before = pmd.entries[slot] ?? null;
  pmd.used += (entry ? 1 : 0) - (before ? 1 : 0);
  pmd.entries[slot] = entry;
  trackWaiting(mm, vpn, false, before, entry);
  if (pmd.used === 0) mm.pmds.delete(at);
  mm.kernel.hooks.entryChanged?.(mm, vpn, 1, entry);
}

/** Replaces a PMD entry (null clears it). No PTE table may stand here. `vpn` is that of the first page. */
export function setPmd(mm: Mm, vpn: number, entry: Pte | null): void {
  const at = pmdOf(vpn);
  const before = mm.pmds.get(at);
  if (before?.kind === 'table') throw new Error(`a PTE table stands at page ${vpn}: clear it first`);
  trackWaiting(mm, pmdStart(vpn), true, before?.entry ?? null, entry);
  if (entry) mm.pmds.set(at, { kind: 'huge', entry });
  else mm.pmds.delete(at);
  mm.kernel.hooks.entryChanged?.(mm, pmdStart(vpn), PMD_PAGES, entry);
}
