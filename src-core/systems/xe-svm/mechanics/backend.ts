/**
 * Intel Xe on drm_gpusvm and drm_pagemap (drivers/gpu/drm/xe/xe_svm.c, drm_gpusvm.c, drm_pagemap.c). A fault makes a range of
 * 2 MiB, 64 KiB or 4 KiB, moves all of it to VRAM or nothing, and binds it whole; a CPU fault brings the whole allocation
 * back; any invalidation unbinds whole ranges; TTM evicts whole allocations. The run's migration, prefetch and eviction
 * policies decide nothing here: the driver has its own. Left out: integrated devices, several tiles, device-to-device copies
 * (data goes through host memory), PAT indices.
 */
import { CPU, ATOMIC, type AccessOp, type ProcessorIndex, GPU0 } from '../../../model/processor';
import type { SystemFigure } from '../../../model/memory-system';
import type { DeviceFault } from '../../../kernel/device-memory';
import type { FaultResult } from '../../../kernel/errno';
import type { NodeSpec } from '../../../kernel/kernel';
import { isAnonymous, vmaAt, type Mm } from '../../../kernel/mm';
import type { NotifyRange } from '../../../kernel/notifier';
import { PAGE_BYTES, PMD_PAGES } from '../../../kernel/page';
import { entryAt, pageOf } from '../../../kernel/page-table';
import { REASON } from '../../../kit/codes';
import type { Backend, DeviceFaultPage, LinuxHost, RangeAdvice, PageOrigin } from '../../../kit/linux/backend';
import { errnoOf } from '../../../kit/linux/signals';
import { DevicePrivate } from '../../../kit/linux/device-private';
import type { PageRange } from '../../../kit/linux/range-list';
import { unshare } from '../../../kit/linux/unshare';
import { DevmemBook } from './devmem';
import { XeFaults } from './faults';
import { figuresOf } from './summary';
import { GpuSvm, type XeRange } from './gpusvm';
import { changeOf } from './hints';
import { XeMigration } from './migrate';
import type { XeSvmParams } from '../params';
import { MIB } from '../../../base/units';
import type { Granule } from '../../../base/indices';

export class XeSvmBackend implements Backend {
  readonly traits = {
    samePointers: true,
    structPages: true,
    kernelPlaces: false,
    knobs: 'the driver decides; device pages are on no LRU list, and mbind and move_pages ignore them (R1, A9)',
  };
  /** A range is copied by itself; XE_MIGRATE_CHUNK_SIZE, 8 MiB, would be the longest copy. */
  readonly copyPages = PMD_PAGES;
  private memory!: LinuxHost;
  private pages!: DevicePrivate;
  private book!: DevmemBook;
  private migration!: XeMigration;
  private faults!: XeFaults;
  /** By device: each has a VM of its own for an address space. */
  private svms: readonly Map<Mm, GpuSvm>[] = [];
  /** Ranges that were made, by pages. */
  private readonly made = new Map<number, number>();
  private zapped = 0;

  constructor(private readonly params: XeSvmParams) {}

  nodes(): readonly NodeSpec[] {
    return [];
  }

  attach(memory: LinuxHost): void {
    this.memory = memory;
    const { devices } = memory.config;
    const owners = Array.from({ length: devices + 1 }, (_, device) => ({ device }));
    this.svms = owners.map(() => new Map<Mm, GpuSvm>());
    this.pages = new DevicePrivate(
      memory,
      (device) => owners[device]!,
      (device, fault) => this.cpuFault(device, fault),
    );
    this.book = new DevmemBook(
      devices,
      (device) => this.pages.capacity(device),
      () => this.params.vramNeed64k,
    );
    for (const device of this.pages.devices)
      device.onFree = (frame) => {
        this.book.frameFreed(frame);
      };
    this.migration = new XeMigration(memory, this.pages, this.book, this.params);
    this.faults = new XeFaults(memory, this.pages, this.book, this.migration, this.params);
  }

  ownerOfPage(page: PageOrigin): ProcessorIndex {
    return this.pages.ownerOfPage(page);
  }
  capacity(device: ProcessorIndex): number {
    return this.pages.capacity(device);
  }
  free(device: ProcessorIndex): number {
    return this.book.free(device);
  }

  private svmOf(device: ProcessorIndex, mm: Mm): GpuSvm {
    let svm = this.svms[device]!.get(mm);
    if (!svm) {
      svm = new GpuSvm(device, mm, (Number(this.params.svm_notifier_size) * MIB) / PAGE_BYTES, {
        invalidated: (of, event, window) => {
          this.invalidated(of, event, window);
        },
        made: ({ start, end }) => {
          this.made.set(end - start, (this.made.get(end - start) ?? 0) + 1);
        },
      });
      this.svms[device]!.set(mm, svm);
    }
    return svm;
  }

  /** The VMs of all devices that know an address space. */
  private *svmsOf(mm: Mm): Generator<GpuSvm> {
    for (const svms of this.svms) {
      const svm = svms.get(mm);
      if (svm) yield svm;
    }
  }

