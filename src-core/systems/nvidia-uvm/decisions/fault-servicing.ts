/**
 * The rules around a batch of replayable faults (uvm_gpu_replayable_faults.c of driver 595.45.04): when to stop, what to
 * flush, and when the GPU must stop to report faults of prefetch instructions.
 */
import { FLUSH, type FlushMode, type PrefetchFaultGate } from './questions';

const NS_PER_MS = 1_000_000;

/** Limits of one run of the bottom half (2871-2991): batches, and batches that had a throttled fault. */
export const mayFetch = (batches: number, throttled: number, maxBatches: number, maxThrottled: number): boolean =>
  throttled < maxThrottled && batches < maxBatches;

/** Many duplicates: what waits in the buffer is likely stale as well, so PUT is read again before the flush (2931-2957). */
export const flushMode = (duplicates: number, cached: number, updatePutRatio: number): FlushMode =>
  duplicates * 100 > cached * updatePutRatio ? FLUSH.updatePut : FLUSH.cachedPut;

/**
 * Two thirds of a batch without a valid translation switch reporting off, for the lapse (2845-2869).
 * @param reenableLapseMs 0: never off
 * @returns whether it switched
 */
export function gatePrefetchFaults(
  gate: PrefetchFaultGate,
  invalidPrefetches: number,
  maxBatchSize: number,
  reenableLapseMs: number,
  nowNs: number,
): boolean {
  if (gate.enabled) {
    if (reenableLapseMs === 0 || invalidPrefetches * 3 <= maxBatchSize * 2) return false;
    gate.enabled = false;
    gate.disabledAtNs = nowNs;
    return true;
  }
  if (nowNs - gate.disabledAtNs <= reenableLapseMs * NS_PER_MS) return false;
  gate.enabled = true;
  return true;
}
