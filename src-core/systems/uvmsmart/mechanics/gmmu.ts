/**
 * The memory-management unit of the simulated GPU: which pages are here, on their way or chosen to leave, and what happens
 * when transfers start and end. Decisions: decisions/{prefetch,eviction,residency}.ts. Source: UVMSmart, gpu-sim.cc, gmmu_t.
 */
import { assert } from '../../../base/assert';
import { randomStream, type Random } from '../../../base/random';
import { NO_EVENT } from '../../../model/events';
import { CPU, READ, WRITE, type AccessOp, type ProcessorIndex } from '../../../model/processor';
import type { Residency } from '../../../kit/residency';
import { type Granule, asGranule } from '../../../base/indices';
import type { Tree } from '../decisions/trees';
import type { Books } from './books';
import { Port, type PortOwner, type ReadRequest, type WriteRequest } from './channels';
import { migrationThreshold } from '../decisions/residency';
import { BlockCounters } from './counters';
import { chooseVictims, type EvictionView, type TreeUse } from '../decisions/eviction';
import type { UvmsmartParams } from '../params';
import { choosePages, cutTransfers, type PageRun, type PrefetchView } from '../decisions/prefetch';
import { DEVICE, ResidentPages } from './resident-pages';
import type { UvmsmartTally } from './tally';
import { LEAF_PAGES, psOfCycles } from '../decisions/units';
import { ValidTrees } from '../decisions/valid-tree';

/** Page flags: requested and not there yet; chosen for write-back and not gone yet; was here once; was used here. */
const IN_FLIGHT = 1;
const STAGED = 2;
const CAME = 4;
const USED = 8;
/** An access waits for it: not to be chosen before it was made. */
const RESERVED = 16;
/** Kinds of access to a tree. */
const WAS_READ = 1;
const WAS_WRITTEN = 2;

export interface GmmuConfig {
  readonly params: UvmsmartParams;
  readonly trees: readonly Tree[];
  /** Leaves of the whole space. */
  readonly leaves: number;
  /** Pages that the device holds. */
  readonly capacity: number;
  readonly seed: number;
  readonly residency: Residency;
  readonly books: Books;
  readonly tally: UvmsmartTally;
  /** Called for each page that becomes resident. */
  readonly arrived: (page: Granule) => void;
  /** ps of a transfer of so many pages; null on a machine without a clock. */
  readonly transferPs: ((from: ProcessorIndex, to: ProcessorIndex, pages: number) => number) | null;
}

export class Gmmu implements PortOwner, PrefetchView, EvictionView {
  readonly port: Port;
  readonly trees: ValidTrees;
  readonly random: Random;
  private readonly listed: ResidentPages;
  private readonly counters: BlockCounters;
  private readonly flags: Uint8Array;
  private readonly accessesOfTree: Float64Array;
  private readonly kindsOfTree: Uint8Array;
  private isOversubscribed = false;
  /** Pages with memory on the device, those of a transfer in progress included. */
  private used = 0;
  private lastFault = NO_EVENT;
  /** Pages that an access waits for may be chosen. */
  private ignoresWaiters = false;

  constructor(private readonly config: GmmuConfig) {
    const { trees, leaves, residency, seed, transferPs } = config;
    this.trees = new ValidTrees(trees);
    this.listed = new ResidentPages(residency, trees, leaves);
    this.counters = new BlockCounters(leaves);
    this.random = randomStream(seed, 'system/uvmsmart');
    this.flags = new Uint8Array(leaves * LEAF_PAGES);
    this.accessesOfTree = new Float64Array(trees.length);
    this.kindsOfTree = new Uint8Array(trees.length);
    this.port = new Port(this, (pages) => transferPs?.(CPU, DEVICE, pages) ?? 0);
  }

  // --- accesses ---
  isHere(page: Granule): boolean {
    return this.config.residency.ownerOf(page) === DEVICE;
  }
  isComing(page: Granule): boolean {
    return (this.flags[page]! & IN_FLIGHT) !== 0;
  }

  /** Reads of an absent page that are still made over the link before one migrates it. */
  remoteReads(page: Granule): number {
    const { port } = this;
    const { params } = this.config;
    if (params.enable_dma === 'disabled' || this.isComing(page)) return 0;
    const leaf = Math.floor(page / LEAF_PAGES);
    const threshold = migrationThreshold(params, this.counters.roundTrips(leaf), {
      isOversubscribed: this.isOversubscribed,
      occupancy: (this.keptFree() + this.used + port.readPages) / (this.config.capacity + port.writePages),
    });
    // An access counts before it is judged: the one that reaches the threshold migrates.
    return Math.max(0, threshold - 1 - this.counters.accesses(leaf));
  }

