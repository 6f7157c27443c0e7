/**
 * Device memory that is a NUMA node with struct pages: coherent memory (B), a zone that only flagged requests enter (C),
 * the same without migration (G), and CXL tiering of the host. Left out: contention of CPU and device for one memory.
 */
import { PS_PER_MS } from '../../../base/units';
import { CPU, type ProcessorIndex, asProcessor } from '../../../model/processor';
import type { Kernel, NodeSpec } from '../../../kernel/kernel';
import { migrateFolio } from '../../../kernel/migrate-entries';
import { bindTo, type Mm } from '../../../kernel/mm';
import { mbind, offlineNode, scanAddressSpace, setNow, setTiering } from '../../../kernel/numa';
import { folioPages } from '../../../kernel/page';
import { entryAt, pageOf } from '../../../kernel/page-table';
import type { LinuxHost, SystemTraits, PageOrigin } from '../../../kit/linux/backend';
import { REASON } from '../../../kit/codes';
import { SharedTableBackend } from '../../../kit/linux/shared-table';
import { type Granule, asGranule } from '../../../base/indices';
import type { CoherentParams } from '../params';

/** Pages of the region that one access counter watches: 64 KiB, as on Volta and later (uvm_gpu_access_counters.c). */
const COUNTER_PAGES = 16;

export interface NodeOptions {
  /** Who allocates on the device node: the first toucher, or only who asks for it. */
  readonly placement: 'first-touch' | 'explicit';
  readonly balancing: boolean;
  readonly scanPeriodMs: number;
  /** 0: none. */
  readonly counterThreshold: number;
  readonly kernelAllocations: boolean;
  readonly emergency: boolean;
  readonly tiering: Kernel['tiering'];
}

/** A node that nothing moves on its own. */
export const STILL: NodeOptions = {
  placement: 'first-touch',
  balancing: false,
  scanPeriodMs: 1000,
  counterThreshold: 0,
  kernelAllocations: false,
  emergency: false,
  tiering: null,
};

export const nodeOptions = (params: CoherentParams): NodeOptions => ({
  ...STILL,
  balancing: params.numaBalancing,
  scanPeriodMs: params.scanPeriodMs,
  counterThreshold: params.accessCounters,
  kernelAllocations: params.kernelAllocations,
  emergency: params.emergency,
});

export class NodeBackend extends SharedTableBackend {
  readonly traits: SystemTraits;
  private nextScanPs: number;
  private readonly counters: (Uint16Array | undefined)[] = [];
  /** Operands that the library placed already. */
  private readonly placed = new Set<number>();

  private options: NodeOptions;

  /** @param read the options, from parameters as they are in force */
  constructor(private readonly read: () => NodeOptions) {
    super();
    const options = read();
    this.options = options;
    this.traits = {
      samePointers: true,
      structPages: true,
      kernelPlaces: true,
      knobs: options.tiering
        ? 'demotion, promotion and mbind'
        : options.balancing
          ? 'mbind and NUMA balancing'
          : 'mbind',
    };
    this.nextScanPs = options.scanPeriodMs * PS_PER_MS;
  }

  nodes(devicePages: number, devices: number): readonly NodeSpec[] {
    return Array.from({ length: devices }, (_, i) => ({
      name: `gpu${i}`,
      pages: devicePages,
      ...this.admits,
      movable: true,
    }));
  }

  /** What device nodes take beside what names them. */
  private get admits(): Kernel['admits'][number] {
    const { emergency, kernelAllocations, tiering } = this.options;
    return { fallback: emergency || tiering !== null, kernelAllocations };
  }

  override attach(memory: LinuxHost): void {
    super.attach(memory);
    const { tiering } = this.options;
    if (tiering) setTiering(memory.kernel, tiering);
  }

  /** The scan that is due next keeps its moment, as a task's does when the period is written. */
  paramsChanged(): void {
    this.options = this.read();
    for (const node of this.memory.kernel.admits.slice(1)) Object.assign(node, this.admits);
    if (this.options.tiering) setTiering(this.memory.kernel, this.options.tiering);
  }

  ownerOfPage(page: PageOrigin): ProcessorIndex {
    return page.kind === 'ram' ? asProcessor(page.node) : CPU;
  }
  capacity(device: ProcessorIndex): number {
    return this.memory.kernel.config.nodes[device]!.pages;
  }
  free(device: ProcessorIndex): number {
    const { kernel } = this.memory;
    return kernel.offline.has(device) ? 0 : this.capacity(device) - kernel.used[device]!;
  }

