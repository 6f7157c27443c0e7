/**
 * Physical memory of one GPU as the driver manages it (uvm_pmm_gpu.c): 2 MiB root chunks, split into pieces for blocks
 * that are smaller, and three lists from which eviction takes its victim. The lists are in the order in which
 * memory was last *migrated*, not used: hits are not recorded, unless the run enables `touch` to show that effect. Roots
 * come from the physical memory allocator (PMA) in batches, and roots that are not used at once stay allocated. Left
 * out: PMA's other clients, and its zeroing, so that a new root is never known zero.
 */
import { assert } from '../../../base/assert';
import { VICTIM, type VictimQuestion } from '../decisions/questions';
import { victimSource } from '../decisions/eviction';
import { FRAMES_PER_ROOT, LIST, Root, type List, type Piece, type VaBlock } from './va-block';

/** 4 KiB frames of a 64 KiB piece. */
const FRAMES_PER_BIG_PAGE = 16;

class Fifo {
  oldest: Root | null = null;
  newest: Root | null = null;
  length = 0;

  push(root: Root): void {
    root.older = this.newest;
    root.younger = null;
    if (this.newest) this.newest.younger = root;
    else this.oldest = root;
    this.newest = root;
    this.length++;
  }

  remove(root: Root): void {
    if (root.older) root.older.younger = root.younger;
    else this.oldest = root.younger;
    if (root.younger) root.younger.older = root.older;
    else this.newest = root.older;
    root.older = null;
    root.younger = null;
    this.length--;
  }
}

export class RootChunks {
  /** Roots in use, split ones included. */
  used = 0;
  /** Most roots that were in use at once. */
  peak = 0;
  /** Calls of PMA for roots. */
  pmaCalls = 0;
  /** Roots from PMA that are not used yet. */
  private inHand = 0;
  private readonly lists: readonly Fifo[] = [new Fifo(), new Fifo(), new Fifo(), new Fifo()];
  /** Split roots that may have room for a piece. */
  private readonly split = new Set<Root>();
  private readonly question: VictimQuestion = {
    freeDirty: 0,
    freeZero: 0,
    unused: 0,
    discarded: 0,
    used: 0,
    busyRoots: 0,
  };

  /**
   * @param roots root chunks that the GPU has
   * @param batch root chunks that one call of PMA gives, as far as it has them
   */
  constructor(
    readonly roots: number,
    private readonly batch: () => number = () => 1,
  ) {
    assert(roots >= 1, 'a GPU has at least one root chunk of memory');
  }

  get free(): number {
    return this.roots - this.used;
  }

  /** One root more in use; false where all are (alloc_root_chunk: a batch is best effort). */
  private claim(): boolean {
    if (this.inHand > 0) this.inHand--;
    else if (this.used < this.roots) {
      this.pmaCalls++;
      this.inHand = Math.min(this.batch(), this.roots - this.used) - 1;
    } else return false;
    this.peak = Math.max(this.peak, ++this.used);
    return true;
  }

  /** A whole root, or null where all are in use. */
  allocate(block: VaBlock): Root | null {
    if (!this.claim()) return null;
    const root = new Root();
    root.block = block;
    return root;
  }

  /** A piece of 64 KiB or one page, from a root that is already split where one has room. */
  allocatePiece(block: VaBlock, firstPage: number, pages: number, frames: number): Piece | null {
    for (const root of this.split) {
      const piece = this.take(root, block, firstPage, pages, frames);
      if (piece) return piece;
    }
    if (!this.claim()) return null;
    const root = new Root();
    root.frames = new Uint8Array(FRAMES_PER_ROOT);
    this.split.add(root);
    return this.take(root, block, firstPage, pages, frames);
  }

  private take(root: Root, block: VaBlock, firstPage: number, pages: number, frames: number): Piece | null {
    const taken = root.frames!;
    if (root.freeFrames < frames) return null;
    const step = frames >= FRAMES_PER_BIG_PAGE ? FRAMES_PER_BIG_PAGE : 1;
    for (let frame = 0; frame + frames <= FRAMES_PER_ROOT; frame += step) {
      let isFree = true;
      for (let i = 0; i < frames && isFree; i++) isFree = taken[frame + i] === 0;
      if (!isFree) continue;
      taken.fill(1, frame, frame + frames);
      root.freeFrames -= frames;
      if (root.freeFrames === 0) this.split.delete(root);
      const piece: Piece = { root, frame, frames, block, firstPage, pages };
      root.pieces.add(piece);
      return piece;
    }
    return null;
  }

  /** Gives a piece back; a root of which nothing is taken goes back as a whole. */
  freePiece(piece: Piece): void {
    const { root, frame, frames } = piece;
    root.frames!.fill(0, frame, frame + frames);
    root.freeFrames += frames;
    root.pieces.delete(piece);
    if (root.freeFrames === FRAMES_PER_ROOT) {
      this.split.delete(root);
      this.freeRoot(root);
    } else this.split.add(root);
  }

  /** Returns a root without pages to PMA. */
  freeRoot(root: Root): void {
    this.move(root, LIST.none);
    root.block = null;
    this.used--;
  }

  /** The root that was just evicted and freed does not return to PMA: the caller that evicted it gets it. */
  keep(): void {
    assert(this.used + this.inHand < this.roots, 'an evicted root is kept that was never freed');
    this.inHand++;
  }

  /** To the young end of a list; `none` takes it off all lists. */
  move(root: Root, list: List): void {
    if (root.list !== LIST.none) this.lists[root.list]!.remove(root);
    root.list = list;
    if (list !== LIST.none) this.lists[list]!.push(root);
  }

  /** Used just now: to the young end of its list. What is unused or discarded stays where it is. */
  touch(root: Root): void {
    const used = this.lists[LIST.used]!;
    if (root.list !== LIST.used || used.newest === root) return;
    used.remove(root);
    used.push(root);
  }

  /** Roots that could be evicted. */
  get evictable(): number {
    return this.lists[LIST.unused]!.length + this.lists[LIST.discarded]!.length + this.lists[LIST.used]!.length;
  }

  /** Who has to go; null where no root is on a list. */
  victim(): Root | null {
    const { question, lists } = this;
    question.unused = lists[LIST.unused]!.length;
    question.discarded = lists[LIST.discarded]!.length;
    question.used = lists[LIST.used]!.length;
    question.busyRoots = this.used - this.evictable;
    switch (victimSource(question)) {
      case VICTIM.unused:
        return lists[LIST.unused]!.oldest;
      case VICTIM.discarded:
        return lists[LIST.discarded]!.oldest;
      case VICTIM.used:
        return lists[LIST.used]!.oldest;
      default:
        return null;
    }
  }
}
