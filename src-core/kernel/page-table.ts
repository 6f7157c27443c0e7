/**
 * Page tables of one address space: PTE tables of 512 entries, or a PMD entry that maps 2 MiB at once. They lie in
 * columns (pte-tables.ts); a `Pte` is a copy of one entry. Every replacement passes `setPte` / `setPmd`, so that every
 * mirror of the tables (a TLB, a device on ATS) is notified of each change.
 */
import type { Mm } from './mm';
import { PMD_PAGES, type Page } from './page';
import { HOLE, MIGRATION, P, PTE_STATES, SWAP } from './pte-tables';
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

export const pmdOf = (vpn: number): number => Math.floor(vpn / PMD_PAGES);
export const pmdStart = (vpn: number): number => vpn - (vpn % PMD_PAGES);

/**
 * `Mm.pmds` by PMD: an even number is twice the leaf of PteTables, an odd one is a PMD entry: (frame + 1, bits), 1. Numbers,
 * so that an address space is copied by copying its map.
 */
const BITS = 2 ** 9;
/** As a PMD entry that is a hole. */
const NO_PMD = 1;
const hugeCode = (value: number, bits: number): number => ((value + 1) * BITS + bits) * 2 + 1;
const hugeBits = (code: number): number => ((code - 1) / 2) % BITS;
const hugeValue = (code: number): number => Math.floor(code / (2 * BITS)) - 1;

/** What stands at the PMD around a page. */
export function pmdKind(mm: Mm, vpn: number): 'none' | 'table' | 'huge' {
  const code = mm.pmds.get(pmdOf(vpn));
  if (code === undefined) return 'none';
  return code % 2 === 0 ? 'table' : 'huge';
}

/** First row of the PTE table around a page; −1 where none stands. */
export function rowsAt(mm: Mm, vpn: number): number {
  const code = mm.pmds.get(pmdOf(vpn));
  return code === undefined || code % 2 === 1 ? -1 : code * (PMD_PAGES / 2);
}

function decode(mm: Mm, value: number, bits: number): Pte {
  const state = bits & P.state;
  return {
    state: PTE_STATES[state] as PteState,
    page: value >= 0 && state !== SWAP ? mm.kernel.frames.page(value) : null,
    write: (bits & P.write) !== 0,
    dirty: (bits & P.dirty) !== 0,
    young: (bits & P.young) !== 0,
    protnone: (bits & P.protnone) !== 0,
    slot: state === SWAP ? value : -1,
    exclusive: (bits & P.exclusive) !== 0,
  };
}

const bitsOf = ({ state, write, dirty, young, protnone, exclusive }: Pte): number =>
  PTE_STATES.indexOf(state) |
  (write ? P.write : 0) |
  (dirty ? P.dirty : 0) |
  (young ? P.young : 0) |
  (protnone ? P.protnone : 0) |
  (exclusive ? P.exclusive : 0);

const valueOf = ({ page, slot }: Pte): number => page?.pfn ?? slot;

/** true: the two copies are equal. */
export const isSameEntry = (a: Pte | undefined, b: Pte | undefined): boolean =>
  a && b ? valueOf(a) === valueOf(b) && bitsOf(a) === bitsOf(b) : a === b;

/** The PMD entry around a page; null where none stands. */
export function pmdEntry(mm: Mm, vpn: number): Pte | null {
  const code = mm.pmds.get(pmdOf(vpn));
  return code === undefined || code % 2 === 0 ? null : decode(mm, hugeValue(code), hugeBits(code));
}

/** The PTE; null for a hole, and where a PMD entry stands. */
export function pteAt(mm: Mm, vpn: number): Pte | null {
  const rows = rowsAt(mm, vpn);
  if (rows < 0) return null;
  const { value, bits } = mm.kernel.tables;
  const row = rows + (vpn % PMD_PAGES);
  return bits[row] === HOLE ? null : decode(mm, value[row]!, bits[row]!);
}

/** true: there is no PTE (a hole, or no table at all). The caller has checked that no PMD entry stands here. */
export function isPteHole(mm: Mm, vpn: number): boolean {
  const rows = rowsAt(mm, vpn);
  return rows < 0 || mm.kernel.tables.bits[rows + (vpn % PMD_PAGES)] === HOLE;
}

/** The entry that governs one page: its PTE, or the PMD entry around it; null for a hole. */
export function entryAt(mm: Mm, vpn: number): { readonly entry: Pte; readonly huge: boolean } | null {
  const huge = pmdEntry(mm, vpn);
  if (huge) return { entry: huge, huge: true };
  const entry = pteAt(mm, vpn);
  return entry ? { entry, huge: false } : null;
}

/** Bits (pte-tables.ts) of the entry that governs one page, PTE or PMD entry; HOLE where there is none. */
export function entryBits(mm: Mm, vpn: number): number {
  const code = mm.pmds.get(pmdOf(vpn)) ?? NO_PMD;
  return code % 2 === 0 ? mm.kernel.tables.bits[code * (PMD_PAGES / 2) + (vpn % PMD_PAGES)]! : hugeBits(code);
}

