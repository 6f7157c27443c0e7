/**
 * Where a page is to be after a fault, and which processor of a set is closest (uvm_va_block.c:11154-11457,
 * uvm_va_space.c:1846-1901 of driver 595.45.04). The rules stand in the driver's order; the first that applies decides.
 */
import { CPU, NO_PROCESSOR, type ProcessorIndex, asProcessor } from '../../../model/processor';
import { lowestBit } from '../../../base/page-mask';
import type { ResidencyAnswer, ResidencyQuestion } from './questions';
import { ACCESS, HINT, OPERATION, READ_DUPLICATION, type ProcessorSet, type UvmTopology } from './vocabulary';

export const has = (set: ProcessorSet, processor: ProcessorIndex): boolean => ((set >>> processor) & 1) === 1;
const CPU_BIT = 1 << CPU;

/** GPUs before the CPU, and of the GPUs the one with the lowest id. */
const gpuFirst = (set: ProcessorSet): ProcessorIndex => (set & ~CPU_BIT ? asProcessor(lowestBit(set & ~CPU_BIT)) : CPU);

/** The member of a set that a processor reaches best (uvm_va_space.c:1846-1901); NO_PROCESSOR of the empty set. */
export function closestProcessor(
  processors: ProcessorSet,
  from: ProcessorIndex,
  topology: UvmTopology,
): ProcessorIndex {
  if (processors === 0) return NO_PROCESSOR;
  if (has(processors, from)) return from;
  const siblings = processors & topology.smcSiblings[from]!;
  if (siblings !== 0) return asProcessor(lowestBit(siblings));
  const fast = processors & topology.fastLink[from]!;
  if (fast !== 0) return gpuFirst(fast);
  const direct = processors & topology.canAccess[from]!;
  if (direct !== 0) return gpuFirst(direct);
  return asProcessor(lowestBit(processors));
}

/** `can_read_duplicate`: the range asks for copies, or the page has some and nothing speaks against it. */
const mayReadDuplicate = (question: ResidencyQuestion): boolean =>
  question.readDuplication === READ_DUPLICATION.enabled ||
  (question.readDuplication !== READ_DUPLICATION.disabled && question.pageReadDuplicated && question.hint !== HINT.pin);

/** `map_remote_on_atomic_fault`: an atomic that the requester can do in hardware on another GPU's memory. */
const atomicStaysRemote = (question: ResidencyQuestion, closest: ProcessorIndex, topology: UvmTopology): boolean =>
  question.mapRemoteOnNativeAtomicsFault &&
  lowestBit(question.accessMask) >= ACCESS.atomicWeak &&
  question.requester !== CPU &&
  closest !== CPU &&
  has(topology.nativeAtomics[closest]!, question.requester);

/** Rules 5 to 13, for a page that is not going to be read-duplicated. */
function migrationTarget(question: ResidencyQuestion, topology: UvmTopology): ProcessorIndex {
  const { requester, preferred } = question;
  const reach = topology.canAccess[requester]!;
  if (requester === preferred) return requester;
  if (requester === CPU && question.hmm) return CPU;
  if (question.hint === HINT.pin) return question.pinResidency;
  const preferredInReach = preferred !== NO_PROCESSOR && has(reach, preferred);
  const closest = closestProcessor(question.resident, requester, topology);
  if (closest === NO_PROCESSOR) return preferredInReach ? preferred : requester;
  const closestInReach = has(reach, closest);
  const byCounters = question.operation === OPERATION.accessCounters;
  if (has(question.accessedBy, requester) && closestInReach && !byCounters) return closest;
  if (atomicStaysRemote(question, closest, topology)) return closest;
  if (closest !== requester && preferredInReach) return preferred;
  if (requester === CPU && closestInReach && question.remoteMm) return closest;
  return requester;
}

/** Rules 1 to 4, then the rest; a processor without memory gives way to the CPU (uvm_va_block.c:11444-11448). */
export function selectResidency(question: ResidencyQuestion, topology: UvmTopology, answer: ResidencyAnswer): void {
  answer.readDuplicate = false;
  if (question.mustUseSysmem) answer.residency = CPU;
  else if (mayReadDuplicate(question)) {
    answer.residency = question.requester;
    answer.readDuplicate = question.accessMask >>> (ACCESS.read + 1) === 0;
  } else answer.residency = migrationTarget(question, topology);
  if (has(topology.withMemory, answer.residency)) return;
  answer.residency = CPU;
  answer.readDuplicate = false;
}
