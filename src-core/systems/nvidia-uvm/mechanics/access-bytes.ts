/** The page tables of all processors as the driver keeps them: rewritten from a block's masks wherever these change. */
import { hasAny, rewrite } from '../../../base/byte-column';
import type { PageMask } from '../../../base/page-mask';
import { PENDING, TRACKED } from '../../../contracts/accessed-memory';
import { AccessTable, permissionBits } from '../../../kit/access-table';
import type { ProcessorIndex } from '../../../model/processor';
import { type Granule, asGranule } from '../../../base/indices';
import type { VaBlock } from './va-block';

const KEPT = TRACKED | PENDING;

export class AccessBytes extends AccessTable {
  constructor(
    processors: number,
    granules: number,
    private readonly pagesPerBlock: number,
  ) {
    super(processors, granules);
  }

  /**
   * Rewrites the bytes of some pages for one processor.
   * @param answered called for granules with a pending fault that have a mapping now
   */
  refresh(block: VaBlock, processor: ProcessorIndex, pages: PageMask, answered: (granule: Granule) => void): void {
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
        const bits = permissionBits((read & wanted) !== 0, (write & wanted) !== 0, (here & wanted) !== 0);
        // A block's pages begin at a multiple of 32.
        if (wanted === -1 && (bits === 0 || !hasAny(column, at, 32, PENDING))) rewrite(column, at, 32, KEPT, bits);
        else
          for (let left = wanted; left !== 0; left &= left - 1)
            this.put(bytes, asGranule(at + 31 - Math.clz32(left & -left)), bits, answered);
      } else
        for (let left = wanted; left !== 0; left &= left - 1) {
          const bit = left & -left;
          const bits = permissionBits((read & bit) !== 0, (write & bit) !== 0, (here & bit) !== 0);
          this.put(bytes, asGranule(at + 31 - Math.clz32(bit)), bits, answered);
        }
    }
  }

  private put(bytes: Uint8Array, granule: Granule, bits: number, answered: (granule: Granule) => void): void {
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
