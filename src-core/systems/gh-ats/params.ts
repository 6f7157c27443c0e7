import { z } from 'zod';
import { choice, integer } from '../../contracts/params';
import type { KnobWithoutEffect } from '../../model/knob';
import { thpKnob } from '../../kit/linux/knobs';
import { linuxParams, zoneReclaimMode } from '../../kit/linux/params';
import { nodeParams } from '../coherent/params';
import { uvm } from '../nvidia-uvm/params/knob';
import { prefetchParams } from '../nvidia-uvm/params/prefetch';

const SMALL_PAGES: KnobWithoutEffect = {
  when: [{ param: 'kernelPage', is: '4k' }],
  why: 'on a kernel with 4 KiB pages this driver reports access counters to tools and moves nothing',
};
const NO_COUNTERS: readonly KnobWithoutEffect[] = [
  SMALL_PAGES,
  { when: [{ param: 'uvm_perf_access_counter_migration_enable', is: 0 }], why: 'access-counter migrations are off' },
  {
    when: [{ param: 'NVreg_CoherentGPUMemoryMode', is: 'driver' }],
    why: 'GPU memory is not a node of the kernel, so memory from malloc cannot migrate there',
  },
];

/** Access counters as `nvidia-uvm` has them, for memory that the GPU reaches through the host's page tables. */
const counters = {
  uvm_perf_access_counter_migration_enable: integer({
    title: 'Migration by access counters',
    help: '-1: on if the platform has ATS, as here. 0: off. 1: on.',
    unit: '',
    min: -1,
    max: 1,
    initial: -1,
    live: true,
    knob: uvm('uvm_perf_access_counter_migration_enable', 'uvm_gpu_access_counters.c:69, 146-157', {
      outside: 'nearest',
      noEffect: [SMALL_PAGES],
    }),
  }),
  uvm_perf_access_counter_threshold: integer({
    title: 'Access counter threshold',
    help: 'Remote accesses by the GPU to one region of 2 MiB before the region sends a notification.',
    unit: 'accesses',
    min: 1,
    max: 65_535,
    initial: 256,
    live: true,
    knob: uvm('uvm_perf_access_counter_threshold', 'uvm_gpu_access_counters.c:42-44, 1896-1910', {
      outside: 'nearest',
      // Without a node to move to, notifications still open batches: how many is for the threshold to say.
      noEffect: NO_COUNTERS.slice(0, 2),
    }),
  }),
  uvm_perf_access_counter_batch_count: integer({
    title: 'Notifications of one batch',
    help: 'Maximum number of notifications that the driver fetches and services together.',
    unit: 'notifications',
    min: 1,
    max: 65_536,
    initial: 256,
    live: true,
    knob: uvm('uvm_perf_access_counter_batch_count', 'uvm_gpu_access_counters.c:39-40, 401-410', {
      outside: 'nearest',
      noEffect: [
        ...NO_COUNTERS,
        { when: [{ fact: 'counts-only' }], why: 'without a clock each notification is serviced at once' },
      ],
    }),
  }),
} as const;

export const ghAtsParams = z.object({
  ...linuxParams,
  thp: choice({
    title: 'Transparent huge pages',
    help: 'As /sys/kernel/mm/transparent_hugepage/enabled.',
    values: ['madvise', 'always', 'never'],
    initial: 'madvise',
    live: true,
    knob: {
      ...thpKnob,
      noEffect: [
        {
          when: [{ param: 'kernelPage', is: '64k' }],
          why: 'with pages of 64 KiB a huge page is 512 MiB, which is not modelled',
        },
      ],
    },
  }),
  kernelPage: choice({
    title: 'Page of the kernel',
    help: '64k: pages of 64 KiB are allocated, faulted and moved as a whole, and THP has no effect. 4k: pages of 4 KiB.',
    values: ['64k', '4k'],
    initial: '64k',
    knob: {
      name: 'CONFIG_ARM64_64K_PAGES',
      where: 'build',
      source: 'arch/arm64/Kconfig, Linux 6.12',
      texts: { '64k': 'y', '4k': 'n' },
      fixed: 'a kernel is built for one page size',
    },
  }),
  uvm_perf_prefetch_enable: prefetchParams.uvm_perf_prefetch_enable,
  uvm_perf_prefetch_threshold: prefetchParams.uvm_perf_prefetch_threshold,
  ...counters,
  NVreg_CoherentGPUMemoryMode: choice({
    title: 'Who manages GPU memory',
    help: 'numa: GPU memory is a NUMA node of the kernel. driver: the driver keeps it (CDMM), and memory from malloc stays on the CPU.',
    values: ['numa', 'driver'],
    initial: 'numa',
    knob: {
      name: 'NVreg_CoherentGPUMemoryMode',
      where: 'nvidia module',
      source: 'NVIDIA, "Understanding Memory Management on Hardware-Coherent Platforms" (2025): numa is the default',
      fixed: 'it is decided when the driver detects the GPU',
    },
  }),
  zone_reclaim_mode: zoneReclaimMode,
  numaBalancing: nodeParams.numaBalancing,
  scanPeriodMs: nodeParams.scanPeriodMs,
});

export type GhAtsParams = Readonly<z.infer<typeof ghAtsParams>>;
