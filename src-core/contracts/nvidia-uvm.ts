/**
 * The decisions of NVIDIA's UVM driver (595.45.04), as the memory systems ask for them. The mechanics (page tables, copies, queues, locks)
 * are the OS model's; which pages, where to, whether and with what permission is decided behind this interface.
 *
 * Who calls: the servicing code of memory system `nvidia-uvm` (and `gh-ats` for kind `ats`), through the decisions object of
 * the memory system's registry entry. Questions are plain objects that the caller owns and reuses; answers are numbers, or
 * go into masks and objects of the caller. Nothing is allocated per call; a decision keeps no reference to a question.
 * The same question gives the same answer; only thrashing detection and a fault batch have state, and it is their own.
 *
 * Source: nvidia-uvm-policies.md; file and line at each decision in systems/nvidia-uvm/decisions.
 */
import type { PageMask } from '../base/page-mask';
import type { FaultBatch, FaultBatchOptions } from './nvidia-fault-batch';
import type {
  AccessMask,
  AccessType,
  HintKind,
  Processor,
  ProcessorSet,
  Protection,
  ReadDuplicationPolicy,
  ServiceOperation,
  UvmTopology,
} from './nvidia-vocabulary';
import type { ThrashingDetector, ThrashingHost, ThrashingParams } from './nvidia-thrashing';

/** `managed`: cudaMallocManaged block. `hmm`: window of system-allocated memory. `ats`: window of ATS memory. */
export const BLOCK_KIND = { managed: 0, hmm: 1, ats: 2 } as const;
export type BlockKind = (typeof BLOCK_KIND)[keyof typeof BLOCK_KIND];

/** What the density tree is asked: pages of one block that go to one destination in this call. Pages count from the block. */
export interface PrefetchQuestion {
  kind: BlockKind;
  /** Pages of a 64 KiB big page: 16, or 1 where the system page is 64 KiB. */
  pagesPerBigPage: number;
  /** Pages by which the block starts past a 64 KiB boundary; 0 for whole 2 MiB blocks. */
  startOffsetPages: number;
  /** Pages [first, outer) that prefetching may use: the whole block, or what VMA and policy leave of it. */
  first: number;
  outer: number;
  destination: Processor;
  preferred: Processor;
  /** No processor has a page of the block: first touch when false. */
  blockResidentAnywhere: boolean;
  /** Pages resident on the destination; null where a destination GPU has no state in the block. */
  resident: PageMask | null;
  /** Pages that are serviced now with this destination, all in [faultedFirst, faultedOuter). */
  faulted: PageMask;
  faultedFirst: number;
  faultedOuter: number;
  /** Pages marked thrashing; null when there are none. */
  thrashing: PageMask | null;
  /** Pages resident on the CPU and mapped readable there; asked for only with destination CPU and kind `managed`. */
  cpuMapped: PageMask | null;
  confidentialComputing: boolean;
  /** Pages resident on the CPU; asked for only under confidential computing. */
  cpuResident: PageMask | null;
  /** `uvm_perf_prefetch_threshold`, percent. */
  threshold: number;
  /** `uvm_perf_prefetch_min_faults`. */
  minFaults: number;
  /** State of the block, updated by the call: where the last serviced faults went, and how many in a row. */
  lastMigrationProcessor: Processor;
  faultMigrationsToLast: number;
  /** Ranges of range groups that cut the block: pairs first, outer; `rangeGroups` of them. */
  rangeGroupBounds: Int32Array | null;
  rangeGroups: number;
}

