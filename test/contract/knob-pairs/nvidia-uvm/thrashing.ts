/** Knobs of thrashing detection and mitigation. The GPU begins each duel; see test/golden/nvidia-uvm for one move by move. */
import { UvmMemory } from '../../../../src-core/systems/nvidia-uvm/mechanics/memory';
import type { EventRun } from '../../../support/event-run';
import { byte, duel, figure, file, step, summaryOf } from '../../../support/programs';
import type { KnobPair } from '../pair';

const page = { objects: { a: '4KiB' } };
/** The lapse at the end of the run, ns. */
const lapse = ({ run: { memory } }: EventRun): number => {
  if (!(memory instanceof UvmMemory) || !memory.thrashing) throw new Error('the run has no detection of thrashing');
  return memory.thrashing.lapseNs;
};
const pagesToDevices = (made: EventRun): number => summaryOf(made).numbers.pagesToDevice;
const moves = (made: EventRun): number => pagesToDevices(made) + summaryOf(made).numbers.pagesToHost;
const detected = { number: 'pages found thrashing', of: figure('thrashingDetected') };
const READING_16_MIB = step('cpu', 'read: b');

/**
 * Page 0 thrashes, page 1 is one event short of it; then nothing for 1.4 ms, more than two lapses. A block that starts again
 * forgets those two events, so that two more moves of page 1 do not reach three.
 */
const quiet = file(
  [...duel(5), ...duel(3, 4096), READING_16_MIB, step('cpu', byte('write', 4096)), step('gpu0', byte('write', 4096))],
  { objects: { a: '8KiB', b: '16MiB' } },
);
const alone = { uvm_perf_prefetch_enable: false };

const detection: readonly KnobPair[] = [
  {
    knob: 'uvm_perf_thrashing_enable',
    matters: {
      ...{ text: file(duel(8), page), ...detected },
      gives: [
        [true, 1],
        [false, 0],
      ],
      because:
        'the third event within the lapse is the fifth move: the first arms the block, the second stamps the page',
    },
    not: {
      text: file([step('gpu0', 'read: a')]),
      values: [true, false],
      because: 'a processor alone thrashes with nobody',
    },
  },
  {
    knob: 'uvm_perf_thrashing_threshold',
    matters: {
      ...{ text: file(duel(8), page), ...detected },
      gives: [
        [3, 1],
        [6, 1],
        [7, 0],
      ],
      because: 'eight moves are six events of the page, after one that arms the block and one that stamps the page',
    },
    not: { text: file(duel(2), page), values: [1, 3, 7], because: 'two moves are no event yet' },
  },
  {
    knob: 'uvm_perf_thrashing_lapse_usec',
    matters: {
      ...{ text: file(duel(8), page), ...detected },
      gives: [
        [500, 1],
        [1, 0],
      ],
      because: 'a turn takes some 60 us',
    },
    not: {
      text: file(duel(2), page),
      values: [1, 500, 100_000],
      because: 'two moves are no event, whatever the lapse',
    },
  },
  {
    knob: 'uvm_perf_lapse_vote_threshold',
    matters: {
      ...{ text: file(duel(6), page), params: { lapse_adaptation: 'intended' } },
      ...{ number: 'lapse at the end, ns', of: lapse },
      gives: [
        [1, 437_500],
        [2, 500_000],
        [32, 500_000],
      ],
      because:
        'the sixth turn is the one fast re-fault of a marked page: one vote, which takes an eighth of 500 us away',
    },
    not: {
      ...{ text: file(duel(20), page), params: { uvm_perf_thrashing_lapse_usec: 499, lapse_adaptation: 'intended' } },
      values: [1, 32],
      because: 'the driver adapts the lapse only at its default',
    },
  },
  {
    knob: 'lapse_adaptation',
    matters: {
      ...{ text: file(duel(6), page), number: 'lapse at the end, ns', of: lapse },
      gives: [
        ['faithful', 562_500],
        ['intended', 500_000],
      ],
      because: 'as compiled one fast re-fault lengthens the lapse by an eighth; as meant it is one vote of 32',
    },
    not: {
      ...{ text: file(duel(20), page), params: { uvm_perf_thrashing_lapse_usec: 499 } },
      values: ['faithful', 'intended'],
      because: 'the driver adapts the lapse only at its default',
    },
  },
];

const mitigation: readonly KnobPair[] = [
  {
    knob: 'uvm_perf_thrashing_pin_threshold',
    matters: {
      ...{ text: file(duel(20), page), number: 'faults answered by a pin', of: figure('pins') },
      gives: [
        [10, 1],
        [255, 0],
      ],
      because: 'GPU and CPU are throttled five times each before the page is pinned and mapped remotely',
    },
    not: { text: file(duel(8), page), values: [3, 10, 255], because: 'eight turns throttle twice' },
  },
  {
    knob: 'uvm_perf_thrashing_nap',
    matters: {
      ...{ text: file(duel(7), page), number: 'throttled faults of the GPU', of: figure('throttledFaults') },
      gives: [
        [1, 11],
        [2, 22],
        [4, 45],
      ],
      because: 'its fault comes back with each replay, every 44 us, until the nap of 500, 1000 or 2000 us is over',
    },
    not: { text: file(duel(6), page), values: [1, 100], because: 'nobody is throttled before the seventh turn' },
  },
  {
    knob: 'uvm_perf_thrashing_pin',
    matters: {
      text: file([...duel(20), READING_16_MIB, ...duel(4)], { objects: { a: '4KiB', b: '16MiB' } }),
      ...{ number: 'moves of the page', of: moves },
      gives: [
        [300, 16],
        [0, 16],
        [1, 20],
      ],
      because:
        'pinned for 500 us it is let go in the 1.4 ms that reading takes, and moves again; for 150 ms, or ever, not',
    },
    not: { text: file(duel(8), page), values: [0, 1, 300], because: 'eight turns pin nothing' },
  },
  {
    knob: 'uvm_perf_thrashing_epoch',
    matters: {
      ...{ text: quiet, params: alone, ...detected },
      gives: [
        [2, 1],
        [2000, 2],
      ],
      because: 'after an epoch of two lapses the block starts again; of a second, it remembers',
    },
    not: { text: file(duel(20), page), values: [20, 2000], because: 'the block is never quiet' },
  },
  {
    knob: 'uvm_perf_thrashing_max_resets',
    matters: {
      ...{ text: quiet, params: { ...alone, uvm_perf_thrashing_epoch: 2 }, ...detected },
      gives: [
        [4, 1],
        [1, 1],
        [0, 2],
      ],
      because: 'the block starts again once, or may not',
    },
    not: { text: quiet, params: alone, values: [0, 4], because: 'an epoch of a second has not passed' },
  },
  {
    knob: 'uvm_perf_map_remote_on_native_atomics_fault',
    matters: {
      text: file([step('gpu0', 'write: a'), step('gpu1', 'atomic: a')], { machine: 'v100-power9' }),
      ...{ number: 'pages that came to a GPU', of: pagesToDevices },
      gives: [
        [true, 512],
        [false, 1024],
      ],
      because: 'the second GPU makes its atomics over NVLink where the pages are, or takes them',
    },
    not: {
      text: file([step('gpu0', 'write: a'), step('gpu1', 'read: a')], { machine: 'v100-power9' }),
      values: [true, false],
      because: 'reads are no atomics',
    },
  },
];

export const thrashingPairs: readonly KnobPair[] = [...detection, ...mitigation];
