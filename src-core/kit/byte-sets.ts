/**
 * For each granule, a set of bytes of it. Almost always the set is one interval growing at an end; a bitmap is made
 * only when it stops being one. The memory of bitmaps is bounded: past the limit `add` returns false, and the caller
 * stops tracking the granule and counts it.
 */
/** All bitmaps of one collection together. */
export const MAX_BITMAP_BYTES = 256 * 1024 * 1024;

function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

interface Bitmap {
  readonly words: Uint32Array;
  size: number;
}

export class ByteSets {
  /** Interval [low, high) in bytes of the granule; low = high = 0 is empty. */
  private readonly low: Uint16Array | Uint32Array;
  private readonly high: Uint16Array | Uint32Array;
  private readonly bitmaps = new Map<number, Bitmap>();
  private readonly spare: Uint32Array[] = [];
  private readonly maxBitmaps: number;
  private readonly words: number;

  constructor(granules: number, granuleBytes: number, maxBitmapBytes: number = MAX_BITMAP_BYTES) {
    const Column = granuleBytes < 65536 ? Uint16Array : Uint32Array;
    this.low = new Column(granules);
    this.high = new Column(granules);
    this.words = granuleBytes / 32;
    this.maxBitmaps = Math.floor((maxBitmapBytes * 8) / granuleBytes);
  }

  clear(granule: number): void {
    this.low[granule] = 0;
    this.high[granule] = 0;
    if (this.bitmaps.size === 0) return; // a look-up per page of every transfer, for a set that few runs fill
    const bitmap = this.bitmaps.get(granule);
    if (!bitmap) return;
    this.bitmaps.delete(granule);
    bitmap.words.fill(0);
    this.spare.push(bitmap.words);
  }

  isEmpty(granule: number): boolean {
    return this.high[granule] === 0 && (this.bitmaps.size === 0 || !this.bitmaps.has(granule));
  }

  /** Number of bytes in the set. */
  size(granule: number): number {
    const interval = this.high[granule]! - this.low[granule]!;
    return this.bitmaps.size === 0 ? interval : (this.bitmaps.get(granule)?.size ?? interval);
  }

  /** true: every byte of [from, to) is in the set. */
  covers(granule: number, from: number, to: number): boolean {
    const bitmap = this.bitmaps.size === 0 ? undefined : this.bitmaps.get(granule);
    if (!bitmap) return from >= this.low[granule]! && to <= this.high[granule]!;
    const { words } = bitmap;
    for (let byte = from; byte < to;) {
      const word = byte >>> 5;
      const end = Math.min(to, (word + 1) << 5);
      const mask = bits(byte & 31, end - byte);
      if ((words[word]! & mask) >>> 0 !== mask) return false;
      byte = end;
    }
    return true;
  }

  /** Adds [from, to); false: the memory limit allows no bitmap; the bytes were not added. */
  add(granule: number, from: number, to: number): boolean {
    const bitmap = this.bitmaps.size === 0 ? undefined : this.bitmaps.get(granule);
    if (bitmap) {
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
    if (this.bitmaps.size >= this.maxBitmaps) return false;
    const made: Bitmap = { words: this.spare.pop() ?? new Uint32Array(this.words), size: 0 };
    this.bitmaps.set(granule, made);
    this.set(made, low, high);
    this.set(made, from, to);
    return true;
  }

  private set(bitmap: Bitmap, from: number, to: number): void {
    const { words } = bitmap;
    for (let byte = from; byte < to;) {
      const word = byte >>> 5;
      const end = Math.min(to, (word + 1) << 5);
      const mask = bits(byte & 31, end - byte);
      const before = words[word]!;
      const after = (before | mask) >>> 0;
      if (after !== before) {
        words[word] = after;
        bitmap.size += popcount(after) - popcount(before);
      }
      byte = end;
    }
  }
}

/** `length` ones from bit `start` on; length 1..32. */
function bits(start: number, length: number): number {
  return length === 32 ? 0xffffffff : (((1 << length) - 1) << start) >>> 0;
}
