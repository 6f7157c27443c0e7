/**
 * AMD's KFD SVM (drivers/gpu/drm/amd/amdkfd/kfd_svm.c, kfd_migrate.c, Linux 6.12 and later). Ranges with attributes and a
 * notifier each. With XNACK a device fault restores the aligned piece of the range at the best location; without it all is
 * mapped before a queue runs, and an invalidation stops the queues until it is mapped again. A CPU fault brings the piece
 * back, TTM evicts whole buffer objects. The run's migration, prefetch and eviction policies decide nothing here: the driver
 * has its own. Left out: userptr and GEM mappings of the same addresses, the brk heap and the stack (whose ranges prefer
 * host memory), memory types (MTYPE: there are no device caches in this model), APUs, devices that the CPU reaches by XGMI.
 */
import { CPU, type AccessOp, type ProcessorIndex, GPU0 } from '../../../model/processor';
import type { SystemFigure } from '../../../model/memory-system';
import type { DeviceFault } from '../../../kernel/device-memory';
import type { FaultResult } from '../../../kernel/errno';
import type { NodeSpec } from '../../../kernel/kernel';
import { vmaAt, type Mm } from '../../../kernel/mm';
import type { NotifyRange } from '../../../kernel/notifier';
import { entryAt, pageOf } from '../../../kernel/page-table';
import { REASON } from '../../../kit/codes';
import type { Backend, DeviceFaultPage, LinuxHost, RangeAdvice, PageOrigin } from '../../../kit/linux/backend';
import { DevicePrivate } from '../../../kit/linux/device-private';
import { hasShared } from '../../../kit/linux/unshare';
import {
  accessOf,
  bitOf,
  devicesToMap,
  prefetchLocation,
  UNDEFINED,
  type SvmAttributes,
  type SvmChange,
} from '../decisions/attributes';
import { alignedPiece } from '../decisions/ranges';
import { bestRestoreLocation, type SameHive } from '../decisions/residency';
import { setAttributes, type SvmDriver } from './attributes';
import { changesOf } from './hints';
import { SvmMapping } from './mapping';
import { SvmMigration } from './migrate';
import { figuresOf } from './summary';
import { SvmQueues } from './queues';
import { SvmProcess, type SvmRange } from './ranges';
import { SvmRestore } from './restore';
import { Vram } from './vram';
import type { AmdSvmParams } from '../params';
import { PS_PER_MS } from '../../../base/units';
import type { Granule } from '../../../base/indices';

export class AmdSvmBackend implements Backend {
  readonly traits = {
    samePointers: true,
    structPages: true,
    kernelPlaces: false,
    knobs: 'the driver decides; device pages are on no LRU list, and mbind and move_pages ignore them (R1, A9)',
  };
  /** AMDGPU_GTT_MAX_TRANSFER_SIZE: one copy of svm_migrate_copy_memory_gart. */
  readonly copyPages = 512;
  private memory!: LinuxHost;
  private pages!: DevicePrivate;
  private vram!: Vram;
  private mapping!: SvmMapping;
  private migration!: SvmMigration;
  private faults!: SvmRestore;
  private queues!: SvmQueues;
  private readonly processes = new Map<Mm, SvmProcess>();
  private readonly sameHive: SameHive = (a, b) => a === b || (this.params.xgmiHive && a !== CPU && b !== CPU);

  constructor(private readonly params: AmdSvmParams) {}

  nodes(): readonly NodeSpec[] {
    return [];
  }

  attach(memory: LinuxHost): void {
    this.memory = memory;
    // SVM_ADEV_PGMAP_OWNER: the hive, or the device where it is in none.
    const hive = {};
    const owners = Array.from({ length: memory.config.devices + 1 }, (_, device) => ({ device }));
    this.pages = new DevicePrivate(
      memory,
      (device) => (this.params.xgmiHive && device !== CPU ? hive : owners[device]!),
      (_device, fault) => this.cpuFault(fault),
    );
    this.vram = new Vram(memory.config.devices, (device) => this.pages.capacity(device));
    for (const device of this.pages.devices)
      device.onFree = (frame) => {
        this.vram.frameFreed(frame);
      };
    this.mapping = new SvmMapping(memory, this.pages, this.sameHive);
    this.migration = new SvmMigration(memory, this.pages, this.vram);
    this.faults = new SvmRestore(memory, this.migration, this.mapping, this.sameHive, this.params, () =>
      this.defaults(),
    );
    this.queues = new SvmQueues(
      memory,
      () => this.params.AMDGPU_SVM_RANGE_RESTORE_DELAY_MS * PS_PER_MS,
      (process, range, nowPs) => this.validate(process, range, nowPs) === null,
    );
  }

