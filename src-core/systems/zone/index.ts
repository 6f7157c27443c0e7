import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { nodeParams, numaBalancing } from '../coherent/params';
import { NodeBackend, nodeOptions } from '../coherent/mechanics/backend';

export const zone = defineSystem({
  id: 'zone',
  uses: ['coherent'],
  letter: 'C',
  title: 'Separate zone, explicit allocation',
  summary:
    'Device memory is a zone for flagged requests only: the library requests it for each operand, and nothing else is placed there.',
  source: 'RFC of 21 April 2015, idea 3: ZONE_EXTERNAL with its own GFP flag (docs/rules/thread-2015.md)',
  params: z.object({
    ...nodeParams,
    numaBalancing: numaBalancing(false),
  }),
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new NodeBackend(() => ({ ...nodeOptions(params), placement: 'explicit' })), params, {
      ...kit,
      machine,
    });
  },
});
