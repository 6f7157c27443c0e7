import { z } from 'zod';
import { choice, integer, toggle } from '../../contracts/params';
import { linuxParams } from '../../kit/linux/params';

export const copyParams = z.object({
  ...linuxParams,
  copyOut: choice({
    title: 'Copy back',
    help: 'written: what the kernel wrote, after each step. all: every operand. never: the application forgets to; reads of old copies are counted.',
    values: ['written', 'all', 'never'],
    initial: 'written',
    live: true,
  }),
  doubleBuffering: toggle({
    title: 'Double buffering',
    help: 'Copies of the next operand overlap the work of the kernel; the step takes the longer of both.',
    initial: false,
    live: true,
  }),
  pointerBytes: integer({
    title: 'Bytes per node with one pointer',
    help: 'Lists and trees hold one pointer in so many bytes; 0: one in each element.',
    unit: 'B',
    min: 0,
    max: 4096,
    initial: 0,
  }),
});

export type CopyParams = Readonly<z.infer<typeof copyParams>>;
