/**
 * How ranges of Xe go to VRAM and come back (drm_pagemap.c): all of a range or nothing to VRAM, anonymous memory only; all of
 * an allocation home, at a CPU fault, by eviction, or because the range was unmapped in part.
 */
import { EVICTION } from '../../../model/events';
import { CPU, type ProcessorIndex } from '../../../model/processor';
import type { DeviceFault } from '../../../kernel/device-memory';
import type { FaultResult } from '../../../kernel/errno';
import { isAnonymous, vmaAt, type Mm } from '../../../kernel/mm';
import { entryAt } from '../../../kernel/page-table';
import { REASON } from '../../../kit/codes';
import type { LinuxHost } from '../../../kit/linux/backend';
import type { DevicePrivate } from '../../../kit/linux/device-private';
import type { Devmem, DevmemBook } from './devmem';
import { DEFAULTS, type GpuSvm, type XeRange } from './gpusvm';
import type { XeSvmParams } from '../params';

export class XeMigration {
  /** Unmapped ranges collected. */
  collected = 0;
  /** CPU faults that waited for the end of a time slice, and how long, ps. */
  waits = 0;
  waitedPs = 0;
  /** A page is being copied: a CPU fault brings this page only. */
  isCopying = false;

  constructor(
    private readonly memory: LinuxHost,
    private readonly pages: DevicePrivate,
    private readonly book: DevmemBook,
    private readonly params: XeSvmParams,
  ) {}

  /**
   * drm_pagemap_migrate_to_devmem of a whole range.
   * @param timeslicePs a CPU fault leaves it there for so long from when the driver began to serve the fault
   */
  toVram({ device, mm }: GpuSvm, range: XeRange, timeslicePs: number): 'ENOMEM' | 'EINVAL' | 'EBUSY' | null {
    const { start, end } = range;
    if (this.pages.devices[device]!.closing) return 'ENOMEM';
    const devmem = this.book.take(device, mm, end - start, (oldest) => {
      this.evict(oldest);
    });
    if (!devmem) return 'ENOMEM';
    const ret = this.fill(devmem, mm, start, end);
    // The driver's clock: the device's own stands still at its fault, while the driver may have had other batches to serve.
    if (ret === null) devmem.timesliceEndPs = this.memory.driverNowPs() + timeslicePs;
    this.book.release(devmem);
    return ret;
  }

  private fill(devmem: Devmem, mm: Mm, start: number, end: number): 'ENOMEM' | 'EINVAL' | 'EBUSY' | null {
    const vma = vmaAt(mm, start);
    if (!vma || end > vma.end) return 'EINVAL';
    if (!isAnonymous(vma)) return 'EBUSY';
    const { ret, pages } = this.pages.toDevice(devmem.device, mm, start, end, { compound: false, whole: 'collected' });
    if (pages > 0) this.note(devmem, mm, start, end);
    if (ret !== null) return ret;
    return pages < end - start ? 'EBUSY' : null; // raced, or a page was refused by the commit
  }

  private note(devmem: Devmem, mm: Mm, start: number, end: number): void {
    this.pages.eachOn(devmem.device, mm, start, end, (_vpn, _write, frame) => {
      if (this.book.ofFrame(frame)) return;
      this.book.uses(devmem, frame);
      this.pages.markDirty(frame); // HMM tracks no dirty bits: the driver does (rule M22)
    });
  }

  /** drm_pagemap_evict_to_ram, called by TTM for room. */
  private evict(devmem: Devmem): void {
    const context = { ...this.memory.context, kind: EVICTION, reason: REASON.capacity, policy: 0 } as const;
    this.memory.withCause(context, () => this.pages.evict(this.book.framesOf(devmem)));
  }

  /** drm_gpusvm_range_evict: the CPU's fault path for every device page of the range. */
  evictRange({ mm }: GpuSvm, { start, end }: XeRange): void {
    this.pages.evict(this.pages.foliosIn(mm, start, end));
  }

  /**
   * drm_pagemap_migrate_to_ram: all of the allocation that the page is of, as the CPU's mapping has it. Within the time slice
   * the fault is answered without moving anything: the CPU faults again until it is over. Any failure is SIGBUS.
   */
  cpuFault(device: ProcessorIndex, { mm, vma, vpn, page }: DeviceFault): FaultResult {
    const devmem = this.book.ofFrame(page.pfn);
    if (!devmem) return 'sigbus';
    if (!this.isCopying) this.waitFor(devmem);
    const first = vpn - (vpn % devmem.pages);
    const { start, end } = this.isCopying
      ? { start: vpn, end: vpn + 1 }
      : { start: Math.max(first, vma.start), end: Math.min(first + devmem.pages, vma.end) };
    const { ret } = this.pages.toHost(
      device,
      mm,
      start,
      end,
      { compound: false, whole: 'destinations', picks: (frame) => this.book.ofFrame(frame) === devmem },
      page,
    );
    const back = entryAt(mm, vpn)?.entry.state !== 'private';
    return ret === null && back ? 'ok' : 'sigbus';
  }

  private waitFor(devmem: Devmem): void {
    const leftPs = devmem.timesliceEndPs - this.memory.clocks.now(CPU);
    if (leftPs <= 0 || !this.memory.config.machine.timing) return;
    this.waits++;
    this.waitedPs += leftPs;
    this.memory.spend(leftPs);
  }

  /**
   * xe_svm_garbage_collector: ranges that were unmapped, wholly or in part, are gone, and their addresses have the default
   * attributes again. The rest of such a range faults again, into smaller ranges.
   */
  collectGarbage(svm: GpuSvm): void {
    for (const range of svm.garbage.splice(0)) {
      this.collected++;
      if (range.partly && this.params.evictOnPartialUnmap) this.evictRange(svm, range);
      this.hide(svm, range);
      svm.remove(range);
      svm.setAttributes(range.start, range.end, () => DEFAULTS);
    }
  }

  /** The device's page table has the range no longer. */
  hide({ device, mm }: GpuSvm, range: XeRange): void {
    const { access, processes } = this.memory;
    range.bound = false;
    range.inVram = false;
    for (let vpn = range.start; vpn < range.end; vpn++) {
      const granule = processes.granule(mm, vpn);
      if (granule >= 0) access.set(device, granule, 0);
    }
  }
}