/** One page, one fault (or access-counter notification). */
export interface ResidencyQuestion {
  requester: Processor;
  /** All access types of the coalesced fault; access counters ask with prefetch alone. */
  accessMask: AccessMask;
  operation: ServiceOperation;
  hmm: boolean;
  /** The page cannot leave system memory: the VMA must stay there, HMM found it unmigratable, or a test forces it. */
  mustUseSysmem: boolean;
  readDuplication: ReadDuplicationPolicy;
  /** The page has more than one copy already. */
  pageReadDuplicated: boolean;
  preferred: Processor;
  accessedBy: ProcessorSet;
  /** Processors that hold the page; 0 = first touch. */
  resident: ProcessorSet;
  hint: HintKind;
  /** Where hint `pin` wants the page. */
  pinResidency: Processor;
  /** `uvm_perf_map_remote_on_native_atomics_fault`. */
  mapRemoteOnNativeAtomicsFault: boolean;
  /** The CPU fault comes from another process than the block's (ptrace, RDMA). */
  remoteMm: boolean;
}

export interface ResidencyAnswer {
  residency: Processor;
  /** Copy instead of move. */
  readDuplicate: boolean;
}

/** Permission of the requester on one page, after the page is where select_residency wanted it. */
export interface PermissionQuestion {
  requester: Processor;
  residency: Processor;
  /** The most intrusive access type of the fault. */
  access: AccessType;
  /** What VMA or range allow. */
  logical: Protection;
  /** The page has, or may get, several copies. */
  mayBeReadDuplicated: boolean;
  /** Processors whose mapping of the page is read-write-atomic now. */
  atomicMappers: ProcessorSet;
  discarded: boolean;
}

/** Whose mappings of a page have to give way to a new one, and down to what. */
export interface RevocationAnswer {
  processors: ProcessorSet;
  /** Mappings of this protection and above are revoked: readWriteAtomic leaves read-write, readWrite leaves read-only. */
  revoked: Protection;
}

/** Which others get a mapping of a page when it has been serviced and did migrate. */
export interface AccessedByQuestion {
  requester: Processor;
  residency: Processor;
  /** Protection that the requester has got. */
  granted: Protection;
  accessedBy: ProcessorSet;
  /** Processors that thrash on the page, where it is pinned; else 0. */
  pinnedProcessors: ProcessorSet;
  preferred: Processor;
  /** The page has copies, or its range asks for them: nobody is mapped remotely then. */
  readDuplicated: boolean;
}

/** A mapping that is made without a fault: SetAccessedBy, UnsetReadDuplication, after an eviction. */
export interface MappingQuestion {
  /** Who is to get the mapping. */
  processor: Processor;
  /** Holders of the page. */
  resident: ProcessorSet;
  hmm: boolean;
  /** Who maps the page at all, for writing (read-write or more), and for atomics. */
  mapped: ProcessorSet;
  writers: ProcessorSet;
  atomicMappers: ProcessorSet;
}

/** A notification of an access counter, for one block. */
export interface AccessCounterQuestion {
  gpu: Processor;
  /** Page of the notified address, from the start of the block. */
  page: number;
  /** Bit i: sub-region i of the granularity was accessed (hardware: `sub_granularity`). */
  subGranularity: number;
  /** Pages of one sub-region: 64 KiB. */
  pagesPerSubRegion: number;
  blockPages: number;
  /** Closest holder of the page to the GPU; NO_PROCESSOR when nobody holds it. */
  closest: Processor;
  /** The physical chunk behind the page on `closest` is 2 MiB. */
  chunkIsFullBlock: boolean;
  /** Pages resident on `closest`. */
  residentOnClosest: PageMask;
}

/** Where the next root chunk to evict is taken from; `retry` = all are pinned or in eviction, `none` = out of memory. */
export const VICTIM = { freeDirty: 0, freeZero: 1, unused: 2, discarded: 3, used: 4, retry: 5, none: 6 } as const;
export type VictimSource = (typeof VICTIM)[keyof typeof VICTIM];

/** Lengths of the lists that victim selection looks at. */
export interface VictimQuestion {
  /** Free 2 MiB user roots, not known to be zero. */
  freeDirty: number;
  freeZero: number;
  unused: number;
  discarded: number;
  used: number;
  /** Roots with a temporarily pinned leaf, or already in eviction: off the lists. */
  busyRoots: number;
}

