/**
 * NVIDIA UVM as a memory system: managed ranges of VA blocks, faults through the fault buffer and its driver, CPU faults one
 * page at a time. Decisions are the driver's (../decisions); what is here stands for the mechanics around them.
 * Left out: locks and their contention, semaphores and channels, confidential computing, SMC partitions.
 */
import { assert } from '../../../base/assert';
import { createPageMask, fillRange, type PageMask } from '../../../base/page-mask';
import {
  THRASHING_EVENT,
  type ThrashingDetector,
  type ThrashingEvent,
  type ThrashingHost,
  type ThrashingParams,
} from '../decisions/thrashing-detector';
import { createThrashing } from '../decisions/thrashing';
import { ACCESS, OPERATION, PROTECTION, type UvmTopology } from '../decisions/vocabulary';
import type { Interconnect } from '../../../hardware/interconnect';
import type { SystemReport } from '../../../model/memory-system';
import type { OsStep } from '../../../model/os-action';
import { NO_PROCESSOR, processorName, READ, type AccessOp, type ProcessorIndex, CPU } from '../../../model/processor';
import { toVirtual, VA_BLOCK_BYTES } from '../../../model/space';
import { METRIC, REASON } from '../../../kit/codes';
import type { HotMasks } from '../../../contracts/accessed-memory';
import { MemorySystem, type MemoryConfig } from '../../../kit/memory-system';
import { OWNER_MASK } from '../../../kit/residency';
import { ACCESS_MASKS } from '../../../kit/access-table';
import { AccessBytes } from './access-bytes';
import { BlockMap } from './block-map';
import type { UseOrder } from '../../../contracts/accessed-memory';
import type { DeviceFaults } from '../../../contracts/fault-service';
import { BufferedFaults } from '../../../hardware/gpu/buffered-faults';
import { faultHardware } from '../../../hardware/gpu/fault-hardware';
import { executeUvmCall } from './calls';
import { CopyEngine } from './copy-engine';
import { ExplicitCalls } from './explicit';
import { thrashingParams } from './thrashing-params';
import type { NvidiaUvmParams } from '../params';
import { RangePolicies } from './range-policies';
import { RootChunks } from './root-chunks';
import { ANSWER, BlockService, type PageFault } from './service';
import { Samples } from '../../../kit/samples';
import type { Granule } from '../../../base/indices';
import { summarizeUvm } from './summary';
import { ToolsEvents } from './tools-events';
import { UvmTally } from './tally';
import { uvmTopology } from './topology';
import { RootOrder } from './root-order';
import { UvmFaults } from './faults';
import type { UvmHost } from './host';
import type { VaBlock } from './va-block';
import { WorkClock } from './work-clock';

/** Pages of the x86 kernels that the driver is modelled on. */
const PAGE_BYTES = 4096;
/** `uvm_perf_access_counter_migration_enable`: on where the platform has ATS. */
const COUNTERS_WITH_ATS = -1;
/** A CPU thread that is throttled this often on one page in a row is our bug. */
const MOST_NAPS = 100_000;

/** UvmEventType, by THRASHING_EVENT. */
const EVENT_NAMES = ['ThrashingDetected', 'ThrottlingStart', 'ThrottlingEnd'] as const;

export class UvmMemory extends MemorySystem implements UvmHost {
  readonly topology: UvmTopology;
  readonly access: AccessBytes;
  readonly ranges = new RangePolicies();
  readonly tally = new UvmTally();
  readonly tools = new ToolsEvents(this);
  readonly work: WorkClock;
  readonly memoryOf: readonly RootChunks[];
  override readonly uses: UseOrder = new RootOrder(this);
  override readonly deviceFaults: DeviceFaults;
  private readonly buffers: BufferedFaults;
  thrashing: ThrashingDetector | null = null;
  /** What the detector in force was made with. */
  private thrashes: ThrashingParams;
  private readonly map: BlockMap;
  private readonly blocks: BlockService;
  private readonly explicit: ExplicitCalls;
  private readonly engine: CopyEngine;
  readonly items = new Samples();
  readonly barriers = new Samples();
  private readonly cpuFault: PageFault = {
    ...{ page: 0, access: ACCESS.read, mask: 0, op: READ, object: 0 },
  };
  private readonly cpuAnswer = new Uint8Array(1);

