/**
 * UVMSmart on GPGPU-Sim, as its authors ran it: demand paging of one GPU with hardware prefetchers and evictions over a
 * binary tree of 64 KiB blocks per large page, zero-copy schemes by access counters, and one read and one write channel.
 * Faults are decided one at a time; a thread group goes on when all its pages are there, which stay until then, others go on
 * meanwhile, and a kernel is over when all transfers are. The latency of faults is added after the run. What the simulator
 * does not have is not here either: a CPU page table, fault batches, costs of eviction and of TLB shootdowns.
 *
 * Source: DebashisGanguly/gpgpu-sim_UVMSmart. Left out: faults of one cycle that are taken together, TLBs (a hit costs nothing
 * either way), and the runtime of DATE 2021.
 */
import { assert } from '../../../base/assert';
import { NO_OBJECT } from '../../../model/events';
import type { MachineSpec } from '../../../model/machine';
import type { SystemReport } from '../../../model/memory-system';
import { CPU, READ, type AccessOp, type ProcessorIndex } from '../../../model/processor';
import { METRIC, REASON } from '../../../kit/codes';
import type { AccessRun, HotMasks } from '../../../contracts/accessed-memory';
import { MemorySystem, type MemoryConfig } from '../../../kit/memory-system';
import { NO_ORDER } from '../../../kit/recency-order';
import { OWNER_MASK } from '../../../kit/residency';
import type { DeviceFaults, FaultHardware } from '../../../contracts/fault-service';
import { type Granule, asGranule } from '../../../base/indices';
import { layOutTrees, type Tree } from '../decisions/trees';
import { Books, type BookKeeping } from './books';
import { Gmmu } from './gmmu';
import type { UvmsmartParams } from '../params';
import { DEVICE } from './resident-pages';
import { summarizeUvmsmart } from './summary';
import { UvmsmartTally } from './tally';
import { LEAF_PAGES, PAGE_BYTES, psOfCycles } from '../decisions/units';
import { UvmsmartQueue, type QueueHost } from './faults';

/** Memory accesses of a thread group to the same line are one request (GPGPU-Sim coalesces as compute capability 1.3 does). */
const LINE_BYTES = 128;
/** A zero-copy request, in core cycles (UVMSmart, gpu-sim.cc, get_ready_cycle_dma: 200 whatever the size). */
const REMOTE_CYCLES = 200;

/** Thread groups as the machine has them; the simulator limits no faults. One thread, where the machine says nothing. */
function unlimited({ gpu }: MachineSpec): FaultHardware {
  const [smCount, smsPerUtlb, utlbs] = [gpu?.smCount.value ?? 1, gpu?.smCount.value ?? 1, 1];
  return {
    threadsPerGroup: gpu?.threadsPerWarp.value ?? 1,
    groupsInFlight: smCount * (gpu?.warpsPerSm.value ?? 1),
    ...{ smCount, smsPerUtlb, utlbs, faultsPerUtlb: Infinity, bufferEntries: Infinity },
  };
}

export class UvmsmartMemory extends MemorySystem implements BookKeeping, QueueHost {
  readonly tally = new UvmsmartTally();
  readonly books = new Books(this);
  readonly gmmu: Gmmu;
  /** Every access counts: for the recency of its page, and for the counter of its block. */
  override readonly hasObserver = true;
  private readonly trees: readonly Tree[];
  /** No access of the device is a plain hit: an observer sees every one. */
  private readonly masks: HotMasks = { mask: new Uint8Array(4), want: new Uint8Array(4).fill(1) };
  override readonly uses = NO_ORDER;
  override readonly deviceFaults: DeviceFaults;

  constructor(
    private readonly params: UvmsmartParams,
    config: MemoryConfig,
  ) {
    super(config);
    const leaves = Math.ceil(this.granules / LEAF_PAGES);
    this.trees = layOutTrees(config.space.objects, leaves);
    const { links, residency, books, tally, trees } = this;
    this.gmmu = new Gmmu({
      ...{ params, trees, leaves, residency, books, tally },
      capacity: this.capacity(),
      seed: config.policies.seed,
      arrived: (page) => queue.arrives(page),
      transferPs: links && ((from, to, pages) => links.durationPs(from, to, pages * PAGE_BYTES)),
    });
    const { gpu } = config.machine;
    const memoryPs = links ? (gpu?.memoryLatency.value ?? 0) : 0;
    const queue = new UvmsmartQueue(this, this.gmmu, () => this.cyclesPs(params.page_table_walk_latency), memoryPs);
    this.deviceFaults = { hardware: unlimited(config.machine), path: queue };
    this.populate();
  }

  /** Everything begins in host memory, the pages of the rounding included: they belong to the object they round up. */
  private populate(): void {
    for (const { first, leaves, object } of this.trees)
      for (
        let page = asGranule(first * LEAF_PAGES);
        page < Math.min((first + leaves) * LEAF_PAGES, this.granules);
        page++
      ) {
        this.residency.place(page, CPU);
        if (object >= 0 && this.ledger.objectOf[page] === NO_OBJECT) this.ledger.objectOf[page] = object;
      }
  }

