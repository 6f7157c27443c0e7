/**
 * Device memory that is a NUMA node with struct pages: coherent memory (B), a zone that only flagged requests enter (C),
 * the same without migration (G), and CXL tiering of the host. Devices walk the CPU's page tables (ATS): an access faults
 * only where the tables have no entry; otherwise it is priced by who accesses which node. Left out: caches between the
 * nodes, contention of CPU and device for one memory.
 */
import { PS_PER_MS } from '../../../base/units';
import type { AccessOp, ProcessorIndex } from '../../../model/processor';
import { CPU } from '../../../model/processor';
import type { OsAction } from '../../../model/os-action';
import type { FaultResult } from '../../linux/errno';
import { handleFault } from '../../linux/fault';
import type { NodeSpec } from '../../linux/kernel';
import { migrateFolio } from '../../linux/migrate-entries';
import { vmaAt, type Mm } from '../../linux/mm';
import { scanAddressSpace, setNow, setTiering } from '../../linux/numa';
import { folioPages, type Page } from '../../linux/page';
import { entryAt, pageOf, type Pte } from '../../linux/page-table';
import type { Backend, DeviceFaultPage, LinuxHost } from '../backend';
import { localBits, remoteBits } from '../bits';
import { REASON } from '../reasons';
import { NO_CONTEXT } from '../moves';

/** Pages of the region that one access counter watches: 64 KiB, as on Volta and later (uvm_gpu_access_counters.c). */
const COUNTER_PAGES = 16;
const MOST_FAULTS = 16;

export interface NodeOptions {
  /** Who allocates on the device node: the first toucher, or only who asks for it. */
  readonly placement: 'first-touch' | 'explicit';
  readonly balancing: boolean;
  readonly scanPeriodMs: number;
  /** 0: none. */
  readonly counterThreshold: number;
  readonly kernelAllocations: boolean;
  readonly emergency: boolean;
  readonly tiering: { readonly demotion: boolean; readonly hotThresholdMs: number; readonly rateMbps: number } | null;
}

export class NodeBackend implements Backend {
  private memory!: LinuxHost;
  private nextScanPs: number;
  private readonly counters: (Uint16Array | undefined)[] = [];
  /** Operands that the library placed already. */
  private readonly placed = new Set<number>();

  constructor(private readonly options: NodeOptions) {
    this.nextScanPs = options.scanPeriodMs * PS_PER_MS;
  }

  nodes(devicePages: number, devices: number): readonly NodeSpec[] {
    return Array.from({ length: devices }, (_, i) => ({
      name: `gpu${i}`,
      pages: devicePages,
      fallback: this.options.emergency || this.options.tiering !== null,
      kernelAllocations: this.options.kernelAllocations,
      movable: true,
    }));
  }

  attach(memory: LinuxHost): void {
    this.memory = memory;
    const { tiering } = this.options;
    if (tiering) setTiering(memory.kernel, tiering);
  }

  ownerOfPage(page: Page): ProcessorIndex {
    return page.kind === 'ram' ? page.node : CPU;
  }
  capacity(device: ProcessorIndex): number {
    return this.memory.kernel.config.nodes[device]!.pages;
  }
  free(device: ProcessorIndex): number {
    return this.capacity(device) - this.memory.kernel.used[device]!;
  }

  sharedTable(device: ProcessorIndex, mm: Mm, vpn: number, entry: Pte | null): number {
    if (!entry || entry.protnone || vmaAt(mm, vpn)?.prot === 'none') return 0;
    if (entry.state === 'zero') return remoteBits(false);
    if (entry.state !== 'present' || !entry.page) return 0;
    const page = entry.page;
    return this.ownerOfPage(page) === device ? localBits(entry.write) : remoteBits(entry.write);
  }

