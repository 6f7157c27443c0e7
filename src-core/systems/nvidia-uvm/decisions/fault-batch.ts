/**
 * Fetching, coalescing and ordering of replayable faults (uvm_gpu_replayable_faults.c:770-1164 of driver 595.45.04). Merging
 * compares with the last fault only: it catches runs, it does not find all duplicates. Columns have one entry per fault that
 * was read, in that order; the k-th `add` is entry k. Merged entries stay where they are, marked as filtered.
 */
import { assert } from '../../../base/assert';
import { ACCESS, type AccessType } from './vocabulary';
import { kernelSort, RunMerger } from './fault-sort';

const NONE = -1;
/** Room for the access type, and for the page, in a sort key of 53 bits. */
const ACCESS_STEPS = 8;
const PAGE_LIMIT = 2 ** 45;
const VA_SPACES_MAX = 32;

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

class Batch implements FaultBatch {
  maxBatchSize: number;
  coalesce = true;
  cached = 0;
  unique = 0;
  duplicates = 0;
  readonly instance: Int32Array;
  readonly page: Float64Array;
  readonly utlb: Int32Array;
  readonly vaSpace: Uint8Array;
  readonly access: Uint8Array;
  readonly accessMask: Uint8Array;
  readonly instances: Int32Array;
  readonly filtered: Uint8Array;
  readonly order: Int32Array;
  private readonly keys: Float64Array;
  /** Last entry of each uTLB in this batch. */
  private readonly lastOfUtlb: Int32Array;
  private last = NONE;
  private readonly merger: RunMerger;

  constructor({ capacity, utlbs }: FaultBatchOptions) {
    this.maxBatchSize = capacity;
    this.instance = new Int32Array(capacity);
    this.page = new Float64Array(capacity);
    this.utlb = new Int32Array(capacity);
    this.vaSpace = new Uint8Array(capacity);
    this.access = new Uint8Array(capacity);
    this.accessMask = new Uint8Array(capacity);
    this.instances = new Int32Array(capacity);
    this.filtered = new Uint8Array(capacity);
    this.order = new Int32Array(capacity);
    this.keys = new Float64Array(capacity);
    this.merger = new RunMerger(capacity);
    this.lastOfUtlb = new Int32Array(utlbs).fill(NONE);
  }

  begin(): void {
    for (let entry = 0; entry < this.cached; entry++) this.lastOfUtlb[this.utlb[entry]!] = NONE;
    this.cached = 0;
    this.unique = 0;
    this.duplicates = 0;
    this.last = NONE;
  }

  hasRoom(): boolean {
    return this.cached < this.maxBatchSize;
  }

  add(instance: number, page: number, access: AccessType, utlb: number, fatal: boolean): boolean {
    const entry = this.cached++;
    assert(entry < this.instance.length, 'a fault batch holds at most its capacity');
    this.instance[entry] = instance;
    this.page[entry] = page;
    this.access[entry] = access;
    this.utlb[entry] = utlb;
    this.vaSpace[entry] = 0;
    this.filtered[entry] = 0;
    this.instances[entry] = 1;
    this.accessMask[entry] = 1 << access;
    if (this.coalesce && !fatal && this.merge(entry)) return true;
    this.lastOfUtlb[utlb] = entry;
    this.last = entry;
    this.unique++;
    return false;
  }

  sort(): void {
    const { order, keys } = this;
    let count = 0;
    let previous = -Infinity;
    let ascending = true;
    for (let entry = 0; entry < this.cached; entry++) {
      if (this.filtered[entry] === 1) continue;
      const page = this.page[entry]!;
      const vaSpace = this.vaSpace[entry]!;
      assert(page < PAGE_LIMIT && vaSpace < VA_SPACES_MAX, 'page and address space of a fault fit into a sort key');
      const key = (vaSpace * PAGE_LIMIT + page) * ACCESS_STEPS + (ACCESS.atomicStrong - this.access[entry]!);
      if (key <= previous) ascending = false;
      previous = key;
      keys[count] = key;
      order[count++] = entry;
    }
    if (!ascending && !this.merger.sort(order, keys, count)) kernelSort(order, keys, count);
  }

  isDuplicate(index: number): boolean {
    if (index === 0) return false;
    const entry = this.order[index]!;
    const before = this.order[index - 1]!;
    return this.page[entry] === this.page[before] && this.vaSpace[entry] === this.vaSpace[before];
  }

  countDuplicates(first: number, outer: number): void {
    for (let index = first; index < outer; index++) {
      const instances = this.instances[this.order[index]!]!;
      this.duplicates += index > first && this.isDuplicate(index) ? instances : instances - 1;
    }
  }

  private same(entry: number, other: number): boolean {
    return other !== NONE && this.instance[entry] === this.instance[other] && this.page[entry] === this.page[other];
  }

  private merge(entry: number): boolean {
    const utlb = this.utlb[entry]!;
    const local = this.lastOfUtlb[utlb]!;
    if (this.same(entry, local)) {
      if (this.access[entry]! > this.access[local]!) {
        this.replace(local, entry);
        // Quirk: the last fault of the batch stays the replaced entry, and what is merged into that one later is lost to the
        // count of instances (uvm_gpu_replayable_faults.c:770-808).
        this.lastOfUtlb[utlb] = entry;
      } else this.absorb(local, entry);
      return true;
    }
    if (!this.same(entry, this.last) || this.access[entry]! > this.access[this.last]!) return false;
    this.absorb(this.last, entry);
    return true;
  }

  private absorb(into: number, entry: number): void {
    this.instances[into]!++;
    this.accessMask[into]! |= this.accessMask[entry]!;
    this.filtered[entry] = 1;
  }

  private replace(old: number, entry: number): void {
    this.instances[entry] = this.instances[old]! + 1;
    this.accessMask[entry]! |= this.accessMask[old]!;
    this.filtered[old] = 1;
  }
}

/** Fetching, coalescing and order of replayable faults of one GPU. */
export const createFaultBatch = (options: FaultBatchOptions): FaultBatch => new Batch(options);
