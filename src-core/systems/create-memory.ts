/** The memory system of a run. */
import { assert } from '../base/assert';
import type { SystemChoice } from '../model/memory-system';
import { createLinuxMemory } from './create-linux-memory';
import { ManagedMemory } from './ideal/mechanics/ideal-memory';
import type { MemoryConfig, MemorySystem } from '../kit/memory-system';
import { UvmMemory } from './nvidia-uvm/mechanics/uvm-memory';
import { createUvmsmart } from './uvmsmart/mechanics/create';

/** Pages of the x86 kernels that NVIDIA's driver is modelled on. */
const PAGE_BYTES = 4096;

export function createMemory(system: SystemChoice | null, config: MemoryConfig): MemorySystem {
  if (system === null || system.id === 'managed') return new ManagedMemory(config);
  if (system.id === 'nvidia-uvm') {
    assert(config.decisions !== null, 'NVIDIA UVM needs the decisions of its driver');
    return new UvmMemory(system, { ...config, granuleBytes: PAGE_BYTES }, config.decisions);
  }
  if (system.id === 'uvmsmart') return createUvmsmart(system, config);
  return createLinuxMemory(system, config, config.granuleBytes);
}
