/** Knobs of device memory that is a NUMA node: coherent memory, and a zone of its own. */
import { call, everyPage, numberOf, step, times, total } from '../../support/programs';
import { balancingPairs, fresh, thpPair } from './linux';
import type { KnobPair } from './pair';

const MIB = 2 ** 20;
/** a was on the device, and lies on the host when the device reads it: 16 bytes of each 64 KiB in each pass. */
const readAgain = (passes: number): string[] => [
  ...[step('gpu0', everyPage('write')), call('migrate: a, to: cpu')],
  ...times(passes, step('gpu0', everyPage('read'))),
];

export const nodePairs = (system: string): readonly KnobPair[] => [
  thpPair(system),
  ...balancingPairs(system),
  {
    knob: 'accessCounters',
    matters: {
      text: fresh(system, readAgain(3)),
      ...{ number: 'bytes that the device read over the link', of: total('remoteBytes') },
      gives: [
        [0, 3 * 512],
        [16, 512],
        [32, 2 * 512],
        [48, 3 * 512],
      ],
      because: 'a region of 16 pages moves when as many of its bytes were read, which are 16 in each of three passes',
    },
    not: {
      text: fresh(system, [step('gpu0', everyPage('write')), ...times(3, step('gpu0', everyPage('read')))]),
      ...{ values: [0, 16, 48], because: 'the memory is where the device wants it' },
    },
  },
  {
    knob: 'kernelAllocations',
    matters: {
      text: fresh(system, [step('cpu', everyPage('write')), call('kernelAllocation: 1MiB')]),
      params: { hostMemory: 2 },
      ...{ number: 'bytes of the kernel on the device', of: numberOf('strayKernelBytes') },
      gives: [
        [false, 0],
        [true, MIB],
      ],
      because: 'a fills the host, and there is no swap: the kernel gets nothing, or memory of the device',
    },
    not: {
      text: fresh(system, [step('cpu', everyPage('write')), call('kernelAllocation: 1MiB')]),
      ...{ params: { hostMemory: 4 }, values: [false, true], because: 'the host has room for a and the kernel' },
    },
  },
  {
    knob: 'emergency',
    matters: {
      text: fresh(system, [step('cpu', everyPage('write'))], { objects: { a: '4MiB' } }),
      params: { hostMemory: 3 },
      ...{ number: 'most bytes on the device', of: numberOf('peakDeviceBytes') },
      gives: [
        [false, 0],
        [true, MIB],
      ],
      because: 'the last of 4 MiB finds the host full: the program is killed, or goes on with memory of the device',
    },
    not: {
      text: fresh(system, [step('cpu', everyPage('write'))], { objects: { a: '4MiB' } }),
      ...{ params: { hostMemory: 4 }, values: [false, true], because: 'the host has just enough memory' },
    },
  },
];
