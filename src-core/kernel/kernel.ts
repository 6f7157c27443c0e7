/**
 * One Linux: frames, LRU, swap, processes, device memory. State and the primitives that keep its books; what the system
 * calls and faults do with it is in the files beside this one. Every function is synchronous. To overlap two operations
 * (a CPU access during a migration), call one between the phases of the other, as the tests do.
 */
import type { FileInode } from './file';
import type { DevicePagemap } from './device-memory';
import { F } from './frame-flags';
import { FramePool } from './frame-pool';
import { Frames } from './frames';
import { Lru } from './lru';
import { Memcg, Mm, Process } from './mm';
import type { NotifyRange } from './notifier';
import type { NumaScan } from './numa';
import { folioPages, PMD_ORDER, PMD_PAGES, type Page } from './page';
import { PteTables } from './pte-tables';

/** Which Linux: 6.12 (base pages on devices) or a current tree (PMD-sized device folios). Semantics section 0. */
export type Profile = '612' | 'cur';

export interface NodeSpec {
  readonly name: string;
  readonly pages: number;
  /** Ordinary allocations may fall back to this node when theirs is full. */
  readonly fallback: boolean;
  /** Kernel allocations may land here (requirement 1b, 2). */
  readonly kernelAllocations: boolean;
  /** CMA/movable cover: long-term pins move pages away first. */
  readonly movable: boolean;
}

export interface KernelConfig {
  readonly profile: Profile;
  /** Pages carry bytes. */
  readonly contents: boolean;
  /** Node 0 is the host. */
  readonly nodes: readonly NodeSpec[];
  readonly swapPages: number;
  readonly thp: 'always' | 'madvise' | 'never';
  /** Free huge pages of the default size (2 MiB) in the hugetlb pool. */
  readonly hugetlbPages: number;
  /** vm.zone_reclaim_mode is not 0: a full node is reclaimed before memory of others is taken. true where absent. */
  readonly zoneReclaim?: boolean;
  /** Small pages (4 KiB) of one page of the kernel: 16 with CONFIG_ARM64_64K_PAGES; 1 where absent. See base-page.ts. */
  readonly basePages?: number;
}

/** Observers of kernel operations. All are optional; none may change state. */
export interface KernelHooks {
  /** The entries of pages [vpn, vpn + pages), which lie in one PMD, have changed. */
  entriesChanged?: (mm: Mm, vpn: number, pages: number) => void;
  notified?: (range: NotifyRange) => void;
  /** Bytes were copied from one folio to another, by head frames (−1: none), for a reason such as `cow` or `migrate`. */
  copied?: (from: number, to: number, pages: number, reason: string) => void;
  /** A page was given out or came back. */
  allocated?: (head: Page) => void;
  freed?: (head: Page) => void;
  /** The child exists, its address space is still empty. */
  forked?: (parent: Process, child: Process) => void;
  /** A fault was handled for the CPU (remote: for a device or GUP). */
  faulted?: (mm: Mm, vpn: number, write: boolean, remote: boolean, what: string) => void;
}

export interface KernelCounters {
  minorFaults: number;
  majorFaults: number;
  cowBreaks: number;
  swapOuts: number;
  swapIns: number;
  writebacks: number;
  thpFaults: number;
  thpSplits: number;
  thpCollapses: number;
  oomKills: number;
  numaHintFaults: number;
  numaMigrated: number;
  demoted: number;
  promoted: number;
  /** Base pages that an allocation for another node took from this one: the emergency use of requirement 1b. */
  spilled: number;
  /** Small pages that came into being with the rest of a larger base page: memory to clear. */
  zeroedRest: number;
}

/** Flags that outlive the use of a frame. */
const FREED = F.kind | F.large | F.tail;

/** Pages that direct reclaim frees at once, where all nodes are full. */
const SWAP_CLUSTER_MAX = 32;

