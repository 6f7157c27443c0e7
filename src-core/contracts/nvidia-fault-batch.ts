/**
 * One batch of replayable faults of one GPU: what is fetched from the fault buffer, merged by comparison with the last fault
 * only, and put into the order in which blocks are serviced. Columns have one row per unique fault, in the order of fetching.
 */
import type { AccessMask, AccessType } from './nvidia-vocabulary';

export interface FaultBatchOptions {
  /** Most unique entries of a batch: the larger of what `uvm_perf_fault_batch_count` may become and 1. */
  readonly capacity: number;
  /** uTLBs of the GPU, numbered from 0. */
  readonly utlbs: number;
}

export interface FaultBatch {
  /** `uvm_perf_fault_batch_count`, clamped to 1..entries of the hardware buffer. */
  maxBatchSize: number;
  /** `uvm_perf_fault_coalesce`. */
  coalesce: boolean;

  /** Entries read, merged ones included: `num_cached_faults`. */
  readonly cached: number;
  /** Rows: `num_coalesced_faults`. */
  readonly unique: number;
  /** Instances of pages that were already in the batch: `num_duplicate_faults`, counted by `countDuplicates`. */
  readonly duplicates: number;

  /** Columns, valid below `unique`. `page` counts in the page size of the caller. */
  readonly instance: Int32Array;
  readonly page: Float64Array;
  readonly utlb: Int32Array;
  /** Address space of the row; written by the caller before `sort` (0 where there is one only). */
  readonly vaSpace: Int32Array;
  /** The most intrusive access type of the row. */
  readonly access: Uint8Array;
  readonly accessMask: Uint8Array;
  /** Faults merged into the row. */
  readonly instances: Int32Array;
  /** What the caller wants to find again: the entry that represents the row. */
  readonly tag: Int32Array;
  /** Rows in the order of service; valid after `sort`. */
  readonly order: Int32Array;

  /** Starts an empty batch. */
  begin(): void;
  /** Whether another entry may be read: rows (not instances) are bounded. */
  hasRoom(): boolean;
  /**
   * Adds an entry, in the order of the buffer. True when it was merged into a row: that of the last fault of the same uTLB
   * (any access type; a more intrusive one represents the row from then on), or else the last row of the batch if that one is
   * at least as intrusive.
   */
  add(instance: number, page: number, access: AccessType, utlb: number, fatal: boolean, tag: number): boolean;
  /** Orders rows by address space, page ascending, access type descending, as the kernel's (unstable) heap sort leaves them. */
  sort(): void;
  /** Whether row order[i] has the same address space and page as row order[i - 1]. */
  isDuplicate(index: number): boolean;
  /** Counts the duplicates of rows order[first] to order[outer - 1], once per serviced block. */
  countDuplicates(first: number, outer: number): void;
}

/** Bits of an access mask from the least to the most intrusive. */
export const accessBit = (access: AccessType): AccessMask => 1 << access;
