/** Knobs of HMM on a device that the CPU cannot reach. */
import { everyPage, figure, step, total } from '../../support/programs';
import { fresh, thpPair } from './linux';
import type { KnobPair } from './pair';

const MIB = 2 ** 20;
const both = [step('cpu', everyPage('write')), step('gpu0', everyPage('read'))];
/** All bytes, so that thread groups raise the faults of pages in the order of addresses. */
const readByDevice = [step('gpu0', 'read: a')];
/** A file twice as large as the host: each page that the device reads takes the place of one 4 MiB below. */
const reclaims = fresh('hmm', readByDevice, { objects: { a: '8MiB, map: file-shared' } });

export const hmmPairs: readonly KnobPair[] = [
  thpPair('hmm'),
  {
    knob: 'fileBackedMigration',
    matters: {
      text: fresh('hmm', both, { objects: { a: '2MiB, map: file-shared' } }),
      ...{ number: 'bytes that came to the device', of: total('bytesToDevice') },
      gives: [
        [false, 0],
        [true, 2 * MIB],
      ],
      because: 'pages of the page cache stay where they are in Linux (B3), and move beyond it',
    },
    not: { text: fresh('hmm', both), values: [false, true], because: 'the memory belongs to no file' },
  },
  {
    knob: 'windowMib',
    matters: {
      ...{ text: reclaims, params: { hostMemory: 4 }, number: 'mirrorings begun anew', of: figure('mirrorRetries') },
      gives: [
        [2, 0],
        [4, 0],
        [8, 1024],
        [512, 1024],
      ],
      because: 'the page that reclaim unmaps lies 4 MiB below the one that is mirrored: in its window, or in another',
    },
    not: { text: reclaims, values: [2, 8, 512], because: 'nothing is reclaimed' },
  },
];
