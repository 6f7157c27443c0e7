/** Knobs of memory tiers. */
import { everyPage, numberOf, step, total } from '../../support/programs';
import { balancingPairs, fresh, thpPair } from './linux';
import type { KnobPair } from './pair';

const MIB = 2 ** 20;
const promoted = { number: 'bytes that came to the host', of: total('bytesToHost') };
/** The CPU works on b for more than a millisecond, in which a is scanned, and then reads a. */
const later = [
  step('gpu0', everyPage('write')),
  step('cpu', everyPage('write', 'b'), 'read: b'),
  step('cpu', everyPage('read')),
];
const objects = { a: '2MiB', b: '16MiB' };
const hot = fresh('tiering', [step('gpu0', everyPage('write')), ...Array<string>(8).fill(step('cpu', 'read: a'))], {
  objects: { a: '4MiB' },
});
const fill = fresh('tiering', [step('cpu', everyPage('write'))], { objects: { a: '4MiB' } });

export const tieringPairs: readonly KnobPair[] = [
  thpPair('tiering'),
  ...balancingPairs('tiering', { switch: 'promotion' }),
  {
    knob: 'demotion',
    matters: {
      ...{ text: fill, params: { hostMemory: 2, swap: 16 }, number: 'pages swapped out', of: numberOf('swapOuts') },
      gives: [
        [true, 0],
        [false, 512],
      ],
      because: 'half of a does not fit: it goes down a tier, or to swap',
    },
    not: {
      text: fill,
      params: { hostMemory: 4, swap: 16 },
      values: [true, false],
      because: 'the host holds all of it',
    },
  },
  {
    knob: 'hotThresholdMs',
    matters: {
      ...{ text: fresh('tiering', later, { objects }), params: { scanPeriodMs: 1 }, ...promoted },
      gives: [
        [1000, 2 * MIB],
        [1, 0],
      ],
      because: 'a is used some milliseconds after its scan: soon enough, or too late',
    },
    not: {
      text: fresh('tiering', later.slice(0, 2), { objects }),
      ...{ params: { scanPeriodMs: 1 }, values: [1, 1000, 100_000], because: 'nobody uses what was scanned' },
    },
  },
  {
    knob: 'promoteRateMbps',
    matters: {
      ...{ text: hot, params: { scanPeriodMs: 1 }, ...promoted },
      gives: [
        [65_536, 4 * MIB],
        [3, 3 * MIB],
        [1, MIB],
      ],
      because: 'all happens in the first second, of whose hot pages so many MB may move',
    },
    not: { text: hot, params: { scanPeriodMs: 1 }, values: [4, 100, 65_536], because: 'all of it is 4 MB' },
  },
];