  ownerOfPage(page: PageOrigin): ProcessorIndex {
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

  private allDevices(): number {
    let bits = 0;
    for (let device = GPU0; device <= this.memory.config.devices; device++) bits |= bitOf(device);
    return bits;
  }

  private defaults(): SvmAttributes {
    return {
      preferred: UNDEFINED,
      prefetch: UNDEFINED,
      granularity: this.params.svm_default_granularity,
      access: this.params.xnack ? this.allDevices() : 0,
      inPlace: 0,
      alwaysMapped: false,
      readMostly: false,
    };
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
    const range = this.processes.get(process.mm)?.ranges.find(vpn);
    const best = bestRestoreLocation(range ?? this.defaults(), range?.actual ?? CPU, device, this.sameHive);
    return best === device ? REASON.notResident : REASON.hmmMirror;
  }

  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    const { memory } = this;
    let nowPs = memory.driverNowPs();
    for (const fault of faults) {
      // Faults of other pages of a piece that was just restored: the driver drops them, and the replay finds it mapped.
      if (memory.access.isMapped(device, fault.granule, fault.op)) continue;
      const process = memory.processes.of(fault.granule);
      if (!process) continue;
      const svm = this.processOf(process.mm);
      this.settle(svm);
      const { xnack } = this.params;
      const served = memory.withCause({ ...memory.context, cause: fault.cause }, () =>
        xnack ? this.faults.restore(device, svm, fault, nowPs) : { ret: 'EFAULT', nowPs },
      );
      nowPs = served.nowPs;
      if (served.ret === null) continue;
      memory.outcomes.outcome(served.ret, device, fault.granule, fault.op, process);
      // A fault that is not retried: the ROCm runtime gets an event and aborts. Stopped queues raise none.
      if (!xnack && !svm.hangs) memory.outcomes.kill(process, 'SIGABRT');
    }
    // What had to be always mapped and was moved: the device goes on when it is mapped again.
    if (!this.params.xnack || !this.waits(device)) return;
    memory.spend(Math.max(0, this.resume(device) - nowPs));
  }

  arrives(_device: ProcessorIndex, _readyPs: number, arrivedPs: number): number {
    this.faults.arrived(arrivedPs);
    return arrivedPs;
  }

  // --- what happens to the CPU's page tables ---
  /** svm_range_cpu_invalidate_pagetables. A migration of the driver's own is no exception. */
  private invalidated(process: SvmProcess, range: SvmRange, event: NotifyRange): void {
    const start = Math.max(event.start, range.start);
    const end = Math.min(event.end, range.end);
    if (event.event === 'UNMAP') {
      this.mapping.unmap(process.mm, range, start, end);
      process.unmapped.push({ range, start, end });
    } else if (this.params.xnack && !range.alwaysMapped) this.mapping.unmap(process.mm, range, start, end);
    else if (range.mapped) {
      this.mapping.hide(process.mm, start, end);
      this.queues.evict(process, range);
    }
  }

  /** svm_range_deferred_list_work: what was unmapped leaves its ranges, which are split where a part remains. */
  private settle(process: SvmProcess): void {
    for (const { start, end } of process.unmapped.splice(0))
      for (const range of process.ranges.overlapping(start, end)) {
        const inside = range.start < start ? process.splitAt(range, start) : range;
        if (inside.end > end) process.splitAt(inside, end);
        this.vram.leave(inside);
        process.remove(inside);
      }
  }

  /** Works that are due: of unmapped memory at once, of stopped queues after their delay. */
  tick(nowPs: number): void {
    for (const process of this.processes.values()) {
      this.settle(process);
      this.queues.restoreIfDue(process, nowPs);
    }
  }

