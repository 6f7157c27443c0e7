/** Servicing of replayable faults (docs/rules/nvidia-uvm.md). */
import { choice, integer, toggle } from '../../../contracts/params';
import { notModelled, THRASHING_OFF, UINT_MAX, uvm } from './knob';

export const faultParams = {
  uvm_perf_fault_batch_count: integer({
    title: 'Faults per batch',
    help: 'Entries fetched from the fault buffer at once. More than the buffer holds is as many as it holds.',
    unit: 'faults',
    min: 1,
    max: UINT_MAX,
    initial: 256,
    live: true,
    knob: uvm('uvm_perf_fault_batch_count', 'uvm_gpu_replayable_faults.c:72-78, 153-156', { outside: 'nearest' }),
  }),
  uvm_perf_fault_replay_policy: choice({
    title: 'Replay policy',
    help: 'When waiting accesses are told to try again: after each VA block, after each batch, after each batch with the fault buffer emptied first, or once when the buffer has run dry.',
    values: ['block', 'batch', 'batch_flush', 'once'],
    initial: 'batch_flush',
    live: true,
    knob: uvm('uvm_perf_fault_replay_policy', 'uvm_gpu_replayable_faults.c:80-84; .h:35-46', {
      texts: { block: '0', batch: '1', batch_flush: '2', once: '3' },
      outside: 'default',
    }),
  }),
  uvm_perf_fault_replay_update_put_ratio: integer({
    title: 'Duplicates before PUT is read again',
    help: 'With more duplicates than this in a batch, the flush discards everything that arrived meanwhile too, not only what was fetched.',
    unit: '%',
    min: 0,
    max: 100,
    initial: 50,
    live: true,
    knob: uvm('uvm_perf_fault_replay_update_put_ratio', 'uvm_gpu_replayable_faults.c:86-101, 207', {
      outside: 'nearest',
      noEffect: [
        {
          when: [{ param: 'uvm_perf_fault_replay_policy', isNot: 'batch_flush' }],
          why: 'the buffer is flushed only under the replay policy batch_flush',
        },
      ],
    }),
  }),
  uvm_perf_fault_max_batches_per_service: integer({
    title: 'Batches per service',
    help: 'Batches that one run of the bottom half services before it makes way.',
    unit: 'batches',
    min: 0,
    max: UINT_MAX,
    initial: 20,
    live: true,
    knob: uvm('uvm_perf_fault_max_batches_per_service', 'uvm_gpu_replayable_faults.c:103-109'),
  }),
  uvm_perf_fault_max_throttle_per_service: integer({
    title: 'Throttled batches per service',
    help: 'Batches with a throttled fault that one run of the bottom half services before it makes way.',
    unit: 'batches',
    min: 0,
    max: UINT_MAX,
    initial: 5,
    live: true,
    knob: uvm('uvm_perf_fault_max_throttle_per_service', 'uvm_gpu_replayable_faults.c:105-113', {
      noEffect: THRASHING_OFF,
    }),
  }),
  uvm_perf_fault_coalesce: toggle({
    title: 'Coalescing',
    help: 'A fault like the last one of its uTLB, or of the batch, is merged into it when it is fetched.',
    initial: true,
    live: true,
    knob: uvm('uvm_perf_fault_coalesce', 'uvm_gpu_replayable_faults.c:115-116', { outside: 'on' }),
  }),
  uvm_perf_reenable_prefetch_faults_lapse_msec: integer({
    title: 'Prefetch faults off for',
    help: 'After a batch in which more than two thirds were invalid prefetches the device raises none for so long; 0: it always does.',
    unit: 'ms',
    min: 0,
    max: UINT_MAX,
    initial: 1000,
    live: true,
    knob: uvm('uvm_perf_reenable_prefetch_faults_lapse_msec', 'uvm_gpu_replayable_faults.c:65-70, 2845-2869', {
      noEffect: [notModelled('devices of this model raise no faults for prefetch instructions')],
    }),
  }),
} as const;
