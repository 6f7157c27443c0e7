/** The module parameters in force, by what they mean; names and ranges are in policies/systems/nvidia-uvm. */
import type { ThrashingParams } from '../../contracts/nvidia-thrashing';
import type { SystemChoice } from '../../model/memory-system';

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
  readonly oversubscription: boolean;
  readonly mapRemoteOnNativeAtomicsFault: boolean;
  /** A what-if: victims by last access, as no driver can. */
  readonly evictByAccess: boolean;
  /** The driver serves memory from malloc. */
  readonly hmm: boolean;
  /** How the program allocated: its objects are managed ranges, or memory from malloc. */
  readonly malloc: boolean;
  readonly thrashing: ThrashingParams;
}

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
    oversubscription: on('uvm_global_oversubscription'),
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
