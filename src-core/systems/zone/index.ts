import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { nodeParams, numaBalancing } from '../coherent';

export const zone = defineSystem({
  id: 'zone',
  uses: ['coherent'],
  letter: 'C',
  title: 'Separate zone, explicit allocation',
  summary:
    'Device memory is a zone that only flagged requests enter: the library asks for each operand, nothing else ever lands there.',
  source: 'RFC of 21 April 2015, idea 3: ZONE_EXTERNAL with its own GFP flag (thread-2015.md section 3)',
  params: z.object({
    ...nodeParams,
    numaBalancing: numaBalancing(false),
  }),
});
