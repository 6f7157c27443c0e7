/**
 * A list of folios in the order in which they came: an LRU list, or a device's pages in use. The links lie in the frames'
 * columns, so a frame is on one list at most.
 */
import { NO_FRAME, UNLISTED, type Frames } from './frames';
import type { Page } from './page';

export class FrameList implements Iterable<Page> {
  size = 0;
  first = NO_FRAME;
  private last = NO_FRAME;
  /** The next element of each iteration in progress. */
  private readonly cursors: { at: number }[] = [];

  constructor(private readonly frames: Frames) {}

  /** At the young end. The frame is on no list. */
  add(pfn: number): void {
    const { next, prev } = this.frames;
    next[pfn] = NO_FRAME;
    prev[pfn] = this.last;
    if (this.last === NO_FRAME) this.first = pfn;
    else next[this.last] = pfn;
    this.last = pfn;
    this.size++;
    for (const cursor of this.cursors) if (cursor.at === NO_FRAME) cursor.at = pfn;
  }

  /** The frame is on this list. */
  delete(pfn: number): void {
    const { next, prev } = this.frames;
    const before = prev[pfn]!;
    const after = next[pfn]!;
    if (before === NO_FRAME) this.first = after;
    else next[before] = after;
    if (after === NO_FRAME) this.last = before;
    else prev[after] = before;
    prev[pfn] = UNLISTED;
    this.size--;
    for (const cursor of this.cursors) if (cursor.at === pfn) cursor.at = after;
  }

  /** Oldest first. Elements that are added or removed during the iteration are respected. */
  *[Symbol.iterator](): Iterator<Page> {
    const cursor = { at: this.first };
    this.cursors.push(cursor);
    try {
      while (cursor.at !== NO_FRAME) {
        const pfn = cursor.at;
        cursor.at = this.frames.next[pfn]!;
        yield this.frames.page(pfn);
      }
    } finally {
      this.cursors.splice(this.cursors.indexOf(cursor), 1);
    }
  }
}