export class Kernel {
  hooks: KernelHooks = {};
  readonly processes: Process[] = [];
  readonly files: FileInode[] = [];
  readonly rootMemcg = new Memcg('/', Infinity);
  readonly frames = new Frames();
  readonly tables = new PteTables();
  readonly lru = new Lru(this.frames);
  /** MADV_FREE was used: anonymous pages may be dropped without swap. */
  hasLazyFree = false;
  /** Swap slots in use: slot → contents, references by swap entries, swap-cache folio. */
  readonly swap = new Map<
    number,
    { data: Uint8Array | null; references: number; cached: Page | null; memcg: Memcg | null }
  >();
  readonly used: number[];
  /** Nodes that are about to go, or gone: nothing is allocated there (memory hot-remove). */
  readonly offline = new Set<number>();
  readonly kernelPages: number[];
  hugetlbFree: number;
  readonly counters: KernelCounters = {
    minorFaults: 0,
    majorFaults: 0,
    cowBreaks: 0,
    swapOuts: 0,
    swapIns: 0,
    writebacks: 0,
    thpFaults: 0,
    thpSplits: 0,
    thpCollapses: 0,
    oomKills: 0,
    numaHintFaults: 0,
    numaMigrated: 0,
    demoted: 0,
    promoted: 0,
    spilled: 0,
    zeroedRest: 0,
  };
  /**
   * Frees at least so many pages of a node by reclaim (where a memcg is named: of that memcg, on any node), or returns
   * false. Set by reclaim.ts when it is wired.
   */
  reclaim: (node: number, pages: number, memcg: Memcg | null) => boolean = () => false;
  /** numa_balancing mode 2: nodes are in tiers (numa.ts); null: mode 1 or off. */
  tiering: {
    /** numa_balancing = 2; absent: on. Off: hint faults of pages that were scanned before promote nothing. */
    readonly promotion?: boolean;
    readonly demotion: boolean;
    readonly hotThresholdMs: number;
    readonly rateMbps: number;
    /** Abstract distances by node (U3); unless given, DRAM for node 0 and the kmem default for the others. */
    readonly distances?: readonly number[];
  } | null = null;
  readonly numaScan: NumaScan = { cursor: new Map(), nowPs: 0, windowPs: 0, candidates: 0 };
  /** Fault injection: the next allocation of this order fails; returns true once. Used by tests and FAIL_ALLOC. */
  failNextLarge = false;
  /**
   * Node of the processor that faults now: 0 for a CPU; a device whose memory is a node sets its own during a fault.
   * Page allocations of a fault take `policyNode(vma.policy, kernel.localNode)`.
   */
  localNode = 0;
  /** Number of the next swap slot that was never used. */
  nextSlot = 0;
  /** Free memory of each node, and frames of drivers. */
  private readonly pools: readonly FramePool[];
  private readonly driverPool = new FramePool(this.frames, { kind: 'driver', node: 0, pagemap: null });
  private nextId = 1;

  /** /sys/kernel/mm/transparent_hugepage/enabled; may change during the run. */
  thp: KernelConfig['thp'];

  /** vm.zone_reclaim_mode; may change during the run. */
  zoneReclaim: boolean;
  /**
   * The allocations that each node accepts besides those that name it. May change during the run; present pages stay.
   */
  readonly admits: { fallback: boolean; kernelAllocations: boolean }[];

  constructor(readonly config: KernelConfig) {
    this.thp = config.thp;
    this.zoneReclaim = config.zoneReclaim !== false;
    this.admits = config.nodes.map(({ fallback, kernelAllocations }) => ({ fallback, kernelAllocations }));
    this.used = config.nodes.map(() => 0);
    this.pools = config.nodes.map((_, node) => new FramePool(this.frames, { kind: 'ram', node, pagemap: null }));
    this.kernelPages = config.nodes.map(() => 0);
    this.hugetlbFree = config.hugetlbPages;
  }

  id(): number {
    return this.nextId++;
  }

