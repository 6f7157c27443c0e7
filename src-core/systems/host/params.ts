import { z } from 'zod';
import { choice, integer } from '../../contracts/params';
import { linuxParams } from '../../kit/linux/params';

export const hostParams = z.object({
  ...linuxParams,
  mode: choice({
    title: 'How it is mapped',
    help: 'pinned: get_user_pages, a long-term pin on first use. notifier: a mirror of the CPU page table, without references.',
    values: ['notifier', 'pinned'],
    initial: 'notifier',
  }),
  pinLimit: integer({
    title: 'Limit of pinned memory',
    help: 'RLIMIT_MEMLOCK of the process; pins beyond it are refused. 0: no limit.',
    unit: 'MiB',
    min: 0,
    max: 16 * 1024 * 1024,
    initial: 0,
    live: true,
  }),
});

export type HostParams = Readonly<z.infer<typeof hostParams>>;
