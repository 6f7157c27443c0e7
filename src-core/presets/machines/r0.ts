import { bytes, MIB } from '../../base/units';
import type { MachineSpec, Sourced } from '../../model/machine';

const defined = <T>(value: T, source: string): Sourced<T> => ({ value, source, grade: 'definition' });

/**
 * The counting reference R0: no time at all, so that every number can be checked by hand. It stands for no hardware.
 * Left out on purpose: prefetch, fault batching, remote access and thrash mitigation.
 */
export const r0: MachineSpec = {
  id: 'r0',
  title: 'R0: counts only',
  summary:
    'Reference rules without time: one copy per block, a touch of an absent block is one fault and one move. The axis is the access number.',
  deviceMemory: defined(
    bytes(256 * MIB),
    'Rule set R0 (docs/r0-rules.md): 256 MiB unless the workload file or the user says otherwise',
  ),
  faultBatchEntries: defined(1, 'Rule set R0 (docs/r0-rules.md): no fault batching'),
  hostMapsDevice: defined(
    true,
    'Rule set R0 (docs/r0-rules.md): remote access never happens under the migration policy on-fault; true lets the other migration policies be tried on the same counts',
  ),
  timing: null,
};