  /** On a machine that only counts, cycles take no time. */
  private cyclesPs(cycles: number): number {
    return this.links ? psOfCycles(cycles, this.params.core_freq) : 0;
  }

  // --- the executor's questions ---
  hotState(_processor: ProcessorIndex): Uint8Array {
    return this.residency.state;
  }
  hotMasks(_processor: ProcessorIndex): HotMasks {
    return this.masks;
  }
  isLocal(processor: ProcessorIndex, granule: Granule): boolean {
    return (this.residency.state[granule]! & OWNER_MASK) === processor + 1;
  }
  mapsRemotely(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    return processor !== CPU && op === READ && this.gmmu.remoteReads(granule) > 0;
  }
  /** In elements: a request is a line of 128 bytes, which a thread group makes of its threads' accesses. */
  remoteBudget(_processor: ProcessorIndex, granule: Granule): number {
    const { elementBytes } = this.config.space.objects[this.ledger.objectOf[granule]!]!;
    return this.gmmu.remoteReads(granule) * Math.max(1, Math.floor(LINE_BYTES / elementBytes));
  }
  remoteAccess(_processor: ProcessorIndex, granule: Granule, _count: number, bytes: number): void {
    this.ledger.count(this.ledger.objectOf[granule]!, METRIC.remoteBytes, bytes);
  }
  /** Nothing to do: the next access finds the threshold reached, and faults. */
  counterNotifies(_processor: ProcessorIndex, _granule: number): void {}

  override onAccess(processor: ProcessorIndex, { granule, op, stride, count, bytes }: AccessRun): void {
    if (processor === CPU) return;
    const span = count > 1 ? (count - 1) * Math.min(Math.abs(stride), LINE_BYTES) + bytes : bytes;
    const requests = Math.ceil(span / LINE_BYTES);
    if (!this.isLocal(processor, granule)) this.zeroCopy(processor, requests);
    this.gmmu.accessed(granule, op, requests);
  }

  private zeroCopy(processor: ProcessorIndex, requests: number): void {
    const remotePs = this.cyclesPs(REMOTE_CYCLES);
    this.tally.remoteRequests += requests;
    if (!this.links) return;
    const now = this.settleClock(processor);
    this.gmmu.advance(now);
    this.tally.remotePs += requests * remotePs;
    const end = this.gmmu.port.remote(now, requests, remotePs);
    // Thread groups wait for their own requests; the device stands still when all of them do.
    this.clocks.reach(processor, end - (this.deviceFaults.hardware.groupsInFlight - 1) * remotePs);
  }

  // --- faults ---
  /** The CPU's faults; the device raises its own through the queue. */
  faultNow(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number): boolean {
    assert(processor === CPU, 'the device raises faults through its queue');
    this.beginBatch();
    this.synchronize(granule, this.report(CPU, granule, op, object, REASON.notResident));
    this.config.batchServiced();
    return true;
  }

  deviceNowPs(): number {
    return this.clocks.now(DEVICE);
  }
  faultBegins(granule: Granule, op: AccessOp, object: number): number {
    this.beginBatch();
    return this.report(DEVICE, granule, op, object, REASON.notResident);
  }
  faultEnds(): void {
    this.config.batchServiced();
  }
  merged(): void {
    this.tally.merged++;
  }
  stoodStill(granules: readonly number[], ps: number): void {
    this.tally.deviceStallPs += ps;
    for (const granule of granules) this.stall(this.ledger.objectOf[granule]!, ps / granules.length);
  }

  /**
   * The CPU touches memory that lies on the device. The simulator knows this only as the end of the program, where results
   * are copied back; here all of the object comes home, large page by large page, before the CPU goes on.
   */
  private synchronize(granule: Granule, cause: number): void {
    const { trees } = this;
    const own = this.gmmu.treeOf(granule);
    const { object } = trees[own]!;
    const chosen = object < 0 ? [own] : trees.flatMap((tree, index) => (tree.object === object ? [index] : []));
    const start = this.clocks.now(CPU);
    const end = Math.max(start, this.gmmu.synchronize(chosen, cause));
    this.clocks.reach(CPU, end);
    this.stall(this.ledger.objectOf[granule]!, end - start);
  }

  // --- results ---
  /** A kernel is over when all transfers are. */
  override stepEnds(processor: ProcessorIndex, beganPs: number): void {
    if (processor !== CPU) {
      this.gmmu.advance(this.clocks.now(processor));
      this.clocks.reach(processor, this.gmmu.settle());
      // The logs count from the first instruction: the launch is not in their kernel time.
      const launchPs = this.config.machine.timing?.kernelLaunch.value ?? 0;
      this.tally.kernelPs += this.clocks.now(processor) - beganPs - launchPs;
    }
    this.tally.items.add(this.clocks.now(processor) - beganPs);
  }
  override barrier(durationPs: number): void {
    this.tally.barriers.add(durationPs);
  }
  override systemReport(): SystemReport {
    return summarizeUvmsmart(this);
  }
}
