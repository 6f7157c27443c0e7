/**
 * VA blocks: 2 MiB of managed addresses and their driver state (uvm_va_block.h). A page is in the masks of every
 * processor that holds it, and in `readable`, `writable`, `atomic` of every processor whose page table maps it.
 */
import { CPU, NO_PROCESSOR, type ProcessorIndex } from '../../../model/processor';
import { createPageMask, PAGE_MASK_PAGES, type PageMask } from '../../../base/page-mask';
import { PROTECTION, type Protection } from '../decisions/vocabulary';

/** Where eviction looks for a victim, in this order; `none`: nowhere (uvm_pmm_gpu.h:177-203). */
export const LIST = { none: 0, unused: 1, discarded: 2, used: 3 } as const;
export type List = (typeof LIST)[keyof typeof LIST];

/** 4 KiB frames of a root chunk. */
export const FRAMES_PER_ROOT = 512;

/** 2 MiB of device memory. */
export class Root {
  older: Root | null = null;
  younger: Root | null = null;
  list: List = LIST.none;
  /** The block that has all of it; null while it is split into pieces. */
  block: VaBlock | null = null;
  readonly pieces = new Set<Piece>();
  /** A frame per byte: 1 = taken. Made when the root is split. */
  frames: Uint8Array | null = null;
  freeFrames = FRAMES_PER_ROOT;
}

/** A block's memory on one GPU. */
export interface GpuBacking {
  /** The root chunk of a whole block; null for blocks that are backed piece by piece, or not at all. */
  root: Root | null;
  /** Pieces of roots by their first page, for blocks smaller than a root and for HMM. */
  readonly pieces: Map<number, Piece>;
  /** Pages with memory behind them. */
  readonly populated: PageMask;
}

export interface Piece {
  readonly root: Root;
  /** First 4 KiB frame inside the root, and how many. */
  readonly frame: number;
  readonly frames: number;
  readonly block: VaBlock;
  readonly firstPage: number;
  readonly pages: number;
}

export class VaBlock {
  /** By processor. */
  readonly resident: readonly PageMask[];
  readonly readable: readonly PageMask[];
  readonly writable: readonly PageMask[];
  readonly atomic: readonly PageMask[];
  /** Index 0 stays unused. */
  readonly backing: readonly GpuBacking[];
  /** Evicted from that GPU and not back yet. */
  readonly evicted: readonly PageMask[];
  readonly readDuplicated: PageMask = createPageMask();
  readonly discarded: PageMask = createPageMask();
  /** Host pages that the GPUs can reach by DMA. */
  readonly dmaMapped: PageMask = createPageMask();
  /** Where the last serviced faults went, and how many in a row: what the prefetcher remembers. */
  lastMigrationProcessor: ProcessorIndex = NO_PROCESSOR;
  faultMigrationsToLast = 0;

  /**
   * @param index number of the 2 MiB window in the run's space
   * @param first first page of the window that belongs to the block; `outer` is one past the last
   */
  constructor(
    readonly index: number,
    readonly first: number,
    readonly outer: number,
    readonly object: number,
    processors: number,
    readonly isHmm: boolean,
    private readonly pagesOfWindow: number = PAGE_MASK_PAGES,
  ) {
    const masks = (): PageMask[] => Array.from({ length: processors }, createPageMask);
    this.resident = masks();
    this.readable = masks();
    this.writable = masks();
    this.atomic = masks();
    this.evicted = masks();
    this.backing = Array.from({ length: processors }, () => ({
      root: null,
      pieces: new Map<number, Piece>(),
      populated: createPageMask(),
    }));
  }

  /** Backed by one 2 MiB chunk per GPU. */
  get isWhole(): boolean {
    return !this.isHmm && this.first === 0 && this.outer === this.pagesOfWindow;
  }

  protection(processor: ProcessorIndex, page: number): Protection {
    const word = page >>> 5;
    const bit = 1 << (page & 31);
    if ((this.atomic[processor]![word]! & bit) !== 0) return PROTECTION.readWriteAtomic;
    if ((this.writable[processor]![word]! & bit) !== 0) return PROTECTION.readWrite;
    return (this.readable[processor]![word]! & bit) !== 0 ? PROTECTION.readOnly : PROTECTION.none;
  }

  /** Processors that hold the page. */
  holders(page: number): number {
    const word = page >>> 5;
    const bit = page & 31;
    let set = 0;
    for (let p: ProcessorIndex = CPU; p < this.resident.length; p++)
      set |= ((this.resident[p]![word]! >>> bit) & 1) << p;
    return set;
  }

  /** Processors with a mapping of the page of at least this protection, which is not `none`. */
  mappers(page: number, protection: Protection): number {
    const columns =
      protection === PROTECTION.readOnly
        ? this.readable
        : protection === PROTECTION.readWrite
          ? this.writable
          : this.atomic;
    const word = page >>> 5;
    const bit = page & 31;
    let set = 0;
    for (let p: ProcessorIndex = CPU; p < columns.length; p++) set |= ((columns[p]![word]! >>> bit) & 1) << p;
    return set;
  }
}

/** The root chunk behind a page of a block on a GPU; null where it has no memory there. */
export function rootOf(block: VaBlock, gpu: ProcessorIndex, page: number, pagesPerBigPage: number): Root | null {
  const { root, pieces } = block.backing[gpu]!;
  if (root) return root;
  const around = pieces.get(page - (page % pagesPerBigPage));
  const piece = around && page < around.firstPage + around.pages ? around : pieces.get(page);
  return piece?.root ?? null;
}
