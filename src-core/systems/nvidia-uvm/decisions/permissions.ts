/**
 * Who may do what with a page once it is where it should be (uvm_va_block.c:10714-11076, 11680-11847 of driver 595.45.04).
 * The driver gives a mapping more than the requested permission if this revokes no other mapping.
 * Left out: GPUs that cannot take replayable faults ("UVM-Lite") and processors with system-wide atomics switched off.
 */
import { CPU, NO_PROCESSOR, type ProcessorIndex, asProcessor } from '../../../model/processor';
import type { AccessedByQuestion, MappingQuestion, PermissionQuestion, RevocationAnswer } from './questions';
import {
  ACCESS,
  PROTECTION,
  type AccessType,
  type ProcessorSet,
  type Protection,
  type UvmTopology,
} from './vocabulary';
import { lowestBit } from '../../../base/page-mask';
import { has } from './residency';

const { none, readOnly, readWrite, readWriteAtomic } = PROTECTION;

/** Protection that an access needs (uvm_hal_types.h:571-586). */
export function requiredProtection(access: AccessType): Protection {
  if (access <= ACCESS.read) return readOnly;
  return access === ACCESS.atomicStrong ? readWriteAtomic : readWrite;
}

/** Protection that the requester gets, at least what the access needs (uvm_va_block.c:10714-10769). */
export function newPermission(question: PermissionQuestion, topology: UvmTopology): Protection {
  const { access, logical, residency } = question;
  if (question.discarded && access <= ACCESS.read) return readOnly;
  const native = topology.nativeAtomics[residency]!;
  let granted = requiredProtection(access);
  if (logical > readOnly && granted === readOnly && !question.mayBeReadDuplicated)
    if ((question.atomicMappers & ~native) === 0) granted = readWrite;
  if (logical === readWriteAtomic && granted === readWrite && has(native, question.requester))
    granted = readWriteAtomic;
  return granted;
}

/**
 * Mappings to revoke before `granted` is given to the requester on a page that did not migrate
 * (uvm_va_block.c:11680-11761).
 * @param mapped processors with a mapping of the page
 */
export function revocation(
  granted: Protection,
  requester: ProcessorIndex,
  residency: ProcessorIndex,
  mapped: ProcessorSet,
  topology: UvmTopology,
  answer: RevocationAnswer,
): void {
  answer.processors = 0;
  answer.revoked = readWriteAtomic;
  if (granted < readWrite) return;
  const native = topology.nativeAtomics[residency]!;
  answer.processors = mapped & ~(1 << requester);
  // Hardware atomics at the residency order themselves: such a requester's atomics are like writes.
  if (granted === readWrite || has(native, requester)) answer.processors &= ~native;
  if (granted === readWriteAtomic && requester !== CPU) answer.revoked = readWrite;
}

/** Protection that one other processor gets when a page has been serviced; none = no mapping (uvm_va_block.c:10795-10983). */
export function accessedByProtection(
  question: AccessedByQuestion,
  processor: ProcessorIndex,
  topology: UvmTopology,
): Protection {
  const { residency, requester, preferred, granted } = question;
  if (question.readDuplicated || processor === requester) return none;
  if (!has((question.accessedBy | question.pinnedProcessors) & topology.accessibleFrom[residency]!, processor))
    return none;
  // The preferred location gets the page itself one day, not a remote mapping of it.
  const waits = preferred !== NO_PROCESSOR && preferred !== residency && has(topology.withMemory, preferred);
  if (waits && processor === preferred) return none;
  if (granted !== readWriteAtomic) return granted;
  const native = topology.nativeAtomics[residency]!;
  if (has(native, requester)) return has(native, processor) ? readWriteAtomic : readWrite;
  return requester === CPU ? readWrite : readOnly;
}

/** Highest protection that a processor can be given without revoking that of another (uvm_va_block.c:10985-11076). */
export function protectionWithoutRevocation(question: MappingQuestion, topology: UvmTopology): Protection {
  const { processor, resident } = question;
  if (resident === 0) return none;
  // Of several copies only a local one can be mapped: the driver does not keep which copy a mapping points to.
  if ((resident & (resident - 1)) !== 0) return has(resident, processor) ? readOnly : none;
  const residency = lowestBit(resident);
  if (!has(topology.accessibleFrom[residency]!, processor)) return none;
  if (question.mapped === 0 && !question.hmm) return readWriteAtomic;
  const native = topology.nativeAtomics[residency]!;
  const others = ~(1 << processor);
  const atomic = question.atomicMappers & others;
  // The driver looks at the lowest id only.
  if (atomic !== 0 && !has(native, asProcessor(lowestBit(atomic)))) return readOnly;
  const alone = (question.writers & others) === 0;
  // HMM: the CPU's mapping of system memory may be upgraded at any time without notice.
  return has(native, processor) || (alone && !question.hmm) ? readWriteAtomic : readWrite;
}
