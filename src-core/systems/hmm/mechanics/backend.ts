/**
 * HMM on a device whose memory the CPU cannot reach (A): DEVICE_PRIVATE pages, migrate_vma in both directions, and a
 * mirror of the CPU's page table for what stays in host memory. The driver follows drm_gpusvm and test_hmm: a fault
 * migrates the aligned chunk around it (the run's `granularity`), a CPU fault brings the chunk back, a full device evicts
 * by the run's eviction policy. Policies decide; what they cannot know, Linux refuses.
 */
import { MIB } from '../../../base/units';
import { EVICTION } from '../../../model/events';
import type { SystemFigure } from '../../../model/memory-system';
import { CPU, type AccessOp, type ProcessorIndex } from '../../../model/processor';
import type { DeviceFault } from '../../../kernel/device-memory';
import type { FaultResult } from '../../../kernel/errno';
import type { NodeSpec } from '../../../kernel/kernel';
import { vmaAt, type Mm } from '../../../kernel/mm';
import { PAGE_BYTES, PMD_PAGES } from '../../../kernel/page';
import { entryBits, entryFrame } from '../../../kernel/page-table';
import { EXCLUSIVE, HOLE, P, PRESENT, PRIVATE, SWAP } from '../../../kernel/pte-tables';
import { handleFault } from '../../../kernel/fault';
import { NO_GRANULE, type Granule, asGranule } from '../../../base/indices';
import type { Backend, DeviceFaultPage, LinuxHost, PageOrigin } from '../../../kit/linux/backend';
import { REASON } from '../../../kit/codes';
import { DevicePrivate } from '../../../kit/linux/device-private';
import { HmmMirror } from './mirror';

/** One page is faulted so often (swapped, exclusive, foreign, shared) before the driver takes it as it is. */
const MOST_FAULTS = 16;

export interface HmmOptions {
  /** false: nothing migrates, everything is mirrored (systems F and G). */
  readonly migrates: boolean;
  readonly fileBacked: boolean;
  readonly exclusiveAtomics: boolean;
  readonly windowPages: number;
  /** Pages of the driver's migration unit. */
  readonly chunkPages: number;
}

/** A mirror of host memory, without migration. */
export const mirrorOptions = (chunkBytes: number): HmmOptions => ({
  migrates: false,
  fileBacked: false,
  exclusiveAtomics: true,
  windowPages: (512 * MIB) / PAGE_BYTES,
  chunkPages: chunkBytes / PAGE_BYTES,
});

export class HmmBackend implements Backend {
  readonly traits = {
    samePointers: true,
    structPages: true,
    kernelPlaces: false,
    knobs: 'the driver decides; device pages are on no LRU list, and mbind and move_pages ignore them (R1, A9)',
  };
  protected memory!: LinuxHost;
  private mirrored!: HmmMirror;
  private vram!: DevicePrivate;
  /** The fault in progress is for one page, whatever the chunk is. */
  private onePage = false;

  private options: HmmOptions;

  /** @param read the options, from parameters as they are in force */
  constructor(private readonly read: () => HmmOptions) {
    this.options = read();
  }

  paramsChanged(): void {
    this.options = this.read();
    this.mirrored.exclusiveAtomics = this.options.exclusiveAtomics;
    this.mirrored.windowPages = this.options.windowPages;
  }

  nodes(): readonly NodeSpec[] {
    return [];
  }

  attach(memory: LinuxHost): void {
    this.memory = memory;
    this.mirrored = new HmmMirror(memory, this.options.windowPages, this.options.exclusiveAtomics);
    this.vram = new DevicePrivate(
      memory,
      (device) => this.mirrored.owner(device),
      (device, fault) => this.cpuFault(device, fault),
    );
  }

  figures(): readonly SystemFigure[] {
    const title = 'Mirror calls restarted because of an invalidation in the notifier window';
    return [{ id: 'mirrorRetries', title, unit: 'count', value: this.mirrored.retries }];
  }

  ownerOfPage(page: PageOrigin): ProcessorIndex {
    return this.vram.ownerOfPage(page);
  }
  capacity(device: ProcessorIndex): number {
    return this.vram.capacity(device);
  }
  free(device: ProcessorIndex): number {
    return this.vram.free(device);
  }

  decide(device: ProcessorIndex, granule: Granule, op: AccessOp): number {
    const { memory } = this;
    const process = memory.processes.of(granule);
    const vpn = memory.map.vpn(granule);
    const state = process ? entryBits(process.mm, vpn) & P.state : HOLE;
    if (!process || state === HOLE) return REASON.firstTouch;
    if (state === SWAP) return REASON.swapIn;
    if (state === EXCLUSIVE) return REASON.deviceExclusive;
    const frame = entryFrame(process.mm, vpn);
    if (frame >= 0 && this.ownerOfPage(memory.kernel.frames.owner(frame)) === device) return REASON.noPermission;
    if (!this.wants(device, granule, op)) return REASON.hmmMirror;
    return REASON.notResident;
  }

