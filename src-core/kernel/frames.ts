/**
 * Page frames as columns, one row per frame number (PFN): what `struct page` and `struct folio` hold. A folio is its
 * head page; a large one is a whole block of 512 frames, aligned, so head and order follow from two flags. Rare
 * properties (pins, files, swap slots, bytes) lie in maps and sparse columns. `Page` (page.ts) reads and writes one
 * row.
 */
import type { DevicePagemap } from './device-memory';
import type { FileInode } from './file';
import { F, KINDS } from './frame-flags';
import type { Memcg, Mm } from './mm';
import type { Mapping, Page, PageKind } from './page';
import { PageHandles } from './page-handles';
import { SparseColumn } from '../base/sparse-column';

/** Frames of a block: those of one PMD-sized folio. All of a block have the same owner. */
export const BLOCK = 512;
/** In `next` and `prev`: the end of a list. In `prev`: on no list. */
export const NO_FRAME = -1;
export const UNLISTED = -2;

/** Where the frames of a block come from. */
export interface FrameOwner {
  readonly kind: PageKind;
  readonly node: number;
  readonly pagemap: DevicePagemap | null;
}

/** GUP references of a folio that are still held. */
export interface Pins {
  pins: number;
  dmaPins: number;
  longPins: number;
}

export class Frames {
  /** See frame-flags.ts. */
  flags = new Int32Array(0);
  /** References of the folio; valid on the head. */
  refs = new Int32Array(0);
  /** PTEs that map exactly this base page. */
  mapcount = new Int32Array(0);
  /** Index into `memcgs`, plus one; 0: not charged. Valid on the head. */
  memcg = new Uint16Array(0);
  /** The oldest place that maps the folio, or that waits for the base page (F.placeMaps, F.placeWaits): see places.ts. */
  placeSpace = new Uint32Array(0);
  placePage = new Uint32Array(0);
  /** Neighbours in the one list that the frame is on: an LRU list, a device's pages in use, or a stack of free frames. */
  next = new Int32Array(0);
  prev = new Int32Array(0);
  /** By block: PMD entries that map the whole folio. */
  entire = new Int32Array(0);
  /** By block: index into `owners`. */
  ownerOf = new Uint16Array(0);

  readonly owners: FrameOwner[] = [];
  readonly memcgs: Memcg[] = [];
  readonly mms: (Mm | undefined)[] = [];
  readonly files = new Map<number, FileInode>();
  /** File of a page-cache folio by its id; 0: none. Page number within the file. */
  readonly file = new SparseColumn(0);
  readonly index = new SparseColumn(0);
  /** Slot while the folio is in the swap cache. */
  readonly swapSlot = new SparseColumn(-1);
  readonly pins = new Map<number, Pins>();
  readonly data = new Map<number, Uint8Array>();
  /** When NUMA balancing scanned a folio last, ps. */
  readonly scannedPs = new Map<number, number>();
  /** Further places of frames with more than one (F.moreMaps, F.moreWaits). */
  readonly moreMaps = new Map<number, Mapping[]>();
  readonly moreWaits = new Map<number, Mapping[]>();

  /** The first block is never given out. */
  private used = BLOCK;
  private readonly handles = new PageHandles(this);

  /** Consecutive frames of one owner, whole blocks, free; returns the first. */
  add(owner: FrameOwner, pages: number): number {
    const first = this.used;
    const blocks = Math.ceil(pages / BLOCK);
    this.used += blocks * BLOCK;
    if (this.used > this.flags.length) this.grow(Math.max(this.used, Math.floor(this.flags.length * 1.5)));
    let index = this.owners.indexOf(owner);
    if (index < 0) index = this.owners.push(owner) - 1;
    this.ownerOf.fill(index, first / BLOCK, this.used / BLOCK);
    this.flags.fill(KINDS.indexOf(owner.kind) | F.free, first, this.used);
    this.prev.fill(UNLISTED, first, this.used);
    return first;
  }

  private grow(atLeast: number): void {
    const length = Math.ceil(Math.max(atLeast, 8 * BLOCK) / BLOCK) * BLOCK;
    const wider = <T extends Int32Array | Uint16Array | Uint32Array>(column: T, to: T): T => {
      to.set(column);
      return to;
    };
    this.flags = wider(this.flags, new Int32Array(length));
    this.refs = wider(this.refs, new Int32Array(length));
    this.mapcount = wider(this.mapcount, new Int32Array(length));
    this.memcg = wider(this.memcg, new Uint16Array(length));
    this.placeSpace = wider(this.placeSpace, new Uint32Array(length));
    this.placePage = wider(this.placePage, new Uint32Array(length));
    this.next = wider(this.next, new Int32Array(length));
    this.prev = wider(this.prev, new Int32Array(length));
    this.entire = wider(this.entire, new Int32Array(length / BLOCK));
    this.ownerOf = wider(this.ownerOf, new Uint16Array(length / BLOCK));
  }

  /** The handle of a frame: always the same object. */
  page(pfn: number): Page {
    return this.handles.of(pfn);
  }

  owner(pfn: number): FrameOwner {
    return this.owners[this.ownerOf[pfn >>> 9]!]!;
  }

  /** Head of the folio that the frame is in. */
  head(pfn: number): number {
    return (this.flags[pfn]! & F.tail) !== 0 ? pfn - (pfn & (BLOCK - 1)) : pfn;
  }

  memcgIndex(memcg: Memcg): number {
    const at = this.memcgs.indexOf(memcg);
    return at >= 0 ? at + 1 : this.memcgs.push(memcg);
  }

  /** Makes a free block one folio. */
  compound(head: number): void {
    this.flags[head] = this.flags[head]! | F.large;
    for (let pfn = head + 1; pfn < head + BLOCK; pfn++) this.flags[pfn] = this.flags[pfn]! | F.tail;
  }

  /** The pages of a large folio become folios of their own. */
  uncompound(head: number): void {
    this.flags[head] = this.flags[head]! & ~F.large;
    for (let pfn = head + 1; pfn < head + BLOCK; pfn++) this.flags[pfn] = this.flags[pfn]! & ~F.tail;
  }

  /** A row as of a frame that was never used, given out with one reference. */
  reset(pfn: number): void {
    this.flags[pfn] = this.flags[pfn]! & (F.kind | F.large | F.tail);
    this.refs[pfn] = 0;
    this.mapcount[pfn] = 0;
    this.memcg[pfn] = 0;
    this.index.set(pfn, 0);
    if (this.scannedPs.size > 0) this.scannedPs.delete(pfn);
  }
}
