/**
 * Free frames of one owner (a node's memory, a driver's pages), in blocks of 512 from which single frames and whole
 * blocks are given out. Blocks come into being as they are needed. The choice of frame is not part of the model.
 */
import { BLOCK, NO_FRAME, type FrameOwner, type Frames } from './frames';

/** On which stack a block is. */
const NOWHERE = 0;
const PARTLY = 1;
const WHOLE = 2;

export class FramePool {
  /** Blocks with free frames; an entry counts only where `listed` says the same of its block. */
  private readonly partly: number[] = [];
  private readonly whole: number[] = [];
  /** By block of this pool, dense: first frame, free frames, the top of their stack, and where it is listed. */
  private readonly firsts: number[] = [];
  private readonly free: number[] = [];
  private readonly top: number[] = [];
  private readonly listed: number[] = [];
  /** Dense number of a block by its first frame. */
  private readonly numbers = new Map<number, number>();

  constructor(
    private readonly frames: Frames,
    private readonly owner: FrameOwner,
  ) {}

  /** A free frame; the caller enforces the limit on their number. */
  take(): number {
    const block = this.topOf(this.partly, PARTLY) ?? this.topOf(this.whole, WHOLE) ?? this.make();
    const pfn = this.top[block]!;
    this.top[block] = this.frames.next[pfn]!;
    this.free[block] = this.free[block]! - 1;
    if (this.free[block] === 0) this.listed[block] = NOWHERE;
    else if (this.listed[block] !== PARTLY) this.list(block, PARTLY, this.partly);
    return pfn;
  }

  /** The first frame of a free block. */
  takeBlock(): number {
    const block = this.topOf(this.whole, WHOLE) ?? this.make();
    this.free[block] = 0;
    this.listed[block] = NOWHERE;
    return this.firsts[block]!;
  }

  /** A frame, or with `pages` a whole block, comes back. */
  give(pfn: number, pages = 1): void {
    const block = this.numbers.get(pfn - (pfn & (BLOCK - 1)))!;
    if (pages > 1) {
      this.thread(block);
      this.list(block, WHOLE, this.whole);
      return;
    }
    this.frames.next[pfn] = this.free[block] === 0 ? NO_FRAME : this.top[block]!;
    this.top[block] = pfn;
    this.free[block] = this.free[block]! + 1;
    if (this.free[block] === BLOCK) this.list(block, WHOLE, this.whole);
    else if (this.listed[block] !== PARTLY) this.list(block, PARTLY, this.partly);
  }

  private topOf(stack: number[], listed: number): number | null {
    for (let block = stack.at(-1); block !== undefined; block = stack.at(-1)) {
      if (this.listed[block] === listed) return block;
      stack.pop();
    }
    return null;
  }

  private list(block: number, where: number, stack: number[]): void {
    this.listed[block] = where;
    if (stack.at(-1) !== block) stack.push(block);
  }

  private make(): number {
    const first = this.frames.add(this.owner, BLOCK);
    const block = this.firsts.push(first) - 1;
    this.numbers.set(first, block);
    this.free.push(0);
    this.top.push(NO_FRAME);
    this.listed.push(NOWHERE);
    this.thread(block);
    this.list(block, WHOLE, this.whole);
    return block;
  }

  /** Puts all frames of a block on its stack, the lowest on top. */
  private thread(block: number): void {
    const { next } = this.frames;
    const first = this.firsts[block]!;
    for (let pfn = first; pfn < first + BLOCK - 1; pfn++) next[pfn] = pfn + 1;
    next[first + BLOCK - 1] = NO_FRAME;
    this.top[block] = first;
    this.free[block] = BLOCK;
  }
}
