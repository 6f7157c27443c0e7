import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { choice } from '../../contracts/params';
import { linuxParams } from '../../kit/linux/params';

export const off = defineSystem({
  id: 'off',
  letter: 'G',
  title: 'Migration off',
  summary: 'Pages stay where they were first touched, for applications that cannot bear jitter (requirement 5).',
  source: 'McKenney, revised document of 25 April 2015, requirement 5, after Lameter (thread-2015.md section 2)',
  params: z.object({
    ...linuxParams,
    base: choice({
      title: 'On top of',
      help: 'hmm: a non-coherent device that mirrors host memory. coherent: device memory is a node.',
      values: ['hmm', 'coherent'],
      initial: 'coherent',
    }),
  }),
});
