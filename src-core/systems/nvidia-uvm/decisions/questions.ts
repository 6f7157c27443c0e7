/**
 * What the decisions of NVIDIA's UVM driver (595.45.04) are asked and what they answer. The mechanics around them (page
 * tables, copies, queues, locks) are in ../mechanics; which pages, where to, whether and with what permission is decided in
 * the files beside this one.
 *
 * Who calls: the servicing code of memory system `nvidia-uvm`, and `gh-ats` for kind `ats`. Questions are plain objects that
 * the caller owns and reuses; answers are numbers, or go into masks and objects of the caller. Nothing is allocated per call;
 * a decision keeps no reference to a question. The same question gives the same answer; only thrashing detection and a fault
 * batch have state, and it is their own.
 *
 * Source: docs/rules/nvidia-uvm.md; file and line at each decision.
 */
import type { ProcessorIndex } from '../../../model/processor';
import type { PageMask } from '../../../base/page-mask';
import type {
  AccessMask,
  AccessType,
  HintKind,
  ProcessorSet,
  Protection,
  ReadDuplicationPolicy,
  ServiceOperation,
} from './vocabulary';

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
  destination: ProcessorIndex;
  preferred: ProcessorIndex;
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
  lastMigrationProcessor: ProcessorIndex;
  faultMigrationsToLast: number;
  /** Ranges of range groups that cut the block: pairs first, outer; `rangeGroups` of them. */
  rangeGroupBounds: Int32Array | null;
  rangeGroups: number;
}

/** One page, one fault (or access-counter notification). */
export interface ResidencyQuestion {
  requester: ProcessorIndex;
  /** All access types of the coalesced fault; access counters ask with prefetch alone. */
  accessMask: AccessMask;
  operation: ServiceOperation;
  hmm: boolean;
  /** The page cannot leave system memory: the VMA must stay there, HMM found it unmigratable, or a test forces it. */
  mustUseSysmem: boolean;
  readDuplication: ReadDuplicationPolicy;
  /** The page has more than one copy already. */
  pageReadDuplicated: boolean;
  preferred: ProcessorIndex;
  accessedBy: ProcessorSet;
  /** Processors that hold the page; 0 = first touch. */
  resident: ProcessorSet;
  hint: HintKind;
  /** Where hint `pin` wants the page. */
  pinResidency: ProcessorIndex;
  /** `uvm_perf_map_remote_on_native_atomics_fault`. */
  mapRemoteOnNativeAtomicsFault: boolean;
  /** The CPU fault comes from another process than the block's (ptrace, RDMA). */
  remoteMm: boolean;
}

export interface ResidencyAnswer {
  residency: ProcessorIndex;
  /** Copy instead of move. */
  readDuplicate: boolean;
}

/** Permission of the requester on one page, after the page is where select_residency wanted it. */
export interface PermissionQuestion {
  requester: ProcessorIndex;
  residency: ProcessorIndex;
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
  requester: ProcessorIndex;
  residency: ProcessorIndex;
  /** Protection that the requester has got. */
  granted: Protection;
  accessedBy: ProcessorSet;
  /** Processors that thrash on the page, where it is pinned; else 0. */
  pinnedProcessors: ProcessorSet;
  preferred: ProcessorIndex;
  /** The page has copies, or its range requests them: no processor maps it remotely then. */
  readDuplicated: boolean;
}

/** A mapping that is made without a fault: SetAccessedBy, UnsetReadDuplication, after an eviction. */
export interface MappingQuestion {
  /** Who is to get the mapping. */
  processor: ProcessorIndex;
  /** Holders of the page. */
  resident: ProcessorSet;
  hmm: boolean;
  /** Who maps the page at all, for writing (read-write or more), and for atomics. */
  mapped: ProcessorSet;
  writers: ProcessorSet;
  atomicMappers: ProcessorSet;
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
