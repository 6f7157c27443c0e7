/**
 * For each granule, a set of bytes of it. Almost always the set is one interval growing at an end; a bitmap is made
 * only when it stops being one. The memory of bitmaps is bounded: past the limit `add` returns false, and the caller
 * stops tracking the granule and counts it.
 */
/** All bitmaps of one collection together. */
import type { Granule } from '../base/indices';
export const MAX_BITMAP_BYTES = 256 * 1024 * 1024;

function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Bitmaps of one arena page together: enough that few pages are made, few enough that a page is not large. */
const PAGE_BYTES = 1024 * 1024;
const NONE = -1;

/** Bitmaps of equal length in pages that stay where they are. They are columns, so that a snapshot sees bytes, not objects. */
class BitmapArena {
  /** Bytes in each set. */
  sizes: Int32Array = new Int32Array(16);
  inUse = 0;
  private readonly pages: Uint32Array[] = [];
  private readonly perPage: number;
  /** Bitmaps that were given back, all zeros. */
  private spare: Int32Array = new Int32Array(16);
  private spareCount = 0;
  private made = 0;

  /** @param words of one bitmap */
  constructor(private readonly words: number) {
    this.perPage = Math.max(1, Math.floor(PAGE_BYTES / (4 * words)));
  }

  /** The number of an empty bitmap. */
  take(): number {
    this.inUse++;
    if (this.spareCount > 0) return this.spare[--this.spareCount]!;
    const number = this.made++;
    if (number % this.perPage === 0) this.pages.push(new Uint32Array(this.perPage * this.words));
    if (number === this.sizes.length) this.sizes = longer(this.sizes);
    return number;
  }

  giveBack(number: number): void {
    this.inUse--;
    const start = this.startOf(number);
    this.pageOf(number).fill(0, start, start + this.words);
    this.sizes[number] = 0;
    if (this.spareCount === this.spare.length) this.spare = longer(this.spare);
    this.spare[this.spareCount++] = number;
  }

  pageOf(number: number): Uint32Array {
    return this.pages[Math.floor(number / this.perPage)]!;
  }

  /** First word of a bitmap in its page. */
  startOf(number: number): number {
    return (number % this.perPage) * this.words;
  }
}

function longer(column: Int32Array): Int32Array {
  const larger = new Int32Array(2 * column.length);
  larger.set(column);
  return larger;
}

export class ByteSets {
  /** Interval [low, high) in bytes of the granule; low = high = 0 is empty. */
  private readonly low: Uint16Array | Uint32Array;
  private readonly high: Uint16Array | Uint32Array;
  /** Number of each granule's bitmap, or NONE; made with the first bitmap. */
  private bitmapOf: Int32Array | null = null;
  private readonly arena: BitmapArena;
  private readonly maxBitmaps: number;

  constructor(
    private readonly granules: number,
    granuleBytes: number,
    maxBitmapBytes: number = MAX_BITMAP_BYTES,
  ) {
    const Column = granuleBytes < 65536 ? Uint16Array : Uint32Array;
    this.low = new Column(granules);
    this.high = new Column(granules);
    this.arena = new BitmapArena(granuleBytes / 32);
    this.maxBitmaps = Math.floor((maxBitmapBytes * 8) / granuleBytes);
  }

  clear(granule: Granule): void {
    this.low[granule] = 0;
    this.high[granule] = 0;
    const bitmap = this.find(granule);
    if (bitmap === NONE) return;
    this.arena.giveBack(bitmap);
    this.bitmapOf![granule] = NONE;
  }

  isEmpty(granule: Granule): boolean {
    return this.high[granule] === 0 && this.find(granule) === NONE;
  }

  /** Number of bytes in the set. */
  size(granule: Granule): number {
    const bitmap = this.find(granule);
    return bitmap === NONE ? this.high[granule]! - this.low[granule]! : this.arena.sizes[bitmap]!;
  }

  /** true: every byte of [from, to) is in the set. */
  covers(granule: Granule, from: number, to: number): boolean {
    const bitmap = this.find(granule);
    if (bitmap === NONE) return from >= this.low[granule]! && to <= this.high[granule]!;
    const words = this.arena.pageOf(bitmap);
    const start = this.arena.startOf(bitmap);
    for (let byte = from; byte < to;) {
      const word = byte >>> 5;
      const end = Math.min(to, (word + 1) << 5);
      const mask = bits(byte & 31, end - byte);
      if ((words[start + word]! & mask) >>> 0 !== mask) return false;
      byte = end;
    }
    return true;
  }

  /** Adds [from, to); false: the memory limit allows no bitmap; the bytes were not added. */
  add(granule: Granule, from: number, to: number): boolean {
    const bitmap = this.find(granule);
    if (bitmap !== NONE) {
      this.set(bitmap, from, to);
      return true;
    }
    const low = this.low[granule]!;
    const high = this.high[granule]!;
    if (low === high) {
      this.low[granule] = from;
      this.high[granule] = to;
      return true;
    }
    if (from <= high && to >= low) {
      if (from < low) this.low[granule] = from;
      if (to > high) this.high[granule] = to;
      return true;
    }
    if (this.arena.inUse >= this.maxBitmaps) return false;
    const made = this.arena.take();
    this.bitmapOf ??= new Int32Array(this.granules).fill(NONE);
    this.bitmapOf[granule] = made;
    this.set(made, low, high);
    this.set(made, from, to);
    return true;
  }

  /** The granule's bitmap; few runs have any, so that the look-up is rare. */
  private find(granule: Granule): number {
    return this.arena.inUse === 0 ? NONE : this.bitmapOf![granule]!;
  }

  private set(bitmap: number, from: number, to: number): void {
    const { arena } = this;
    const words = arena.pageOf(bitmap);
    const start = arena.startOf(bitmap);
    let added = 0;
    for (let byte = from; byte < to;) {
      const word = byte >>> 5;
      const end = Math.min(to, (word + 1) << 5);
      const mask = bits(byte & 31, end - byte);
      const before = words[start + word]!;
      const after = (before | mask) >>> 0;
      if (after !== before) {
        words[start + word] = after;
        added += popcount(after) - popcount(before);
      }
      byte = end;
    }
    arena.sizes[bitmap] = arena.sizes[bitmap]! + added;
  }
}

/** `length` ones from bit `start` on; length 1..32. */
function bits(start: number, length: number): number {
  return length === 32 ? 0xffffffff : (((1 << length) - 1) << start) >>> 0;
}