  /** Would the driver migrate the page? Its policy, its switch, and what Linux lets move (B3, B4). */
  private wants(device: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    const { memory, options } = this;
    if (!options.migrates || memory.migrationOff || this.vram.devices[device]!.closing) return false;
    const process = memory.processes.of(granule);
    const vma = process ? vmaAt(process.mm, memory.map.vpn(granule)) : null;
    if (!vma || vma.hugetlb || vma.mixedmap || vma.dax || vma.uffdMissing || (vma.file && !options.fileBacked))
      return false;
    const owner = memory.residency.ownerOf(granule);
    if (owner === -1) return true;
    return memory.config.policies.migration.onFault(device, granule, op, memory) === 'migrate';
  }

  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    const { memory } = this;
    for (const { granule } of faults) memory.protect(granule);
    const served = new Set<number>();
    for (const fault of faults) {
      if (served.has(fault.granule) && this.reached(device, fault)) continue;
      if (this.wants(device, fault.granule, fault.op)) this.bring(device, fault, served);
      if (!this.reached(device, fault)) this.mirrored.fault(device, fault);
    }
    this.prefetch(device, faults);
    memory.unprotect();
  }

  private reached(device: ProcessorIndex, { granule, op }: DeviceFaultPage): boolean {
    return this.memory.access.isMapped(device, granule, op);
  }

  /** The chunk around the fault, clipped to its VMA and the granules of the workload. */
  private chunk(mm: Mm, vpn: number): { start: number; end: number } {
    const { chunkPages } = this.options;
    const vma = vmaAt(mm, vpn)!;
    const first = vpn - (vpn % chunkPages);
    return { start: Math.max(first, vma.start), end: Math.min(first + chunkPages, vma.end) };
  }

  private bring(device: ProcessorIndex, { granule, op }: DeviceFaultPage, served: Set<number>): void {
    const { memory } = this;
    const process = memory.processes.of(granule);
    if (!process) return;
    const { mm } = process;
    const vpn = memory.map.vpn(granule);
    this.prepare(device, mm, vpn, op);
    const { start, end } = this.chunk(mm, vpn);
    this.migrateIn(device, mm, start, end);
    for (let at = start; at < end; at++) {
      const g = memory.processes.granule(mm, at);
      if (g >= 0) served.add(g);
    }
  }

  /**
   * Before migrating: a swapped page is not migrated (R6), a foreign device's page comes through RAM (T3), a write to a
   * page shared by fork breaks COW first (M8: the driver does not copy by itself).
   */
  private prepare(device: ProcessorIndex, mm: Mm, vpn: number, op: AccessOp): void {
    const { memory } = this;
    for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
      const bits = entryBits(mm, vpn);
      const state = bits & P.state;
      const foreign = state === PRIVATE && this.ownerOfPage(memory.kernel.frames.owner(entryFrame(mm, vpn))) !== device;
      const breaks = op !== 0 && (bits & P.write) === 0 && (state === PRESENT || state === PRIVATE);
      if (state !== SWAP && state !== EXCLUSIVE && !foreign && !breaks) return;
      this.onePage = true; // the copy needs this page only: its neighbours stay on the device
      const result = handleFault(memory.kernel, mm, vpn, { write: op !== 0, remote: true });
      this.onePage = false;
      if (result !== 'ok') return;
    }
  }

  /** migrate_vma of a range of one VMA to the device; returns the pages that came. */
  migrateIn(device: ProcessorIndex, mm: Mm, start: number, end: number): number {
    this.makeRoom(device, this.missing(device, mm, start, end));
    this.vram.toDevice(device, mm, start, end, { compound: true, fileBacked: this.options.fileBacked });
    this.mirrored.watchRange(device, mm, start, end);
    return this.vram.program(device, mm, start, end);
  }

  /** Pages of the range that are not on the device yet: room to make. */
  private missing(device: ProcessorIndex, mm: Mm, start: number, end: number): number {
    let pages = 0;
    for (let vpn = start; vpn < end; vpn++) {
      const granule = this.memory.processes.granule(mm, vpn);
      if (granule >= 0 && this.memory.residency.ownerOf(granule) !== device) pages++;
    }
    return pages;
  }

  // --- prefetch ---
  private prefetch(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    const { memory } = this;
    const { policies } = memory.config;
    const blocks = new Map<number, number[]>();
    for (const { granule } of faults) {
      if (memory.residency.ownerOf(granule) !== device) continue;
      const block = Math.floor(granule / PMD_PAGES);
      const list = blocks.get(block);
      if (list) list.push(granule);
      else blocks.set(block, [granule]);
    }
    for (const [block, granules] of blocks) {
      const first = block * PMD_PAGES;
      const wanted: number[] = [];
      const faulted = Int32Array.from(granules);
      const outer = Math.min(first + PMD_PAGES, memory.granules);
      policies.prefetch.choose?.(
        { device, first: asGranule(first), outer: asGranule(outer), faulted, count: granules.length },
        memory,
        (granule) => {
          if (memory.residency.ownerOf(granule) !== device && memory.map.vpn(granule) >= 0) wanted.push(granule);
        },
      );
      const context = { ...memory.context, reason: REASON.prefetch, policy: policies.prefetchIndex };
      memory.withCause(context, () => {
        for (const granule of wanted) this.prefetchPage(device, asGranule(granule));
      });
    }
  }

  private prefetchPage(device: ProcessorIndex, granule: Granule): void {
    const { memory } = this;
    const process = memory.processes.of(granule);
    if (!process || memory.residency.ownerOf(granule) === device || !this.wants(device, granule, 0)) return;
    if (this.free(device) === 0) {
      memory.refusedPrefetches++;
      return;
    }
    const vpn = memory.map.vpn(granule);
    if (vmaAt(process.mm, vpn)) this.migrateIn(device, process.mm, vpn, vpn + 1);
  }

  // --- eviction ---
  /** Evicts until so many pages are free, as far as the policy finds victims. */
  private makeRoom(device: ProcessorIndex, pages: number): void {
    const { memory } = this;
    const { policies } = memory.config;
    const context = {
      ...memory.context,
      kind: EVICTION as typeof EVICTION,
      reason: REASON.capacity,
      policy: policies.evictionIndex,
    };
    let unprotected = false;
    while (this.free(device) < pages && memory.residency.residents(device) > 0) {
      let victim = policies.eviction.victim(device, memory);
      if (victim === NO_GRANULE && !unprotected) {
        unprotected = true; // the batch is larger than the device
        memory.unprotect();
        victim = policies.eviction.victim(device, memory);
      }
      if (victim === NO_GRANULE) return;
      const before = this.free(device);
      memory.withCause(context, () => {
        this.evictChunk(device, victim);
      });
      if (this.free(device) === before) return;
    }
  }

  /** Everything of the victim's chunk that is on the device goes home (E1). */
  private evictChunk(device: ProcessorIndex, victim: number): void {
    const { memory } = this;
    const { chunkPages } = this.options;
    const first = asGranule(victim - (victim % chunkPages));
    const heads = new Set<number>();
    const { frames } = memory.kernel;
    for (let granule = first; granule < Math.min(first + chunkPages, memory.granules); granule++) {
      if (memory.residency.ownerOf(granule) !== device) continue;
      if (granule !== victim && memory.isProtected(granule)) continue;
      const process = memory.processes.of(granule);
      const frame = process ? entryFrame(process.mm, memory.map.vpn(granule)) : -1;
      if (frame >= 0) heads.add(frames.head(frame));
    }
    this.vram.evict([...heads]);
  }

  /** migrate_to_ram: the CPU wants its page; the driver brings the chunk (F7). Failure is SIGBUS or OOM (F4, F5). */
  private cpuFault(device: ProcessorIndex, fault: DeviceFault): FaultResult {
    const { mm, vpn, page, huge } = fault;
    const { start, end } = this.onePage ? { start: vpn, end: vpn + 1 } : this.chunk(mm, vpn);
    const { ret, short } = this.vram.toHost(device, mm, start, end, { compound: huge }, page);
    if (ret !== null) return 'sigbus';
    const back = (entryBits(mm, vpn) & P.state) !== PRIVATE;
    return back ? 'ok' : short ? 'oom' : 'sigbus';
  }

  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string {
    if (to === CPU) {
      const stayed = this.vram.evict(this.vram.foliosIn(mm, start, end));
      return stayed.length === 0 ? 'ok' : `${stayed.length} folios remain`;
    }
    if (!this.options.migrates) return 'EOPNOTSUPP';
    let left = 0;
    for (let at = start; at < end;) {
      const vma = vmaAt(mm, at);
      if (!vma) return 'EFAULT';
      const until = Math.min(end, vma.end, at - (at % PMD_PAGES) + PMD_PAGES);
      left += until - at - this.migrateIn(to, mm, at, until);
      at = until;
    }
    return left === 0 ? 'ok' : `${left} pages stay`;
  }

  evacuate(device: ProcessorIndex): number {
    return this.vram.unplug(device);
  }
  replug(device: ProcessorIndex): void {
    this.vram.replug(device);
  }
  processEnds(mm: Mm): void {
    this.mirrored.forget(mm);
  }
}
