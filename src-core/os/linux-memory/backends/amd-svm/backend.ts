/**
 * AMD's KFD SVM (drivers/gpu/drm/amd/amdkfd/kfd_svm.c, kfd_migrate.c, Linux 6.12 and later). Ranges with attributes and a
 * notifier each; with XNACK a device fault restores the aligned piece of the range at the best location, a CPU fault
 * brings the piece back, TTM evicts whole buffer objects. The run's migration, prefetch and eviction policies decide
 * nothing here: the driver has its own. Left out: userptr and GEM mappings of the same addresses, the brk heap and the
 * stack (whose ranges prefer host memory), memory types (MTYPE), APUs, devices that the CPU reaches by XGMI.
 */
import { CPU, type AccessOp, type ProcessorIndex } from '../../../../model/processor';
import type { DeviceFault } from '../../../linux/device-memory';
import type { FaultResult } from '../../../linux/errno';
import { handleFault } from '../../../linux/fault';
import type { NodeSpec } from '../../../linux/kernel';
import { canRead, canWrite, vmaAt, type Mm } from '../../../linux/mm';
import type { NotifyRange } from '../../../linux/notifier';
import type { Page } from '../../../linux/page';
import { entryAt, pageOf } from '../../../linux/page-table';
import { REASON } from '../../../codes';
import type { Backend, DeviceFaultPage, LinuxHost } from '../../backend';
import { errnoOf } from '../../signals';
import { DevicePrivate } from '../device-private';
import { alignedPiece, bestRestoreLocation, NO_ACCESS, type SameHive } from './locations';
import { SvmMapping } from './mapping';
import { SvmMigration } from './migrate';
import { bitOf, SvmProcess, UNDEFINED, type SvmAttributes, type SvmRange } from './ranges';
import { Vram } from './vram';

/** A page is faulted so often until it is a copy of its own: home from the device, then copy on write. */
const COPY_FAULTS = 4;

export interface AmdSvmOptions {
  /** svm_default_granularity: log2 of pages. */
  readonly granularity: number;
}

export class AmdSvmBackend implements Backend {
  readonly traits = {
    samePointers: true,
    structPages: true,
    kernelPlaces: false,
    knobs: 'the driver decides; device pages are on no LRU, and mbind and move_pages leave them alone (R1, A9)',
  };
  private memory!: LinuxHost;
  private pages!: DevicePrivate;
  private vram!: Vram;
  private mapping!: SvmMapping;
  private migration!: SvmMigration;
  private readonly processes = new Map<Mm, SvmProcess>();
  /** One owner per device: SVM_ADEV_PGMAP_OWNER without a hive. */
  private owners: readonly object[] = [];
  private readonly sameHive: SameHive = (a, b) => a === b;
  /** A page is being copied: a CPU fault brings this page only. */
  private isCopying = false;

  constructor(private readonly options: AmdSvmOptions) {}

  nodes(): readonly NodeSpec[] {
    return [];
  }

  attach(memory: LinuxHost): void {
    this.memory = memory;
    this.owners = Array.from({ length: memory.config.devices + 1 }, (_, device) => ({ device }));
    this.pages = new DevicePrivate(
      memory,
      (device) => this.owners[device]!,
      (_device, fault) => this.cpuFault(fault),
    );
    this.vram = new Vram(memory.config.devices, (device) => this.pages.capacity(device));
    for (const device of this.pages.devices)
      device.onFree = (page) => {
        this.vram.pageFreed(page);
      };
    this.mapping = new SvmMapping(memory, this.pages, this.sameHive);
    this.migration = new SvmMigration(memory, this.pages, this.vram);
  }

  ownerOfPage(page: Page): ProcessorIndex {
    return this.pages.ownerOfPage(page);
  }
  capacity(device: ProcessorIndex): number {
    return this.pages.capacity(device);
  }
  free(device: ProcessorIndex): number {
    return this.vram.free(device);
  }

