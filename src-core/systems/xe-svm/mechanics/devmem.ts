/**
 * VRAM as Xe takes it: one allocation per migration (drm_pagemap_devmem, a buffer object of TTM), of the range's size, which
 * lives as long as one of its pages is in use. A full device evicts whole allocations, the one that was made first (TTM's
 * list; use does not change the order).
 */
import type { ProcessorIndex } from '../../../model/processor';
import type { Mm } from '../../../kernel/mm';
import type { Page } from '../../../kernel/page';

/** drm_pagemap_evict_to_ram tries again so often; each of our rounds has the kernel's own inside. */
const ROUNDS = 3;
/** 64 KiB in pages. */
const LARGE_PAGES = 16;

export interface Devmem {
  readonly device: ProcessorIndex;
  /** What it takes of the VRAM, and the size of the range it was made for, in pages. */
  readonly taken: number;
  readonly pages: number;
  readonly mm: Mm;
  /** Pages that are in use. */
  readonly used: Set<Page>;
  /** Until when a CPU fault leaves its pages where they are, ps (timeslice_expiration). */
  timesliceEndPs: number;
}

export class DevmemBook {
  /** Allocations that TTM chose to make room. */
  evictions = 0;
  private readonly taken: number[];
  /** Least recently made first, by device. */
  private readonly lru: readonly Set<Devmem>[];
  private readonly ofPages = new Map<Page, Devmem>();

  /**
   * @param capacity pages of a device
   * @param need64k does VRAM come in 64 KiB now?
   */
  constructor(
    devices: number,
    private readonly capacity: (device: ProcessorIndex) => number,
    private readonly need64k: () => boolean,
  ) {
    this.taken = Array.from({ length: devices + 1 }, () => 0);
    this.lru = this.taken.map(() => new Set<Devmem>());
  }

  free(device: ProcessorIndex): number {
    return this.capacity(device) - this.taken[device]!;
  }

  /**
   * Room for a range. null: none would leave (ENOMEM).
   * @param evict brings an allocation to host memory
   */
  take(device: ProcessorIndex, mm: Mm, pages: number, evict: (devmem: Devmem) => void): Devmem | null {
    const taken = this.need64k() ? Math.ceil(pages / LARGE_PAGES) * LARGE_PAGES : pages;
    if (taken > this.capacity(device)) return null;
    for (const oldest of [...this.lru[device]!]) {
      if (this.free(device) >= taken) break;
      if (!oldest.mm.alive) continue; // drm_pagemap_evict_to_ram needs the address space
      this.evictions++;
      for (let round = 0; round < ROUNDS && oldest.used.size > 0; round++) evict(oldest);
    }
    if (this.free(device) < taken) return null;
    const devmem: Devmem = { device, taken, pages, mm, used: new Set(), timesliceEndPs: 0 };
    this.taken[device] = this.taken[device]! + taken;
    this.lru[device]!.add(devmem);
    return devmem;
  }

  /** A page of the allocation is in use. */
  uses(devmem: Devmem, page: Page): void {
    devmem.used.add(page);
    this.ofPages.set(page, devmem);
  }
  /** zone_device_data of a page in use. */
  ofPage(page: Page): Devmem | null {
    return this.ofPages.get(page) ?? null;
  }
  pageFreed(page: Page): void {
    const devmem = this.ofPages.get(page);
    if (!devmem) return;
    this.ofPages.delete(page);
    devmem.used.delete(page);
    this.release(devmem);
  }

  /** The allocation goes where none of its pages is in use. */
  release(devmem: Devmem): void {
    if (devmem.used.size > 0 || !this.lru[devmem.device]!.delete(devmem)) return;
    this.taken[devmem.device] = this.taken[devmem.device]! - devmem.taken;
  }
}
