import { MAX_ADDRESS } from '../../base/units';
import { formatBytes, formatCount } from '../../base/units';
import { Refusal } from '../../model/refusal';
import { VA_BLOCK_BYTES } from '../../model/space';

/** Most VA blocks of a trace: 8 TiB of touched address space. */
export const TOUCHED_BLOCKS_MAX = 4 * 1024 * 1024;
const BLOCKS = MAX_ADDRESS / VA_BLOCK_BYTES;

/** Blocks [first, outer) of 2 MiB, counted from address 0. */
export interface BlockRange {
  readonly first: number;
  readonly outer: number;
}

/** Which 2 MiB blocks below 2^47 a trace touches: one bit each, 8 MiB in all, however large the trace is. */
export class TouchedBlocks {
  count = 0;
  private readonly bits = new Uint8Array(BLOCKS / 8);
  private lastFirst = -1;
  private lastOuter = -1;

  constructor(private readonly name: string) {}

  /** Marks the blocks of [address, address + bytes), which lies below 2^47. Throws Refusal at the limit. */
  mark(address: number, bytes: number): void {
    const first = Math.floor(address / VA_BLOCK_BYTES);
    const outer = Math.floor((address + bytes - 1) / VA_BLOCK_BYTES) + 1;
    if (first >= this.lastFirst && outer <= this.lastOuter) return;
    this.lastFirst = first;
    this.lastOuter = outer;
    for (let block = first; block < outer;) {
      if ((block & 7) === 0 && block + 8 <= outer && this.bits[block >> 3] === 255) {
        block += 8;
        continue;
      }
      this.markOne(block);
      block++;
    }
  }

  /** The touched blocks as ranges in ascending order; ranges at most `gap` untouched blocks apart are joined. */
  ranges(gap: number): readonly BlockRange[] {
    const ranges: { first: number; outer: number }[] = [];
    const words = new Uint32Array(this.bits.buffer);
    for (let word = 0; word < words.length; word++) {
      if (words[word] === 0) continue;
      for (let block = word * 32; block < word * 32 + 32; block++) {
        if ((this.bits[block >> 3]! & (1 << (block & 7))) === 0) continue;
        const last = ranges.at(-1);
        if (last && block - last.outer <= gap) last.outer = block + 1;
        else ranges.push({ first: block, outer: block + 1 });
      }
    }
    return ranges;
  }

  private markOne(block: number): void {
    const bit = 1 << (block & 7);
    const before = this.bits[block >> 3]!;
    if ((before & bit) !== 0) return;
    this.bits[block >> 3] = before | bit;
    this.count++;
    if (this.count > TOUCHED_BLOCKS_MAX)
      throw new Refusal(
        `${this.name}: the accesses touch more than ${formatCount(TOUCHED_BLOCKS_MAX)} blocks of 2 MiB ` +
          `(${formatBytes(TOUCHED_BLOCKS_MAX * VA_BLOCK_BYTES)} of address space), the maximum of a run; ` +
          'check that the addresses were read in the right base (0x marks hexadecimal), or split the trace',
      );
  }
}
