/**
 * One batch of replayable faults of one GPU: what is fetched from the fault buffer, merged by comparison with the last fault
 * only, and put into the order in which blocks are serviced. Columns have one entry per fault that was read, in that order;
 * the k-th `add` is entry k. Merged entries stay where they are, marked as filtered.
 */
import type { AccessMask, AccessType } from './nvidia-vocabulary';

export interface FaultBatchOptions {
  /** Most entries that a batch can ever hold: entries of the hardware buffer, or the largest batch that is asked for. */
  readonly capacity: number;
  /** uTLBs of the GPU, numbered from 0. */
  readonly utlbs: number;
}

export interface FaultBatch {
  /** `uvm_perf_fault_batch_count`, 1..capacity. Counts entries, merged ones included. */
  maxBatchSize: number;
  /** `uvm_perf_fault_coalesce`. */
  coalesce: boolean;

  /** Entries read: `num_cached_faults`. */
  readonly cached: number;
  /** Entries that are not filtered: `num_coalesced_faults`. */
  readonly unique: number;
  /** Instances on pages that were in the batch already: `num_duplicate_faults`, counted by `countDuplicates`. */
  readonly duplicates: number;

  /** Columns, valid below `cached`. `page` counts in pages of the kernel, below 2^45. */
  readonly instance: Int32Array;
  readonly page: Float64Array;
  readonly utlb: Int32Array;
  /** Address space of the entry, 0..31; written by the caller between `add` and `sort` where there are several. */
  readonly vaSpace: Uint8Array;
  readonly access: Uint8Array;
  /** Access types of all faults merged into the entry. */
  readonly accessMask: Uint8Array;
  /** Faults merged into the entry, itself included. */
  readonly instances: Int32Array;
  /** 1: merged into another entry, not serviced. */
  readonly filtered: Uint8Array;
  /** Entries in the order of service, `unique` of them; valid after `sort`. */
  readonly order: Int32Array;

  /** Starts an empty batch. */
  begin(): void;
  /** Whether another entry may be read. */
  hasRoom(): boolean;
  /**
   * Adds an entry, in the order of the buffer. True when it went together with an earlier one: the last fault of the same
   * uTLB (any access type; the more intrusive one stands for both), or else the last one of the batch if that one is at least
   * as intrusive. Fatal faults are never merged.
   */
  add(instance: number, page: number, access: AccessType, utlb: number, fatal: boolean): boolean;
  /** Orders the unfiltered entries by address space, page ascending, access type descending, as the kernel's sort leaves them. */
  sort(): void;
  /** Whether order[index] has the same address space and page as order[index - 1]. */
  isDuplicate(index: number): boolean;
  /** Counts the duplicates of order[first] to order[outer - 1], the entries of one block; once per block, not per retry. */
  countDuplicates(first: number, outer: number): void;
}

export const accessBit = (access: AccessType): AccessMask => 1 << access;
