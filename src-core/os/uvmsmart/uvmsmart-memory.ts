/**
 * UVMSmart on GPGPU-Sim, as its authors ran it: demand paging of one GPU with hardware prefetchers and evictions over a
 * binary tree of 64 KiB blocks per large page, zero-copy schemes by access counters, and one read and one write channel.
 * Faults are raised one at a time; the kernel goes on when the page that faulted is there, what else was asked for arrives
 * meanwhile, and a kernel is over when all transfers are. The latency of faults is added after the run. What the simulator
 * does not have is not here either: a CPU page table, fault batches, costs of eviction and of TLB shootdowns.
 *
 * Source: DebashisGanguly/gpgpu-sim_UVMSmart. Left out: warps that fault in the same cycle, accesses in flight that protect
 * their pages, TLBs (a hit costs nothing either way), and the runtime of DATE 2021.
 */
import { NO_OBJECT } from '../../model/events';
import type { SystemChoice, SystemSummary } from '../../model/memory-system';
import { CPU, READ, type AccessOp, type ProcessorIndex } from '../../model/processor';
import { METRIC, REASON } from '../codes';
import { type HotMasks, type MemoryConfig, MemorySystem } from '../memory-system';
import { HIT_MASK, OWNER_MASK, PENDING } from '../residency';
import { layOutTrees, type Tree } from './allocations';
import { Books, type BookKeeping } from './books';
import { Gmmu } from './gmmu';
import { readOptions, type UvmsmartOptions } from './options';
import type { PageRun } from './prefetch';
import { DEVICE } from './resident-pages';
import { summarizeUvmsmart } from './summary';
import { UvmsmartTally } from './tally';
import { LEAF_PAGES, PAGE_BYTES } from './units';

export class UvmsmartMemory extends MemorySystem implements BookKeeping {
  readonly tally = new UvmsmartTally();
  readonly books = new Books(this);
  readonly options: UvmsmartOptions;
  readonly gmmu: Gmmu;
  /** Every access counts: for the recency of its page, and for the counter of its block. */
  override readonly watches = true;
  private readonly trees: readonly Tree[];
  private readonly masks: HotMasks = {
    mask: new Uint8Array(4).fill(HIT_MASK),
    want: new Uint8Array(4).fill(DEVICE + 1),
  };

  constructor(
    readonly system: SystemChoice,
    config: MemoryConfig,
  ) {
    super(config);
    this.options = readOptions(system);
    const leaves = Math.ceil(this.granules / LEAF_PAGES);
    this.trees = layOutTrees(config.space.objects, leaves);
    const { links, residency, books, tally, options, trees } = this;
    this.gmmu = new Gmmu({
      ...{ options, trees, leaves, residency, books, tally },
      capacity: this.capacity(),
      seed: config.policies.seed,
      transferPs: links && ((from, to, pages) => links.durationPs(from, to, pages * PAGE_BYTES)),
    });
    this.populate();
  }

  /** Everything begins in host memory, the pages of the rounding included: they belong to the object they round up. */
  private populate(): void {
    for (const { first, leaves, object } of this.trees)
      for (let page = first * LEAF_PAGES; page < Math.min((first + leaves) * LEAF_PAGES, this.granules); page++) {
        this.residency.place(page, CPU);
        if (object >= 0 && this.ledger.objectOf[page] === NO_OBJECT) this.ledger.objectOf[page] = object;
      }
  }

  // --- the executor's questions ---
  hotState(_processor: ProcessorIndex): Uint8Array {
    return this.residency.state;
  }
  hotMasks(_processor: ProcessorIndex): HotMasks {
    return this.masks;
  }
  isLocal(processor: ProcessorIndex, granule: number): boolean {
    return (this.residency.state[granule]! & OWNER_MASK) === processor + 1;
  }
  setPending(_processor: ProcessorIndex, granule: number): void {
    this.residency.state[granule] = this.residency.state[granule]! | PENDING;
  }
  isPending(_processor: ProcessorIndex, granule: number): boolean {
    return (this.residency.state[granule]! & PENDING) !== 0;
  }
  mapsRemotely(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return processor !== CPU && op === READ && this.gmmu.remoteReads(granule) > 0;
  }
  remoteBudget(_processor: ProcessorIndex, granule: number): number {
    return this.gmmu.remoteReads(granule);
  }
  remoteAccess(processor: ProcessorIndex, granule: number, count: number, bytes: number): void {
    this.ledger.count(this.ledger.objectOf[granule]!, METRIC.remoteBytes, bytes);
    this.tally.remoteRequests += count;
    if (!this.links) return;
    const now = this.settleClock(processor);
    this.advance(now);
    this.tally.remotePs += count * this.options.remotePs;
    this.clocks.reach(processor, this.gmmu.port.remote(now, count, this.options.remotePs));
  }
  /** Nothing to do: the next access finds the threshold reached, and faults. */
  counterNotifies(_processor: ProcessorIndex, _granule: number): void {}