  private processOf(mm: Mm): SvmProcess {
    let process = this.processes.get(mm);
    if (!process) {
      process = new SvmProcess(
        mm,
        (of, range, event) => {
          this.invalidated(of, range, event);
        },
        (range, tail) => {
          this.migration.split(mm, range, tail);
        },
      );
      this.processes.set(mm, process);
    }
    return process;
  }

  private defaults(): SvmAttributes {
    let access = 0;
    for (let device = 1; device <= this.memory.config.devices; device++) access |= bitOf(device);
    return {
      preferred: UNDEFINED,
      prefetch: UNDEFINED,
      granularity: this.options.granularity,
      access,
      inPlace: 0,
      alwaysMapped: false,
    };
  }

  // --- faults of devices ---
  decide(device: ProcessorIndex, granule: number, _op: AccessOp): number {
    const { memory } = this;
    const process = memory.processes.of(granule);
    const vpn = memory.map.vpn(granule);
    const found = process ? entryAt(process.mm, vpn) : null;
    if (!found) return REASON.firstTouch;
    if (found.entry.state === 'swap') return REASON.swapIn;
    const page = pageOf(found.entry, found.huge, vpn);
    if (page && this.ownerOfPage(page) === device) return REASON.noPermission;
    return this.bestLocation(process!.mm, vpn, device) === device ? REASON.notResident : REASON.mirror;
  }

