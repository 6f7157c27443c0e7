import { z } from 'zod';
import { choice, integer, toggle } from '../../contracts/params';
import type { Knob, KnobWithoutEffect } from '../../model/knob';

/** The simulator stores choices as numbers: 0 disabled, 1 tree, 2 sequential-local, 3 random. */
const PREFETCHERS = ['disabled', 'tree', 'sequential-local', 'random'] as const;

const NO_CLOCK: KnobWithoutEffect = { when: [{ fact: 'counts-only' }], why: 'this machine has no clock' };

/** An option of gpgpusim.config, and where the source of the simulator reads it. */
const option = (name: string, at: string, noEffect?: readonly KnobWithoutEffect[]): Knob => ({
  ...{ name, where: 'GPGPU-Sim option', key: `-${name}`, source: `${at}, gpgpu-sim_UVMSmart at bafab5d` },
  ...(noEffect ? { noEffect } : {}),
});

export const uvmsmartParams = z.object({
  hardware_prefetch: choice({
    title: 'Prefetcher',
    help: 'tree (1): fills nodes that are more than half valid. sequential-local (2): fetches the 64 KiB block. random (3): fetches one more page of the large page. disabled (0): fetches only the page.',
    values: PREFETCHERS,
    initial: 'tree',
    live: true,
    knob: option('hardware_prefetch', 'gpu-sim.cc:3557-3670'),
  }),
  hwprefetch_oversub: choice({
    title: 'Prefetcher after oversubscription',
    help: 'Replaces the prefetcher permanently at the first fault that would exceed device memory.',
    values: PREFETCHERS,
    initial: 'disabled',
    live: true,
    knob: option('hwprefetch_oversub', 'gpu-sim.cc:2647, 3767-3776'),
  }),
  eviction_policy: choice({
    title: 'Eviction',
    help: 'lru-2mb (0): whole large pages. tree (1): also the rest of nodes that are less than half valid. sequential-local (2): 64 KiB. random (3) and lru-4k (5): pages. lfu (4): large pages by access counter.',
    values: ['lru-2mb', 'tree', 'sequential-local', 'random', 'lfu', 'lru-4k'],
    initial: 'lru-2mb',
    live: true,
    knob: option('eviction_policy', 'gpu-sim.cc:2166-2332'),
  }),
  reserve_accessed_page_percent: integer({
    title: 'Reserved part of the recency list',
    help: 'Eviction skips this oldest part of the list, because it may be used again.',
    unit: '%',
    min: 0,
    max: 99,
    initial: 0,
    live: true,
    knob: option('reserve_accessed_page_percent', 'gpu-sim.cc:2170'),
  }),
  percentage_of_free_page_buffer: integer({
    title: 'Free-page buffer',
    help: 'Eviction starts when less than this much memory is free.',
    unit: '%',
    min: 0,
    max: 99,
    initial: 0,
    live: true,
    knob: option('percentage_of_free_page_buffer', 'src/cuda-sim/memory.cc:259-262'),
  }),
  invalidate_clean: toggle({
    title: 'Drop clean memory',
    help: 'Pages that were only read are dropped without a write-back. Off: everything is written back.',
    initial: false,
    live: true,
    knob: option('invalidate_clean', 'gpu-sim.cc:3141-3182'),
  }),
  enable_dma: choice({
    title: 'Zero-copy scheme',
    help: 'disabled (0): first touch migrates. always (2): reads migrate at the threshold. oversub (3): like always, after oversubscription. adaptive (1): a threshold that depends on occupancy, and later on round trips.',
    values: ['disabled', 'adaptive', 'always', 'oversub'],
    initial: 'disabled',
    live: true,
    knob: option('enable_dma', 'gpu-sim.cc:3014-3078'),
  }),
  migrate_threshold: integer({
    title: 'Static threshold',
    help: 'ts in the papers: accesses to a 64 KiB block at which a read migrates it; the published runs use 8; the simulator’s default is 10.',
    unit: 'accesses',
    min: 1,
    max: 1_048_576,
    initial: 8,
    live: true,
    knob: option('migrate_threshold', 'gpu-sim.cc:3014-3078', [
      { when: [{ param: 'enable_dma', is: 'disabled' }], why: 'every first touch migrates' },
    ]),
  }),
  multiply_dma_penalty: integer({
    title: 'Penalty factor',
    help: 'p in the papers. adaptive, after oversubscription: threshold = ts × p × (round trips + 1). The simulator’s default is 0; the published runs use 2 to 2^20.',
    unit: '',
    min: 0,
    max: 1_048_576,
    initial: 2,
    live: true,
    knob: option('multiply_dma_penalty', 'gpu-sim.cc:3014-3078', [
      { when: [{ param: 'enable_dma', isNot: 'adaptive' }], why: 'only the adaptive scheme has a penalty' },
    ]),
  }),
  page_fault_latency: integer({
    title: 'Latency of a far fault',
    help: '66,645 cycles at 1481 MHz are 45 µs; added to the kernel time per fault after the run.',
    unit: 'cycles',
    min: 0,
    max: 100_000_000,
    initial: 66_645,
    live: true,
    knob: option('page_fault_latency', 'gpu-sim.cc:608', [NO_CLOCK]),
  }),
  enable_accurate_simulation: toggle({
    title: 'Simulate the latency of faults',
    help: 'The latency occupies the read channel before the transfer, and nothing is added after the run.',
    initial: false,
    live: true,
    knob: option('enable_accurate_simulation', 'gpu-sim.cc:110-131, 3303-3312', [NO_CLOCK]),
  }),
  page_table_walk_latency: integer({
    title: 'Page walk',
    help: 'Time before a fault is detected.',
    unit: 'cycles',
    min: 0,
    max: 1_000_000,
    initial: 100,
    live: true,
    knob: option('page_table_walk_latency', 'gpu-sim.cc:556, 3430', [NO_CLOCK]),
  }),
  core_freq: integer({
    title: 'Core clock',
    help: 'Clock of the cores (the first value). It sets the length of a cycle for latencies that start after a change.',
    unit: 'MHz',
    min: 1,
    max: 100_000,
    initial: 1481,
    live: true,
    knob: option('gpgpu_clock_domains', 'configs/GeForceGTX1080Ti/gpgpusim.config', [NO_CLOCK]),
  }),
});

export type UvmsmartParams = Readonly<z.infer<typeof uvmsmartParams>>;
