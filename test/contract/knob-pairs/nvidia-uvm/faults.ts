/** Knobs of the servicing of replayable faults. */
import { byte, duel, everyPage, figure, file, step } from '../../../support/programs';
import type { KnobPair } from '../pair';

/** Both loops fault on the page; 128 warps of bytes lie between them, so that another uTLB raises the second fault. */
const twice = file([step('gpu0', 'read: a', 'read: a')], { objects: { a: '4KiB' } });
const one = file([step('gpu0', byte('read'))]);
/** 16 warps of 32 threads behind one uTLB of 56 faults: all 512 pages in nine rounds of 56 and one of 8. */
const sweep = file([step('gpu0', everyPage('read'))]);
const off = { uvm_perf_prefetch_enable: false };
/** The GPU meets a page that it is to keep off, and 31 others. */
const keptOff = file([...duel(6), step('gpu0', everyPage('write'))], { objects: { a: '128KiB' } });

const batches: readonly KnobPair[] = [
  {
    knob: 'uvm_perf_fault_batch_count',
    matters: {
      ...{ text: sweep, params: off, number: 'batches', of: figure('batches') },
      gives: [
        [256, 10],
        [32, 16],
        [1, 512],
      ],
      because: 'ten rounds of at most 56 faults, or batches of 32, or of one',
    },
    not: {
      text: file([step('gpu0', everyPage('read'))], { objects: { a: '64KiB' } }),
      ...{ params: off, values: [16, 256, 4_294_967_295] },
      because: 'there are 16 faults',
    },
  },
  {
    knob: 'uvm_perf_fault_max_batches_per_service',
    matters: {
      text: sweep,
      params: { ...off, uvm_perf_fault_batch_count: 8 },
      ...{ number: 'runs of the bottom half', of: figure('services') },
      gives: [
        [20, 16],
        [3, 32],
        [1, 64],
      ],
      because:
        'each of the 16 warps fills four batches of 8, after which the buffer is empty: four batches in a run, three and one, or each alone',
    },
    not: { text: one, values: [1, 20, 4_294_967_295], because: 'one batch is the last' },
  },
  {
    knob: 'uvm_perf_fault_max_throttle_per_service',
    matters: {
      text: keptOff,
      params: { ...off, uvm_perf_fault_batch_count: 8 },
      ...{ number: 'runs of the bottom half', of: figure('services') },
      gives: [
        [5, 9],
        [1, 10],
      ],
      because:
        'the duel takes three runs; of the four batches of 8 the first has the throttled fault, so that the other three go on or need another run; the fault comes back five times alone',
    },
    not: { text: sweep, params: off, values: [1, 5], because: 'nobody is throttled' },
  },
];

const replays: readonly KnobPair[] = [
  {
    knob: 'uvm_perf_fault_replay_policy',
    matters: {
      text: file([step('gpu0', ...[0, 2, 4, 6].map((mib) => byte('read', mib * 2 ** 20)))], { objects: { a: '8MiB' } }),
      ...{ number: 'replays', of: figure('replays') },
      gives: [
        ['block', 4],
        ['batch', 1],
        ['batch_flush', 1],
        ['once', 1],
      ],
      because: 'one batch has a fault in each of four blocks',
    },
    not: { text: one, values: ['block', 'batch', 'once'], because: 'one block of one batch that empties the buffer' },
  },
  {
    knob: 'uvm_perf_fault_replay_update_put_ratio',
    matters: {
      ...{ text: twice, number: 'flushes with PUT read again', of: figure('flushesUpdatePut') },
      gives: [
        [50, 0],
        [49, 1],
        [0, 1],
      ],
      because: 'one of two entries is a duplicate: 50 %, which has to be exceeded',
    },
    not: {
      ...{ text: twice, params: { uvm_perf_fault_replay_policy: 'batch' }, values: [0, 49, 50, 100] },
      because: 'nothing is flushed',
    },
  },
  {
    knob: 'uvm_perf_fault_coalesce',
    matters: {
      ...{ text: twice, number: 'entries after merging', of: figure('coalesced') },
      gives: [
        [true, 1],
        [false, 2],
      ],
      because: 'the second entry is like the last one of the batch',
    },
    not: { text: sweep, params: off, values: [true, false], because: 'no two entries are alike' },
  },
  {
    knob: 'uvm_perf_reenable_prefetch_faults_lapse_msec',
    matters: null,
    not: {
      ...{ text: sweep, params: off, values: [0, 1, 1000, 4_294_967_295] },
      because: 'no workload has prefetch instructions: reporting of their faults is never switched off',
    },
  },
];

export const faultPairs: readonly KnobPair[] = [...batches, ...replays];