  // --- faults of devices ---
  decide(device: ProcessorIndex, granule: Granule, _op: AccessOp): number {
    const { memory } = this;
    const process = memory.processes.of(granule);
    const vpn = memory.map.vpn(granule);
    const found = process ? entryAt(process.mm, vpn) : null;
    if (!found || !process) return REASON.firstTouch;
    if (found.entry.state === 'swap') return REASON.swapIn;
    const page = pageOf(found.entry, found.huge, vpn);
    if (page && this.ownerOfPage(page) === device) return REASON.noPermission;
    const vma = vmaAt(process.mm, vpn);
    const preferred = this.svms[device]!.get(process.mm)?.attributesAt(vpn).preferred ?? device;
    const migrates = this.params.CONFIG_DRM_XE_PAGEMAP && vma !== null && isAnonymous(vma) && preferred === device;
    return migrates ? REASON.notResident : REASON.hmmMirror;
  }

  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    const { memory } = this;
    for (const { granule, op, cause } of faults) {
      // Other faults of a range that was just bound: the driver finds it valid.
      const process = memory.processes.of(granule);
      if (!process || memory.access.isMapped(device, granule, op)) continue;
      const ret = memory.withCause({ ...memory.context, cause }, () => this.serve(device, process.mm, granule, op));
      if (ret !== null) memory.outcomes.outcome(ret, device, granule, op, process);
    }
  }

  private serve(device: ProcessorIndex, mm: Mm, granule: Granule, op: AccessOp): string | null {
    const { memory } = this;
    const vpn = memory.map.vpn(granule);
    const svm = this.svmOf(device, mm);
    const ret = this.faults.handle(svm, vpn, op === ATOMIC);
    const range = svm.ranges.find(vpn);
    if (ret !== null || !range || memory.access.isMapped(device, granule, op)) return ret;
    this.migration.isCopying = true;
    const copied = unshare(memory.kernel, mm, range.start, range.end);
    this.migration.isCopying = false;
    return copied === 'ok' ? this.faults.handle(svm, vpn, op === ATOMIC) : errnoOf(copied);
  }

  // --- what happens to the CPU's page tables ---
  /** xe_svm_invalidate: whole ranges are unbound, whatever part of them the event is about. */
  private invalidated(svm: GpuSvm, event: NotifyRange, window: PageRange): void {
    const [start, end] = [Math.max(event.start, window.start), Math.min(event.end, window.end)];
    for (const range of svm.ranges.overlapping(start, end)) {
      if (range.bound) {
        this.zapped++;
        this.migration.hide(svm, range);
      }
      range.inVram = false;
      if (event.event !== 'UNMAP') continue;
      range.partly ||= range.start < event.start || range.end > event.end;
      if (!range.unmapped) svm.garbage.push(range);
      range.unmapped = true;
    }
  }

  /** The garbage collector is also separate work, which runs when there are no faults. */
  tick(): void {
    for (const svms of this.svms) for (const svm of svms.values()) this.migration.collectGarbage(svm);
  }

  private cpuFault(device: ProcessorIndex, fault: DeviceFault): FaultResult {
    return this.migration.cpuFault(device, fault);
  }

  // --- calls ---
  /** The prefetch operation of VM_BIND: ranges are made, moved and bound ahead. */
  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string {
    if (to === CPU) {
      for (const svm of this.svmsOf(mm))
        for (const range of svm.ranges.overlapping(start, end))
          if (range.inVram) {
            this.migration.evictRange(svm, range);
            this.faults.bind(svm, range, false);
          }
      return 'ok';
    }
    const svm = this.svmOf(to, mm);
    for (let vpn = start; vpn < end;) {
      const range = this.faults.rangeAt(svm, vpn);
      if (typeof range === 'string') return range;
      vpn = range.end;
      if (range.bound && range.inVram) continue;
      if (this.faults.canMigrate(range) && this.migration.toVram(svm, range, 0) !== null) return 'ENODATA';
      const ret = this.faults.bind(svm, range, false);
      if (ret !== null) return ret;
    }
    return 'ok';
  }

  /**
   * The madvise ioctl, on the VM of every device: attributes change, ranges that reach over the border are given up and what
   * they had in VRAM goes home, the others fault again and follow the new attributes.
   */
  advise(mm: Mm, start: number, end: number, advice: RangeAdvice): string {
    const change = changeOf(advice);
    if (!change) return 'EINVAL';
    for (let device = GPU0; device <= this.memory.config.devices; device++) {
      const svm = this.svmOf(device, mm);
      this.migration.collectGarbage(svm);
      for (const range of svm.ranges.overlapping(start, end)) {
        if (range.start < start || range.end > end) this.giveUp(svm, range);
        else if (range.bound) this.migration.hide(svm, range);
      }
      svm.setAttributes(start, end, change);
    }
    return 'ok';
  }

  private giveUp(svm: GpuSvm, range: XeRange): void {
    if (range.inVram) this.migration.evictRange(svm, range);
    this.migration.hide(svm, range);
    svm.remove(range);
  }

  evacuate(device: ProcessorIndex): number {
    return this.pages.unplug(device);
  }
  replug(device: ProcessorIndex): void {
    this.pages.replug(device);
  }

  processEnds(mm: Mm): void {
    for (const svm of this.svmsOf(mm)) svm.end();
    for (const svms of this.svms) svms.delete(mm);
  }

  figures(): readonly SystemFigure[] {
    const isTimed = this.memory.config.machine.timing !== null;
    return figuresOf(this.made, this.zapped, this.book, this.faults, this.migration, isTimed);
  }
}
