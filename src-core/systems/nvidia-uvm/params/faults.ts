/** Servicing of replayable faults (docs/rules/nvidia-uvm.md). */
import { choice, integer, toggle } from '../../../contracts/params';
import { notModelled, THRASHING_OFF, UINT_MAX, uvm } from './knob';

export const faultParams = {
  uvm_perf_fault_batch_count: integer({
    title: 'Faults per batch',
    help: 'Entries fetched from the fault buffer at once; limited to the size of the buffer.',
    unit: 'faults',
    min: 1,
    max: UINT_MAX,
    initial: 256,
    live: true,
    knob: uvm('uvm_perf_fault_batch_count', 'uvm_gpu_replayable_faults.c:72-78, 153-156', { outside: 'nearest' }),
  }),
  uvm_perf_fault_replay_policy: choice({
    title: 'Replay policy',
    help: 'When the device retries waiting accesses: after each VA block, after each batch, after each batch and a flush of the fault buffer, or once when the buffer is empty.',
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
    help: 'If a batch has a larger share of duplicates, the flush also discards entries that arrived meanwhile.',
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
    help: 'Batches that the bottom half services before it yields.',
    unit: 'batches',
    min: 0,
    max: UINT_MAX,
    initial: 20,
    live: true,
    knob: uvm('uvm_perf_fault_max_batches_per_service', 'uvm_gpu_replayable_faults.c:103-109'),
  }),
  uvm_perf_fault_max_throttle_per_service: integer({
    title: 'Throttled batches per service',
    help: 'Batches with a throttled fault that the bottom half services before it yields.',
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
    help: 'When a fault is fetched, it is merged with an equal last fault of its uTLB or of the batch.',
    initial: true,
    live: true,
    knob: uvm('uvm_perf_fault_coalesce', 'uvm_gpu_replayable_faults.c:115-116', { outside: 'on' }),
  }),
  uvm_perf_reenable_prefetch_faults_lapse_msec: integer({
    title: 'Prefetch faults off for',
    help: 'After a batch with more than two thirds invalid prefetches, the device raises no prefetch faults for this time. 0: never switched off.',
    unit: 'ms',
    min: 0,
    max: UINT_MAX,
    initial: 1000,
    live: true,
    knob: uvm('uvm_perf_reenable_prefetch_faults_lapse_msec', 'uvm_gpu_replayable_faults.c:65-70, 2845-2869', {
      noEffect: [notModelled('devices in this model raise no faults for prefetch instructions')],
    }),
  }),
} as const;