  /** `count` accesses to a page were made, here or over the link. */
  accessed(page: Granule, op: AccessOp, count: number): void {
    const leaf = Math.floor(page / LEAF_PAGES);
    const tree = this.listed.treeOf(page);
    if (this.counters.count(leaf, count))
      for (let i = 0; i < this.accessesOfTree.length; i++)
        this.accessesOfTree[i] = Math.floor(this.accessesOfTree[i]! / 2);
    this.accessesOfTree[tree] = this.accessesOfTree[tree]! + count;
    const kind = op === READ ? WAS_READ : op === WRITE ? WAS_WRITTEN : WAS_READ | WAS_WRITTEN;
    this.kindsOfTree[tree] = this.kindsOfTree[tree]! | kind;
    if (!this.isHere(page)) return;
    if ((this.flags[page]! & STAGED) !== 0) this.callOff(page);
    if ((this.flags[page]! & RESERVED) !== 0) this.listed.reserve(page, -1);
    this.flags[page] = (this.flags[page]! & ~RESERVED) | USED;
    this.listed.touch(page);
  }

  /** Decides what a fault brings, and queues it. */
  fault(page: Granule, cause: number): void {
    const { port, faultPs } = this;
    const { tally, capacity, params } = this.config;
    const isInLine = params.enable_accurate_simulation;
    if (!isInLine) tally.faultPs += faultPs;
    this.lastFault = cause;
    const waiting = port.readPages;
    const prefetcher = this.isOversubscribed ? params.hwprefetch_oversub : params.hardware_prefetch;
    const pages = choosePages(prefetcher, page, this);
    for (const each of pages) this.flags[each] = this.flags[each]! | IN_FLIGHT;
    for (const run of cutTransfers(pages, page, capacity)) {
      const faulted = run.first <= page && page < run.first + run.count ? page : -1;
      port.read({ ...run, faulted, cause, extraPs: isInLine && faulted >= 0 ? faultPs : 0 });
    }
    if (this.isShort(waiting + pages.length, 0)) this.isOversubscribed = true;
  }

  /** Latency of a far fault; 0 on a machine without a clock. */
  private get faultPs(): number {
    const { params, transferPs } = this.config;
    return transferPs ? psOfCycles(params.page_fault_latency, params.core_freq) : 0;
  }
  private victims(): readonly PageRun[] {
    const { eviction_policy: scheme, reserve_accessed_page_percent: reserved } = this.config.params;
    return chooseVictims(scheme, reserved / 100, this);
  }

  /** An access waits for the page: it stays until the access was made. */
  reserve(page: Granule): void {
    if ((this.flags[page]! & RESERVED) === 0) this.listed.reserve(page, 1);
    this.flags[page] = this.flags[page]! | RESERVED;
  }
  /** Simulates transfers up to an instant, or until `done`; returns the instant reached. */
  advance(untilPs: number, done: () => boolean = () => false): number {
    return this.port.advance(untilPs, done);
  }
  /** Simulates until no transfer waits or is under way; returns when. */
  settle(): number {
    return this.port.advance(Infinity, () => this.port.isIdle);
  }

  /** Moves everything in the trees to the host for the CPU. Returns the time of arrival. */
  synchronize(trees: readonly number[], cause: number): number {
    this.settle();
    for (const tree of trees) {
      const { first, leaves } = this.tree(tree);
      for (const run of this.residentRuns(asGranule(first * LEAF_PAGES), leaves * LEAF_PAGES))
        this.stage(run, cause, false);
      this.trees.clear(tree);
    }
    return this.settle();
  }

  private residentRuns(from: Granule, count: number): PageRun[] {
    const runs: PageRun[] = [];
    for (let page = from; page < from + count; page++) {
      if (!this.isHere(page) || (this.flags[page]! & STAGED) !== 0) continue;
      const last = runs.at(-1);
      if (last && last.first + last.count === page)
        runs[runs.length - 1] = { first: last.first, count: last.count + 1 };
      else runs.push({ first: page, count: 1 });
    }
    return runs;
  }

  /** Pages that were brought and that the device never used. */
  untouchedPages(): number {
    let pages = 0;
    for (const flags of this.flags) if ((flags & (CAME | USED)) === CAME) pages++;
    return pages;
  }

