/**
 * The address space of a run as the engine sees it. Virtual addresses may be anywhere below 2^47; the engine works
 * on *space offsets*: regions of touched VA blocks laid end to end, so that its state is dense typed arrays.
 */

import type { MappingKind } from './os-action';

/** One named piece of memory: a row of the object table. */
export interface ObjectSpec {
  readonly name: string;
  /** First byte, virtual. */
  readonly address: number;
  readonly bytes: number;
  /** First byte as a space offset. */
  readonly offset: number;
  readonly elementBytes: number;
  readonly layout: 'matrix' | 'array' | 'list' | 'tree' | 'table' | 'trace';
  /** `host`: resident on the host before the first access, without faults. */
  readonly initially: 'unpopulated' | 'host';
  /** How it is mapped; absent = anon. */
  readonly mapping?: MappingKind;
  /**
   * The process whose view of the memory this is; absent = main. A name that several processes use has one object each
   * (`A`, `A@child`) at the same virtual address; `origin` is the index of the object of the process that made it.
   */
  readonly process?: string;
  readonly origin?: number;
  /** Madvise at mmap time. */
  readonly advice?: 'hugepage' | 'nohugepage';
}

/** A contiguous run of VA blocks; virtual = address + (offset − region.offset). Both are multiples of 2 MiB. */
export interface RegionSpec {
  readonly address: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface SpaceSpec {
  /** Sorted by offset; regions do not overlap. */
  readonly regions: readonly RegionSpec[];
  /** Sorted by offset; at most MAX_OBJECTS. Objects do not overlap. */
  readonly objects: readonly ObjectSpec[];
  /** Total of all regions. */
  readonly bytes: number;
}

/** VA block size of the NVIDIA UVM driver (uvm_va_block_types.h, UVM_VA_BLOCK_BITS = 21) and of a Linux x86-64 PMD. */
export const VA_BLOCK_BYTES = 2 * 1024 * 1024;
/** Object ids are stored in 16 bits in the event columns and per granule. */
export const MAX_OBJECTS = 65_535;

/** Virtual address of a space offset; offsets outside every region are a bug of the caller. */
export function toVirtual(space: SpaceSpec, offset: number): number {
  let low = 0;
  let high = space.regions.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((space.regions[middle]?.offset ?? Infinity) <= offset) low = middle;
    else high = middle - 1;
  }
  const region = space.regions[low];
  return region ? region.address + (offset - region.offset) : offset;
}
