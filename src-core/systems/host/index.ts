import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { choice, integer } from '../../contracts/params';
import { linuxParams } from '../../kit/linux/params';

export const host = defineSystem({
  id: 'host',
  uses: ['hmm'],
  letter: 'F',
  title: 'Host memory over the bus',
  summary: 'Everything stays in host memory; the device reads and writes it over the link, pinned or mirrored.',
  source: 'thread-2015.md section 3: get_user_pages, or driver PTEs with MMU notifiers and no migration',
  params: z.object({
    ...linuxParams,
    mode: choice({
      title: 'How it is mapped',
      help: 'pinned: get_user_pages, a long-term pin on first use. notifier: a mirror of the CPU page table, without references.',
      values: ['notifier', 'pinned'],
      initial: 'notifier',
    }),
    pinLimit: integer({
      title: 'Limit of pinned memory',
      help: 'RLIMIT_MEMLOCK of the process; past it a pin is refused. 0: none.',
      unit: 'MiB',
      min: 0,
      max: 16 * 1024 * 1024,
      initial: 0,
      live: true,
    }),
  }),
});
