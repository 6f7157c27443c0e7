import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { coherentParams } from './params';
import { NodeBackend, nodeOptions } from './mechanics/backend';

export const coherent = defineSystem({
  id: 'coherent',
  letter: 'B',
  title: 'Coherent memory as a NUMA node',
  summary:
    'Device memory has struct pages, and all processors can access it. First touch places pages; AutoNUMA, counters and mbind move them.',
  source:
    'RFC of 21 April 2015, idea 1 (docs/rules/thread-2015.md); Linux NUMA balancing and memory tiers (docs/rules/files-and-nodes.md)',
  params: coherentParams,
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new NodeBackend(() => nodeOptions(params)), params, { ...kit, machine });
  },
});
