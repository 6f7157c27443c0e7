/**
 * Device faults of Xe (xe_svm.c __xe_svm_handle_pagefault): garbage first, then the range of the fault, VRAM for it where it
 * belongs there, its pages by hmm_range_fault, and the binding of the whole range.
 */
import { PS_PER_MS } from '../../../base/units';
import { CPU, type ProcessorIndex } from '../../../model/processor';
import { mirrorRange, rangeFault, type HmmPfn } from '../../../kernel/hmm';
import { vmaAt } from '../../../kernel/mm';
import { readBegin, type IntervalNotifier } from '../../../kernel/notifier';
import type { LinuxHost } from '../../../kit/linux/backend';
import { localBits, remoteBits } from '../../../kit/access-table';
import { answerUserfaults } from '../../../kit/linux/userfaults';
import type { DevicePrivate } from '../../../kit/linux/device-private';
import { needsVram } from '../decisions/residency';
import type { DevmemBook } from './devmem';
import type { GpuSvm, XeRange } from './gpusvm';
import type { XeMigration } from './migrate';
import type { XeSvmParams } from '../params';

/** 64 KiB in pages. */
const LARGE_PAGES = 16;
/** Attempts where VRAM is mandatory (migrate_try_count), else one. */
const MANDATORY_ATTEMPTS = 3;
/** The driver retries for ever where pages cannot be had and VRAM is not mandatory; here it is an outcome after so many. */
const MOST_ROUNDS = 8;
/** Rounds of the retry protocol; nothing collides for longer in this model. */
const ROUNDS = 16;

export class XeFaults {
  /** Faults of ranges that were bound already. */
  valid = 0;
  /** Migrations that failed: not every page could be collected, or no VRAM was free. */
  failed = 0;
  /** Ranges whose pages lay in several places, and were evicted for it. */
  mixed = 0;

  constructor(
    private readonly memory: LinuxHost,
    private readonly pages: DevicePrivate,
    private readonly book: DevmemBook,
    private readonly migration: XeMigration,
    private readonly params: XeSvmParams,
  ) {}

  /** One fault; null: the range is bound now, else what the driver answers. */
  handle(svm: GpuSvm, vpn: number, isAtomic: boolean): string | null {
    const { atomics, preferred } = svm.attributesAt(vpn);
    const mandatory = needsVram(isAtomic, atomics, this.params.deviceAtomicsOnSmem);
    if (mandatory === 'EACCES') return mandatory;
    const wantsVram = preferred === null || preferred === svm.device || mandatory;
    let attempts = mandatory ? MANDATORY_ATTEMPTS : 1;
    let timeslicePs = mandatory ? this.params.atomic_svm_timeslice_ms * PS_PER_MS : 0;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const range = this.rangeAt(svm, vpn);
      if (typeof range === 'string') return range;
      if (mandatory && !range.migrates) return 'EACCES';
      if (range.bound && (!mandatory || range.inVram)) {
        this.valid++;
        return null;
      }
      if (--attempts >= 0 && wantsVram && this.canMigrate(range)) {
        const ret = this.migration.toVram(svm, range, timeslicePs);
        timeslicePs *= 2;
        if (ret !== null) {
          this.failed++;
          if (attempts === 0 && mandatory) return ret;
          continue;
        }
      }
      const ret = this.bind(svm, range, mandatory);
      if (ret === null) return null;
      timeslicePs *= 2;
      if (ret === 'EBUSY' || ret === 'ENOMEM') return ret;
      if (attempts <= 0 && mandatory) return ret;
    }
    return 'EFAULT';
  }

  /** The range of an address, when what was unmapped before is gone. */
  rangeAt(svm: GpuSvm, vpn: number): XeRange | 'ENOENT' | 'EPERM' | 'EINVAL' {
    this.migration.collectGarbage(svm);
    return svm.findOrInsert(vpn, this.params.CONFIG_DRM_XE_PAGEMAP, (notifier, start, end) =>
      this.isPopulated(svm.device, notifier, start, end),
    );
  }

  /** xe_svm_range_needs_migrate_to_vram, where the preferred location is VRAM. */
  canMigrate(range: XeRange): boolean {
    if (!range.migrates || range.inVram || this.memory.migrationOff) return false;
    return !this.params.vramNeed64k || range.end - range.start >= LARGE_PAGES;
  }

  /** drm_gpusvm_check_pages: a snapshot shows every page, in host memory or of this device. */
  private isPopulated(device: ProcessorIndex, notifier: IntervalNotifier, start: number, end: number): boolean {
    const out: HmmPfn[] = [];
    const defaults = { fault: false, write: false };
    const sequence = readBegin(notifier);
    const ret = rangeFault(this.memory.kernel, {
      notifier,
      sequence,
      start,
      end,
      defaults,
      owner: this.pages.owner(device),
      out,
    });
    return ret === null && out.every(({ valid }) => valid);
  }

  /**
   * xe_svm_range_get_pages and the binding: the whole range, for writing, from one place. EOPNOTSUPP: it lies in several, and
   * was brought to host memory for it; EFAULT: VRAM is mandatory, and it is not there.
   */
  bind(svm: GpuSvm, range: XeRange, mandatory: boolean): string | null {
    const pfns: HmmPfn[] = [];
    const ret = this.getPages(svm, range, pfns);
    if (ret !== null) return ret;
    const place = this.placeOf(pfns);
    if (place === 'mixed') {
      this.mixed++;
      this.migration.evictRange(svm, range);
      return 'EOPNOTSUPP';
    }
    if (mandatory && place !== svm.device) return 'EFAULT';
    range.bound = true;
    range.inVram = place === svm.device;
    this.program(svm, range.start, pfns);
    return null;
  }

  private getPages(svm: GpuSvm, range: XeRange, pfns: HmmPfn[]): string | null {
    const { start, end, window } = range;
    const round = (): string | null =>
      mirrorRange(
        this.memory.kernel,
        window.notifier,
        { start, end, defaults: { fault: true, write: true }, owner: this.pages.owner(svm.device) },
        ROUNDS,
        (out) => {
          pfns.splice(0, pfns.length, ...out);
        },
      ).ret;
    let ret = round();
    while (
      ret !== null &&
      vmaAt(svm.mm, start)?.uffdMissing === true &&
      answerUserfaults(this.memory, svm.mm, start, end)
    )
      ret = round();
    return ret;
  }

  /** The processor that has all of the pages; `mixed`: host memory and a device, or two allocations of one. */
  private placeOf(pfns: readonly HmmPfn[]): ProcessorIndex | 'mixed' {
    const first = pfns[0]?.page ?? null;
    const owner = first ? this.pages.ownerOfPage(first) : CPU;
    const devmem = first ? this.book.ofFrame(first.pfn) : null;
    for (const { page } of pfns) {
      if ((page ? this.pages.ownerOfPage(page) : CPU) !== owner) return 'mixed';
      if (page && this.book.ofFrame(page.pfn) !== devmem) return 'mixed';
    }
    return owner;
  }

  private program({ device, mm }: GpuSvm, start: number, pfns: readonly HmmPfn[]): void {
    const { memory } = this;
    for (const [i, { valid, write, page }] of pfns.entries()) {
      const granule = memory.processes.granule(mm, start + i);
      if (granule < 0 || !valid) continue;
      if (write && page) page.head.dirty = true; // HMM tracks no dirty bits: the driver does (M22)
      const isLocal = page !== null && this.pages.ownerOfPage(page) === device;
      memory.access.set(device, granule, isLocal ? localBits(write) : remoteBits(write));
    }
  }
}
