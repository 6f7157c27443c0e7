/**
 * The page tables of all processors as bytes, for the hot path: rewritten from a block's masks wherever they change. The
 * bits of kit/residency.ts (TRACKED, PENDING) share the byte.
 */
import { createByteColumn, hasAny, rewrite, type ByteColumn } from '../../../base/byte-column';
import type { PageMask } from '../../../base/page-mask';
import type { AccessOp, ProcessorIndex } from '../../../model/processor';
import { PENDING, TRACKED, type HotMasks } from '../../../contracts/accessed-memory';
import type { VaBlock } from './va-block';

const READ_LOCAL = 0b0000_0001;
const WRITE_LOCAL = 0b0000_0010;
const READ_REMOTE = 0b0000_0100;
const WRITE_REMOTE = 0b0010_0000;
const KEPT = TRACKED | PENDING;

/** By AccessOp: read, write, read-write, atomic. Device atomics need no more than write permission (ATOMIC_WEAK). */
const LOCAL_NEED = Uint8Array.of(READ_LOCAL, WRITE_LOCAL, WRITE_LOCAL, WRITE_LOCAL);
const REMOTE_NEED = Uint8Array.of(READ_REMOTE, WRITE_REMOTE, WRITE_REMOTE, WRITE_REMOTE);
export const UVM_MASKS: HotMasks = { mask: LOCAL_NEED.map((bit) => bit | TRACKED | PENDING), want: LOCAL_NEED };

export class AccessBytes {
  private readonly bytes: readonly Uint8Array[];
  private readonly columns: readonly ByteColumn[];

  constructor(
    processors: number,
    granules: number,
    private readonly pagesPerBlock: number,
  ) {
    this.columns = Array.from({ length: processors }, () => createByteColumn(granules));
    this.bytes = this.columns.map(({ bytes }) => bytes);
  }

  of(processor: ProcessorIndex): Uint8Array {
    return this.bytes[processor]!;
  }

  isLocal(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return (this.bytes[processor]![granule]! & LOCAL_NEED[op]!) !== 0;
  }
  isRemote(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return (this.bytes[processor]![granule]! & REMOTE_NEED[op]!) !== 0;
  }

  setPending(processor: ProcessorIndex, granule: number, on: boolean): void {
    const bytes = this.bytes[processor]!;
    bytes[granule] = on ? bytes[granule]! | PENDING : bytes[granule]! & ~PENDING;
  }
  isPending(processor: ProcessorIndex, granule: number): boolean {
    return (this.bytes[processor]![granule]! & PENDING) !== 0;
  }

  /** The ledger follows `count` granules in a row, or no longer. */
  track(granule: number, on: boolean, count: number): void {
    if (count === 1) {
      for (let p = 0; p < this.bytes.length; p++) {
        const bytes = this.bytes[p]!;
        bytes[granule] = on ? bytes[granule]! | TRACKED : bytes[granule]! & ~TRACKED;
      }
      return;
    }
    for (const column of this.columns) rewrite(column, granule, count, ~TRACKED, on ? TRACKED : 0);
  }

  /**
   * Rewrites the bytes of some pages for one processor.
   * @param answered called for granules with a pending fault that have a mapping now
   */
  refresh(block: VaBlock, processor: ProcessorIndex, pages: PageMask, answered: (granule: number) => void): void {
    const bytes = this.bytes[processor]!;
    const column = this.columns[processor]!;
    const base = block.index * this.pagesPerBlock;
    const resident = block.resident[processor]!;
    const readable = block.readable[processor]!;
    const writable = block.writable[processor]!;
    const { outer } = block;
    for (let word = block.first >>> 5; word * 32 < outer; word++) {
      const wanted = pages[word]! | 0;
      if (wanted === 0) continue;
      const read = readable[word]!;
      const write = writable[word]!;
      const here = resident[word]!;
      const at = base + word * 32;
      if (isAlike(read, wanted) && isAlike(write, wanted) && isAlike(here, wanted)) {
        const bits = bitsOf((read & wanted) !== 0, (write & wanted) !== 0, (here & wanted) !== 0);
        // A block's pages begin at a multiple of 32.
        if (wanted === -1 && (bits === 0 || !hasAny(column, at, 32, PENDING))) rewrite(column, at, 32, KEPT, bits);
        else
          for (let left = wanted; left !== 0; left &= left - 1)
            this.put(bytes, at + 31 - Math.clz32(left & -left), bits, answered);
      } else
        for (let left = wanted; left !== 0; left &= left - 1) {
          const bit = left & -left;
          const bits = bitsOf((read & bit) !== 0, (write & bit) !== 0, (here & bit) !== 0);
          this.put(bytes, at + 31 - Math.clz32(bit), bits, answered);
        }
    }
  }

  private put(bytes: Uint8Array, granule: number, bits: number, answered: (granule: number) => void): void {
    const before = bytes[granule]!;
    bytes[granule] = (before & KEPT) | bits;
    if ((before & PENDING) !== 0 && bits !== 0) answered(granule);
  }
}

/** All wanted bits of the word are equal. */
const isAlike = (word: number, wanted: number): boolean => {
  const set = word & wanted;
  return set === 0 || set === wanted;
};

const bitsOf = (reads: boolean, writes: boolean, isHere: boolean): number =>
  isHere
    ? (reads ? READ_LOCAL : 0) | (writes ? WRITE_LOCAL : 0)
    : (reads ? READ_REMOTE : 0) | (writes ? WRITE_REMOTE : 0);