  decide(_device: ProcessorIndex, granule: number, _op: AccessOp): number {
    const process = this.memory.processOf(granule);
    const found = process ? entryAt(process.mm, this.memory.map.vpn(granule)) : null;
    if (!found) return REASON.firstTouch;
    if (found.entry.state === 'swap') return REASON.swapIn;
    return found.entry.protnone ? REASON.numaHint : REASON.noPermission;
  }

  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    for (const fault of faults) this.deviceFault(device, fault);
  }

  /** The IOMMU asks the kernel to fault the page in, on behalf of the device: its node is the local one. */
  private deviceFault(device: ProcessorIndex, { granule, op }: DeviceFaultPage): void {
    const { memory } = this;
    const { kernel } = memory;
    for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
      if (memory.isLocal(device, granule, op) || memory.mapsRemotely(device, granule, op)) return;
      const process = memory.processOf(granule);
      if (!process) return;
      kernel.localNode = this.options.placement === 'first-touch' ? device : 0;
      const result = handleFault(kernel, process.mm, memory.map.vpn(granule), { write: op !== 0, remote: true });
      kernel.localNode = 0;
      if (result === 'ok' || (result === 'uffd' && memory.answerUserfault(granule))) continue;
      memory.outcome(errnoOf(result), device, granule, op, process);
      return;
    }
  }

  /**
   * System C: before its first kernel the library asks the zone for its operands. What is there moves in as far as there
   * is room, and what is touched later is allocated there (mbind).
   */
  stepBegins(processor: ProcessorIndex): void {
    const { memory } = this;
    if (processor === CPU || this.options.placement !== 'explicit') return;
    for (const [object, device] of memory.config.deviceObjects ?? []) {
      if (device !== processor || this.placed.has(object)) continue;
      this.placed.add(object);
      this.moveObject(object, device);
    }
    memory.clocks.reach(processor, memory.flush(memory.clocks.now(processor)));
  }

  /** Moves the pages of an object, as far as there is room, and binds it to the node. Answers the pages left behind. */
  moveObject(object: number, node: number): number {
    const { memory } = this;
    const piece = memory.map.pieces.find(({ objectIndex }) => objectIndex === object);
    const process = piece ? memory.processOf(piece.granule) : null;
    if (!piece || !process) return 0;
    const vma = vmaAt(process.mm, memory.map.vpn(piece.granule));
    if (vma) vma.node = node;
    return this.movePages(process.mm, memory.map.vpn(piece.granule), piece.pages, node, REASON.explicit);
  }

  /** Moves mapped pages to a node; answers how many stayed. */
  movePages(mm: Mm, start: number, pages: number, node: number, reason: number): number {
    const { memory } = this;
    if (memory.migrationOff) return pages;
    let left = 0;
    memory.under({ ...memory.context, reason }, () => {
      for (let vpn = start; vpn < start + pages;) {
        const found = entryAt(mm, vpn);
        const page = found?.entry.state === 'present' ? pageOf(found.entry, found.huge, vpn) : null;
        const step = found?.huge ? 512 - (vpn % 512) : 1;
        if (page?.kind === 'ram' && page.head.node !== node) {
          const room = node === CPU || this.free(node) >= folioPages(page.head);
          if (!room || !migrateFolio(memory.kernel, page.head, node)) left += step;
        }
        vpn += step;
      }
    });
    return left;
  }

  // --- access counters (what mainline lacks: U6) ---
  remoteBudget(device: ProcessorIndex, granule: number): number {
    const { counterThreshold } = this.options;
    if (counterThreshold === 0 || this.memory.migrationOff) return Infinity;
    return Math.max(0, counterThreshold - this.counter(device)[Math.floor(granule / COUNTER_PAGES)]!);
  }
  counted(device: ProcessorIndex, granule: number, accesses: number): void {
    if (this.options.counterThreshold === 0) return;
    const counter = this.counter(device);
    const at = Math.floor(granule / COUNTER_PAGES);
    counter[at] = Math.min(65_535, counter[at]! + accesses);
  }
  private counter(device: ProcessorIndex): Uint16Array {
    return (this.counters[device] ??= new Uint16Array(Math.ceil(this.memory.granules / COUNTER_PAGES)));
  }
  counterNotifies(device: ProcessorIndex, granule: number): void {
    const { memory } = this;
    const first = granule - (granule % COUNTER_PAGES);
    this.counter(device)[Math.floor(granule / COUNTER_PAGES)] = 0;
    for (let g = first; g < Math.min(first + COUNTER_PAGES, memory.granules); g++) {
      const process = memory.processOf(g);
      if (process && memory.map.vpn(g) >= 0) this.movePages(process.mm, memory.map.vpn(g), 1, device, REASON.counter);
    }
  }

  /** NUMA-hint scanning, when its period has passed (U5). Needs a clock: a machine that only counts never scans. */
  tick(nowPs: number): void {
    const { memory, options } = this;
    setNow(memory.kernel, nowPs);
    if (!(options.balancing || options.tiering) || nowPs < this.nextScanPs || memory.migrationOff) return;
    this.nextScanPs = nowPs + options.scanPeriodMs * PS_PER_MS;
    for (const mm of memory.kernel.mms()) scanAddressSpace(memory.kernel, mm, nowPs);
  }

  call(action: OsAction, process: number): boolean {
    if (action.kind !== 'mbind' || process !== 0) return false;
    this.moveObject(action.range.object, action.node);
    return true;
  }

  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string {
    const left = this.movePages(mm, start, end - start, to, REASON.explicit);
    return left === 0 ? 'ok' : `${left} pages stay`;
  }

  evacuate(device: ProcessorIndex): number {
    const { memory } = this;
    let left = 0;
    memory.under(NO_CONTEXT(REASON.evacuate), () => {
      for (const mm of memory.kernel.mms())
        for (const vma of mm.vmas) {
          if (vma.node === device) vma.node = 0;
          left += this.evacuateVma(mm, vma.start, vma.end, device);
        }
    });
    return left + memory.kernel.kernelPages[device]!;
  }

  private evacuateVma(mm: Mm, start: number, end: number, device: number): number {
    let left = 0;
    for (let vpn = start; vpn < end;) {
      const found = entryAt(mm, vpn);
      const page = found?.entry.state === 'present' ? pageOf(found.entry, found.huge, vpn) : null;
      const step = found?.huge ? 512 - (vpn % 512) : 1;
      if (page?.kind === 'ram' && page.head.node === device && !migrateFolio(this.memory.kernel, page.head, 0))
        left += step;
      vpn += step;
    }
    return left;
  }
}

/** What a device gets for a fault that Linux could not serve (hmm_vma_fault: VM_FAULT_ERROR is -EFAULT, M6). */
export const errnoOf = (result: FaultResult): string => (result === 'oom' ? 'ENOMEM' : 'EFAULT');