  // --- the port ---
  freePages(): number {
    return this.config.capacity - this.used;
  }
  private keptFree(): number {
    return this.config.capacity * (this.config.params.percentage_of_free_page_buffer / 100);
  }
  /** Does what is here and what comes exceed the memory, what leaves taken off? */
  private isShort(incoming: number, outgoing: number): boolean {
    return this.used + incoming + this.keptFree() > this.config.capacity + outgoing;
  }
  makeRoom(): boolean {
    if (!this.isShort(this.port.readPages, this.port.outgoing)) return false;
    const victims = this.victims();
    for (const run of victims) this.stage(run, this.lastFault, true);
    return victims.length > 0;
  }
  /**
   * Every victim that the scheme would choose has a page that an access waits for, or is not whole. In the simulator such an
   * access is over soon after its page arrived; here it waits for the others of its thread group. So the scheme chooses once
   * more, and in the last resort takes the oldest page alone.
   */
  stuck(): void {
    this.ignoresWaiters = true;
    const victims = this.victims();
    const taken = victims.length > 0 ? victims : [this.oldestAlone()];
    for (const run of taken) {
      this.config.tally.forced += run.count;
      this.stage(run, this.lastFault, true);
    }
    this.ignoresWaiters = false;
  }
  private oldestAlone(): PageRun {
    const { residency } = this.config;
    let page = asGranule(residency.recency.oldest[DEVICE]!);
    while (page >= 0 && !this.isEvictable(page)) page = residency.recency.younger(page);
    assert(page >= 0, 'a device without a page that could leave has no room for a transfer that is cut to its size');
    this.trees.subtract(this.treeOf(page), Math.floor(page / LEAF_PAGES), 1);
    return { first: page, count: 1 };
  }
  private stage({ first, count }: PageRun, cause: number, isEviction: boolean): void {
    for (let page = first; page < first + count; page++) {
      this.flags[page] = this.flags[page]! | STAGED;
      this.listed.unlist(page);
    }
    this.port.write({ first, count, cause, isEviction });
  }

  /** A page in the queue of write-backs is used again: its whole request is called off. */
  private callOff(page: Granule): void {
    const request = this.port.writes.find(({ first, count }) => first <= page && page < first + count);
    if (!request) return;
    this.port.cancel(request);
    this.config.tally.cancelled++;
    for (let each = request.first; each < request.first + request.count; each++) {
      this.flags[each] = this.flags[each]! & ~STAGED;
      this.trees.add(this.treeOf(each), Math.floor(each / LEAF_PAGES), 1);
      this.listed.list(each);
    }
  }

  readStarts(request: ReadRequest, timePs: number, durationPs: number): void {
    const { tally, books } = this.config;
    this.used += request.count;
    tally.reads(request.count, durationPs, this.used);
    books.reads(request, timePs, durationPs);
  }

  readEnds(request: ReadRequest): void {
    this.config.books.arrives(request);
    for (let page = request.first; page < request.first + request.count; page++) {
      this.flags[page] = (this.flags[page]! & ~IN_FLIGHT) | CAME;
      this.listed.list(page);
      this.config.arrived(page);
    }
  }

  writeStarts(request: WriteRequest, timePs: number): number {
    const { first, count, isEviction } = request;
    const { tally, books, transferPs } = this.config;
    const tree = this.treeOf(first);
    const isDropped = isEviction && this.config.params.invalidate_clean && this.kindsOfTree[tree] === WAS_READ;
    const durationPs = isDropped ? 0 : (transferPs?.(DEVICE, CPU, count) ?? 0);
    for (let page = first; page < first + count; page++) this.flags[page] = this.flags[page]! & ~STAGED;
    this.used -= count;
    if (isEviction) this.counters.returned(this.tree(tree).first, this.tree(tree).leaves);
    tally.leaves(count, durationPs, isEviction, !isDropped);
    books.leaves(request, timePs, durationPs, !isDropped);
    return durationPs;
  }

  // --- views of prefetch and eviction ---
  treeOf(page: Granule): number {
    return this.listed.treeOf(page);
  }
  tree(index: number): Tree {
    return this.config.trees[index]!;
  }
  isAbsent(page: Granule): boolean {
    return page < this.config.residency.granules && !this.isHere(page) && !this.isComing(page);
  }
  isEvictable(page: Granule): boolean {
    return this.isHere(page) && (this.flags[page]! & (this.ignoresWaiters ? STAGED : STAGED | RESERVED)) === 0;
  }
  isLeafEvictable(leaf: number): boolean {
    return this.listed.isLeafWhole(leaf, this.ignoresWaiters);
  }
  isTreeEvictable(tree: number): boolean {
    return this.listed.isTreeWhole(tree, this.ignoresWaiters);
  }
  use(tree: number): TreeUse {
    return { accesses: this.accessesOfTree[tree]!, kinds: this.kindsOfTree[tree]! };
  }
  oldestTree(): number {
    return this.listed.treesByUse.oldest;
  }
  youngerTree(tree: number): number {
    return this.listed.treesByUse.younger(tree);
  }
  leavesByUse(tree: number): readonly number[] {
    return this.listed.leavesByUse(tree);
  }
  pagesByUse(tree: number): readonly number[] {
    return this.listed.pagesByUse(tree);
  }
  get listedPages(): number {
    return this.listed.listedPages;
  }
  get listedLeaves(): number {
    return this.listed.listedLeaves;
  }
  get listedTrees(): number {
    return this.listed.listedTrees;
  }
  pageAt(index: number): Granule {
    return this.config.residency.residentAt(DEVICE, index);
  }
  get pages(): number {
    return this.config.residency.residents(DEVICE);
  }
}
