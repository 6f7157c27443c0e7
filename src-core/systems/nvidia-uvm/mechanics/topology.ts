/** Who reaches whom on a machine, in the driver's masks (uvm_va_space.c:215-218, 828-863, 1177-1203). */
import { CPU } from '../../../model/processor';
import { type UvmTopology } from '../decisions/vocabulary';
import type { MachineSpec } from '../../../model/machine';

/**
 * A coherent machine lets the CPU map device memory, with atomics both ways and a fast link. GPUs reach one another where
 * the machine has a link between them, which is NVLINK and so has atomics.
 */
export function uvmTopology(machine: MachineSpec, devices: number): UvmTopology {
  const processors = devices + 1;
  const all = (1 << processors) - 1;
  const gpus = all & ~1;
  const isCoherent = machine.timing !== null && machine.hostMapsDevice.value;
  const hasPeers = machine.timing?.peerLink !== undefined;
  const own = (p: number): number => 1 << p;
  const canAccess = new Uint32Array(processors);
  const fastLink = new Uint32Array(processors);
  const nativeAtomics = new Uint32Array(processors);
  for (let p = 0; p < processors; p++) {
    const peers = hasPeers && p !== CPU ? gpus : 0;
    canAccess[p] = own(p) | peers | (p === CPU ? (isCoherent ? gpus : 0) : own(CPU));
    fastLink[p] = (peers & ~own(p)) | (isCoherent ? (p === CPU ? gpus : own(CPU)) : 0);
    nativeAtomics[p] = own(p) | peers | (isCoherent ? (p === CPU ? gpus : own(CPU)) : 0);
  }
  const accessibleFrom = new Uint32Array(processors);
  for (let p = 0; p < processors; p++)
    for (let q = 0; q < processors; q++)
      if ((canAccess[q]! & own(p)) !== 0) accessibleFrom[p] = accessibleFrom[p]! | own(q);
  return {
    ...{ processors, canAccess, accessibleFrom, fastLink, nativeAtomics },
    smcSiblings: new Uint32Array(processors),
    withMemory: all,
  };
}
