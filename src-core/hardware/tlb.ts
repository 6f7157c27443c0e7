/**
 * The last TLB level of a device, by 2 MiB block: a FIFO of as many blocks as it reaches. It stands for the shared TLB
 * of a GPU, whose entries cover a large page or a row of small ones. First in, first out, because a hit then costs one
 * comparison; for passes over more than the reach it misses like least-recently-used. Left out: the TLBs before it, the
 * smaller reach of blocks that are mapped by small pages, and shootdowns (a block that is evicted and returns costs a
 * fault, and one walk is negligible beside it).
 */
import { assert } from '../base/assert';
import { MIB } from '../base/units';
import type { GpuSpec } from '../model/machine';

const BLOCK_BYTES = 2 * MIB;

export class Tlb {
  /** Walks of the page table so far. */
  walks = 0;
  private readonly reachBlocks: number;
  /** Number of the walk that brought a block in; 0 = never. */
  private readonly walkOf: Uint32Array;
  private last = -1;

  constructor(gpu: Pick<GpuSpec, 'tlbReach'>, blocks: number) {
    this.reachBlocks = Math.floor(gpu.tlbReach.value / BLOCK_BYTES);
    assert(this.reachBlocks >= 1, 'a TLB reaches at least one block of 2 MiB');
    this.walkOf = new Uint32Array(blocks);
  }

  /** An access to the block. true: it was not in reach, and the page table had to be walked. */
  misses(block: number): boolean {
    if (block === this.last) return false;
    this.last = block;
    const walk = this.walkOf[block]!;
    if (walk > 0 && this.walks - walk < this.reachBlocks) return false;
    this.walkOf[block] = ++this.walks;
    return true;
  }
}
