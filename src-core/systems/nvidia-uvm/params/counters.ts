/** Access counters of the device (docs/rules/nvidia-uvm.md). */
import { choice, integer, toggle } from '../../../contracts/params';
import { COUNTERS_ELSEWHERE, COUNTERS_INERT, COUNTERS_NEED_64K, UINT_MAX, uvm } from './knob';

const INERT = [...COUNTERS_INERT, COUNTERS_NEED_64K, COUNTERS_ELSEWHERE];

export const counterParams = {
  uvm_perf_access_counter_migration_enable: integer({
    title: 'Access-counter migrations',
    help: '-1: on if the device walks the page tables of the host (ATS). 0: off. 1: on. With 4 KiB pages nothing migrates in either case, but evicted pages stay mapped on the device.',
    unit: '',
    min: -1,
    max: 1,
    initial: -1,
    live: true,
    knob: uvm('uvm_perf_access_counter_migration_enable', 'uvm_gpu_access_counters.c:69, 146-157', {
      outside: 'nearest',
      noEffect: [
        {
          when: [{ param: 'uvm_perf_map_remote_on_eviction', is: false }],
          why: 'with 4 KiB pages access counters move nothing, and evicted pages are not mapped',
        },
      ],
    }),
  }),
  uvm_perf_access_counter_threshold: integer({
    title: 'Access-counter threshold',
    help: 'Remote accesses to one region before the device sends a notification.',
    unit: 'accesses',
    min: 1,
    max: 65_535,
    initial: 256,
    live: true,
    knob: uvm('uvm_perf_access_counter_threshold', 'uvm_gpu_access_counters.c:42-44, 1896-1910', {
      outside: 'nearest',
      noEffect: INERT,
    }),
  }),
  uvm_perf_access_counter_batch_count: integer({
    title: 'Notifications per batch',
    help: 'Entries fetched from the notification buffer at once; limited to the size of the buffer.',
    unit: 'notifications',
    min: 1,
    max: UINT_MAX,
    initial: 256,
    live: true,
    knob: uvm('uvm_perf_access_counter_batch_count', 'uvm_gpu_access_counters.c:39-40, 401-410', {
      outside: 'nearest',
      noEffect: INERT,
    }),
  }),
  access_counter_granularity: choice({
    title: 'Access-counter granularity',
    help: 'Size of memory with one counter. The driver is built with 2M; its own tests use the others.',
    values: ['64k', '2m', '16m', '16g'],
    initial: '2m',
    live: true,
    knob: {
      name: 'UVM_PERF_ACCESS_COUNTER_GRANULARITY',
      where: 'build',
      source: 'uvm_gpu_access_counters.c:41, 198-218, driver 595.45.04',
      noEffect: INERT,
    },
  }),
  uvm_perf_map_remote_on_eviction: toggle({
    title: 'Evicted pages stay mapped',
    help: 'The device maps evicted pages in their new place, so that its counters count accesses to them.',
    initial: true,
    live: true,
    knob: uvm('uvm_perf_map_remote_on_eviction', 'uvm_va_block.c:67-68, 163-167', {
      outside: 'on',
      noEffect: COUNTERS_INERT,
    }),
  }),
} as const;
