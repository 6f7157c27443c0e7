/** The decisions that the engine runs, found where it finds them: in the registry of memory systems. */
import { assert } from '../../base/assert';
import type { NvidiaDecisions } from '../../contracts/nvidia-uvm';
import { decisionsOf } from '../system-decisions';

/** The memory system whose decisions the vectors are about. */
const SYSTEM = 'nvidia-uvm';

export function registeredDecisions(): NvidiaDecisions {
  const decisions = decisionsOf(SYSTEM);
  assert(decisions !== undefined, `memory system "${SYSTEM}" is registered with its decisions`);
  return decisions;
}
