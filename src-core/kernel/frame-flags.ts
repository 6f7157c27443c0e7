import type { PageKind } from './page';

export const KINDS: readonly PageKind[] = [
  'ram',
  'device-private',
  'device-coherent',
  'fs-dax',
  'device-dax',
  'driver',
];
/** Values of `F.kind`. */
export const RAM = 0;
export const DEVICE_PRIVATE = 1;

/** Bits of `Frames.flags`. Those of the folio are valid on its head; `kind` holds an index into `KINDS`. */
export const F = {
  kind: 0b111,
  /** Head of a folio of 512 pages, and one of its other pages. */
  large: 1 << 3,
  tail: 1 << 4,
  /** PageAnonExclusive, of the base page: no other process can map it, so a write fault reuses it. */
  anonExclusive: 1 << 5,
  /** Of the base page. */
  poisoned: 1 << 6,
  locked: 1 << 7,
  onLru: 1 << 8,
  /** It was a page-cache folio when it came onto the LRU. */
  countedAsFile: 1 << 9,
  /** Isolated from the LRU by migration or reclaim, which puts it back. */
  isolated: 1 << 10,
  active: 1 << 11,
  referenced: 1 << 12,
  dirty: 1 << 13,
  writeback: 1 << 14,
  anon: 1 << 15,
  mlocked: 1 << 16,
  /** MADV_FREE: reclaim may drop the bytes instead of swapping them, unless a mapping is dirty again (rule A5). */
  lazyFree: 1 << 17,
  ksm: 1 << 18,
  hugetlb: 1 << 19,
  /** Of the base page: not given out. */
  free: 1 << 20,
  /** The place in the row maps the folio; it waits for the base page (a migration entry); it is a PMD entry. */
  placeMaps: 1 << 21,
  placeWaits: 1 << 22,
  placeHuge: 1 << 23,
  /** There are more places in `Frames.moreMaps`, `Frames.moreWaits`. */
  moreMaps: 1 << 24,
  moreWaits: 1 << 25,
  /** Which LRU list: inactive (0), active (1), unevictable (2). */
  list: 0b11 << 26,
  /** `Frames.pins` has a row. */
  pinned: 1 << 28,
} as const;

/** Shift of `F.list`. */
export const LIST_SHIFT = 26;
