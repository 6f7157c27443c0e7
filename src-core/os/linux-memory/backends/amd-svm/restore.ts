/**
 * Retry faults (XNACK): svm_range_restore_pages. The piece of the faulting range goes to the best location and is mapped;
 * what cannot be moved is mapped where it is.
 */
import { CPU, type ProcessorIndex } from '../../../../model/processor';
import type { FaultResult } from '../../../linux/errno';
import { handleFault } from '../../../linux/fault';
import { canRead, canWrite, vmaAt, type Mm } from '../../../linux/mm';
import { entryAt } from '../../../linux/page-table';
import type { DeviceFaultPage, LinuxHost } from '../../backend';
import { errnoOf } from '../../signals';
import { alignedPiece, bestRestoreLocation, NO_ACCESS, type SameHive } from './locations';
import type { SvmMapping } from './mapping';
import type { SvmMigration } from './migrate';
import type { AmdSvmOptions } from './options';
import { bitOf, type SvmAttributes, type SvmProcess, type SvmRange } from './ranges';

/** A page is faulted so often until it is a copy of its own: home from the device, then copy on write. */
const COPY_FAULTS = 4;

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
    private readonly options: () => AmdSvmOptions,
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
    const range = process.find(vpn) ?? this.unregistered(process, vpn);
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
    const until = range.validatedPs + this.options().retryPendingPs;
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
   * svm_range_create_unregistered_range: memory that nobody told the driver of gets a range of its own, clipped to the
   * VMA, to the default granularity and to its neighbours.
   */
  private unregistered(process: SvmProcess, vpn: number): SvmRange | null {
    const vma = vmaAt(process.mm, vpn);
    if (!vma) return null;
    const { below, above } = process.gapAround(vpn);
    const first = Math.max(vma.start, below);
    const { start, end } = alignedPiece(vpn, this.options().granularity, first, Math.min(vma.end, above));
    return process.add(start, end, this.defaults());
  }

  /**
   * Device pages that are shared since a fork become pages of their own, of all of the piece, as hmm_range_fault does with
   * pages in host memory. KFD would map the shared ones for writing: what hmm_range_fault reports of its own device pages it
   * takes for granted (M8).
   */
  unshare(mm: Mm, start: number, end: number): FaultResult {
    this.isCopying = true;
    let result: FaultResult = 'ok';
    for (let vpn = start; vpn < end && result === 'ok'; vpn++) {
      if (!isShared(mm, vpn)) continue;
      for (let faults = 0; faults < COPY_FAULTS && result === 'ok' && !isWritable(mm, vpn); faults++)
        result = handleFault(this.memory.kernel, mm, vpn, { write: true, remote: true });
    }
    this.isCopying = false;
    return result;
  }

  /** A page of [start, end) is on a device, and may be written only after a copy. */
  hasShared(mm: Mm, start: number, end: number): boolean {
    for (let vpn = start; vpn < end; vpn++) if (isShared(mm, vpn)) return true;
    return false;
  }
}

const isWritable = (mm: Mm, vpn: number): boolean => entryAt(mm, vpn)?.entry.write === true;

function isShared(mm: Mm, vpn: number): boolean {
  const found = entryAt(mm, vpn);
  if (found?.entry.state !== 'private' || found.entry.write) return false;
  const vma = vmaAt(mm, vpn);
  return vma !== null && canWrite(vma);
}
