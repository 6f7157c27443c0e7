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
    help: 'managed: objects come from cudaMallocManaged. malloc: objects come from the system allocator, and the GPU reaches them through HMM.',
    values: ['managed', 'malloc'],
    initial: 'managed',
  }),
  uvm_global_oversubscription: toggle({
    title: 'Oversubscription',
    help: 'Other users of device memory (cudaMalloc) can make the driver evict managed memory. Off: they cannot, and managed memory is allocated chunk by chunk. In both cases the driver evicts to make room for its own faults.',
    initial: true,
    live: true,
    knob: uvm('uvm_global_oversubscription', 'uvm_pmm_gpu.c:184-186, gpu_supports_pma_eviction, 1958-1991', {
      outside: 'on',
      noEffect: [
        {
          when: [{ fact: 'numa-device' }],
          why: 'device memory that is a node of the host is not allocated in batches',
        },
        {
          when: [{ param: 'uvm_perf_pma_batch_nonpinned_order', is: 0 }],
          why: 'batches have one chunk in any case, and nothing else uses device memory in a run',
        },
      ],
    }),
  }),
  uvm_perf_pma_batch_nonpinned_order: integer({
    title: 'Root chunks per allocation',
    help: 'Chunks of 2 MiB that the driver gets from the physical allocator at once, if available; a power of two. The driver checks no limit. The cost of a call is unknown, so only the number of calls changes.',
    unit: 'log2 chunks',
    min: 0,
    max: 20,
    initial: 6,
    live: true,
    knob: uvm('uvm_perf_pma_batch_nonpinned_order', 'uvm_pmm_gpu.c:188-194, 1958-1991', {
      noEffect: [
        {
          when: [{ fact: 'numa-device' }],
          why: 'device memory that is a node of the host is not allocated in batches',
        },
        {
          when: [{ param: 'uvm_global_oversubscription', is: false }],
          why: 'memory that others cannot reclaim is not allocated in batches',
        },
      ],
    }),
  }),
  eviction_order: choice({
    title: 'Order of eviction',
    help: 'migrated: like the driver, least recently migrated; hits do not refresh it. accessed: least recently used by the device.',
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
          why: 'pages are not unmapped ahead',
        },
      ],
    }),
  }),
  uvm_disable_hmm: toggle({
    title: 'HMM off',
    help: 'Off: the device can also access memory from malloc, which migrates through Linux HMM. On by default except on x86-64. The real driver reads it when it is loaded. A change during the run applies to later faults; the device keeps existing mappings.',
    initial: false,
    live: true,
    knob: uvm('uvm_disable_hmm', 'uvm_hmm.c:28-49', {
      isBool: true,
      noEffect: [{ when: [{ fact: 'ats' }], why: 'HMM is always off if the device walks the page tables of the host' }],
    }),
  }),
} as const;
