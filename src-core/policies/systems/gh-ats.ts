import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { choice, integer } from '../../contracts/params';
import { linuxParams } from './params';

export const ghAts = defineSystem({
  id: 'gh-ats',
  letter: '',
  title: 'Grace Hopper, UVM with ATS',
  summary:
    'The GPU walks the host page tables and its memory is a NUMA node: a GPU fault places pages that do not exist yet, access counters move those that do.',
  source: 'NVIDIA open kernel driver 595.45.04: uvm_ats_faults.c, uvm_gpu_access_counters.c (nvidia-uvm-policies.md)',
  params: z.object({
    ...linuxParams,
    uvm_perf_access_counter_migration_enable: integer({
      title: 'Migration by access counters',
      help: '-1: on where the platform has ATS, which is so here. 0: off. 1: on.',
      unit: '',
      min: -1,
      max: 1,
      initial: -1,
    }),
    uvm_perf_access_counter_threshold: integer({
      title: 'Access counter threshold',
      help: 'Remote accesses by the GPU in one region of 2 MiB before it sends a notification.',
      unit: 'accesses',
      min: 1,
      max: 65_535,
      initial: 256,
    }),
    uvm_perf_access_counter_batch_count: integer({
      title: 'Notifications of one batch',
      help: 'Most notifications that the driver fetches and services together.',
      unit: 'notifications',
      min: 1,
      max: 65_536,
      initial: 256,
    }),
    NVreg_CoherentGPUMemoryMode: choice({
      title: 'Who manages GPU memory',
      help: 'numa: GPU memory is a NUMA node of the kernel. driver: the driver keeps it (CDMM), and memory from malloc stays on the CPU.',
      values: ['numa', 'driver'],
      initial: 'numa',
    }),
    numa_balancing: integer({
      title: 'NUMA balancing',
      help: '1: hint faults of the CPU bring pages to it, faults of the GPU move nothing. NVIDIA recommends 0 on Grace Hopper.',
      unit: '',
      min: 0,
      max: 1,
      initial: 1,
    }),
    numa_balancing_scan_period_min_ms: integer({
      title: 'Scan period',
      help: 'Simulated time between two scans of an address space.',
      unit: 'ms',
      min: 1,
      max: 60_000,
      initial: 1000,
    }),
  }),
});
