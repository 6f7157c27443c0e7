/** The memory system of a run. */
import type { SystemChoice } from '../model/memory-system';
import { ManagedMemory } from './managed-memory';
import type { MemoryConfig, MemorySystem } from './memory-system';

export function createMemory(_system: SystemChoice | null, config: MemoryConfig): MemorySystem {
  return new ManagedMemory(config);
}
