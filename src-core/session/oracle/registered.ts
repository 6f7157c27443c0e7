/** The decisions that the engine runs, found where it finds them: in the registry of memory systems. */
import type { NvidiaDecisions } from '../../contracts/nvidia-uvm';
import { nvidiaUvm } from '../../policies/systems/nvidia-uvm';
import { Refusal } from '../../model/refusal';

export function registeredDecisions(): NvidiaDecisions {
  const { decisions, id } = nvidiaUvm;
  if (decisions === undefined) throw new Refusal(`memory system "${id}" has no decisions to hold against vectors`);
  return decisions;
}
