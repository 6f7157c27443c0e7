/** What the knobs of the NVIDIA driver have in common: the module, the version that was read, and conditions that recur. */
import type { Knob, KnobWithoutEffect } from '../../../model/knob';

/** Largest value of a 32-bit module parameter. */
export const UINT_MAX = 4_294_967_295;

/** A parameter of the nvidia-uvm module, as open-gpu-kernel-modules 595.45.04 (commit df1c9a3d) declares it. */
export const uvm = (
  name: string,
  at: string,
  more: Pick<Knob, 'outside' | 'texts' | 'isBool' | 'noEffect'> = {},
): Knob => ({
  name,
  where: 'nvidia-uvm module',
  source: `${at}, driver 595.45.04`,
  ...more,
});

/** Without a clock every event happens at instant 0, which the detector reads as "nothing happened yet". */
const NO_CLOCK: KnobWithoutEffect = {
  when: [{ fact: 'counts-only' }],
  why: 'thrashing detection needs the time between two moves of a page, and this machine has no clock',
};

export const THRASHING_OFF: readonly KnobWithoutEffect[] = [
  NO_CLOCK,
  { when: [{ param: 'uvm_perf_thrashing_enable', is: false }], why: 'thrashing detection is off' },
];

/** When the access counters of the device move nothing, whatever their threshold. */
export const COUNTERS_INERT: readonly KnobWithoutEffect[] = [
  {
    when: [{ param: 'uvm_perf_access_counter_migration_enable', is: 0 }],
    why: 'access-counter migrations are off',
  },
  {
    when: [{ param: 'uvm_perf_access_counter_migration_enable', is: -1 }, { fact: 'no-ats' }],
    why: 'access-counter migrations are on by default only where the device walks the page tables of the host (ATS)',
  },
];

/** What the driver has and this model does not. */
export const notModelled = (why: string): KnobWithoutEffect => ({ when: [], why });

/** uvm_gpu_access_counters.c:1690-1697: the service routine only tells the tools, and does not even clear the counters. */
export const COUNTERS_NEED_64K: KnobWithoutEffect = {
  when: [{ fact: 'pages-4k' }],
  why: 'on a kernel with 4 KiB pages this driver reports access counters to tools and moves nothing',
};

export const COUNTERS_ELSEWHERE = notModelled(
  'this memory system models kernels with 4 KiB pages, where access counters move nothing; use the memory system gh-ats',
);
