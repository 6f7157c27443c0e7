import { z } from 'zod';
import { choice } from '../../contracts/params';
import { linuxParams } from '../../kit/linux/params';

export const offParams = z.object({
  ...linuxParams,
  base: choice({
    title: 'On top of',
    help: 'hmm: a non-coherent device that mirrors host memory. coherent: device memory is a node.',
    values: ['hmm', 'coherent'],
    initial: 'coherent',
  }),
});
