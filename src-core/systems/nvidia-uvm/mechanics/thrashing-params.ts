/** The module parameters that thrashing detection takes when a VA space is created. */
import type { ThrashingParams } from '../decisions/thrashing-detector';
import type { NvidiaUvmParams } from '../params';

export const thrashingParams = (params: NvidiaUvmParams): ThrashingParams => ({
  enabled: params.uvm_perf_thrashing_enable,
  threshold: params.uvm_perf_thrashing_threshold,
  pinThreshold: params.uvm_perf_thrashing_pin_threshold,
  lapseUsec: params.uvm_perf_thrashing_lapse_usec,
  nap: params.uvm_perf_thrashing_nap,
  epoch: params.uvm_perf_thrashing_epoch,
  pin: params.uvm_perf_thrashing_pin,
  maxResets: params.uvm_perf_thrashing_max_resets,
  voteThreshold: params.uvm_perf_lapse_vote_threshold,
  lapseAdaptation: params.lapse_adaptation,
});
