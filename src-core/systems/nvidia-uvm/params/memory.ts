/** Device memory, eviction, explicit migration and HMM (docs/rules/nvidia-uvm.md). */
import { choice, integer, toggle } from '../../../contracts/params';
import type { KnobWithoutEffect } from '../../../model/knob';
import { uvm } from './knob';

const NEEDS_CPU_LINK: KnobWithoutEffect = {
  when: [{ fact: 'no-cpu-link' }],
  why: 'pages are unmapped ahead only where the device reaches the CPU over NVLink or C2C',
};

export const memoryParams = {
  allocation: choice({
    title: 'Allocation',
    help: 'managed: objects come from cudaMallocManaged. malloc: they come from the system allocator, and the GPU reaches them through HMM.',
    values: ['managed', 'malloc'],
    initial: 'managed',
  }),
  uvm_global_oversubscription: toggle({
    title: 'Oversubscription',
    help: 'Other users of device memory (cudaMalloc) may make the driver evict managed memory. Off: they may not, and managed memory is taken chunk by chunk. The driver makes room for its own faults by eviction either way.',
    initial: true,
    live: true,
    knob: uvm('uvm_global_oversubscription', 'uvm_pmm_gpu.c:184-186, gpu_supports_pma_eviction, 1958-1991', {
      outside: 'on',
      noEffect: [
        { when: [{ fact: 'numa-device' }], why: 'device memory that is a node of the host is not taken in batches' },
        {
          when: [{ param: 'uvm_perf_pma_batch_nonpinned_order', is: 0 }],
          why: 'batches are of one chunk anyway, and nobody else uses device memory in a run',
        },
      ],
    }),
  }),
  uvm_perf_pma_batch_nonpinned_order: integer({
    title: 'Root chunks per allocation',
    help: 'Chunks of 2 MiB that the driver takes from the physical allocator at once, as a power of two, as far as it has them. The driver checks no limit. What a call costs is not known: only their number changes.',
    unit: 'log2 chunks',
    min: 0,
    max: 20,
    initial: 6,
    live: true,
    knob: uvm('uvm_perf_pma_batch_nonpinned_order', 'uvm_pmm_gpu.c:188-194, 1958-1991', {
      noEffect: [
        { when: [{ fact: 'numa-device' }], why: 'device memory that is a node of the host is not taken in batches' },
        {
          when: [{ param: 'uvm_global_oversubscription', is: false }],
          why: 'memory that others may not take back is not taken in batches',
        },
      ],
    }),
  }),
  eviction_order: choice({
    title: 'Order of eviction',
    help: 'migrated: as the driver, least recently moved in, which hits do not refresh. accessed: least recently used by the device.',
    values: ['migrated', 'accessed'],
    initial: 'migrated',
    live: true,
    knob: {
      name: 'eviction_order',
      where: 'what-if',
      source: 'uvm_pmm_gpu.c:1487-1525, driver 595.45.04',
    },
  }),
  uvm_perf_migrate_cpu_preunmap_enable: toggle({
    title: 'Unmapping ahead',
    help: 'An explicit migration unmaps several VA blocks from the CPU at once before it moves them.',
    initial: true,
    live: true,
    knob: uvm('uvm_perf_migrate_cpu_preunmap_enable', 'uvm_migrate.c:52-53, 333-348', {
      outside: 'on',
      noEffect: [NEEDS_CPU_LINK],
    }),
  }),
  uvm_perf_migrate_cpu_preunmap_block_order: integer({
    title: 'Blocks unmapped ahead',
    help: 'VA blocks of 2 MiB in one such group, as a power of two.',
    unit: 'log2 blocks',
    min: 0,
    max: 10,
    initial: 2,
    live: true,
    knob: uvm('uvm_perf_migrate_cpu_preunmap_block_order', 'uvm_migrate.c:55-58, 847-857', {
      outside: 'nearest',
      noEffect: [
        NEEDS_CPU_LINK,
        {
          when: [{ param: 'uvm_perf_migrate_cpu_preunmap_enable', is: false }],
          why: 'pages are not unmapped ahead at all',
        },
      ],
    }),
  }),
  uvm_disable_hmm: toggle({
    title: 'HMM off',
    help: 'Off: the device may also touch memory from malloc, which is migrated through Linux HMM. On by default except on x86-64. The driver reads it when it is loaded; in mid-run it decides about faults from then on, and what the device has mapped it keeps.',
    initial: false,
    live: true,
    knob: uvm('uvm_disable_hmm', 'uvm_hmm.c:28-49', {
      isBool: true,
      noEffect: [
        { when: [{ fact: 'ats' }], why: 'where the device walks the page tables of the host, HMM is off anyway' },
      ],
    }),
  }),
} as const;