  /** svm_range_validate_and_map of a whole range. */
  private validate({ mm }: SvmProcess, range: SvmRange, nowPs: number): string | null {
    const devices = devicesToMap(range, this.params.xnack);
    const map = (): string | null => this.mapping.map(mm, range, range.start, range.end, devices, nowPs);
    const ret = map();
    if (ret !== null || this.params.xnack || !hasShared(mm, range.start, range.end)) return ret;
    return this.faults.unshare(mm, range.start, range.end) === 'ok' ? map() : 'EFAULT';
  }

  // --- queues ---
  waits(device: ProcessorIndex): boolean {
    const now = this.memory.clocks.now(device);
    for (const { evicted, hangs, resumedPs } of this.processes.values())
      if ((evicted > 0 && !hangs) || resumedPs > now) return true;
    return false;
  }
  resume(_device: ProcessorIndex): number {
    let readyPs = 0;
    for (const process of this.processes.values()) {
      this.settle(process);
      if (!process.hangs) this.queues.resume(process);
      readyPs = Math.max(readyPs, process.resumedPs);
    }
    return readyPs;
  }

  /** hipMallocManaged and its like, where the program has them: one call for each object that a device uses. */
  stepBegins(): void {
    for (const process of this.processes.values()) process.hangs = false; // the work would have tried since
    if (!this.params.register) return;
    const { memory } = this;
    const { deviceObjects } = memory.config;
    for (const [index, process] of memory.processes.all.entries()) {
      if (!process || process.exited || this.processOf(process.mm).registered) continue;
      this.processOf(process.mm).registered = true;
      for (const piece of memory.map.pieces) {
        if (piece.process !== index || deviceObjects?.has(piece.objectIndex) === false) continue;
        const vpn = memory.map.vpn(piece.granule);
        if (!vmaAt(process.mm, vpn)) continue;
        memory.tally.apiCalls++;
        this.setAttributes(process.mm, vpn, vpn + piece.pages, [accessOf(this.allDevices(), 'access')]);
      }
    }
  }

  /**
   * svm_migrate_to_ram: the piece of the range comes back. The range is looked for where the page was migrated, also for a
   * child process; memory that was moved by mremap since is in none. Every failure is SIGBUS.
   */
  private cpuFault({ mm, vpn, page }: DeviceFault): FaultResult {
    const bo = this.vram.ofFrame(page.pfn);
    const range = bo?.mm.alive ? this.processes.get(bo.mm)?.ranges.find(vpn) : null;
    if (!range || range.actual === CPU) return 'sigbus';
    const { start, end } = this.faults.isCopying
      ? { start: vpn, end: vpn + 1 }
      : alignedPiece(vpn, range.granularity, range.start, range.end);
    const ret = this.migration.toRam(mm, range, start, end, page);
    const back = entryAt(mm, vpn)?.entry.state !== 'private';
    return ret === null && back ? 'ok' : 'sigbus';
  }

  // --- calls ---
  private setAttributes(mm: Mm, start: number, end: number, changes: readonly SvmChange[]): string {
    const process = this.processOf(mm);
    this.settle(process);
    const driver: SvmDriver = {
      isXnack: this.params.xnack,
      devices: this.memory.config.devices,
      sameHive: this.sameHive,
      migration: this.migration,
      vramPages: this.pages.capacity(GPU0),
      defaults: () => this.defaults(),
      validate: (of, range) => this.validate(of, range, this.memory.clocks.now(CPU)),
    };
    return setAttributes(driver, process, start, end, changes) ?? 'ok';
  }

  /** hipMemPrefetchAsync: SVM_ATTR_PREFETCH_LOC, which moves at once, whole ranges. */
  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string {
    return this.setAttributes(mm, start, end, [prefetchLocation(to)]);
  }
  advise(mm: Mm, start: number, end: number, advice: RangeAdvice): string {
    const changes = changesOf(advice);
    return changes ? this.setAttributes(mm, start, end, changes) : 'EINVAL';
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

  figures(): readonly SystemFigure[] {
    let ranges = 0;
    for (const process of this.processes.values()) ranges += process.ranges.length;
    return figuresOf(ranges, this.vram, this.faults, this.queues, this.memory.config.machine.timing !== null);
  }
}
