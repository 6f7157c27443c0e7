/**
 * How KFD moves parts of ranges between host memory and VRAM, and how TTM makes room (kfd_migrate.c; kfd_svm.c
 * svm_range_evict_svm_bo_worker). Base pages only; what migrate_vma cannot collect stays where it is and is mapped there.
 */
import { EVICTION } from '../../../model/events';
import { CPU, type ProcessorIndex } from '../../../model/processor';
import { vmaAt, type Mm } from '../../../kernel/mm';
import type { Page } from '../../../kernel/page';
import { REASON } from '../../../kit/codes';
import type { LinuxHost } from '../../../kit/linux/backend';
import type { DevicePrivate } from '../../../kit/linux/device-private';
import type { SvmBo, SvmRange } from './ranges';
import type { Vram } from './vram';

/** svm_migrate_vram_to_vram and the eviction worker try so often to empty a range. */
const TRIES = 3;

export type MoveResult = 'ENOSPC' | 'ENOMEM' | 'EINVAL' | 'EBUSY' | 'EFAULT' | 'EDEADLK' | null;

export class SvmMigration {
  constructor(
    private readonly memory: LinuxHost,
    private readonly pages: DevicePrivate,
    private readonly vram: Vram,
  ) {}

  /** svm_migrate_to_vram of pages [start, end) of a range. From another device it goes through host memory, all of it. */
  toVram(mm: Mm, range: SvmRange, device: ProcessorIndex, start: number, end: number): MoveResult {
    if (this.pages.devices[device]!.closing) return 'ENOMEM';
    if (range.actual !== CPU && range.actual !== device) {
      for (let tries = TRIES; range.actual !== CPU && tries > 0; tries--) {
        const ret = this.toRam(mm, range, range.start, range.end);
        if (ret !== null) return ret;
      }
      if (range.actual !== CPU) return 'EDEADLK';
    }
    return this.fromRam(mm, range, device, start, end);
  }

  private fromRam(mm: Mm, range: SvmRange, device: ProcessorIndex, start: number, end: number): MoveResult {
    const taken = this.vram.take(range, device, mm, (pages) => {
      this.makeRoom(device, pages);
    });
    if (taken !== null) return taken;
    const bo = range.bo!;
    let moved = 0;
    let ret: MoveResult = null;
    for (let at = start; at < end && ret === null;) {
      const vma = vmaAt(mm, at);
      if (!vma) break;
      const until = Math.min(vma.end, end);
      const done = this.pages.toDevice(device, mm, at, until, { compound: false });
      ret = done.ret;
      moved += done.pages;
      if (done.pages > 0) this.note(mm, bo, at, until);
      at = until;
    }
    if (moved > 0) {
      range.actual = device;
      range.vramPages += moved;
    } else if (range.actual === CPU) this.vram.drop(range);
    return ret;
  }

  /** zone_device_data of what came: the buffer object lives as long as its pages. */
  private note(mm: Mm, bo: SvmBo, start: number, end: number): void {
    this.pages.eachOn(bo.device, mm, start, end, (_vpn, _write, frame) => {
      if (this.vram.ofFrame(frame)) return;
      this.vram.frameTaken(frame, bo);
      this.pages.markDirty(frame); // HMM tracks no dirty bits: the driver does (rule M22)
    });
  }

  /**
   * svm_migrate_vram_to_ram of pages [start, end) of a range, as `mm` maps them. A piece comes whole or, where host memory
   * is short, not at all.
   */
  toRam(mm: Mm, range: SvmRange, start: number, end: number, faultPage: Page | null = null): MoveResult {
    if (range.actual === CPU) return null;
    let moved = 0;
    for (let at = start; at < end;) {
      const vma = vmaAt(mm, at);
      if (!vma) return 'EFAULT';
      const until = Math.min(vma.end, end);
      const options = { compound: false, whole: 'destinations' } as const;
      const done = this.pages.toHost(range.actual, mm, at, until, options, faultPage);
      if (done.ret !== null) return done.ret;
      moved += done.pages;
      at = until;
    }
    // Below zero where pages of a child's own range came along: the driver warns of it, and its count wraps around.
    range.vramPages -= moved;
    if (range.vramPages === 0) {
      range.actual = CPU;
      this.vram.drop(range);
    }
    return null;
  }

  /** TTM evicts buffer objects until so many pages are free, or none is left that can go. */
  private makeRoom(device: ProcessorIndex, pages: number): void {
    for (const bo of this.vram.inOrder(device)) {
      if (this.vram.free(device) >= pages) return;
      this.vram.evictions++;
      const context = { ...this.memory.context, kind: EVICTION, reason: REASON.capacity, policy: 0 } as const;
      this.memory.withCause(context, () => {
        this.evict(bo);
      });
    }
  }

  /** svm_range_evict_svm_bo_worker: every range of the buffer object goes home whole. */
  evict(bo: SvmBo): void {
    for (const range of [...bo.ranges]) {
      for (let tries = TRIES; range.actual !== CPU && tries > 0; tries--)
        if (this.toRam(bo.mm, range, range.start, range.end) !== null) return;
      if (range.actual === CPU) this.vram.leave(range);
    }
  }

  /** Takes everything off a device, by frame in the end: what lies under no range of its process too. */
  evacuate(device: ProcessorIndex): number {
    for (const bo of this.vram.inOrder(device)) this.evict(bo);
    return this.pages.unplug(device);
  }

  /** A range became two: its buffer object is of both, and each counts its own pages. */
  split(mm: Mm, range: SvmRange, tail: SvmRange): void {
    tail.actual = range.actual;
    if (range.actual === CPU) return;
    tail.vramPages = this.vramPagesIn(mm, tail.start, tail.end, range.actual);
    range.vramPages -= tail.vramPages;
    this.vram.share(range, tail);
  }

  private vramPagesIn(mm: Mm, start: number, end: number, device: ProcessorIndex): number {
    let pages = 0;
    this.pages.eachOn(device, mm, start, end, () => pages++);
    return pages;
  }
}
