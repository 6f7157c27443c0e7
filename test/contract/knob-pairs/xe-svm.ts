/** Knobs of Intel Xe SVM. */
import { byte, call, everyPage, figure, step, total } from '../../support/programs';
import { fresh, thpPair } from './linux';
import type { KnobPair } from './pair';

const MIB = 2 ** 20;
const FILL = step('cpu', everyPage('write'));
const TOUCH = step('gpu0', byte('read'));
const ATOMIC = step('gpu0', byte('atomic'));
const PEEK = step('cpu', byte('read', 400));
const program = (...steps: readonly string[]): string => fresh('xe-svm', steps, { objects: { a: '4MiB' } });
const page = fresh('xe-svm', [FILL, TOUCH], { objects: { a: '4KiB' } });
const moved = { number: 'bytes that came to the device', of: total('bytesToDevice') };
const stays = [FILL, call('advise: a, hint: preferred-location, at: cpu'), call('advise: a, hint: atomic-device')];

export const xeSvmPairs: readonly KnobPair[] = [
  thpPair('xe-svm'),
  {
    knob: 'svm_notifier_size',
    matters: {
      ...{ text: program(FILL, TOUCH), ...moved },
      gives: [
        ['1', 65_536],
        ['2', 2 * MIB],
        ['512', 2 * MIB],
      ],
      because: 'a window of 1 MiB holds no range of 2 MiB; the next smaller size is 64 KiB',
    },
    not: { text: page, values: ['1', '2', '4096'], because: 'the mapping is one page' },
  },
  {
    knob: 'atomic_svm_timeslice_ms',
    matters: {
      ...{ text: program(FILL, ATOMIC, PEEK), number: 'CPU faults that waited', of: figure('svmTimesliceWaits') },
      gives: [
        [0, 0],
        [5, 1],
      ],
      because: 'the CPU wants at once what an atomic has brought',
    },
    not: { text: program(FILL, TOUCH, PEEK), values: [0, 5, 10_000], because: 'a read has no time slice' },
  },
  {
    knob: 'CONFIG_DRM_XE_PAGEMAP',
    matters: {
      ...{ text: program(FILL, TOUCH), ...moved },
      gives: [
        [true, 2 * MIB],
        [false, 0],
      ],
      because: 'a range moves to VRAM, where VRAM has pages',
    },
    not: {
      text: fresh('xe-svm', [FILL, TOUCH], { objects: { a: '2MiB, map: file-shared' } }),
      ...{ values: [true, false], because: 'pages of files stay in host memory' },
    },
  },
  {
    knob: 'vramNeed64k',
    matters: {
      ...{ text: page, ...moved },
      gives: [
        [false, 4096],
        [true, 0],
      ],
      because: 'a range of 4 KiB is smaller than a page of such VRAM',
    },
    not: { text: program(FILL, TOUCH), values: [false, true], because: 'the range has 2 MiB' },
  },
  {
    knob: 'deviceAtomicsOnSmem',
    matters: {
      ...{ text: program(...stays, ATOMIC), ...moved },
      gives: [
        [true, 0],
        [false, 2 * MIB],
      ],
      because: 'atomics of the device alone are made on host memory, or need VRAM',
    },
    not: { text: program(...stays, TOUCH), values: [true, false], because: 'a read is none' },
  },
  {
    knob: 'evictOnPartialUnmap',
    matters: {
      text: program(FILL, TOUCH, call('munmap: a, bytes: [524288, 1048576]'), step('cpu', byte('read', 3 * MIB))),
      ...{ number: 'bytes that came home', of: total('bytesToHost') },
      gives: [
        [false, 0],
        [true, 1.5 * MIB],
      ],
      because: 'what is left of a range of 2 MiB stays in VRAM, or does not',
    },
    not: {
      text: program(FILL, TOUCH, call('munmap: a, bytes: [0, 2097152]'), step('cpu', byte('read', 3 * MIB))),
      ...{ values: [false, true], because: 'the whole range is unmapped' },
    },
  },
];
