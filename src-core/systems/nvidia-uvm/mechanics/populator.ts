/**
 * Memory of a GPU for pages of a block (block_alloc_gpu_chunk): a whole 2 MiB chunk for a whole block, pieces of 64 KiB or a
 * page for others. Where memory is out, a root chunk is evicted to the host and the block's work starts again, since its lock
 * was dropped meanwhile: so the caller must decide everything again.
 */
import { CPU, type ProcessorIndex } from '../../../model/processor';
import {
  clearMask,
  clearRange,
  createPageMask,
  fillRange,
  nextSet,
  orMask,
  PAGE_MASK_PAGES,
  type PageMask,
} from '../../../base/page-mask';
import { MOVE_CAUSE } from '../decisions/thrashing-detector';

import { REASON } from '../../../kit/codes';
import type { UvmHost } from './host';
import { mapAccessedBy, mapWithoutRevocation } from './mapping';
import { unpopulated, type MoveOrder, type Mover } from './mover';
import { LIST, type Root, type VaBlock } from './va-block';

/** `ready`: all pages have memory. `retry`: something was evicted, decide again. `none`: nothing can be evicted. */
export type Populated = 'ready' | 'retry' | 'none';

export class Populator {
  private readonly wanting = createPageMask();
  private readonly leaving = createPageMask();
  private readonly zeroed = createPageMask();
  private readonly bigPage: number;

  constructor(
    private readonly host: UvmHost,
    private readonly mover: Mover,
  ) {
    this.bigPage = 65536 / host.granuleBytes;
  }

  /** @param cause ordinal of the event behind it, for the evictions */
  populate(block: VaBlock, gpu: ProcessorIndex, pages: PageMask, cause: number): Populated {
    if (gpu === CPU) return 'ready';
    const backing = block.backing[gpu]!;
    if (backing.root) return 'ready';
    return block.isWhole ? this.whole(block, gpu, cause) : this.piecewise(block, gpu, pages, cause);
  }

  private whole(block: VaBlock, gpu: ProcessorIndex, cause: number): Populated {
    const { host } = this;
    const memory = host.memoryOf[gpu]!;
    let evicted = false;
    let root = memory.allocate(block);
    if (!root) {
      if (!this.makeRoom(gpu, cause)) return 'none';
      evicted = true;
      root = memory.allocate(block);
      if (!root) return 'none';
    }
    const backing = block.backing[gpu]!;
    backing.root = root;
    fillRange(backing.populated, 0, PAGE_MASK_PAGES);
    host.work.driver('populatePerChunk');
    host.tally.chunksPopulated++;
    clearMask(this.wanting);
    fillRange(this.wanting, block.first, block.outer);
    this.zero(block, this.wanting);
    memory.move(root, LIST.unused);
    return evicted ? 'retry' : 'ready';
  }

  private piecewise(block: VaBlock, gpu: ProcessorIndex, pages: PageMask, cause: number): Populated {
    const { host, wanting } = this;
    const memory = host.memoryOf[gpu]!;
    const { populated, pieces } = block.backing[gpu]!;
    for (let i = 0; i < wanting.length; i++) wanting[i] = pages[i]! & ~populated[i]!;
    for (let page = nextSet(wanting, block.first, block.outer); page < block.outer;) {
      const { first, count } = this.pieceAround(block, page);
      const frames = (count * host.granuleBytes) / 4096;
      let piece = memory.allocatePiece(block, first, count, frames);
      const evicted = piece === null;
      if (!piece) {
        if (!this.makeRoom(gpu, cause)) return 'none';
        piece = memory.allocatePiece(block, first, count, frames);
        if (!piece) return 'none';
      }
      pieces.set(first, piece);
      fillRange(populated, first, first + count);
      host.work.driver('populatePerChunk');
      host.tally.chunksPopulated++;
      clearMask(this.zeroed);
      fillRange(this.zeroed, first, first + count);
      this.zero(block, this.zeroed);
      memory.move(piece.root, LIST.used);
      if (evicted) return 'retry';
      page = nextSet(wanting, first + count, block.outer);
    }
    return 'ready';
  }

  /** The largest chunk that is aligned, holds the page, and fits the block: 64 KiB, or the page alone (always for HMM). */
  private pieceAround(block: VaBlock, page: number): { first: number; count: number } {
    const first = Math.floor(page / this.bigPage) * this.bigPage;
    if (block.isHmm || first < block.first || first + this.bigPage > block.outer) return { first: page, count: 1 };
    return { first, count: this.bigPage };
  }

  /** Pages of new memory that are resident nowhere are zeroed at once. */
  private zero(block: VaBlock, pages: PageMask): void {
    const count = unpopulated(block, pages, this.leaving);
    if (count === 0) return;
    this.host.tally.bytesZeroed += count * this.host.granuleBytes;
    this.host.work.zero(count * this.host.granuleBytes);
  }

  private makeRoom(gpu: ProcessorIndex, cause: number): boolean {
    const { host } = this;
    const memory = host.memoryOf[gpu]!;
    const root = memory.victim();
    if (!root) return false;
    this.evict(gpu, root, cause);
    memory.keep();
    return true;
  }

  /** Everything that lies in the root goes to the host, always. */
  evict(gpu: ProcessorIndex, root: Root, cause: number): void {
    const { host, leaving } = this;
    const memory = host.memoryOf[gpu]!;
    host.tally.evictedRoots++;
    host.work.driver('evictionPerBlock');
    host.work.undivided('evictionFixed');
    memory.move(root, LIST.none);
    const blocks = root.block ? [root.block] : [...new Set([...root.pieces].map((piece) => piece.block))];
    for (const block of blocks) {
      const backing = block.backing[gpu]!;
      if (root.block) for (let i = 0; i < leaving.length; i++) leaving[i] = block.resident[gpu]![i]!;
      else {
        clearMask(leaving);
        for (const piece of root.pieces)
          if (piece.block === block) fillRange(leaving, piece.firstPage, piece.firstPage + piece.pages);
        for (let i = 0; i < leaving.length; i++) leaving[i] = leaving[i]! & block.resident[gpu]![i]!;
      }
      orMask(block.evicted[gpu]!, leaving);
      const order: MoveOrder = {
        ...{ destination: CPU, pages: leaving, prefetched: null, cause: MOVE_CAUSE.eviction },
        ...{ reason: REASON.capacity, copies: false, causeOf: () => cause, policy: 0 },
      };
      const gone = createPageMask();
      orMask(gone, leaving);
      this.mover.move(block, order);
      mapAccessedBy(host, block, gone);
      if (host.mapsRemoteOnEviction) mapWithoutRevocation(host, block, gone, gpu, 'eviction');
      if (root.block) {
        backing.root = null;
        clearMask(backing.populated);
      } else
        for (const piece of [...root.pieces])
          if (piece.block === block) {
            backing.pieces.delete(piece.firstPage);
            clearRange(backing.populated, piece.firstPage, piece.firstPage + piece.pages);
            memory.freePiece(piece);
          }
    }
    if (root.block) memory.freeRoot(root);
  }
}
