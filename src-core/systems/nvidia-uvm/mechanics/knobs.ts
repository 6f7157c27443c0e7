/** The module parameters in force, by what they mean; names and ranges are in systems/nvidia-uvm/params. */
import type { ThrashingParams } from '../../../contracts/nvidia-thrashing';
import type { SystemChoice } from '../../../model/memory-system';

export type ReplayPolicy = 'block' | 'batch' | 'batch_flush' | 'once';

export interface UvmKnobs {
  readonly prefetch: boolean;
  readonly prefetchThreshold: number;
  readonly prefetchMinFaults: number;
  readonly batchCount: number;
  readonly replayPolicy: ReplayPolicy;
  readonly updatePutRatio: number;
  readonly maxBatches: number;
  readonly maxThrottled: number;
  readonly coalesce: boolean;
  readonly reenablePrefetchFaultsMs: number;
  /** Root chunks that one call of the physical allocator gives. */
  readonly pmaBatch: number;
  /** Access counters move pages, where the platform has them at all. */
  readonly accessCounters: 'off' | 'with-ats' | 'on';
  readonly mapRemoteOnEviction: boolean;
  /** VA blocks that an explicit migration unmaps from the CPU at once; 0: each when it is moved. */
  readonly preunmapBlocks: number;
  readonly mapRemoteOnNativeAtomicsFault: boolean;
  /** A what-if: victims by last access, as no driver can. */
  readonly evictByAccess: boolean;
  /** The driver serves memory from malloc. */
  readonly hmm: boolean;
  /** How the program allocated: its objects are managed ranges, or memory from malloc. */
  readonly malloc: boolean;
  readonly thrashing: ThrashingParams;
}

/** By value of `uvm_perf_access_counter_migration_enable`, from −1. */
const COUNTERS = ['with-ats', 'off', 'on'] as const;

export function uvmKnobs(params: SystemChoice['params']): UvmKnobs {
  const on = (name: string): boolean => params[name] === true;
  const number = (name: string): number => params[name] as number;
  return {
    prefetch: on('uvm_perf_prefetch_enable'),
    prefetchThreshold: number('uvm_perf_prefetch_threshold'),
    prefetchMinFaults: number('uvm_perf_prefetch_min_faults'),
    batchCount: number('uvm_perf_fault_batch_count'),
    replayPolicy: params['uvm_perf_fault_replay_policy'] as ReplayPolicy,
    updatePutRatio: number('uvm_perf_fault_replay_update_put_ratio'),
    maxBatches: number('uvm_perf_fault_max_batches_per_service'),
    maxThrottled: number('uvm_perf_fault_max_throttle_per_service'),
    coalesce: on('uvm_perf_fault_coalesce'),
    reenablePrefetchFaultsMs: number('uvm_perf_reenable_prefetch_faults_lapse_msec'),
    // Memory that the allocator may not take back comes in single chunks (uvm_pmm_gpu.c:1946-1965).
    pmaBatch: on('uvm_global_oversubscription') ? 2 ** number('uvm_perf_pma_batch_nonpinned_order') : 1,
    accessCounters: COUNTERS[number('uvm_perf_access_counter_migration_enable') + 1]!,
    mapRemoteOnEviction: on('uvm_perf_map_remote_on_eviction'),
    preunmapBlocks: on('uvm_perf_migrate_cpu_preunmap_enable')
      ? 2 ** number('uvm_perf_migrate_cpu_preunmap_block_order')
      : 0,
    mapRemoteOnNativeAtomicsFault: on('uvm_perf_map_remote_on_native_atomics_fault'),
    evictByAccess: params['eviction_order'] === 'accessed',
    hmm: !on('uvm_disable_hmm'),
    malloc: params['allocation'] === 'malloc',
    thrashing: {
      enabled: on('uvm_perf_thrashing_enable'),
      threshold: number('uvm_perf_thrashing_threshold'),
      pinThreshold: number('uvm_perf_thrashing_pin_threshold'),
      lapseUsec: number('uvm_perf_thrashing_lapse_usec'),
      nap: number('uvm_perf_thrashing_nap'),
      epoch: number('uvm_perf_thrashing_epoch'),
      pin: number('uvm_perf_thrashing_pin'),
      maxResets: number('uvm_perf_thrashing_max_resets'),
      voteThreshold: number('uvm_perf_lapse_vote_threshold'),
      lapseAdaptation: params['lapse_adaptation'] as 'faithful' | 'intended',
    },
  };
}
