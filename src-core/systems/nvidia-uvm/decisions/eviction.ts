/**
 * Where the physical memory manager takes the next root chunk to evict from (uvm_pmm_gpu.c:1487-1525 of driver 595.45.04).
 * The lists are in the order of the last migration to the GPU, not of the last use: accesses do not refresh them.
 */
import { VICTIM, type VictimQuestion, type VictimSource } from './questions';

/** Which list gives the victim; within a list it is the head. */
export function victimSource(question: VictimQuestion): VictimSource {
  if (question.freeDirty > 0) return VICTIM.freeDirty;
  if (question.freeZero > 0) return VICTIM.freeZero;
  if (question.unused > 0) return VICTIM.unused;
  if (question.discarded > 0) return VICTIM.discarded;
  if (question.used > 0) return VICTIM.used;
  return question.busyRoots > 0 ? VICTIM.retry : VICTIM.none;
}