/** Frame of the base page that the entry gives for the page; −1 where it has none. */
export function entryFrame(mm: Mm, vpn: number): number {
  const code = mm.pmds.get(pmdOf(vpn)) ?? NO_PMD;
  if (code % 2 === 1) return hugeValue(code) < 0 ? -1 : hugeValue(code) + (vpn % PMD_PAGES);
  const row = code * (PMD_PAGES / 2) + (vpn % PMD_PAGES);
  const { value, bits } = mm.kernel.tables;
  const state = bits[row]! & P.state;
  return state === HOLE || state === SWAP ? -1 : value[row]!;
}

/**
 * What `eachEntry` passes for a page: bits of pte-tables.ts (0: a hole), and the base page's frame, −1 where it has
 * none.
 */
export type EntryVisitor = (vpn: number, bits: number, frame: number) => void;

/** The entries of pages [start, end), PTEs and the pages of PMD entries alike. */
export function eachEntry(mm: Mm, start: number, end: number, visit: EntryVisitor): void {
  for (let vpn = start; vpn < end;) {
    const next = Math.min(end, pmdStart(vpn) + PMD_PAGES);
    const code = mm.pmds.get(pmdOf(vpn)) ?? NO_PMD;
    if (code % 2 === 0) {
      const { value, bits } = mm.kernel.tables;
      for (let row = code * (PMD_PAGES / 2) + (vpn % PMD_PAGES); vpn < next; row++, vpn++)
        visit(vpn, bits[row]!, (bits[row]! & P.state) === SWAP ? -1 : value[row]!);
    } else {
      const first = hugeValue(code) - pmdStart(vpn);
      const bits = hugeBits(code);
      for (; vpn < next; vpn++) visit(vpn, bits, hugeValue(code) < 0 ? -1 : first + vpn);
    }
  }
}

/** The base page that an entry gives for vpn: the entry's page, or the tail of a PMD-mapped folio. */
export function pageOf(entry: Pte, huge: boolean, vpn: number): Page | null {
  if (!entry.page) return null;
  return huge ? entry.page.sibling(vpn % PMD_PAGES) : entry.page;
}

/** Row of a page's PTE; −1 where no table stands. */
export function rowOf(mm: Mm, vpn: number): number {
  const rows = rowsAt(mm, vpn);
  return rows < 0 ? -1 : rows + (vpn % PMD_PAGES);
}

/** First row of the PTE table around a page, which is made where none stands. */
export function rowsFor(mm: Mm, vpn: number): number {
  const rows = rowsAt(mm, vpn);
  if (rows >= 0) return rows;
  if (pmdKind(mm, vpn) === 'huge')
    throw new Error(`page ${vpn} is mapped by a PMD entry: split it before its PTEs are set`);
  const made = mm.kernel.tables.make();
  mm.pmds.set(pmdOf(vpn), made * 2);
  return made * PMD_PAGES;
}

/** Notifies the observers of the tables that the entries of pages [vpn, vpn + pages), in one PMD, have changed. */
export function entriesChanged(mm: Mm, vpn: number, pages: number): void {
  mm.kernel.hooks.entriesChanged?.(mm, vpn, pages);
}

/**
 * Replaces one PTE (null clears it), keeping the table as small as what is in it. The caller keeps the counts: see
 * rmap.ts.
 */
export function setPte(mm: Mm, vpn: number, entry: Pte | null): void {
  const { tables, frames } = mm.kernel;
  let rows = rowsAt(mm, vpn);
  if (rows < 0) {
    if (!entry && pmdKind(mm, vpn) === 'none') return;
    rows = rowsFor(mm, vpn);
  }
  const row = rows + (vpn % PMD_PAGES);
  const leaf = rows / PMD_PAGES;
  const { value, bits, used } = tables;
  const before = bits[row]!;
  // A fork copies a migration entry and an mremap moves it while its folio is in flight: the end of the migration has
  // to find all of them (the kernel's rmap walk does).
  if ((before & P.state) === MIGRATION) removePlace(frames, WAITS, value[row]!, { mm, vpn, huge: false });
  used[leaf] = used[leaf]! + (entry ? 1 : 0) - (before !== HOLE ? 1 : 0);
  bits[row] = entry ? bitsOf(entry) : HOLE;
  value[row] = entry ? valueOf(entry) : -1;
  if (entry?.state === 'migration') addPlace(frames, WAITS, value[row], { mm, vpn, huge: false });
  if (used[leaf] === 0) {
    mm.pmds.delete(pmdOf(vpn));
    tables.release(leaf);
  }
  entriesChanged(mm, vpn, 1);
}

/** Replaces a PMD entry (null clears it). No PTE table may stand here. `vpn` is that of the first page. */
export function setPmd(mm: Mm, vpn: number, entry: Pte | null): void {
  const { frames } = mm.kernel;
  const start = pmdStart(vpn);
  const code = mm.pmds.get(pmdOf(vpn)) ?? NO_PMD;
  if (pmdKind(mm, vpn) === 'table') throw new Error(`a PTE table stands at page ${vpn}: clear it first`);
  if ((hugeBits(code) & P.state) === MIGRATION)
    removePlace(frames, WAITS, hugeValue(code), { mm, vpn: start, huge: true });
  if (entry) mm.pmds.set(pmdOf(vpn), hugeCode(valueOf(entry), bitsOf(entry)));
  else mm.pmds.delete(pmdOf(vpn));
  if (entry?.state === 'migration') addPlace(frames, WAITS, valueOf(entry), { mm, vpn: start, huge: true });
  entriesChanged(mm, start, PMD_PAGES);
}
