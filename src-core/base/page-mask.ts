/**
 * Sets of pages of one VA block: 512 bits in 16 words, whatever the block's size. Page i is bit i % 32 of word i / 32. All
 * functions work in place and allocate nothing; ranges are half open, [first, outer), inside 0..512.
 */

/** Pages of a full VA block (2 MiB in 4 KiB pages). */
export const PAGE_MASK_PAGES = 512;
export const PAGE_MASK_WORDS = PAGE_MASK_PAGES / 32;

/** 16 words; also a view into a longer column. */
export type PageMask = Uint32Array;

/** A new, empty set. */
export const createPageMask = (): PageMask => new Uint32Array(PAGE_MASK_WORDS);

/** Bits set in a word (Hacker's Delight, figure 5-2). */
export function popcount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  x = (x + (x >>> 4)) & 0x0f0f0f0f;
  return Math.imul(x, 0x01010101) >>> 24;
}

/** Index of the lowest bit of a word that is not 0. */
export const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);

export const hasPage = (mask: PageMask, page: number): boolean => ((mask[page >>> 5]! >>> (page & 31)) & 1) === 1;

export function setPage(mask: PageMask, page: number): void {
  mask[page >>> 5]! |= 1 << (page & 31);
}

export function clearPage(mask: PageMask, page: number): void {
  mask[page >>> 5]! &= ~(1 << (page & 31));
}

export function clearMask(mask: PageMask): void {
  for (let i = 0; i < PAGE_MASK_WORDS; i++) mask[i] = 0;
}

export function copyMask(to: PageMask, from: PageMask): void {
  for (let i = 0; i < PAGE_MASK_WORDS; i++) to[i] = from[i]!;
}

/** to ∪= other */
export function orMask(to: PageMask, other: PageMask): void {
  for (let i = 0; i < PAGE_MASK_WORDS; i++) to[i]! |= other[i]!;
}

/** to ∩= other */
export function andMask(to: PageMask, other: PageMask): void {
  for (let i = 0; i < PAGE_MASK_WORDS; i++) to[i]! &= other[i]!;
}

/** to ∖= other */
export function andNotMask(to: PageMask, other: PageMask): void {
  for (let i = 0; i < PAGE_MASK_WORDS; i++) to[i]! &= ~other[i]!;
}

/** Bits of word `index` that lie in [first, outer). */
function wordInRange(index: number, first: number, outer: number): number {
  const low = first - index * 32;
  const high = outer - index * 32;
  const from = low <= 0 ? -1 : -1 << low;
  const to = high >= 32 ? -1 : ~(-1 << high);
  return from & to;
}

/** Adds all pages of a range. */
export function fillRange(mask: PageMask, first: number, outer: number): void {
  if (first >= outer) return;
  const last = (outer - 1) >>> 5;
  for (let i = first >>> 5; i <= last; i++) mask[i]! |= wordInRange(i, first, outer);
}

/** Removes all pages of a range. */
export function clearRange(mask: PageMask, first: number, outer: number): void {
  if (first >= outer) return;
  const last = (outer - 1) >>> 5;
  for (let i = first >>> 5; i <= last; i++) mask[i]! &= ~wordInRange(i, first, outer);
}

/** Removes all pages outside a range. */
export function keepRange(mask: PageMask, first: number, outer: number): void {
  clearRange(mask, 0, first);
  clearRange(mask, outer, PAGE_MASK_PAGES);
}

export function isEmpty(mask: PageMask): boolean {
  for (let i = 0; i < PAGE_MASK_WORDS; i++) if (mask[i] !== 0) return false;
  return true;
}

export function isRangeEmpty(mask: PageMask, first: number, outer: number): boolean {
  if (first >= outer) return true;
  const last = (outer - 1) >>> 5;
  for (let i = first >>> 5; i <= last; i++) if ((mask[i]! & wordInRange(i, first, outer)) !== 0) return false;
  return true;
}

/** Whether all pages of a range are in the set; true of an empty range. */
export const isRangeFull = (mask: PageMask, first: number, outer: number): boolean =>
  countRange(mask, first, outer) === Math.max(outer - first, 0);

export function countPages(mask: PageMask): number {
  let count = 0;
  for (let i = 0; i < PAGE_MASK_WORDS; i++) count += popcount(mask[i]!);
  return count;
}

export function countRange(mask: PageMask, first: number, outer: number): number {
  if (first >= outer) return 0;
  let count = 0;
  const last = (outer - 1) >>> 5;
  for (let i = first >>> 5; i <= last; i++) count += popcount(mask[i]! & wordInRange(i, first, outer));
  return count;
}

/** First page ≥ `from` and < `outer` in the set, or `outer`. Runs: `p = nextSet(m, p, n); q = nextClear(m, p, n)`. */
export function nextSet(mask: PageMask, from: number, outer: number): number {
  for (let i = from >>> 5; i * 32 < outer; i++) {
    const word = mask[i]! & wordInRange(i, from, outer);
    if (word !== 0) return i * 32 + lowestBit(word);
  }
  return outer;
}

/** First page ≥ `from` and < `outer` that is not in the set, or `outer`. */
export function nextClear(mask: PageMask, from: number, outer: number): number {
  for (let i = from >>> 5; i * 32 < outer; i++) {
    const word = ~mask[i]! & wordInRange(i, from, outer);
    if (word !== 0) return i * 32 + lowestBit(word);
  }
  return outer;
}

/** Lowest page of the set, or 512. */
export const firstPage = (mask: PageMask): number => nextSet(mask, 0, PAGE_MASK_PAGES);

/** One past the highest page of the set, or 0. */
export function outerPage(mask: PageMask): number {
  for (let i = PAGE_MASK_WORDS - 1; i >= 0; i--) if (mask[i] !== 0) return i * 32 + 32 - Math.clz32(mask[i]!);
  return 0;
}

/** Whether the two have a page in common. */
export function intersects(a: PageMask, b: PageMask): boolean {
  for (let i = 0; i < PAGE_MASK_WORDS; i++) if ((a[i]! & b[i]!) !== 0) return true;
  return false;
}

/** to = from with page p at p + by (by may be negative); what falls out of 0..512 is lost. `to` must not be `from`. */
export function shiftMask(to: PageMask, from: PageMask, by: number): void {
  const words = by >> 5;
  const bits = by & 31;
  for (let i = 0; i < PAGE_MASK_WORDS; i++) {
    const source = i - words;
    const low = source >= 0 && source < PAGE_MASK_WORDS ? from[source]! : 0;
    const below = source >= 1 && source <= PAGE_MASK_WORDS ? from[source - 1]! : 0;
    to[i] = bits === 0 ? low : (low << bits) | (below >>> (32 - bits));
  }
}
