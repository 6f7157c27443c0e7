/**
 * Grace Hopper: NVIDIA's UVM driver with ATS. Memory from malloc is reached through the host's page tables; GPU memory is a
 * NUMA node with struct pages, behind a coherent link. A GPU fault places a page that does not exist yet, and never moves
 * one that does; only access counters move. Source: uvm_ats_faults.c, uvm_gpu_access_counters.c, driver 595.45.04
 * (docs/rules/nvidia-uvm.md). Left out: cudaMallocManaged, the ATS TLB, faults of prefetch instructions
 * (no statement of a workload makes one), more than one NUMA node of CPUs.
 */
import { createPageMask, hasPage, setPage } from '../../../base/page-mask';
import { CPU, type ProcessorIndex } from '../../../model/processor';
import type { NodeSpec } from '../../../kernel/kernel';
import type { Mm } from '../../../kernel/mm';
import { PAGE_BYTES } from '../../../kernel/page';
import type { DeviceFaultPage, LinuxHost } from '../../../kit/linux/backend';
import { REASON } from '../../../kit/codes';
import type { Granule } from '../../../base/indices';
import type { CounterNotification } from '../../coherent/mechanics/access-counters';
import { AtsCounterService } from './counter-service';
import { AtsService } from './service';
import { groupByWindow, windowAt } from './window';
import { NodeBackend, STILL } from '../../coherent/mechanics/backend';
import type { GhAtsParams } from '../params';

export class AtsBackend extends NodeBackend {
  readonly basePages: number;
  private service!: AtsService;
  private counterService!: AtsCounterService;

  constructor(private readonly params: GhAtsParams) {
    super(() => ({
      ...STILL,
      balancing: params.numaBalancing,
      scanPeriodMs: params.scanPeriodMs,
      emergency: true,
    }));
    this.basePages = params.kernelPage === '64k' ? 16 : 1;
  }

  /** GPU memory is no node of the kernel but the driver's own (CDMM): faults place pages on the CPU's node. */
  private get isDriverManaged(): boolean {
    return this.params.NVreg_CoherentGPUMemoryMode === 'driver';
  }

  override attach(memory: LinuxHost): void {
    super.attach(memory);
    this.service = new AtsService(memory, this.params, this.basePages, (mm, start, pages, node) =>
      this.movePages(mm, start, pages, node, REASON.accessCounter),
    );
    this.counterService = new AtsCounterService(memory, this.params, this.basePages, (device, notifications) =>
      this.serveNotifications(device, notifications),
    );
  }

  // --- GPU memory: ZONE_MOVABLE of a node that ordinary allocations may spill to, or (CDMM) no node at all ---
  override nodes(devicePages: number, devices: number): readonly NodeSpec[] {
    return this.isDriverManaged ? [] : super.nodes(devicePages, devices);
  }
  override capacity(device: ProcessorIndex): number {
    return this.isDriverManaged
      ? Math.floor(this.memory.config.deviceMemoryBytes / PAGE_BYTES)
      : super.capacity(device);
  }
  override free(device: ProcessorIndex): number {
    return this.isDriverManaged ? this.capacity(device) : super.free(device);
  }
  override evacuate(device: ProcessorIndex): number {
    return this.isDriverManaged ? 0 : super.evacuate(device);
  }
  override migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string {
    return this.isDriverManaged && to !== CPU ? 'EOPNOTSUPP' : super.migrateRange(mm, start, end, to);
  }

  // --- faults ---
  /** A window and its new pages are paid for as they are served; no page is unmapped, copied or mapped for the GPU. */
  faultPs(faults: number): number | undefined {
    const driver = this.memory.config.machine.timing?.driver;
    if (!driver) return undefined;
    const perFaultPs = driver.fetchPerEntry.value + driver.preprocessPerEntry.value;
    return driver.interrupt.value + driver.replay.value + faults * perFaultPs;
  }

  override deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    const { memory } = this;
    const { windows, unmapped } = groupByWindow(memory, faults, this.basePages);
    for (const { granule, op } of unmapped) {
      const process = memory.processes.of(granule);
      if (process) memory.outcomes.outcome('EFAULT', device, granule, op, process);
    }
    for (const window of windows) this.service.faults(device, window);
  }

  // --- access counters ---
  override remoteBudget(device: ProcessorIndex, granule: Granule): number {
    return this.counterService.budget(device, granule);
  }
  override counted(device: ProcessorIndex, granule: Granule, accesses: number): void {
    this.counterService.count(device, granule, accesses);
  }
  counterReached(device: ProcessorIndex, granule: Granule): void {
    this.counterService.notify(device, granule);
  }
  stepEnds(processor: ProcessorIndex): void {
    if (processor !== CPU) this.counterService.finish(processor);
  }
  processEnds(mm: Mm): void {
    this.counterService.forget(mm);
  }

  /** Notifications of one batch, sorted by address: window by window. Returns those whose regions may count again. */
  private serveNotifications(
    device: ProcessorIndex,
    notifications: readonly CounterNotification[],
  ): readonly CounterNotification[] {
    const served: CounterNotification[] = [];
    for (let i = 0; i < notifications.length;) {
      const { region, vpn } = notifications[i]!;
      const window = windowAt(region.mm, vpn, this.basePages);
      if (!window) {
        served.push(notifications[i++]!); // nothing is mapped there: the counter is cleared for what comes next
        continue;
      }
      const { start, vma } = window;
      const pageOf = (at: number): number => Math.floor((at - start) / this.basePages);
      const accessed = createPageMask();
      const first = i;
      for (; i < notifications.length; i++) {
        const next = notifications[i]!;
        if (next.region.mm !== region.mm || next.vpn >= Math.min(start + 512, vma.end)) break;
        setPage(accessed, pageOf(next.vpn));
      }
      const arrived = this.service.counters(device, window, accessed);
      for (const each of notifications.slice(first, i)) if (hasPage(arrived, pageOf(each.vpn))) served.push(each);
    }
    return served;
  }
}
