/**
 * Retry faults (XNACK): svm_range_restore_pages. The piece of the faulting range goes to the best location and is mapped;
 * what cannot be moved is mapped where it is.
 */
import { PS_PER_MS } from '../../../base/units';
import { CPU, type ProcessorIndex } from '../../../model/processor';
import type { FaultResult } from '../../../kernel/errno';
import { canRead, canWrite, vmaAt, type Mm } from '../../../kernel/mm';
import type { DeviceFaultPage, LinuxHost } from '../../../kit/linux/backend';
import { errnoOf } from '../../../kit/linux/signals';
import { unshare } from '../../../kit/linux/unshare';
import { bitOf, type SvmAttributes } from '../decisions/attributes';
import { alignedPiece } from '../decisions/ranges';
import { bestRestoreLocation, NO_ACCESS, type SameHive } from '../decisions/residency';
import type { SvmMapping } from './mapping';
import type { SvmMigration } from './migrate';
import type { AmdSvmParams } from '../params';
import type { SvmProcess, SvmRange } from './ranges';

export class SvmRestore {
  /** Faults that came too soon after their range was validated: the driver drops them, and the wave tries again. */
  dropped = 0;
  /** Ranges that faults of the batch in progress validated. */
  private readonly served = new Set<SvmRange>();
  /** A page is being copied: a CPU fault brings this page only. */
  isCopying = false;

  constructor(
    private readonly memory: LinuxHost,
    private readonly migration: SvmMigration,
    private readonly mapping: SvmMapping,
    private readonly sameHive: SameHive,
    private readonly params: AmdSvmParams,
    private readonly defaults: () => SvmAttributes,
  ) {}

  /**
   * One fault. null: the access can be made now; else what the driver answers.
   * @param nowPs when the driver gets to it; answered with the time from which on it can serve the next one
   */
  restore(
    device: ProcessorIndex,
    process: SvmProcess,
    { granule, op }: DeviceFaultPage,
    nowPs: number,
  ): { readonly ret: string | null; readonly nowPs: number } {
    const { memory } = this;
    const vpn = memory.map.vpn(granule);
    const range = process.ranges.find(vpn) ?? this.unregistered(process, vpn);
    if (!range) return { ret: 'EFAULT', nowPs };
    const startPs = this.wait(range, nowPs);
    const serve = (): string | null => this.restorePiece(device, process.mm, range, vpn, op, startPs);
    let ret = serve();
    if (ret === null && !memory.access.isMapped(device, granule, op)) {
      const { start, end } = alignedPiece(vpn, range.granularity, range.start, range.end);
      const copied = this.unshare(process.mm, start, end);
      ret = copied === 'ok' ? serve() : errnoOf(copied);
    }
    this.served.add(range);
    return { ret, nowPs: startPs };
  }

  /** The copies of the batch have arrived, and what they brought is mapped. */
  arrived(atPs: number): void {
    for (const range of this.served) range.validatedPs = Math.max(range.validatedPs, atPs);
    this.served.clear();
  }

  /**
   * A fault within 2 ms of the last validation of its range is taken for a duplicate and dropped, also where it is about
   * another piece of the range: the wave faults again until the time is over.
   */
  private wait(range: SvmRange, nowPs: number): number {
    const until = range.validatedPs + this.params.AMDGPU_SVM_RANGE_RETRY_FAULT_PENDING * PS_PER_MS;
    if (!this.memory.config.machine.timing || nowPs >= until) return nowPs;
    this.dropped++;
    this.memory.spend(until - nowPs);
    return until;
  }

  private restorePiece(
    device: ProcessorIndex,
    mm: Mm,
    range: SvmRange,
    vpn: number,
    op: DeviceFaultPage['op'],
    nowPs: number,
  ): string | null {
    const { memory, migration } = this;
    const vma = vmaAt(mm, vpn);
    if (!vma) return 'EFAULT';
    if (!canRead(vma) || (op !== 0 && !canWrite(vma))) return 'EPERM';
    const best = bestRestoreLocation(range, range.actual, device, this.sameHive);
    if (best === NO_ACCESS) return 'EACCES';
    const { start, end } = alignedPiece(vpn, range.granularity, range.start, range.end);
    if (!memory.migrationOff && best !== CPU) {
      const ret = migration.toVram(mm, range, best, start, end);
      // No room, or nothing that can move: host memory will do, unless the data is on a third device.
      if (ret !== null && range.actual !== CPU && range.actual !== best) migration.toRam(mm, range, start, end);
    } else if (!memory.migrationOff && range.actual !== CPU) {
      const ret = migration.toRam(mm, range, start, end);
      if (ret !== null) return ret;
    }
    return this.mapping.map(mm, range, start, end, bitOf(device), nowPs);
  }

  /**
   * svm_range_create_unregistered_range: unregistered memory gets its own range, clipped to the
   * VMA, to the default granularity and to its neighbours.
   */
  private unregistered(process: SvmProcess, vpn: number): SvmRange | null {
    const vma = vmaAt(process.mm, vpn);
    if (!vma) return null;
    const { below, above } = process.ranges.gapAround(vpn);
    const first = Math.max(vma.start, below);
    const { start, end } = alignedPiece(vpn, this.params.svm_default_granularity, first, Math.min(vma.end, above));
    return process.add(start, end, this.defaults());
  }

  /** Pages of the piece that are shared since a fork become pages of their own: see unshare.ts. */
  unshare(mm: Mm, start: number, end: number): FaultResult {
    this.isCopying = true;
    const result = unshare(this.memory.kernel, mm, start, end);
    this.isCopying = false;
    return result;
  }
}