  constructor(
    readonly params: NvidiaUvmParams,
    config: MemoryConfig,
  ) {
    super(
      { ...config, granuleBytes: PAGE_BYTES },
      (granule, on, count) => {
        this.access.track(granule, on, count);
      },
      1,
    );
    const processors = config.devices + 1;
    this.thrashes = thrashingParams(params);
    this.topology = uvmTopology(config.machine, config.devices);
    this.access = new AccessBytes(processors, this.granules, this.granulesPerBlock);
    this.work = new WorkClock(config.machine.timing);
    const roots = Math.max(1, Math.floor(config.deviceMemoryBytes / VA_BLOCK_BYTES));
    // Device memory that is a node of the host comes in single chunks (uvm_pmm_gpu.c:1958-1961).
    const batch = (): number => (this.isCoherent ? 1 : this.rootsPerCall);
    this.memoryOf = Array.from({ length: processors }, () => new RootChunks(roots, batch));
    this.map = new BlockMap(config.space, this.granuleBytes, processors, params.allocation === 'malloc');
    this.blocks = new BlockService(this);
    this.explicit = new ExplicitCalls(this, this.blocks);
    this.engine = new CopyEngine(this, this.blocks);
    const hardware = faultHardware(config.machine);
    const service = new UvmFaults(this, this.blocks, hardware.utlbs);
    this.buffers = new BufferedFaults(hardware, this, service, processors);
    this.deviceFaults = { hardware, path: this.buffers };
    this.startThrashing();
    this.populateHost();
  }

  /** Objects that the file says are there before the run: on the host, mapped for it. */
  private populateHost(): void {
    const { space } = this.config;
    for (const object of space.objects) {
      if (object.initially !== 'host') continue;
      const first = Math.floor(object.offset / this.granuleBytes);
      const outer = Math.ceil((object.offset + object.bytes) / this.granuleBytes);
      for (let granule = first; granule < outer;) {
        const block = this.blockAt(Math.floor(granule / this.granulesPerBlock));
        const base = block.index * this.granulesPerBlock;
        const pages = createPageMask();
        fillRange(pages, granule - base, Math.min(block.outer, outer - base));
        for (const masks of [block.resident, block.readable, block.writable, block.atomic])
          for (let i = 0; i < pages.length; i++) masks[CPU]![i] = masks[CPU]![i]! | pages[i]!;
        this.access.refresh(block, CPU, pages, () => undefined);
        granule = base + this.granulesPerBlock;
      }
      this.residency.rewrite(first, outer - first, ~OWNER_MASK, CPU + 1);
    }
  }

  // --- what the parts share ---
  /** GPU and CPU share page tables (ATS) and one coherent link. */
  private get isCoherent(): boolean {
    return (this.topology.fastLink[CPU] ?? 0) !== 0;
  }
  get mapsRemoteOnEviction(): boolean {
    const { uvm_perf_map_remote_on_eviction: maps, uvm_perf_access_counter_migration_enable: counters } = this.params;
    return maps && (counters === 1 || (counters === COUNTERS_WITH_ATS && this.isCoherent));
  }
  /** Root chunks that one call of PMA gives; those that it may not take back come alone (uvm_pmm_gpu.c:1946-1965). */
  private get rootsPerCall(): number {
    return this.params.uvm_global_oversubscription ? 2 ** this.params.uvm_perf_pma_batch_nonpinned_order : 1;
  }
  get wire(): Interconnect | null {
    return this.links;
  }
  get pagesPerBlock(): number {
    return this.granulesPerBlock;
  }
  blockAt(index: number): VaBlock {
    return this.map.at(index);
  }
  answered(device: ProcessorIndex, granule: Granule): void {
    if (device !== CPU) this.buffers.answer(device, granule);
  }
  outcome(result: string, device: ProcessorIndex, granule: Granule, op: AccessOp): void {
    const what = `${processorName(device)} ${op === READ ? 'read' : 'write'}`;
    this.tally.outcome(result, what, this.nameOf(this.ledger.objectOf[granule]!), this.work.threadPs, this.accessCount);
    this.osEvent(device, granule, this.granuleBytes, what, result, REASON.outcome);
  }

