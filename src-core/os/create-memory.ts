/** The memory system of a run. */
import type { SystemChoice } from '../model/memory-system';
import { createLinuxMemory } from './linux-memory/create';
import { ManagedMemory } from './managed-memory';
import type { MemoryConfig, MemorySystem } from './memory-system';

export function createMemory(system: SystemChoice | null, config: MemoryConfig): MemorySystem {
  return system === null || system.id === 'managed'
    ? new ManagedMemory(config)
    : createLinuxMemory(system, config, config.granuleBytes);
}
