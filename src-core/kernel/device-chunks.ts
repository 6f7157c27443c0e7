/**
 * Device memory as a driver keeps it: chunks that are registered on demand, in each blocks of 512 frames, from which it
 * gives out single pages and PMD-sized folios (T1, T2; lib/test_hmm.c has chunks of 256 MiB). Frames exist from their
 * first use on. These pages are on no LRU list and the kernel never reclaims them (R1); only the driver evicts them.
 */
import type { FaultResult } from './errno';
import type { DeviceFault, DevicePagemap } from './device-memory';
import { F } from './frame-flags';
import { FrameList } from './frame-list';
import { NO_FRAME } from './frames';
import type { Kernel } from './kernel';
import type { Owner } from './notifier';
import { PAGE_BYTES, PMD_ORDER, PMD_PAGES, type Page } from './page';

/** DEVMEM_CHUNK_SIZE of test_hmm: 256 MiB. */
const CHUNK_PAGES = (256 * 1024 * 1024) / PAGE_BYTES;

export interface DeviceMemorySpec {
  readonly name: string;
  readonly kind: 'device-private' | 'device-coherent';
  readonly node: number;
  readonly owner: Owner;
  /** Pages of the device; the last block is smaller where this is no multiple of 512. */
  readonly capacity: number;
  /** Pages of one chunk, a multiple of 512. */
  readonly chunkPages?: number;
}

/** The unit of registration and removal (one dev_pagemap of test_hmm). */
export interface DeviceChunk {
  readonly index: number;
  /** Folios that are given out. The pagemap's references: while there is one, unplug waits (E2). */
  inUse: number;
}

interface Block {
  readonly chunk: DeviceChunk;
  /** The first of its frames, and how many there are. */
  readonly first: number;
  readonly frames: number;
  /** Free frames, and the top of their stack: the frame freed last is allocated first. */
  free: number;
  top: number;
  /** Neighbours among blocks with free frames of the same kind. */
  list: BlockList | null;
  before: Block | null;
  after: Block | null;
}

/** Blocks in the order in which they came. */
class BlockList {
  first: Block | null = null;
  private last: Block | null = null;

  add(block: Block): void {
    block.list = this;
    block.before = this.last;
    block.after = null;
    if (this.last) this.last.after = block;
    else this.first = block;
    this.last = block;
  }

  remove(block: Block): void {
    if (block.before) block.before.after = block.after;
    else this.first = block.after;
    if (block.after) block.after.before = block.before;
    else this.last = block.before;
    block.list = null;
  }
}

export class DeviceMemory implements DevicePagemap {
  readonly name: string;
  readonly kind: 'device-private' | 'device-coherent';
  readonly node: number;
  readonly owner: Owner;
  readonly capacity: number;
  readonly chunks: DeviceChunk[] = [];
  /** Heads of folios that are given out, oldest first. */
  readonly inUse: FrameList;
  usedPages = 0;
  /** No page is given out any more: the device is about to go (E2). false again: its chunks are back, empty. */
  closing = false;
  /** Set by the driver: brings the page of a CPU fault back. */
  onCpuFault: (fault: DeviceFault) => FaultResult = () => 'sigbus';
  /** Called when the last reference to the folio is dropped. Set by drivers that keep their own page lists. */
  onFree: ((head: number) => void) | null = null;
  private readonly chunkPages: number;
  /** By block number of the frames. */
  private readonly blocks: (Block | undefined)[] = [];
  /** Blocks with free frames: those that are partly used, and those that are whole. */
  private readonly partial = new BlockList();
  private readonly whole = new BlockList();
  private madePages = 0;

  constructor(
    private readonly kernel: Kernel,
    spec: DeviceMemorySpec,
  ) {
    this.name = spec.name;
    this.kind = spec.kind;
    this.node = spec.node;
    this.owner = spec.owner;
    this.capacity = spec.capacity;
    this.chunkPages = spec.chunkPages ?? CHUNK_PAGES;
    this.inUse = new FrameList(kernel.frames);
  }

  migrateToRam(fault: DeviceFault): FaultResult {
    return this.onCpuFault(fault);
  }

  /** Pages that could be given out one by one. */
  freePages(): number {
    return this.closing ? 0 : this.capacity - this.usedPages;
  }

  /** A folio, refcount 1 and locked (T1); null: the device is full or going, or has no whole block for order 9 (L6). */
  alloc(order: number): Page | null {
    const head = this.allocFrames(order);
    return head < 0 ? null : this.kernel.frames.page(head);
  }

  /** The same by the frame number of the head; −1 where there is none. */
  allocFrames(order: number): number {
    if (this.closing) return -1;
    const head = order === PMD_ORDER ? this.takeLarge() : this.takeSmall();
    if (head < 0) return -1;
    this.usedPages += 1 << order;
    this.kernel.setAllocated(head);
    const { flags } = this.kernel.frames;
    flags[head] = flags[head]! | F.locked;
    this.use(head);
    return head;
  }

  private use(head: number): void {
    this.inUse.add(head);
    this.blocks[head >>> 9]!.chunk.inUse++;
  }

  private takeSmall(): number {
    const block = this.partial.first ?? this.whole.first ?? this.makeBlock();
    if (!block) return -1;
    const pfn = block.top;
    block.top = this.kernel.frames.next[pfn]!;
    block.free--;
    this.sort(block);
    return pfn;
  }

  private takeLarge(): number {
    let block = this.whole.first;
    if (block?.frames !== PMD_PAGES) block = this.makeBlock();
    if (block?.frames !== PMD_PAGES) return -1;
    block.free = 0;
    this.sort(block);
    this.kernel.frames.compound(block.first);
    return block.first;
  }

  private makeBlock(): Block | null {
    const frames = Math.min(PMD_PAGES, this.capacity - this.madePages);
    if (frames <= 0) return null;
    const index = Math.floor(this.madePages / this.chunkPages);
    const chunk = (this.chunks[index] ??= { index, inUse: 0 });
    const first = this.kernel.deviceFrames(this, frames);
    const block: Block = { chunk, first, frames, free: 0, top: NO_FRAME, list: null, before: null, after: null };
    this.madePages += frames;
    this.blocks[first >>> 9] = block;
    for (let pfn = first + frames - 1; pfn >= first; pfn--) this.push(block, pfn);
    this.sort(block);
    return block;
  }

  private push(block: Block, pfn: number): void {
    this.kernel.frames.next[pfn] = block.free === 0 ? NO_FRAME : block.top;
    block.top = pfn;
    block.free++;
  }

  /** To the end of the list that its free frames name. */
  private sort(block: Block): void {
    block.list?.remove(block);
    if (block.free === block.frames) this.whole.add(block);
    else if (block.free > 0) this.partial.add(block);
  }

  /** T2: the frames go back to their block, a large folio as base pages. */
  folioFree(head: number, pages: number): void {
    this.onFree?.(head);
    const block = this.blocks[head >>> 9]!;
    this.inUse.delete(head);
    block.chunk.inUse--;
    this.usedPages -= pages;
    if (pages > 1) this.kernel.frames.uncompound(head);
    for (let pfn = head + pages - 1; pfn >= head; pfn--) this.push(block, pfn);
    this.sort(block);
  }

  /** L2: the tails of a folio that was split are folios of their own now. */
  folioSplit(head: number): void {
    for (let pfn = head + 1; pfn < head + PMD_PAGES; pfn++) this.use(pfn);
  }
}
