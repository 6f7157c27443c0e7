/**
 * drm_gpusvm: what one device knows of one address space. Notifier windows of a fixed size, made with the first range in
 * them; ranges made on faults; a list of garbage for what was unmapped. And the attributes that the program gave (xe_vma).
 */
import type { ProcessorIndex } from '../../../model/processor';
import { isAnonymous, vmaAt, type Mm } from '../../../kernel/mm';
import { subscribe, unsubscribe, type IntervalNotifier, type NotifyRange } from '../../../kernel/notifier';
import { RangeList, type PageRange } from '../../../kit/linux/range-list';
import { chunkAround } from '../decisions/ranges';

export interface XeRange extends PageRange {
  readonly window: Window;
  /** Anonymous, and VRAM is possible (migrate_devmem). */
  readonly migrates: boolean;
  /** The device's page table has it (tile_present and not tile_invalidated). */
  bound: boolean;
  /** What was bound lies in VRAM (has_devmem_pages): forgotten by any invalidation. */
  inVram: boolean;
  /** Waits for the garbage collector; not all of it was unmapped. */
  unmapped: boolean;
  partly: boolean;
}

interface Window extends PageRange {
  readonly notifier: IntervalNotifier;
  ranges: number;
}

/** Attributes of addresses; what is in no region has the defaults: the default device, atomics undefined. */
export interface XeRegion extends PageRange {
  /** The CPU for host memory, a device, or null: whichever device faults. */
  readonly preferred: ProcessorIndex | null;
  readonly atomics: 'undefined' | 'device' | 'global' | 'cpu';
}

export type Attributes = Pick<XeRegion, 'preferred' | 'atomics'>;
export const DEFAULTS: Attributes = { preferred: null, atomics: 'undefined' };

/** Notifications to the driver. */
export interface GpuSvmDriver {
  /** The CPU's page table changes under a window. */
  readonly invalidated: (of: GpuSvm, event: NotifyRange, window: PageRange) => void;
  /** A range came into being. */
  readonly made: (range: XeRange) => void;
}

export class GpuSvm {
  readonly ranges = new RangeList<XeRange>();
  readonly garbage: XeRange[] = [];
  readonly regions = new RangeList<XeRegion>();
  private readonly windows = new Map<number, Window>();

  constructor(
    readonly device: ProcessorIndex,
    readonly mm: Mm,
    private readonly windowPages: number,
    private readonly driver: GpuSvmDriver,
  ) {}

  attributesAt(vpn: number): Attributes {
    return this.regions.find(vpn) ?? DEFAULTS;
  }

  /**
   * drm_gpusvm_range_find_or_insert. ENOENT: no mapping; EPERM: the CPU may not write there, whatever the device wants;
   * EINVAL: not even a page fits.
   */
  findOrInsert(
    vpn: number,
    devmemPossible: boolean,
    isPopulated: (window: IntervalNotifier, start: number, end: number) => boolean,
  ): XeRange | 'ENOENT' | 'EPERM' | 'EINVAL' {
    const vma = vmaAt(this.mm, vpn);
    if (!vma) return 'ENOENT';
    if (vma.prot !== 'rw') return 'EPERM';
    const found = this.ranges.find(vpn);
    if (found) return found;
    const window = this.windowAt(vpn);
    const gpu = this.regions.find(vpn) ?? this.gapOfRegions(vpn);
    const borders = {
      start: Math.max(vma.start, window.start, gpu.start),
      end: Math.min(vma.end, window.end, gpu.end),
    };
    const chunk = chunkAround(
      vpn,
      borders,
      (start, end) => this.ranges.overlapping(start, end).length === 0,
      (start, end) => isPopulated(window.notifier, start, end),
      devmemPossible,
    );
    if (!chunk) {
      this.forgetEmpty(window);
      return 'EINVAL';
    }
    const migrates = devmemPossible && isAnonymous(vma) && !vma.hugetlb;
    const range: XeRange = { ...chunk, window, migrates, bound: false, inVram: false, unmapped: false, partly: false };
    window.ranges++;
    this.ranges.insert(range);
    this.driver.made(range);
    return range;
  }

  private gapOfRegions(vpn: number): PageRange {
    const { below, above } = this.regions.gapAround(vpn);
    return { start: below, end: above };
  }

  private windowAt(vpn: number): Window {
    const index = Math.floor(vpn / this.windowPages);
    const known = this.windows.get(index);
    if (known) return known;
    const start = index * this.windowPages;
    const end = start + this.windowPages;
    const notifier: IntervalNotifier = {
      mm: this.mm,
      start,
      end,
      sequence: 0,
      invalidate: (event, sequence) => {
        notifier.sequence = sequence;
        this.driver.invalidated(this, event, { start, end });
        return true;
      },
    };
    const window: Window = { start, end, notifier, ranges: 0 };
    subscribe(notifier);
    this.windows.set(index, window);
    return window;
  }

  /** drm_gpusvm_range_remove: the last range of a window takes its notifier with it. */
  remove(range: XeRange): void {
    this.ranges.remove(range);
    range.window.ranges--;
    this.forgetEmpty(range.window);
  }

  private forgetEmpty(window: Window): void {
    if (window.ranges > 0) return;
    unsubscribe(window.notifier);
    this.windows.delete(Math.floor(window.start / this.windowPages));
  }

  /** Sets attributes of [start, end); regions around keep theirs. */
  setAttributes(start: number, end: number, change: (before: Attributes) => Attributes): void {
    const before = this.regions.overlapping(start, end);
    const put = (from: number, to: number, { preferred, atomics }: Attributes): void => {
      const isDefault = preferred === DEFAULTS.preferred && atomics === DEFAULTS.atomics;
      if (from < to && !isDefault) this.regions.insert({ start: from, end: to, preferred, atomics });
    };
    for (const region of before) this.regions.remove(region);
    let at = start;
    for (const region of before) {
      put(region.start, Math.min(region.end, start), region);
      put(at, Math.max(at, region.start), change(DEFAULTS));
      put(Math.max(region.start, start), Math.min(region.end, end), change(region));
      put(Math.max(region.start, end), region.end, region);
      at = Math.min(region.end, end);
    }
    put(at, end, change(DEFAULTS));
  }

  /** The address space is gone. */
  end(): void {
    for (const window of this.windows.values()) unsubscribe(window.notifier);
    this.windows.clear();
  }
}
