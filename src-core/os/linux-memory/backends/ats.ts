/**
 * Grace Hopper: NVIDIA's UVM driver with ATS. Memory from malloc is reached through the host's page tables; GPU memory is a
 * NUMA node with struct pages, behind a coherent link. A GPU fault places a page that does not exist yet, and never moves
 * one that does; only access counters move. Source: uvm_ats_faults.c, uvm_gpu_access_counters.c, driver 595.45.04
 * (nvidia-uvm-policies.md sections 6 and 8). Left out: cudaMallocManaged, the ATS TLB, faults of prefetch instructions
 * (no statement of a workload makes one), more than one NUMA node of CPUs.
 */
import { assert } from '../../../base/assert';
import {
  andNotMask,
  copyMask,
  createPageMask,
  fillRange,
  hasPage,
  nextSet,
  type PageMask,
} from '../../../base/page-mask';
import { CPU, type ProcessorIndex } from '../../../model/processor';
import { handleFault } from '../../linux/fault';
import type { NodeSpec } from '../../linux/kernel';
import type { Mm } from '../../linux/mm';
import { PAGE_BYTES } from '../../linux/page';
import { entryAt, pageOf } from '../../linux/page-table';
import { isHole, populateHole } from '../../linux/populate';
import type { DeviceFaultPage, LinuxHost } from '../backend';
import { REASON } from '../../codes';
import { errnoOf } from '../signals';
import { SUB_REGION_PAGES, type CounterNotification } from './access-counters';
import { AtsCounterService } from './ats-counter-service';
import { groupByWindow, windowAt, type AtsWindow, type FaultWindow } from './ats-window';
import { NodeBackend } from './node';

/** A page may have to be swapped in, answered by userfaultfd, copied …; more is a bug of ours. */
const MOST_FAULTS = 16;

export interface AtsOptions {
  readonly balancing: boolean;
  readonly scanPeriodMs: number;
  /** GPU memory is no node of the kernel but the driver's own (CDMM): faults place pages on the CPU's node. */
  readonly driverManaged: boolean;
  /** `uvm_perf_access_counter_migration_enable` is not 0: −1 means on where ATS is, which is here. */
  readonly counters: boolean;
  readonly counterThreshold: number;
  readonly counterBatch: number;
}

export class AtsBackend extends NodeBackend {
  private counterService!: AtsCounterService;
  /** Small pages of one page of the kernel. */
  private readonly basePages = 1;

  constructor(private readonly ats: AtsOptions) {
    super({
      placement: 'first-touch',
      balancing: ats.balancing,
      scanPeriodMs: ats.scanPeriodMs,
      counterThreshold: 0,
      kernelAllocations: false,
      emergency: true,
      tiering: null,
    });
  }

  override attach(memory: LinuxHost): void {
    super.attach(memory);
    const { counters, counterThreshold, counterBatch } = this.ats;
    const knobs = { enabled: counters, threshold: counterThreshold, batch: counterBatch };
    this.counterService = new AtsCounterService(memory, knobs, (device, notification) =>
      this.serveNotification(device, notification),
    );
  }

  // --- GPU memory: ZONE_MOVABLE of a node that ordinary allocations may spill to, or (CDMM) no node at all ---
  override nodes(devicePages: number, devices: number): readonly NodeSpec[] {
    return this.ats.driverManaged ? [] : super.nodes(devicePages, devices);
  }
  override capacity(device: ProcessorIndex): number {
    return this.ats.driverManaged
      ? Math.floor(this.memory.config.deviceMemoryBytes / PAGE_BYTES)
      : super.capacity(device);
  }
  override free(device: ProcessorIndex): number {
    return this.ats.driverManaged ? this.capacity(device) : super.free(device);
  }
  override evacuate(device: ProcessorIndex): number {
    return this.ats.driverManaged ? 0 : super.evacuate(device);
  }
  override migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string {
    return this.ats.driverManaged && to !== CPU ? 'EOPNOTSUPP' : super.migrateRange(mm, start, end, to);
  }
  /** Node on which the driver wants the pages of a window that it services for a GPU. */
  private destination(device: ProcessorIndex): number {
    return this.ats.driverManaged ? CPU : device;
  }

