/**
 * VRAM as Xe takes it: one allocation per migration (drm_pagemap_devmem, a buffer object of TTM), of the range's size, which
 * lives as long as one of its pages is in use. A full device evicts whole allocations, the one that was made first (TTM's
 * list; use does not change the order).
 */
import type { ProcessorIndex } from '../../../model/processor';
import type { Mm } from '../../../kernel/mm';
import { SparseColumn } from '../../../base/sparse-column';

/** drm_pagemap_evict_to_ram tries again so often; each of our rounds has the kernel's own inside. */
const ROUNDS = 3;
/** Of no allocation. */
const NONE = 0;
/** 64 KiB in pages. */
const LARGE_PAGES = 16;

export interface Devmem {
  readonly device: ProcessorIndex;
  /** What it takes of the VRAM, and the size of the range it was made for, in pages. */
  readonly taken: number;
  readonly pages: number;
  readonly mm: Mm;
  /** Its name in the column of frames. */
  readonly id: number;
  /** Frames that came into use, in that order, and how many still are. */
  readonly frames: number[];
  used: number;
  /** Until when a CPU fault leaves its pages where they are, ps (timeslice_expiration). */
  timesliceEndPs: number;
}

export class DevmemBook {
  /** Allocations that TTM chose to make room. */
  evictions = 0;
  private readonly taken: number[];
  /** Least recently made first, by device. */
  private readonly lru: readonly Set<Devmem>[];
  private readonly allocations = new Map<number, Devmem>();
  /** By frame: the allocation whose page it is. */
  private readonly ofFrames = new SparseColumn(NONE);
  private made = 0;

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
      for (let round = 0; round < ROUNDS && oldest.used > 0; round++) evict(oldest);
    }
    if (this.free(device) < taken) return null;
    const id = ++this.made;
    const devmem: Devmem = { device, taken, pages, mm, id, frames: [], used: 0, timesliceEndPs: 0 };
    this.allocations.set(id, devmem);
    this.taken[device] = this.taken[device]! + taken;
    this.lru[device]!.add(devmem);
    return devmem;
  }

  /** A frame of the allocation is in use. */
  uses(devmem: Devmem, frame: number): void {
    devmem.frames.push(frame);
    devmem.used++;
    this.ofFrames.set(frame, devmem.id);
  }
  /** zone_device_data of a frame in use. */
  ofFrame(frame: number): Devmem | null {
    return this.allocations.get(this.ofFrames.get(frame)) ?? null;
  }
  /** Frames in use, in the order in which they came. */
  framesOf({ frames, id }: Devmem): readonly number[] {
    return frames.filter((frame) => this.ofFrames.get(frame) === id);
  }
  frameFreed(frame: number): void {
    const devmem = this.ofFrame(frame);
    if (!devmem) return;
    this.ofFrames.set(frame, NONE);
    devmem.used--;
    this.release(devmem);
  }

  /** The allocation goes where none of its pages is in use. */
  release(devmem: Devmem): void {
    if (devmem.used > 0 || !this.lru[devmem.device]!.delete(devmem)) return;
    this.allocations.delete(devmem.id);
    this.taken[devmem.device] = this.taken[devmem.device]! - devmem.taken;
  }
}