  override watched(
    processor: ProcessorIndex,
    granule: number,
    op: AccessOp,
    _start: number,
    _stride: number,
    count: number,
  ): void {
    if (processor !== CPU) this.gmmu.accessed(granule, op, count);
  }

  // --- faults ---
  decide(_processor: ProcessorIndex, _granule: number, _op: AccessOp): number {
    return REASON.notResident;
  }

  faultNow(processor: ProcessorIndex, granule: number, op: AccessOp, object: number): boolean {
    const now = this.settleClock(processor);
    this.advance(now);
    if (this.isLocal(processor, granule)) return true; // it arrived meanwhile
    if (processor !== CPU && this.gmmu.isComing(granule)) {
      this.tally.merged++;
      this.wait(processor, granule, now);
      return true;
    }
    this.beginBatch();
    const ordinal = this.report(processor, granule, op, object, REASON.notResident);
    this.service(processor, [granule], [ordinal], 1);
    return true;
  }

  service(processor: ProcessorIndex, granules: ArrayLike<number>, causes: ArrayLike<number>, count: number): void {
    const start = this.settleClock(processor);
    for (let i = 0; i < count; i++) {
      const granule = granules[i]!;
      this.residency.state[granule] = this.residency.state[granule]! & ~PENDING;
      if (this.isLocal(processor, granule)) continue;
      if (processor === CPU) {
        this.synchronize(granule, causes[i]!);
        continue;
      }
      this.advance(start + (this.links ? this.options.pageWalkPs : 0));
      if (!this.gmmu.isComing(granule)) this.gmmu.fault(granule, causes[i]!);
      this.wait(processor, granule, start);
    }
    this.config.batchServiced();
  }

  /** The processor stands still until the page is there. */
  private wait(processor: ProcessorIndex, page: number, fromPs: number): void {
    const waited = this.gmmu.waitFor(page) - fromPs;
    this.clocks.reach(processor, fromPs + waited);
    this.stall(this.ledger.objectOf[page]!, waited);
    this.tally.deviceStallPs += Math.max(0, waited);
  }

  /**
   * The CPU touches memory that lies on the device. The simulator knows this only as the end of the program, where results
   * are copied back; here all of the object comes home, large page by large page, before the CPU goes on.
   */
  private synchronize(granule: number, cause: number): void {
    const { trees } = this;
    const own = this.gmmu.treeOf(granule);
    const { object } = trees[own]!;
    const chosen = object < 0 ? [own] : trees.flatMap((tree, index) => (tree.object === object ? [index] : []));
    const start = this.clocks.now(CPU);
    const end = Math.max(start, this.gmmu.synchronize(chosen, cause));
    this.clocks.reach(CPU, end);
    this.stall(this.ledger.objectOf[granule]!, end - start);
  }

  /** Simulates transfers up to an instant of a processor's clock. */
  private advance(untilPs: number): void {
    this.gmmu.port.advance(untilPs, () => false);
  }

  // --- what the run tells and the books ask ---
  place(): { access: number; batch: number; step: number } {
    return { access: this.accessCount, batch: this.batchNow, step: this.step };
  }
  moved({ first, count }: PageRun, ordinal: number): void {
    this.lastTransfer.fill(ordinal, first, first + count);
  }

  /** A kernel is over when all transfers are. */
  override stepEnds(processor: ProcessorIndex, beganPs: number): void {
    if (processor === CPU) return;
    this.advance(this.clocks.now(processor));
    this.clocks.reach(processor, this.gmmu.settle());
    const duration = this.clocks.now(processor) - beganPs;
    this.tally.kernelPs += duration;
    this.tally.kernels.add(duration);
  }
  override barrier(durationPs: number): void {
    this.tally.barriers.add(durationPs);
  }
  override systemSummary(): SystemSummary {
    return summarizeUvmsmart(this);
  }
}
