/** The density prefetcher (docs/rules/nvidia-uvm.md). */
import { integer, toggle } from '../../../contracts/params';
import type { KnobWithoutEffect } from '../../../model/knob';
import { uvm } from './knob';

const OFF: readonly KnobWithoutEffect[] = [
  { when: [{ param: 'uvm_perf_prefetch_enable', is: false }], why: 'prefetching is off' },
];

export const prefetchParams = {
  uvm_perf_prefetch_enable: toggle({
    title: 'Prefetching',
    help: 'Faults also bring pages around them, depending on the density of pages that are already resident.',
    initial: true,
    live: true,
    knob: uvm('uvm_perf_prefetch_enable', 'uvm_perf_prefetch.c:39', { outside: 'on' }),
  }),
  uvm_perf_prefetch_threshold: integer({
    title: 'Prefetch threshold',
    help: 'A subtree is fetched as a whole if more than this share of it is resident or faulted. The comparison is strict: 100 never passes. 0, which the driver accepts although its comment says 1 to 100, always fetches the whole block.',
    unit: '%',
    min: 0,
    max: 100,
    initial: 51,
    live: true,
    knob: uvm('uvm_perf_prefetch_threshold', 'uvm_perf_prefetch.c:42, 552-561', { outside: 'default', noEffect: OFF }),
  }),
  uvm_perf_prefetch_min_faults: integer({
    title: 'Faults before prefetching',
    help: 'Pages of one VA block that must have migrated to the same processor before the driver prefetches to it.',
    unit: 'faults',
    min: 1,
    max: 20,
    initial: 1,
    live: true,
    knob: uvm('uvm_perf_prefetch_min_faults', 'uvm_perf_prefetch.c:50-56, 563-573', {
      outside: 'default',
      noEffect: OFF,
    }),
  }),
} as const;
