/** Where UVM wants the pages of a window that it services for a GPU on ATS (uvm_ats_faults.c:140-214, driver 595.45.04). */
import { CPU, type ProcessorIndex } from '../../../model/processor';
import type { MemPolicy } from '../../../kernel/mm';

export interface AtsDestination {
  /** NUMA node: 0 is the CPUs', n is gpu n−1's. */
  readonly node: number;
  /** The VMA has a policy that names nodes. */
  readonly hasPreferredLocation: boolean;
}

/**
 * The GPU's node, or the CPUs' where the kernel knows no other (CDMM); a policy of the VMA overrides it: its home node, else
 * the GPU if the policy names it, else the CPUs, else the first node named.
 */
export function atsDestination(
  device: ProcessorIndex,
  policy: MemPolicy | null,
  driverManaged: boolean,
): AtsDestination {
  const own = driverManaged ? CPU : device;
  if (!policy) return { node: own, hasPreferredLocation: false };
  const { mode, nodes, home } = policy;
  if (mode !== 'preferred' && home !== null) return { node: home, hasPreferredLocation: true };
  if (nodes.includes(own)) return { node: own, hasPreferredLocation: true };
  return { node: nodes.includes(CPU) ? CPU : nodes[0]!, hasPreferredLocation: true };
}