  /** An event of the driver that is neither a fault nor a transfer. */
  event(processor: ProcessorIndex, granule: Granule, bytes: number, what: string, result: string): void {
    this.osEvent(processor, granule, bytes, what, result, REASON.driverEvent);
  }

  private osEvent(
    processor: ProcessorIndex,
    granule: Granule,
    bytes: number,
    what: string,
    result: string,
    reason: number,
  ): void {
    const { sink, space } = this.config;
    sink.os({
      ...this.moment(this.work.threadPs),
      ...{ processor, bytes, reason },
      object: this.ledger.objectOf[granule]!,
      address: toVirtual(space, granule * this.granuleBytes),
      detail: JSON.stringify({ what, result }),
    });
  }

  private nameOf(object: number): string | null {
    return this.config.space.objects[object]?.name ?? null;
  }

  // --- results ---
  override stepBegins(): void {
    this.unpinDue();
  }
  override stepEnds(processor: ProcessorIndex, beganPs: number): void {
    const duration = this.clocks.now(processor) - beganPs;
    this.items.add(duration);
    if (processor !== CPU) this.tally.kernelPs += duration;
  }
  override barrier(durationPs: number): void {
    this.barriers.add(durationPs);
  }
  override call(step: OsStep): void {
    executeUvmCall(this, this.explicit, this.engine, step);
  }
  override systemReport(): SystemReport {
    return summarizeUvm(this);
  }
  pmaCalls(): number {
    return this.memoryOf.slice(1).reduce((sum, { pmaCalls }) => sum + pmaCalls, 0);
  }
  peakDeviceBytes(): number {
    return this.memoryOf.slice(1).reduce((sum, { peak }) => sum + peak * VA_BLOCK_BYTES, 0);
  }

  // --- thrashing ---
  /** Mitigation measures time: on a machine that only counts there is none. */
  private startThrashing(): void {
    this.thrashing =
      this.thrashes.enabled && this.config.machine.timing
        ? createThrashing(this.thrashes, this.topology, this.thrashingHost())
        : null;
  }

  /**
   * The driver takes its parameters when it is loaded, those of thrashing when a process begins. Here they change in between:
   * with other values of thrashing, detection starts again without history, and what was pinned is let go first, so that
   * its next remote access faults.
   */
  override paramsChanged(): void {
    const next = thrashingParams(this.params);
    if (JSON.stringify(next) === JSON.stringify(this.thrashes)) return;
    this.thrashes = next;
    this.thrashing?.unpin(Number.MAX_SAFE_INTEGER);
    this.startThrashing();
  }

  private thrashingHost(): ThrashingHost {
    return {
      preferred: (block) => this.ranges.of(block).preferred,
      isHmm: (block) => this.blockAt(block).isHmm,
      resident: (block, page) => this.blockAt(block).holders(page),
      mapped: (block, page) => this.blockAt(block).mappers(page, PROTECTION.readOnly),
      accessedBy: (block) => this.ranges.of(block).accessedBy,
      unmapRemote: (index, page, processors) => {
        const block = this.blockAt(index);
        const pages = createPageMask();
        fillRange(pages, page, page + 1);
        for (let p = CPU; p < this.topology.processors; p++)
          if ((processors & (1 << p)) !== 0) this.unmapFrom(block, pages, p);
      },
      report: (event, block, page, processor) => {
        this.tellThrashing(event, block, page, event === THRASHING_EVENT.detected ? NO_PROCESSOR : processor);
      },
    };
  }

  private tellThrashing(event: ThrashingEvent, block: number, page: number, who: ProcessorIndex): void {
    const { tally, tools } = this;
    if (event === THRASHING_EVENT.detected) tally.thrashingDetected++;
    else if (event === THRASHING_EVENT.throttlingStart) tally.throttlingStarts++;
    else tally.throttlingEnds++;
    tools.page(EVENT_NAMES[event], 'thrashing', who, block, page);
  }

