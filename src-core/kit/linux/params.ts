/** Parameters that every memory system on the Linux model has. */
import { choice, integer, toggle, type ParamsOf } from '../../contracts/params';
import { thpKnob, whatIf, zoneReclaimKnob } from './knobs';

export const MIB_UNIT = 'MiB';

export const linuxParams = {
  profile: choice({
    title: 'Linux',
    help: '612: Linux 6.12, base pages on devices. cur: a current tree with PMD-sized device folios.',
    values: ['cur', '612'],
    initial: 'cur',
  }),
  thp: choice({
    title: 'Transparent huge pages',
    help: 'As /sys/kernel/mm/transparent_hugepage/enabled.',
    values: ['madvise', 'always', 'never'],
    initial: 'madvise',
    live: true,
    knob: thpKnob,
  }),
  hostMemory: integer({
    title: 'Host memory',
    help: 'Host memory; when it is full, Linux reclaims and swaps. 0: as much as the workload needs.',
    unit: MIB_UNIT,
    min: 0,
    max: 16 * 1024 * 1024,
    initial: 0,
  }),
  swap: integer({
    title: 'Swap',
    help: 'Size of the swap area.',
    unit: MIB_UNIT,
    min: 0,
    max: 16 * 1024 * 1024,
    initial: 0,
  }),
  contents: toggle({
    title: 'Contents',
    help: 'Every page has real contents, and every read is checked against a flat reference memory. Slow; finds lost and stale writes.',
    initial: false,
  }),
} as const;

/** The parameters of a system on the Linux model, as far as the kernel takes them. */
export type LinuxParams = ParamsOf<typeof linuxParams> & {
  /** Of systems that have `zoneReclaimMode`. */
  readonly zone_reclaim_mode?: number;
};

/** For systems whose device memory is ordinary memory of a node. */
export const zoneReclaimMode = integer({
  title: 'Reclaim before other nodes',
  help: '0: a full node first uses memory of other nodes, and reclaims and swaps only when all are full. 1: a full node first reclaims its own memory.',
  unit: '',
  min: 0,
  max: 1,
  initial: 0,
  live: true,
  knob: zoneReclaimKnob,
});

/** File-backed migration does not exist in Linux; see docs/memory-systems.md. */
export const fileBackedMigration = toggle({
  title: 'File-backed migration',
  help: 'Beyond Linux: page-cache pages can migrate to the device too, as the mail of 21 April 2015 proposed. Writeback copies from the device; truncate and read() bring pages back.',
  initial: false,
  live: true,
  knob: whatIf('fileBackedMigration', 'no mainline kernel; docs/rules/thread-2015.md'),
});
