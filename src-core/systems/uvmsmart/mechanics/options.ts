/** The options of a UVMSmart run, from the parameters under the simulator's own names (systems/uvmsmart/index.ts). */
import type { SystemChoice } from '../../../model/memory-system';
import { PS_PER_US } from '../../../base/units';

export type Prefetcher = 'disabled' | 'tree' | 'sequential-local' | 'random';
export type EvictionScheme = 'lru-2mb' | 'tree' | 'sequential-local' | 'random' | 'lfu' | 'lru-4k';
export type DmaScheme = 'disabled' | 'adaptive' | 'always' | 'oversub';

export interface UvmsmartOptions {
  readonly prefetcher: Prefetcher;
  /** Takes the place of the prefetcher when memory would first be exceeded, for the rest of the run. */
  readonly prefetcherWhenFull: Prefetcher;
  readonly eviction: EvictionScheme;
  /** Share of the recency list, from its oldest end, that is not considered for eviction. 0..1. */
  readonly reservedShare: number;
  /** Share of device memory that eviction keeps free. 0..1. */
  readonly freeShare: number;
  /** Write-backs of memory that was only read take no time on the link. */
  readonly invalidateClean: boolean;
  readonly dma: DmaScheme;
  /** Accesses to a 64 KiB basic block. */
  readonly migrateThreshold: number;
  readonly dmaPenalty: number;
  /** Per fault, ps. */
  readonly faultPs: number;
  /** The latency of a fault occupies the link before its transfer, instead of being added after the run. */
  readonly faultsInLine: boolean;
  /** Per fault, before it is seen, ps. */
  readonly pageWalkPs: number;
  /** One zero-copy request on the link, ps. */
  readonly remotePs: number;
}

/** A zero-copy request, in core cycles (UVMSmart, gpu-sim.cc, get_ready_cycle_dma: 200 whatever the size). */
const REMOTE_CYCLES = 200;

/** @param isTimed false: on a machine that only counts, cycles take no time */
export function readOptions({ params }: SystemChoice, isTimed: boolean): UvmsmartOptions {
  const number = (name: string): number => params[name] as number;
  const cycles = (count: number): number => (isTimed ? Math.round((count * PS_PER_US) / number('core_freq')) : 0);
  return {
    prefetcher: params['hardware_prefetch'] as Prefetcher,
    prefetcherWhenFull: params['hwprefetch_oversub'] as Prefetcher,
    eviction: params['eviction_policy'] as EvictionScheme,
    reservedShare: number('reserve_accessed_page_percent') / 100,
    freeShare: number('percentage_of_free_page_buffer') / 100,
    invalidateClean: params['invalidate_clean'] === true,
    dma: params['enable_dma'] as DmaScheme,
    migrateThreshold: number('migrate_threshold'),
    dmaPenalty: number('multiply_dma_penalty'),
    faultPs: cycles(number('page_fault_latency')),
    faultsInLine: params['enable_accurate_simulation'] === true,
    pageWalkPs: cycles(number('page_table_walk_latency')),
    remotePs: cycles(REMOTE_CYCLES),
  };
}