  private unmapFrom(block: VaBlock, pages: PageMask, processor: ProcessorIndex): void {
    for (const masks of [block.readable, block.writable, block.atomic])
      for (let i = 0; i < pages.length; i++) masks[processor]![i] = masks[processor]![i]! & ~pages[i]!;
    this.access.refresh(block, processor, pages, () => undefined);
  }

  // --- the executor's questions ---
  hotState(processor: ProcessorIndex): Uint8Array {
    return this.access.of(processor);
  }
  hotMasks(_processor: ProcessorIndex): HotMasks {
    return ACCESS_MASKS;
  }
  isLocal(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    return this.access.isLocal(processor, granule, op);
  }
  mapsRemotely(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    return this.access.isRemote(processor, granule, op);
  }
  /** Access counters are inert where pages have 4 KiB: nothing is migrated, nothing cleared (section 6 of the notes). */
  remoteBudget(): number {
    return Infinity;
  }
  remoteAccess(processor: ProcessorIndex, granule: Granule, _count: number, bytes: number): void {
    this.remoteBytes[processor] = this.remoteBytes[processor]! + bytes;
    this.ledger.count(this.ledger.objectOf[granule]!, METRIC.remoteBytes, bytes);
  }
  counterNotifies(): void {
    assert(false, 'an access counter notified although none counts');
  }
  override capacity(): number {
    return this.memoryOf[1]!.roots * this.granulesPerBlock;
  }
  override free(device: ProcessorIndex): number {
    return this.memoryOf[device]!.free * this.granulesPerBlock;
  }

  // --- faults ---
  override beginBatch(): void {
    super.beginBatch();
    this.unpinDue();
  }

  /** The timer of the unpin worker: looked at when faults are serviced and when steps begin, not in between. */
  private unpinDue(): void {
    const now = Math.floor(this.clocks.latest() / 1000) + 1;
    if (this.thrashing && this.thrashing.nextUnpinNs() <= now) this.thrashing.unpin(now);
    this.tools.flush();
  }

  /** A CPU fault: one page. The thread sleeps while the page is throttled, then tries again. */
  faultNow(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number): boolean {
    assert(processor === CPU, 'faults of a GPU go through its fault buffer');
    this.beginBatch();
    const start = this.settleClock(CPU);
    const { work, cpuFault, cpuAnswer } = this;
    const index = Math.floor(granule / this.granulesPerBlock);
    const block = this.blockAt(index);
    cpuFault.page = granule - index * this.granulesPerBlock;
    cpuFault.access = op === READ ? ACCESS.read : ACCESS.atomicStrong;
    cpuFault.mask = 1 << cpuFault.access;
    cpuFault.op = op;
    cpuFault.object = object;
    work.begin(start);
    work.cpuFault(block.holders(cpuFault.page) === 0);
    for (let naps = 0; ; naps++) {
      assert(naps < MOST_NAPS, 'a CPU thread is throttled on one page without an end');
      this.blocks.serve(block, CPU, [cpuFault], 1, OPERATION.replayableFault, cpuAnswer);
      if (cpuAnswer[0] !== ANSWER.throttled) break;
      this.nap(index, cpuFault.page, this.blocks.throttledUntilNs * 1000);
    }
    this.stall(this.ledger.objectOf[granule]!, work.endPs - start);
    this.clocks.reach(CPU, work.endPs);
    this.tools.flush();
    this.config.batchServiced();
    return true;
  }

  /** The CPU's throttling: its thread sleeps, and the events stand around the sleep (uvm_va_space.c:2554-2650). */
  private nap(block: number, page: number, untilPs: number): void {
    const { work, tools } = this;
    if (untilPs <= work.endPs) return;
    this.tellThrashing(THRASHING_EVENT.throttlingStart, block, page, CPU);
    tools.flush();
    work.begin(untilPs);
    this.tellThrashing(THRASHING_EVENT.throttlingEnd, block, page, CPU);
  }
}