/** Which entries a flush of the fault buffer throws away: up to the hardware's PUT as re-read, or as last cached. */
export const FLUSH = { cachedPut: 0, updatePut: 1 } as const;
export type FlushMode = (typeof FLUSH)[keyof typeof FLUSH];

/** Whether the GPU may report faults of prefetch instructions. State is the caller's, updated by the call. */
export interface PrefetchFaultGate {
  enabled: boolean;
  /** When reporting was last disabled, ns. */
  disabledAtNs: number;
}

/** Everything the driver decides. */
export interface NvidiaDecisions {
  /**
   * Density-tree prefetching (uvm_perf_prefetch.c). Writes the pages to bring along into `prefetch` and the two state fields
   * of the question. True: the driver takes the hint; false: too few faults in a row, or an empty mask. Kinds managed and hmm
   * leave the computed mask in `prefetch` even when the answer is false.
   */
  prefetchHint(question: PrefetchQuestion, prefetch: PageMask): boolean;

  /** Where a page is to be after the fault (uvm_va_block.c:11154-11457). */
  selectResidency(question: ResidencyQuestion, topology: UvmTopology, answer: ResidencyAnswer): void;

  /** The member of a set that a processor reaches best (uvm_va_space.c:1846-1901); NO_PROCESSOR of the empty set. */
  closestProcessor(processors: ProcessorSet, from: Processor, topology: UvmTopology): Processor;

  /** Protection that an access needs (uvm_hal_types.h:571-586). */
  requiredProtection(access: AccessType): Protection;
  /** Protection that the requester gets, at least what the access needs (uvm_va_block.c:10714-10769). */
  newPermission(question: PermissionQuestion, topology: UvmTopology): Protection;
  /**
   * Mappings to revoke before `granted` is given to the requester on a page that did not migrate
   * (uvm_va_block.c:11680-11761). `mapped`: processors with a mapping of the page.
   */
  revocation(
    granted: Protection,
    requester: Processor,
    residency: Processor,
    mapped: ProcessorSet,
    topology: UvmTopology,
    answer: RevocationAnswer,
  ): void;
  /** Protection that one other processor gets when a page has been serviced; none = no mapping (uvm_va_block.c:10795-10983). */
  accessedByProtection(question: AccessedByQuestion, processor: Processor, topology: UvmTopology): Protection;
  /** Highest protection that a processor can be given without revoking anybody's (uvm_va_block.c:10985-11076). */
  protectionWithoutRevocation(question: MappingQuestion, topology: UvmTopology): Protection;

  /** Detection and mitigation of thrashing for one VA space (uvm_perf_thrashing.c). */
  createThrashing(params: ThrashingParams, topology: UvmTopology, host: ThrashingHost): ThrashingDetector;

  /** Fetch, coalescing and order of replayable faults of one GPU (uvm_gpu_replayable_faults.c:770-1164). */
  createFaultBatch(options: FaultBatchOptions): FaultBatch;
  /** `uvm_perf_fault_replay_update_put_ratio` at work (uvm_gpu_replayable_faults.c:2931-2957). */
  flushMode(duplicates: number, cached: number, updatePutRatio: number): FlushMode;
  /** Whether the bottom half fetches one more batch. */
  mayFetch(batches: number, throttledBatches: number, maxBatches: number, maxThrottled: number): boolean;
  /** Switches reporting of prefetch faults after a batch; `reenableLapseMs` 0 never disables. True when it switched. */
  gatePrefetchFaults(
    gate: PrefetchFaultGate,
    invalidPrefetches: number,
    maxBatchSize: number,
    reenableLapseMs: number,
    nowNs: number,
  ): boolean;

  /** Pages that an access-counter notification asks to migrate; empty when there is nothing to do. */
  expandAccessCounter(question: AccessCounterQuestion, pages: PageMask): void;

  /** Which list gives the victim (uvm_pmm_gpu.c:1487-1525); within a list it is the head. */
  victimSource(question: VictimQuestion): VictimSource;
}
