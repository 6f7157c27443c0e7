/**
 * AMD MI300A: APUs whose CPU and GPU share one physical memory each, several of them in a node. Every APU is a NUMA node;
 * the CPU that runs the program belongs to APU 0, gpu n to APU n. Nothing migrates inside an APU; a GPU has page tables of
 * its own, which its driver fills through hmm_range_fault, piece by piece, and drops when the CPU's change. What lies on
 * another APU is reached over Infinity Fabric. Source: kfd_svm.c of Linux 6.12 (APUs never migrate,
 * docs/rules/drivers.md); page faults as measured in arXiv 2508.12743. Assumed: a page that a GPU touches first
 * comes from its own APU. Left out: the TLBs, CPUs on other APUs than the first, partitions of one APU, hipMalloc memory.
 */
import { PS_PER_MS, PS_PER_S } from '../../../base/units';
import { CPU, type AccessOp, type ProcessorIndex, asProcessor } from '../../../model/processor';
import type { NodeSpec } from '../../../kernel/kernel';
import { mirrorRange, type HmmPfn } from '../../../kernel/hmm';
import { canRead, canWrite, vmaAt, type Mm } from '../../../kernel/mm';
import { scanAddressSpace, setNow } from '../../../kernel/numa';
import { PAGE_BYTES, PMD_PAGES } from '../../../kernel/page';
import { entryAt } from '../../../kernel/page-table';
import type { Backend, DeviceFaultPage, LinuxHost, RangeAdvice, PageOrigin } from '../../../kit/linux/backend';
import { localBits, remoteBits } from '../../../kit/access-table';
import { REASON } from '../../../kit/codes';
import { QUEUE_START, QUEUE_STOP, SVM_RESTORE_DELAY } from '../../../kit/linux/costs';
import { answerUserfaults } from '../../../kit/linux/userfaults';
import type { Granule } from '../../../base/indices';
import { ApuTables } from './apu-tables';
import { alignedPiece } from '../../amd-svm/decisions/ranges';
import type { Mi300aParams } from '../params';

/** Rounds of the retry protocol; nothing collides for longer in this model. */
const ROUNDS = 16;

/** Memory that the program registered: always mapped if GPU faults are not retried. */
interface Registered {
  readonly mm: Mm;
  readonly start: number;
  readonly end: number;
  readonly device: ProcessorIndex;
  /** Something in it changed since it was mapped. */
  isStale: boolean;
}

export class Mi300aBackend implements Backend {
  readonly traits = {
    samePointers: true,
    structPages: true,
    kernelPlaces: true,
    knobs: 'mbind and NUMA balancing move pages between APUs; inside an APU there is only one memory',
  };
  private memory!: LinuxHost;
  private tables!: ApuTables;
  private registered: Registered[] = [];
  private nextScanPs: number;

  constructor(private readonly params: Mi300aParams) {
    this.nextScanPs = params.scanPeriodMs * PS_PER_MS;
  }

  // --- memory: node n is APU n ---
  hostPages(devicePages: number): number {
    return devicePages;
  }
  nodes(devicePages: number, devices: number): readonly NodeSpec[] {
    return Array.from({ length: Math.max(this.params.apus, devices) - 1 }, (_, i) => ({
      name: `apu${i + 1}`,
      pages: devicePages,
      fallback: true,
      kernelAllocations: true,
      movable: false,
    }));
  }
  attach(memory: LinuxHost): void {
    this.memory = memory;
    this.tables = new ApuTables(memory, (mm, start, end) => {
      for (const each of this.registered)
        if (each.mm === mm && start < each.end && end > each.start) each.isStale = true;
    });
  }
  numaNode(processor: ProcessorIndex): number {
    return Math.max(0, processor - 1);
  }
  /** APU 0 is the host; APUs without a GPU in the run are booked as the host, too, and reached over the fabric. */
  ownerOfPage({ node }: PageOrigin): ProcessorIndex {
    return node > 0 && node < this.memory.config.devices ? asProcessor(node + 1) : CPU;
  }
  isHostLocal({ node }: PageOrigin): boolean {
    return node === 0;
  }
  /** Copies between APUs use the fabric; APU 0 stands on it as gpu0. */
  linkEnd(processor: ProcessorIndex): ProcessorIndex {
    return asProcessor(Math.max(1, processor));
  }
  /** What lies on another APU goes over the fabric, not through the package. */
  get remoteWeight(): number {
    const { timing } = this.memory.config.machine;
    return timing?.peerLink ? timing.remoteBandwidth.value / timing.peerLink.asymptote.value : 1;
  }
  capacity(device: ProcessorIndex): number {
    return this.memory.kernel.config.nodes[this.numaNode(device)]!.pages;
  }
  free(device: ProcessorIndex): number {
    return this.capacity(device) - this.memory.kernel.used[this.numaNode(device)]!;
  }

