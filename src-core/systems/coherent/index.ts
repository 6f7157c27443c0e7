import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { coherentParams } from './params';
import { NodeBackend, nodeOptions } from './mechanics/node';

export const coherent = defineSystem({
  id: 'coherent',
  letter: 'B',
  title: 'Coherent memory as a NUMA node',
  summary:
    'Device memory has struct pages and is reached by everybody; pages are placed by first touch and moved by AutoNUMA, counters or mbind.',
  source:
    'RFC of 21 April 2015, idea 1 (thread-2015.md); Linux NUMA balancing and memory tiers (linux-hmm-semantics.md section 12)',
  params: coherentParams,
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new NodeBackend(() => nodeOptions(params)), params, { ...kit, machine });
  },
});
