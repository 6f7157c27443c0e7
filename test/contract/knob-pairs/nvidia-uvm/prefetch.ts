/** Knobs of the density prefetcher. */
import { byte, call, everyPage, file, step, summaryOf } from '../../../support/programs';
import type { KnobPair } from '../pair';
import type { EventRun } from '../../../support/event-run';

const pagesToDevice = (made: EventRun): number => summaryOf(made).numbers.pagesToDevice;
const firstByte = file([step('gpu0', byte('read'))]);
const number = 'pages that came to the GPU';

export const prefetchPairs: readonly KnobPair[] = [
  {
    knob: 'uvm_perf_prefetch_enable',
    matters: {
      text: firstByte,
      ...{ number, of: pagesToDevice },
      gives: [
        [true, 16],
        [false, 1],
      ],
      because: 'a fault brings the rest of its 64 KiB page along, or nothing',
    },
    not: {
      text: file([call('migrate: a, to: gpu0'), step('gpu0', 'read: a')]),
      values: [true, false],
      because: 'an explicit migration takes no hint, and leaves nothing to fault on',
    },
  },
  {
    knob: 'uvm_perf_prefetch_threshold',
    matters: {
      text: firstByte,
      ...{ number, of: pagesToDevice },
      gives: [
        [100, 0 + 1],
        [51, 16],
        [49, 32],
        [24, 64],
        [0, 512],
      ],
      because:
        'the comparison is strict. 16 pages are all of 64 KiB, which is never more than 100 %, half of 128 KiB and a quarter of 256 KiB; more than nothing is the whole block',
    },
    not: {
      text: file([step('gpu0', byte('read'))], { objects: { a: '64KiB' } }),
      values: [51, 0, 99],
      because: 'a block of 64 KiB has no larger subtree, and its 16 of 16 pages pass below 100 %',
    },
  },
  {
    knob: 'uvm_perf_prefetch_min_faults',
    matters: {
      text: firstByte,
      ...{ number, of: pagesToDevice },
      gives: [
        [1, 16],
        [2, 1],
      ],
      because: 'the first fault of a block is one fault in a row',
    },
    not: {
      text: file([step('gpu0', everyPage('read'))], { objects: { a: '128KiB' } }),
      values: [1, 20],
      because: 'all 32 faults come in one batch, and the count is taken with them',
    },
  },
];
