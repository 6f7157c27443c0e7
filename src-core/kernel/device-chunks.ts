/**
 * Device memory as a driver keeps it: chunks that are registered on demand, in each blocks of 512 frames, from which it
 * gives out single pages and PMD-sized folios (T1, T2; lib/test_hmm.c has chunks of 256 MiB). Frames exist from their first
 * use on. Nothing here is on an LRU, and the kernel never reclaims it (R1): pressure is the driver's own problem.
 */
import type { FaultResult } from './errno';
import type { DeviceFault, DevicePagemap } from './device-memory';
import type { Kernel } from './kernel';
import type { Owner } from './notifier';
import { PAGE_BYTES, PMD_ORDER, PMD_PAGES, type Page, pagesOf } from './page';

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

/** What is registered, and goes away, at once (one dev_pagemap of test_hmm). */
export interface DeviceChunk {
  readonly index: number;
  /** Heads of the folios that are given out. The pagemap's references: while there is one, unplug waits (E2). */
  readonly inUse: Set<Page>;
}

interface Block {
  readonly chunk: DeviceChunk;
  readonly frames: readonly Page[];
  /** Stack: what was freed last is given out first. */
  readonly free: Page[];
}

export class DeviceMemory implements DevicePagemap {
  readonly name: string;
  readonly kind: 'device-private' | 'device-coherent';
  readonly node: number;
  readonly owner: Owner;
  readonly capacity: number;
  readonly chunks: DeviceChunk[] = [];
  /** Heads of folios that are given out, oldest first. */
  readonly inUse = new Set<Page>();
  usedPages = 0;
  /** No page is given out any more: the device is about to go (E2). false again: its chunks are back, empty. */
  closing = false;
  /** Set by the driver: brings the page of a CPU fault back. */
  onCpuFault: (fault: DeviceFault) => FaultResult = () => 'sigbus';
  /** Set by drivers that keep their own books of pages: the last reference to the folio went. */
  onFree: ((head: Page) => void) | null = null;
  private readonly chunkPages: number;
  private readonly blocks: Block[] = [];
  private readonly blockOf = new Map<Page, Block>();
  /** Blocks with free frames: those that are partly used, and those that are whole. */
  private readonly partial = new Set<Block>();
  private readonly whole = new Set<Block>();
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
    kernel.pagemaps.push(this);
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
    if (this.closing) return null;
    const head = order === PMD_ORDER ? this.takeLarge() : this.takeSmall();
    if (!head) return null;
    this.usedPages += 1 << order;
    this.kernel.setAllocated(head);
    head.locked = true;
    this.inUse.add(head);
    this.blockOf.get(head)!.chunk.inUse.add(head);
    return head;
  }

  private takeSmall(): Page | null {
    const block = first(this.partial) ?? first(this.whole) ?? this.makeBlock();
    if (!block) return null;
    const page = block.free.pop()!;
    this.sort(block);
    return page;
  }

  private takeLarge(): Page | null {
    let block = first(this.whole);
    if (block?.frames.length !== PMD_PAGES) block = this.makeBlock();
    if (block?.frames.length !== PMD_PAGES) return null;
    block.free.length = 0;
    this.sort(block);
    const [head, ...tails] = block.frames;
    this.kernel.compound(head!, tails);
    return head!;
  }

  private makeBlock(): Block | null {
    const pages = Math.min(PMD_PAGES, this.capacity - this.madePages);
    if (pages <= 0) return null;
    const index = Math.floor(this.madePages / this.chunkPages);
    const chunk = (this.chunks[index] ??= { index, inUse: new Set() });
    const frames = this.kernel.deviceFrames(this, pages);
    const block: Block = { chunk, frames, free: [...frames].reverse() };
    this.madePages += pages;
    this.blocks.push(block);
    for (const page of frames) this.blockOf.set(page, block);
    this.sort(block);
    return block;
  }

  private sort(block: Block): void {
    this.partial.delete(block);
    this.whole.delete(block);
    if (block.free.length === block.frames.length) this.whole.add(block);
    else if (block.free.length > 0) this.partial.add(block);
  }

  /** T2: the frames go back to their block, a large folio as base pages. */
  folioFree(head: Page): void {
    this.onFree?.(head);
    const block = this.blockOf.get(head)!;
    const pages = pagesOf(head);
    this.inUse.delete(head);
    block.chunk.inUse.delete(head);
    this.usedPages -= pages.length;
    for (let i = pages.length - 1; i >= 0; i--) {
      const page = pages[i]!;
      page.head = page;
      page.order = 0;
      page.active = false;
      page.referenced = false;
      page.lazyFree = false;
      block.free.push(page);
    }
    head.pages = null;
    this.sort(block);
  }

  /** L2: the tails of a folio that was split are folios of their own now. */
  folioSplit(tails: readonly Page[]): void {
    for (const page of tails) {
      this.inUse.add(page);
      this.blockOf.get(page)!.chunk.inUse.add(page);
    }
  }

  /** true: the frame lies in the free list of its chunk. */
  isFree(page: Page): boolean {
    return this.blockOf.get(page)?.free.includes(page) ?? false;
  }
}

const first = (blocks: ReadonlySet<Block>): Block | null => {
  for (const block of blocks) return block;
  return null;
};