  // --- faults ---
  override deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    const { windows, unmapped } = groupByWindow(this.memory, faults, this.basePages);
    for (const { granule, op } of unmapped) {
      const process = this.memory.processes.of(granule);
      if (process) this.memory.outcome('EFAULT', device, granule, op, process);
    }
    for (const window of windows) this.serviceFaults(device, window);
  }

  /** One window: pages that are to be written first, then those that are only read (uvm_ats_faults.c:633-685). */
  private serviceFaults(device: ProcessorIndex, window: FaultWindow): void {
    const reads = createPageMask();
    copyMask(reads, window.read);
    andNotMask(reads, window.write);
    this.serviceMask(device, window, window.write, true);
    this.serviceMask(device, window, reads, false);
  }

  private serviceMask(device: ProcessorIndex, window: FaultWindow, mask: PageMask, write: boolean): void {
    const { first, outer } = window;
    for (let page = nextSet(mask, first, outer); page < outer; page = nextSet(mask, page + 1, outer)) {
      const result = this.servicePage(device, window, page, write);
      for (const { granule, op } of window.faults.get(page) ?? []) {
        const process = this.memory.processes.of(granule);
        if (process && !this.memory.access.isMapped(device, granule, op))
          this.memory.outcome(result, device, granule, op, process);
      }
    }
  }

  /** Makes one page reachable: a hole is filled on the destination, what exists gets what it lacks where it is. */
  private servicePage(device: ProcessorIndex, { mm, start }: AtsWindow, page: number, write: boolean): string {
    const { memory } = this;
    const vpn = start + page * this.basePages;
    const granule = memory.processes.granule(mm, vpn);
    for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
      if (memory.access.isMapped(device, granule, write ? 1 : 0)) return 'ok';
      if (isHole(mm, vpn)) {
        if (!populateHole(memory.kernel, mm, vpn, this.destination(device))) return 'ENOMEM';
        continue;
      }
      const result = this.faultInPlace(mm, vpn, write);
      if (result === 'ok' || (result === 'uffd' && memory.answerUserfault(granule))) continue;
      return errnoOf(result);
    }
    assert(false, 'a GPU fault was handled again and again without making the access possible');
  }

  /**
   * A page that exists: the kernel's fault path on the driver's behalf, for permission, swap and files. It runs on a CPU, so
   * what it allocates comes from the host; a page that NUMA scanning hid works again where it lies.
   */
  private faultInPlace(mm: Mm, vpn: number, write: boolean): ReturnType<typeof handleFault> {
    const { kernel } = this.memory;
    const found = entryAt(mm, vpn);
    const page = found?.entry.protnone ? pageOf(found.entry, found.huge, vpn) : null;
    kernel.localNode = page ? page.head.node : CPU;
    const result = handleFault(kernel, mm, vpn, { write, remote: true });
    kernel.localNode = CPU;
    return result;
  }

  // --- access counters ---
  override remoteBudget(device: ProcessorIndex, granule: number): number {
    return this.ats.driverManaged ? Infinity : this.counterService.budget(device, granule);
  }
  override counted(device: ProcessorIndex, granule: number, accesses: number): void {
    this.counterService.count(device, granule, accesses);
  }
  counterReached(device: ProcessorIndex, granule: number): void {
    this.counterService.notify(device, granule);
  }
  stepEnds(processor: ProcessorIndex): void {
    if (processor !== CPU) this.counterService.finish(processor);
  }
  processEnds(mm: Mm): void {
    this.counterService.forget(mm);
  }

  /** Moves what a region's notification names, VMA by VMA; true: all of it is on the GPU (uvm_ats_faults.c:746-816). */
  private serveNotification(device: ProcessorIndex, { region, subRegions }: CounterNotification): boolean {
    const { mm, start } = region;
    const accessed = createPageMask();
    const perSubRegion = SUB_REGION_PAGES / this.basePages;
    for (let bit = 0; bit < 32; bit++)
      if ((subRegions >>> bit) % 2 === 1) fillRange(accessed, bit * perSubRegion, (bit + 1) * perSubRegion);
    let left = 0;
    const end = start + 32 * SUB_REGION_PAGES;
    for (const vma of mm.vmas) {
      const window =
        vma.start < end && vma.end > start ? windowAt(mm, Math.max(vma.start, start), this.basePages) : null;
      if (!window) continue;
      for (let page = window.first; page < window.outer; page++)
        if (hasPage(accessed, page))
          left += this.movePages(mm, start + page * this.basePages, this.basePages, device, REASON.counter);
    }
    return left === 0;
  }
}
