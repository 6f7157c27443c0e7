import { z } from 'zod';
import { choice, integer, toggle } from '../../contracts/params';
import { linuxParams } from '../../kit/linux/params';

export const copyParams = z.object({
  ...linuxParams,
  copyOut: choice({
    title: 'Copy back',
    help: 'written: objects that the kernel wrote, after each step. all: all operands. never: results are not copied back, and reads of stale copies are counted.',
    values: ['written', 'all', 'never'],
    initial: 'written',
    live: true,
  }),
  doubleBuffering: toggle({
    title: 'Double buffering',
    help: 'Copies of the next operand overlap the kernel; the step takes the longer of the two times.',
    initial: false,
    live: true,
  }),
  pointerBytes: integer({
    title: 'Bytes per node with one pointer',
    help: 'Lists and trees have one pointer per this many bytes. 0: one per element.',
    unit: 'B',
    min: 0,
    max: 4096,
    initial: 0,
  }),
});

export type CopyParams = Readonly<z.infer<typeof copyParams>>;
