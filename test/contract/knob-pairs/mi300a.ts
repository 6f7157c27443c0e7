/** Knobs of MI300A. */
import { byte, everyPage, outcomes, step, total } from '../../support/programs';
import { balancingPairs, fresh, thpPair, zoneReclaimPair } from './linux';
import type { KnobPair } from './pair';

const machine = 'mi300a';
const sweep = fresh(machine, [step('cpu', everyPage('write')), step('gpu0', everyPage('read'))], {
  ...{ machine, objects: { a: '4MiB' } },
});
const fills = (deviceMemory: string): string =>
  fresh(machine, [step('cpu', everyPage('write'))], { machine, deviceMemory, objects: { a: '8MiB' } });

export const mi300aPairs: readonly KnobPair[] = [
  thpPair(machine, {}, machine),
  ...balancingPairs(machine, { machine, device: 'gpu1' }),
  {
    knob: 'xnack',
    matters: {
      ...{ text: sweep, number: 'accesses that end in a signal, and those of the process after it', of: outcomes },
      gives: [
        [true, 0],
        [false, 2],
      ],
      because: 'a fault on memory from malloc is retried, or it is EFAULT and the process is gone',
    },
    not: {
      text: fresh(machine, [step('cpu', everyPage('write')), step('cpu', everyPage('read'))], { machine }),
      ...{ values: [true, false], because: 'the GPU is left alone' },
    },
  },
  {
    knob: 'svm_default_granularity',
    matters: {
      ...{ text: sweep, number: 'faults of the GPU', of: total('gpuFaults') },
      gives: [
        [0, 1024],
        [4, 64],
        [9, 2],
        [12, 1],
      ],
      because: 'a fault maps an aligned piece of so many pages of 4 MiB',
    },
    not: {
      text: fresh(machine, [step('cpu', byte('write')), step('gpu0', byte('read'))], {
        machine,
        objects: { a: '4KiB' },
      }),
      ...{ values: [0, 9, 27], because: 'the mapping is one page' },
    },
  },
  zoneReclaimPair({ text: fills('6MiB'), params: { swap: 16 } }, { text: fills('8MiB'), params: { swap: 16 } }),
];
