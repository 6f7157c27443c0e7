/**
 * The page tables of the devices as KFD keeps them: svm_range_validate_and_map (hmm_range_fault over the piece, then one
 * update per device) and svm_range_unmap_from_gpus.
 */
import { CPU, GPU0, type ProcessorIndex } from '../../../model/processor';
import type { HmmPfn } from '../../../kernel/hmm';
import { mirrorRange } from '../../../kernel/hmm';
import { canWrite, vmaAt, type Mm, type Vma } from '../../../kernel/mm';
import type { Errno } from '../../../kernel/errno';
import type { LinuxHost } from '../../../kit/linux/backend';
import { localBits, remoteBits } from '../../../kit/access-table';
import { answerUserfaults } from '../../../kit/linux/userfaults';
import type { DevicePrivate } from '../../../kit/linux/device-private';
import { bitOf } from '../decisions/attributes';
import type { SameHive } from '../decisions/residency';
import type { SvmRange } from './ranges';

/** Rounds of the retry protocol; nothing collides for longer in this model. */
const ROUNDS = 16;

export class SvmMapping {
  constructor(
    private readonly memory: LinuxHost,
    private readonly pages: DevicePrivate,
    private readonly sameHive: SameHive,
  ) {}

  /**
   * Faults pages [start, end) of a range in on the host side, for writing wherever the VMA allows it, and maps them on
   * each device of the bit set. What lies in VRAM of a device outside the hive is left out.
   * @param nowPs when, for the check of duplicate faults
   */
  map(mm: Mm, range: SvmRange, start: number, end: number, devices: number, nowPs: number): Errno | null {
    if (devices === 0) return null;
    for (let at = start; at < end;) {
      const vma = vmaAt(mm, at);
      if (!vma) return 'EFAULT';
      const until = Math.min(vma.end, end);
      const ret = this.mapPiece(mm, range, vma, at, until, devices);
      if (ret !== null) return ret;
      at = until;
    }
    range.mapped = true;
    range.validatedPs = nowPs;
    return null;
  }

  private mapPiece(mm: Mm, range: SvmRange, vma: Vma, start: number, end: number, devices: number): Errno | null {
    const write = canWrite(vma);
    const round = (): Errno | null =>
      mirrorRange(
        this.memory.kernel,
        range.notifier,
        { start, end, defaults: { fault: true, write }, owner: this.ownerOf(devices) },
        ROUNDS,
        (pfns) => {
          this.program(mm, start, pfns, devices);
        },
      ).ret;
    let ret = round();
    while (ret !== null && vma.uffdMissing && answerUserfaults(this.memory, mm, start, end)) ret = round();
    return ret;
  }

  /** Whose device pages are mapped as they are: none where the devices do not all have the same owner. */
  private ownerOf(devices: number): object | null {
    const owners = new Set<object | null>();
    for (let device = GPU0; bitOf(device) <= devices; device++)
      if (devices & bitOf(device)) owners.add(this.pages.owner(device));
    return owners.size === 1 ? [...owners][0]! : null;
  }

  private program(mm: Mm, start: number, pfns: readonly HmmPfn[], devices: number): void {
    const { memory } = this;
    for (const [i, pfn] of pfns.entries()) {
      const granule = memory.processes.granule(mm, start + i);
      if (granule < 0 || !pfn.valid) continue;
      if (pfn.write && pfn.page) pfn.page.head.dirty = true;
      const owner = pfn.page ? this.pages.ownerOfPage(pfn.page) : CPU;
      for (let device = GPU0; bitOf(device) <= devices; device++)
        if (devices & bitOf(device)) memory.access.set(device, granule, this.bits(device, owner, pfn.write));
    }
  }

  private bits(device: ProcessorIndex, owner: ProcessorIndex, write: boolean): number {
    if (owner === device) return localBits(write);
    return owner === 0 || this.sameHive(device, owner) ? remoteBits(write) : 0;
  }

  /** svm_range_unmap_from_gpus of pages [start, end): every device, whatever access it has by now. */
  unmap(mm: Mm, range: SvmRange, start: number, end: number): void {
    if (!range.mapped) return;
    if (start === range.start && end === range.end) range.mapped = false;
    this.hide(mm, start, end);
  }

  /** No device reaches pages [start, end) until they are mapped again. */
  hide(mm: Mm, start: number, end: number): void {
    const { access, processes, config } = this.memory;
    for (let vpn = start; vpn < end; vpn++) {
      const granule = processes.granule(mm, vpn);
      for (let device = GPU0; granule >= 0 && device <= config.devices; device++) access.set(device, granule, 0);
    }
  }
}
