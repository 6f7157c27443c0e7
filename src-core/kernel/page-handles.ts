import type { Positioned } from '../base/plain';
import type { Frames } from './frames';
import { Page } from './page';

/** Frames of one list of handles. */
const LIST = 512;

/**
 * The handles of frames, made when they are asked for. They hold no state, only the number of their frame: a snapshot
 * passes over them, which saves walking an object per frame, and those made since stay valid after a restore.
 */
export class PageHandles implements Positioned {
  private readonly lists: (Page | undefined)[][] = [];

  constructor(private readonly frames: Frames) {}

  of(pfn: number): Page {
    const list = (this.lists[pfn >>> 9] ??= new Array<Page | undefined>(LIST).fill(undefined));
    return (list[pfn & (LIST - 1)] ??= new Page(this.frames, pfn));
  }

  position(): null {
    return null;
  }

  seek(): void {
    // nothing to go back to
  }
}