  // --- frames ---
  /** Frames of device memory: `pages` consecutive ones, not in use; returns the first. */
  deviceFrames(pagemap: DevicePagemap, pages: number): number {
    return this.frames.add({ kind: pagemap.kind, node: pagemap.node, pagemap }, pages);
  }

  /** Frames that a driver keeps for itself and maps into MIXEDMAP VMAs. */
  driverFrame(): Page {
    const pfn = this.driverPool.take();
    this.frames.reset(pfn);
    this.frames.refs[pfn] = 1;
    return this.frames.page(pfn);
  }

  /**
   * A folio of order 0 or 9 from a node, refcount 1, off the LRU, not charged, not zeroed differently: data is null (zeros).
   * Reclaims when the node is full, then falls back to nodes that allow it, unless `thisNode` (__GFP_THISNODE) forbids it;
   * null = out of memory.
   */
  allocRam(order: number, node: number, thisNode = false): Page | null {
    const pfn = this.allocFrames(order, node, thisNode);
    return pfn < 0 ? null : this.frames.page(pfn);
  }

  /** The same by frame number; −1 = out of memory. */
  allocFrames(order: number, node: number, thisNode = false): number {
    const count = 1 << order;
    if (order === PMD_ORDER && this.failNextLarge) {
      this.failNextLarge = false;
      return -1;
    }
    const where = this.roomFor(node, count, thisNode);
    if (where < 0) return -1;
    this.used[where] = this.used[where]! + count;
    if (where !== node && where > 0) this.counters.spilled += count;
    const pool = this.pools[where]!;
    const pfn = order > 0 ? pool.takeBlock() : pool.take();
    if (order > 0) this.frames.compound(pfn);
    this.setAllocated(pfn);
    return pfn;
  }

  /** Room for so many single pages of a node without reclaim. */
  hasRoom(node: number, pages: number): boolean {
    return this.used[node]! + pages <= this.config.nodes[node]!.pages && !this.offline.has(node);
  }

  private roomFor(node: number, count: number, thisNode: boolean): number {
    const { zoneReclaim, admits } = this;
    const room = (n: number): boolean => this.hasRoom(n, count);
    if (room(node)) return node;
    const reclaimed = (n: number): boolean => {
      if (count > 1 || this.offline.has(n)) return false;
      this.reclaim(n, zoneReclaim ? count : SWAP_CLUSTER_MAX, null);
      return room(n);
    };
    const others = thisNode ? [] : admits.flatMap(({ fallback }, n) => (n !== node && fallback ? [n] : []));
    const spilled = zoneReclaim ? undefined : others.find(room);
    if (spilled !== undefined) return spilled;
    if (reclaimed(node)) return node;
    const last = others.find(zoneReclaim ? room : reclaimed);
    return last ?? -1;
  }

  /**
   * A page for the kernel itself (page cache of others, slab, network): on the host, or on a node that takes kernel
   * allocations when the host is full. It cannot be moved.
   */
  allocKernel(): Page | null {
    for (const [node, spec] of this.config.nodes.entries()) {
      if (this.offline.has(node) || (node > 0 && !this.admits[node]!.kernelAllocations)) continue;
      const room = (): boolean => this.used[node]! < spec.pages;
      if (!room() && !(this.reclaim(node, 1, null) && room())) continue;
      this.used[node] = this.used[node]! + 1;
      this.kernelPages[node] = this.kernelPages[node]! + 1;
      const pfn = this.pools[node]!.take();
      this.setAllocated(pfn);
      return this.frames.page(pfn);
    }
    return null;
  }

  /** Marks a folio given out: refcount 1. Device frames too (T1: the driver allocates, locked). */
  setAllocated(pfn: number): void {
    const { frames } = this;
    frames.reset(pfn);
    if ((frames.flags[pfn]! & F.large) !== 0) for (let at = pfn + 1; at < pfn + PMD_PAGES; at++) frames.reset(at);
    frames.refs[pfn] = 1;
    this.hooks.allocated?.(frames.page(pfn));
  }

