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
    help: 'Faults bring along pages around them, by the density of what is already there.',
    initial: true,
    live: true,
    knob: uvm('uvm_perf_prefetch_enable', 'uvm_perf_prefetch.c:39', { outside: 'on' }),
  }),
  uvm_perf_prefetch_threshold: integer({
    title: 'Prefetch threshold',
    help: 'A subtree is brought whole when more than so much of it is resident or faulted. The comparison is strict: 100 never passes, 0 (which the driver accepts, against its own comment of 1 to 100) always grows to the root.',
    unit: '%',
    min: 0,
    max: 100,
    initial: 51,
    live: true,
    knob: uvm('uvm_perf_prefetch_threshold', 'uvm_perf_prefetch.c:42, 552-561', { outside: 'default', noEffect: OFF }),
  }),
  uvm_perf_prefetch_min_faults: integer({
    title: 'Faults before prefetching',
    help: 'Faults of one VA block that must have gone to the same processor before it prefetches there.',
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