  private bestLocation(mm: Mm, vpn: number, device: ProcessorIndex): number {
    const range = this.processes.get(mm)?.find(vpn);
    return bestRestoreLocation(range ?? this.defaults(), range?.actual ?? CPU, device, this.sameHive);
  }

  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    const { memory } = this;
    for (const fault of faults) {
      // Faults of other pages of a piece that was just restored: the driver drops them, and the replay finds it mapped.
      if (memory.access.isMapped(device, fault.granule, fault.op)) continue;
      const process = memory.processes.of(fault.granule);
      if (!process) continue;
      const ret = memory.under({ ...memory.context, cause: fault.cause }, () =>
        this.restore(device, process.mm, fault),
      );
      if (ret !== null) memory.outcome(ret, device, fault.granule, fault.op, process);
    }
  }

  /** svm_range_restore_pages: one retry fault. null: the access can be made now; else what the driver answers. */
  private restore(device: ProcessorIndex, mm: Mm, { granule, op }: DeviceFaultPage): string | null {
    const { memory } = this;
    const vpn = memory.map.vpn(granule);
    const process = this.processOf(mm);
    this.settle(process);
    const range = process.find(vpn) ?? this.unregistered(process, vpn);
    if (!range) return 'EFAULT';
    const ret = this.restorePiece(device, process, range, vpn, op);
    if (ret !== null || memory.access.isMapped(device, granule, op)) return ret;
    const { start, end } = alignedPiece(vpn, range.granularity, range.start, range.end);
    const copied = this.unshare(mm, start, end);
    if (copied !== 'ok') return errnoOf(copied);
    return this.restorePiece(device, process, range, vpn, op);
  }

  /**
   * Device pages that are shared since a fork become pages of their own, of all of the piece, as hmm_range_fault does with
   * pages in host memory. KFD would map the shared ones for writing: what hmm_range_fault reports of its own device pages it
   * takes for granted (M8).
   */
  private unshare(mm: Mm, start: number, end: number): FaultResult {
    this.isCopying = true;
    let result: FaultResult = 'ok';
    for (let vpn = start; vpn < end && result === 'ok'; vpn++) {
      const vma = vmaAt(mm, vpn);
      if (entryAt(mm, vpn)?.entry.state !== 'private' || !vma || !canWrite(vma)) continue;
      for (let faults = 0; faults < COPY_FAULTS && result === 'ok' && !isWritable(mm, vpn); faults++)
        result = handleFault(this.memory.kernel, mm, vpn, { write: true, remote: true });
    }
    this.isCopying = false;
    return result;
  }

  private restorePiece(
    device: ProcessorIndex,
    { mm }: SvmProcess,
    range: SvmRange,
    vpn: number,
    op: AccessOp,
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
    return this.mapping.map(mm, range, start, end, bitOf(device), memory.clocks.now(device));
  }

  /**
   * svm_range_create_unregistered_range: memory that nobody told the driver of gets a range of its own, clipped to the
   * VMA, to the default granularity and to its neighbours.
   */
  private unregistered(process: SvmProcess, vpn: number): SvmRange | null {
    const vma = vmaAt(process.mm, vpn);
    if (!vma) return null;
    const { below, above } = process.gapAround(vpn);
    const { start, end } = alignedPiece(
      vpn,
      this.options.granularity,
      Math.max(vma.start, below),
      Math.min(vma.end, above),
    );
    return process.add(start, end, this.defaults());
  }

  // --- what happens to the CPU's page tables ---
  /** svm_range_cpu_invalidate_pagetables. A migration of the driver's own is no exception. */
  private invalidated({ mm, unmapped }: SvmProcess, range: SvmRange, event: NotifyRange): void {
    const start = Math.max(event.start, range.start);
    const end = Math.min(event.end, range.end);
    this.mapping.unmap(mm, range, start, end);
    if (event.event === 'UNMAP') unmapped.push({ range, start, end });
  }

  /** svm_range_deferred_list_work: what was unmapped leaves its ranges, which are split where a part remains. */
  private settle(process: SvmProcess): void {
    for (const { start, end } of process.unmapped.splice(0))
      for (const range of process.overlapping(start, end)) {
        const inside = range.start < start ? process.splitAt(range, start) : range;
        if (inside.end > end) process.splitAt(inside, end);
        this.vram.leave(inside);
        process.remove(inside);
      }
  }

  tick(): void {
    for (const process of this.processes.values()) this.settle(process);
  }

  /**
   * svm_migrate_to_ram: the piece of the range comes back. The range is looked for where the page was migrated, also for a
   * child process; memory that was moved by mremap since is in none. Every failure is SIGBUS.
   */
  private cpuFault({ mm, vpn, page }: DeviceFault): FaultResult {
    const bo = this.vram.ofPage(page);
    const range = bo?.mm.alive ? this.processes.get(bo.mm)?.find(vpn) : null;
    if (!range || range.actual === CPU) return 'sigbus';
    const { start, end } = this.isCopying
      ? { start: vpn, end: vpn + 1 }
      : alignedPiece(vpn, range.granularity, range.start, range.end);
    const ret = this.migration.toRam(mm, range, start, end, page);
    const back = entryAt(mm, vpn)?.entry.state !== 'private';
    return ret === null && back ? 'ok' : 'sigbus';
  }

  // --- calls ---
  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string {
    const process = this.processOf(mm);
    this.settle(process);
    for (let vpn = start; vpn < end;) {
      const range = process.find(vpn) ?? this.unregistered(process, vpn);
      if (!range) return 'EFAULT';
      const until = Math.min(range.end, end);
      const ret =
        to === CPU ? this.migration.toRam(mm, range, vpn, until) : this.migration.toVram(mm, range, to, vpn, until);
      if (ret !== null) return ret;
      vpn = until;
    }
    return 'ok';
  }

  evacuate(device: ProcessorIndex): number {
    return this.migration.evacuate(device);
  }
  replug(device: ProcessorIndex): void {
    this.pages.replug(device);
  }

  processEnds(mm: Mm): void {
    const process = this.processes.get(mm);
    if (!process) return;
    this.processes.delete(mm);
    for (const range of [...process.ranges]) {
      this.vram.leave(range);
      process.remove(range);
    }
  }
}

const isWritable = (mm: Mm, vpn: number): boolean => entryAt(mm, vpn)?.entry.write === true;