  get(page: Page, count = 1): void {
    const head = this.frames.head(page.pfn);
    this.frames.refs[head] = this.frames.refs[head]! + count;
  }

  /** Drops references; the last one frees the folio. */
  put(page: Page, count = 1): void {
    this.putFrame(this.frames.head(page.pfn), count);
  }

  /** The same by the frame number of the head. */
  putFrame(head: number, count = 1): void {
    const { refs } = this.frames;
    const left = refs[head]! - count;
    refs[head] = left;
    if (left < 0) throw new Error(`refcount of frame ${head} fell below zero`);
    if (left === 0) this.free(head);
  }

  private free(head: number): void {
    const { frames } = this;
    const flags = frames.flags[head]!;
    if ((flags & (F.placeMaps | F.moreMaps)) !== 0) throw new Error(`frame ${head} is freed while it is mapped`);
    if (frames.swapSlot.get(head) >= 0) throw new Error(`frame ${head} is freed while it is in the swap cache`);
    this.hooks.freed?.(frames.page(head));
    this.lru.remove(head);
    if (frames.memcg[head] !== 0) this.uncharge(frames.page(head));
    frames.file.set(head, 0);
    const pages = (flags & F.large) !== 0 ? PMD_PAGES : 1;
    for (let pfn = head; pfn < head + pages; pfn++) {
      frames.flags[pfn] = (frames.flags[pfn]! & FREED) | F.free;
      if (frames.data.size > 0) frames.data.delete(pfn);
    }
    if ((flags & F.hugetlb) !== 0) this.hugetlbFree++;
    const { kind, node, pagemap } = frames.owner(head);
    if (pagemap) {
      pagemap.folioFree(head, pages);
      return;
    }
    if (pages > 1) frames.uncompound(head);
    if (kind === 'ram') this.used[node] = this.used[node]! - pages;
    (kind === 'ram' ? this.pools[node]! : this.driverPool).give(head, pages);
  }

  // --- LRU ---
  lruAdd(head: Page): void {
    this.lru.add(head.pfn);
  }

  lruRemove(head: Page): void {
    this.lru.remove(head.pfn);
  }

  /** folio_isolate_lru: takes the folio off the LRU and a reference with it; false when it is not there (G11). */
  isolate(head: Page): boolean {
    if (!head.onLru) return false;
    this.lru.remove(head.pfn);
    head.isolated = true;
    head.refcount++;
    return true;
  }

  /** folio_putback_lru. */
  putback(head: Page): void {
    head.isolated = false;
    this.lru.add(head.pfn);
    this.put(head);
  }

  // --- memcg ---
  /** Charges a folio; false if the limit does not allow it even after reclaim. */
  charge(head: Page, memcg: Memcg): boolean {
    return this.chargeFrames(head.pfn, folioPages(head), memcg);
  }

  /** The same by frame number. */
  chargeFrames(head: number, pages: number, memcg: Memcg): boolean {
    const over = memcg.charged + pages - memcg.limitPages; // more than `pages` where the limit was lowered
    if (over > 0 && !this.reclaim(0, over, memcg)) return false;
    memcg.charged += pages;
    this.frames.memcg[head] = this.frames.memcgIndex(memcg);
    return true;
  }

  uncharge(head: Page): void {
    if (!head.memcg) return;
    head.memcg.charged -= folioPages(head);
    head.memcg = null;
  }

  // --- processes ---
  spawn(name: string, memcg: Memcg = this.rootMemcg, parent: Process | null = null): Process {
    const process = new Process(this.id(), name, new Mm(this, this.id(), memcg), parent);
    this.processes.push(process);
    return process;
  }

  /** Every address space that has not exited. */
  mms(): readonly Mm[] {
    return this.processes.filter((process) => !process.exited).map((process) => process.mm);
  }
}
