/**
 * VRAM as KFD takes it: a buffer object of TTM for a whole range, however few of its pages come (svm_range_vram_node_new).
 * It lives as long as a range holds it or one of its pages is in use. A full device evicts whole buffer objects, the one
 * that was made first (TTM's LRU list; the driver moves an svm_bo on it only when it makes it).
 */
import type { ProcessorIndex } from '../../../model/processor';
import type { Mm } from '../../../kernel/mm';
import { SparseColumn } from '../../../base/sparse-column';
import type { SvmBo, SvmRange } from './ranges';

/** Of no buffer object. */
const NONE = 0;

export class Vram {
  /** Buffer objects that TTM chose to make room. */
  evictions = 0;
  private readonly used: number[];
  /** Least recently made first, by device. */
  private readonly lru: readonly Set<SvmBo>[];
  private readonly bos = new Map<number, SvmBo>();
  /** By frame: the buffer object whose page it is. */
  private readonly boOf = new SparseColumn(NONE);
  private made = 0;

  /** @param capacity pages of a device */
  constructor(
    devices: number,
    private readonly capacity: (device: ProcessorIndex) => number,
  ) {
    this.used = Array.from({ length: devices + 1 }, () => 0);
    this.lru = this.used.map(() => new Set<SvmBo>());
  }

  free(device: ProcessorIndex): number {
    return this.capacity(device) - this.used[device]!;
  }

  /** Buffer objects of a device in the order in which TTM evicts them. */
  inOrder(device: ProcessorIndex): readonly SvmBo[] {
    return [...this.lru[device]!];
  }

  /**
   * svm_range_vram_node_new: a buffer object of the range's size, or the one it still has on this device.
   * @param makeRoom evicts until so many pages are free, as far as that goes
   * @returns ENOSPC: the range is larger than the device (amdgpu_amdkfd_reserve_mem_limit); ENOMEM: nothing would leave
   */
  take(range: SvmRange, device: ProcessorIndex, mm: Mm, makeRoom: (pages: number) => void): 'ENOSPC' | 'ENOMEM' | null {
    const pages = range.end - range.start;
    if (pages > this.capacity(device)) return 'ENOSPC';
    if (range.bo?.device === device) {
      if (!range.holdsBo) this.hold(range, range.bo);
      return null;
    }
    if (range.bo) this.leave(range);
    if (this.free(device) < pages) makeRoom(pages);
    if (this.free(device) < pages) return 'ENOMEM';
    const id = ++this.made;
    const bo: SvmBo = { id, device, pages, mm, ranges: new Set(), references: 0 };
    this.used[device] = this.used[device]! + pages;
    this.lru[device]!.add(bo);
    this.bos.set(id, bo);
    this.hold(range, bo);
    return null;
  }

  /** A part of a range has the range's buffer object too (svm_range_split_nodes). */
  share(from: SvmRange, to: SvmRange): void {
    if (from.bo && from.holdsBo) this.hold(to, from.bo);
  }

  private hold(range: SvmRange, bo: SvmBo): void {
    range.bo = bo;
    range.holdsBo = true;
    bo.ranges.add(range);
    bo.references++;
  }

  /** svm_range_vram_node_free: the range needs it no longer. */
  drop(range: SvmRange): void {
    if (!range.bo || !range.holdsBo) return;
    range.holdsBo = false;
    this.put(range.bo);
  }

  /** The range is removed, or has a buffer object on another device: drops its entry here. */
  leave(range: SvmRange): void {
    const { bo } = range;
    if (!bo) return;
    this.drop(range);
    bo.ranges.delete(range);
    range.bo = null;
  }

  /** A frame of the range's buffer object is in use. */
  frameTaken(frame: number, bo: SvmBo): void {
    this.boOf.set(frame, bo.id);
    bo.references++;
  }
  frameFreed(frame: number): void {
    const bo = this.ofFrame(frame);
    if (!bo) return;
    this.boOf.set(frame, NONE);
    this.put(bo);
  }
  /** zone_device_data of a frame in use. */
  ofFrame(frame: number): SvmBo | null {
    return this.bos.get(this.boOf.get(frame)) ?? null;
  }

  private put(bo: SvmBo): void {
    if (--bo.references > 0) return;
    this.bos.delete(bo.id);
    this.used[bo.device] = this.used[bo.device]! - bo.pages;
    this.lru[bo.device]!.delete(bo);
    for (const range of bo.ranges) {
      range.bo = null;
      range.holdsBo = false;
    }
    bo.ranges.clear();
  }
}