  // --- faults of GPUs ---
  decide(_device: ProcessorIndex, granule: Granule, _op: AccessOp): number {
    const { processes, map } = this.memory;
    const process = processes.of(granule);
    const found = process ? entryAt(process.mm, map.vpn(granule)) : null;
    if (!found) return REASON.firstTouch;
    return found.entry.state === 'swap' ? REASON.swapIn : REASON.hmmMirror;
  }

  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    const { memory } = this;
    for (const { granule, op } of faults) {
      const process = memory.processes.of(granule);
      if (!process || memory.access.isMapped(device, granule, op)) continue;
      const ret = this.restore(device, process.mm, memory.map.vpn(granule), op);
      if (ret === 'ok') continue;
      memory.outcomes.outcome(ret, device, granule, op, process);
      // A fault that is not retried: the ROCm runtime gets an event and aborts.
      if (!this.params.xnack) memory.outcomes.kill(process, 'SIGABRT');
    }
  }

  /** No page leaves a CPU's table, and nothing is copied: of the driver's parts these are left. */
  faultPs(faults: number): number | undefined {
    const driver = this.memory.config.machine.timing?.driver;
    if (!driver) return undefined;
    const { interrupt, fetchPerEntry, preprocessPerEntry, perBlock, replay } = driver;
    return faults * (interrupt.value + fetchPerEntry.value + preprocessPerEntry.value + perBlock.value + replay.value);
  }

  /** svm_range_restore_pages; without XNACK the restore work that follows an eviction of the queues, or a fatal fault. */
  private restore(device: ProcessorIndex, mm: Mm, vpn: number, op: AccessOp): string {
    const vma = vmaAt(mm, vpn);
    if (!vma) return 'EFAULT';
    if (!canRead(vma) || (op !== 0 && !canWrite(vma))) return 'EPERM';
    if (this.params.xnack) {
      const { start, end } = alignedPiece(vpn, this.params.svm_default_granularity, vma.start, vma.end);
      return this.map(device, mm, start, end);
    }
    const known = this.registered.find(
      (each) => each.device === device && each.mm === mm && vpn >= each.start && vpn < each.end,
    );
    if (!known?.isStale) return 'EFAULT';
    const waitPs = QUEUE_STOP.value + SVM_RESTORE_DELAY.value + QUEUE_START.value;
    this.memory.spend(this.memory.config.machine.timing ? waitPs : 0);
    return this.mapRegistered(known);
  }

  private mapRegistered(range: Registered): string {
    range.isStale = false;
    const { mm, start, end, device } = range;
    for (let at = start; at < end;) {
      const vma = vmaAt(mm, at);
      if (!vma) return 'EFAULT';
      const until = Math.min(end, vma.end);
      const result = this.map(device, mm, at, until);
      if (result !== 'ok') return result;
      at = until;
    }
    range.isStale = false; // what the mapping itself changed is in it
    return 'ok';
  }

  /** svm_range_validate_and_map of pages of one VMA: all of them exist afterwards, and are in the GPU's table. */
  private map(device: ProcessorIndex, mm: Mm, start: number, end: number): string {
    const { memory } = this;
    const { kernel } = memory;
    const write = canWrite(vmaAt(mm, start)!);
    const thps = kernel.counters.thpFaults;
    let absent = 0;
    for (let vpn = start; vpn < end; vpn++) if (!entryAt(mm, vpn)) absent++;
    const round = (): string => {
      kernel.localNode = this.numaNode(device);
      const { ret } = mirrorRange(
        kernel,
        this.tables.watch(mm),
        { start, end, defaults: { fault: true, write }, owner: null },
        ROUNDS,
        (pfns) => {
          this.program(device, mm, start, pfns);
        },
      );
      kernel.localNode = 0;
      return ret ?? 'ok';
    };
    let result = round();
    while (result !== 'ok' && vmaAt(mm, start)!.uffdMissing && answerUserfaults(memory, mm, start, end))
      result = round();
    this.payFor(end - start, absent, kernel.counters.thpFaults - thps);
    return result;
  }

  private program(device: ProcessorIndex, mm: Mm, start: number, pfns: readonly HmmPfn[]): void {
    for (const [i, { valid, write, page }] of pfns.entries()) {
      const granule = this.memory.processes.granule(mm, start + i);
      if (granule < 0 || !valid) continue;
      if (write && page) page.head.dirty = true;
      const isOwn = page === null || page.node === this.numaNode(device);
      const isHuge = entryAt(mm, start + i)?.huge === true;
      this.tables.map(device, granule, isOwn ? localBits(write) : remoteBits(write), isHuge);
    }
  }

  /** Beyond the fault itself: an entry per page, and for pages that had to be made their allocation and clearing. */
  private payFor(pages: number, absent: number, thps: number): void {
    const driver = this.memory.config.machine.timing?.driver;
    if (!driver) return;
    const small = Math.max(0, absent - thps * PMD_PAGES); // the kernel's account has the clearing of huge pages
    const entries = thps > 0 ? Math.ceil(pages / PMD_PAGES) : pages;
    const clearing = ((small * PAGE_BYTES) / driver.zeroing.value) * PS_PER_S;
    const chunk = absent > 0 ? driver.populatePerChunk.value : 0;
    this.memory.spend(Math.round(entries * driver.ptePerUpdate.value + clearing + chunk));
  }

  // --- what the program and the kernel do ---
  /** Registration: hipHostRegister, hsa_amd_svm_attributes_set, or a prefetch to the GPU. Nothing moves on an APU. */
  private register(mm: Mm, start: number, end: number, device: ProcessorIndex): string {
    if (this.params.xnack) return 'ok'; // faults will do
    const range: Registered = { mm, start, end, device, isStale: true };
    this.registered.push(range);
    return this.mapRegistered(range);
  }
  private unregister(mm: Mm, start: number, end: number, device: ProcessorIndex): string {
    this.registered = this.registered.filter(
      (each) => each.mm !== mm || each.device !== device || each.end <= start || each.start >= end,
    );
    return 'ok';
  }
  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string {
    return to === CPU ? 'ok' : this.register(mm, start, end, to);
  }
  advise(mm: Mm, start: number, end: number, { hint, at }: RangeAdvice): string {
    switch (hint) {
      case 'accessed-by':
      case 'access':
        return at === null || at === CPU ? 'EINVAL' : this.register(mm, start, end, at);
      case 'not-accessed-by':
        return at === null || at === CPU ? 'EINVAL' : this.unregister(mm, start, end, at);
      case 'preferred-location':
      case 'no-preferred-location':
      case 'read-mostly':
      case 'not-read-mostly':
        return 'ok'; // taken note of; on one pool there is nothing to do
      default:
        return 'EINVAL';
    }
  }

  tick(nowPs: number): void {
    const { memory, params } = this;
    setNow(memory.kernel, nowPs);
    if (!params.numaBalancing || nowPs < this.nextScanPs || memory.migrationOff) return;
    this.nextScanPs = nowPs + params.scanPeriodMs * PS_PER_MS;
    for (const mm of memory.kernel.mms()) scanAddressSpace(memory.kernel, mm, nowPs);
  }

  /** The GPU goes, its memory is the host's and stays. */
  evacuate(device: ProcessorIndex): number {
    this.tables.dropAll(device);
    return 0;
  }
  residue(): number {
    return 0;
  }
  processEnds(mm: Mm): void {
    this.registered = this.registered.filter((each) => each.mm !== mm);
    this.tables.forget(mm);
  }
}