  protected nodeOf(device: ProcessorIndex): number {
    return this.options.placement === 'first-touch' ? device : 0;
  }

  /**
   * System C: before its first kernel the library asks the zone for its operands. What is there moves in as far as there
   * is room, and what is touched later is allocated there.
   */
  stepBegins(processor: ProcessorIndex): void {
    const { memory } = this;
    if (processor === CPU || this.options.placement !== 'explicit') return;
    for (const [object, device] of memory.config.deviceObjects ?? []) {
      const piece = memory.map.pieces.find(({ objectIndex }) => objectIndex === object);
      const process = piece ? memory.processes.of(piece.granule) : null;
      if (device !== processor || !piece || !process || this.placed.has(object)) continue;
      this.placed.add(object);
      const start = memory.map.vpn(piece.granule);
      const moves = memory.migrationOff ? 'none' : 'all';
      memory.withCause({ ...memory.context, reason: REASON.explicit }, () =>
        mbind(memory.kernel, process.mm, start, start + piece.pages, bindTo(device), moves),
      );
    }
    memory.clocks.reach(processor, memory.flush(memory.clocks.now(processor)));
  }

  /** Moves mapped pages to a node; returns how many stayed. */
  movePages(mm: Mm, start: number, pages: number, node: number, reason: number): number {
    const { memory } = this;
    if (memory.migrationOff) return pages;
    let left = 0;
    memory.withCause({ ...memory.context, reason }, () => {
      for (let vpn = start; vpn < start + pages;) {
        const found = entryAt(mm, vpn);
        const page = found?.entry.state === 'present' ? pageOf(found.entry, found.huge, vpn) : null;
        const step = found?.huge ? 512 - (vpn % 512) : 1;
        if (page?.kind === 'ram' && page.head.node !== node) {
          const room = node === CPU || this.free(asProcessor(node)) >= folioPages(page.head);
          if (!room || !migrateFolio(memory.kernel, page.head, node)) left += step;
        }
        vpn += step;
      }
    });
    return left;
  }

  // --- access counters (what mainline lacks: U6) ---
  remoteBudget(device: ProcessorIndex, granule: Granule): number {
    const { counterThreshold } = this.options;
    if (counterThreshold === 0 || this.memory.migrationOff) return Infinity;
    return Math.max(0, counterThreshold - this.counter(device)[Math.floor(granule / COUNTER_PAGES)]!);
  }
  counted(device: ProcessorIndex, granule: Granule, accesses: number): void {
    if (this.options.counterThreshold === 0) return;
    const counter = this.counter(device);
    const at = Math.floor(granule / COUNTER_PAGES);
    counter[at] = Math.min(65_535, counter[at]! + accesses);
  }
  private counter(device: ProcessorIndex): Uint16Array {
    return (this.counters[device] ??= new Uint16Array(Math.ceil(this.memory.granules / COUNTER_PAGES)));
  }
  counterNotifies(device: ProcessorIndex, granule: Granule): void {
    const { memory } = this;
    const first = asGranule(granule - (granule % COUNTER_PAGES));
    this.counter(device)[Math.floor(granule / COUNTER_PAGES)] = 0;
    for (let g = first; g < Math.min(first + COUNTER_PAGES, memory.granules); g++) {
      const process = memory.processes.of(g);
      if (process && memory.map.vpn(g) >= 0)
        this.movePages(process.mm, memory.map.vpn(g), 1, device, REASON.accessCounter);
    }
  }

  /** NUMA-hint scanning, when its period has passed (U5). Needs a clock: a machine that only counts never scans. */
  tick(nowPs: number): void {
    const { memory, options } = this;
    setNow(memory.kernel, nowPs);
    const scans = options.tiering ? options.tiering.promotion !== false : options.balancing;
    if (!scans || nowPs < this.nextScanPs || memory.migrationOff) return;
    this.nextScanPs = nowPs + options.scanPeriodMs * PS_PER_MS;
    for (const mm of memory.kernel.mms()) scanAddressSpace(memory.kernel, mm, nowPs);
  }

  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string {
    const left = this.movePages(mm, start, end - start, to, REASON.explicit);
    return left === 0 ? 'ok' : `${left} pages stay`;
  }

  evacuate(device: ProcessorIndex): number {
    return offlineNode(this.memory.kernel, device);
  }
  replug(device: ProcessorIndex): void {
    this.memory.kernel.offline.delete(device);
  }
}
