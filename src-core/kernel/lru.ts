/** The LRU of ordinary pages, oldest first. Zone-device and hugetlb pages never enter (R1). */
import { FrameList } from './frame-list';
import { F, LIST_SHIFT, RAM } from './frame-flags';
import type { Frames } from './frames';

const INACTIVE = 0;
const ACTIVE = 1;
const UNEVICTABLE = 2;

export class Lru {
  readonly inactive: FrameList;
  readonly active: FrameList;
  readonly unevictable: FrameList;
  /** Page-cache folios on the lists: without them, swap or a lower tier, reclaim has nothing to do. */
  files = 0;

  constructor(private readonly frames: Frames) {
    this.inactive = new FrameList(frames);
    this.active = new FrameList(frames);
    this.unevictable = new FrameList(frames);
  }

  /** To the young end of the list that the folio's flags name; nothing where it is on one, or belongs on none. */
  add(head: number): void {
    const { flags, file } = this.frames;
    const before = flags[head]!;
    if ((before & F.kind) !== RAM || (before & (F.hugetlb | F.onLru)) !== 0) return;
    const list = (before & F.mlocked) !== 0 ? UNEVICTABLE : (before & F.active) !== 0 ? ACTIVE : INACTIVE;
    const isFile = file.get(head) !== 0;
    if (isFile) this.files++;
    flags[head] =
      (before & ~(F.list | F.countedAsFile)) | F.onLru | (list << LIST_SHIFT) | (isFile ? F.countedAsFile : 0);
    this.listOf(list).add(head);
  }

  remove(head: number): void {
    const { flags } = this.frames;
    const before = flags[head]!;
    if ((before & F.onLru) === 0) return;
    flags[head] = before & ~F.onLru;
    if ((before & F.countedAsFile) !== 0) this.files--;
    this.listOf((before & F.list) >>> LIST_SHIFT).delete(head);
  }

  private listOf(list: number): FrameList {
    return list === INACTIVE ? this.inactive : list === ACTIVE ? this.active : this.unevictable;
  }
}
