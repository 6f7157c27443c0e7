/** Knobs of AMD KFD SVM. */
import { PS_PER_MS } from '../../../src-core/base/units';
import { QUEUE_START } from '../../../src-core/kit/linux/costs';
import { byte, call, everyPage, figure, step, total } from '../../support/programs';
import { fresh, thpPair } from './linux';
import type { KnobPair } from './pair';

const MIB = 2 ** 20;
const FILL = step('cpu', everyPage('write'));
const READ = step('gpu0', everyPage('read'));
const objects = { a: '4MiB' };
const program = (...steps: readonly string[]): string => fresh('amd-svm', steps, { objects });
const moved = { number: 'bytes that came to a device', of: total('bytesToDevice') };
const registered = { xnack: false, register: true };

export const amdSvmPairs: readonly KnobPair[] = [
  thpPair('amd-svm'),
  {
    knob: 'svm_default_granularity',
    matters: {
      ...{ text: program(FILL, step('gpu0', byte('read'))), ...moved },
      gives: [
        [0, 4096],
        [4, 65_536],
        [9, 2 * MIB],
        [27, 4 * MIB],
      ],
      because: 'a fault migrates an aligned piece of so many pages, clipped to the mapping',
    },
    not: {
      text: fresh('amd-svm', [FILL, step('gpu0', byte('read'))], { objects: { a: '4KiB' } }),
      ...{ values: [0, 9, 27], because: 'the mapping is one page' },
    },
  },
  {
    knob: 'xnack',
    matters: {
      ...{ text: program(FILL, READ), params: { register: true }, ...moved },
      gives: [
        [true, 4 * MIB],
        [false, 0],
      ],
      because: 'the device faults and the data comes, or it was mapped where it is before the queue ran',
    },
    not: {
      ...{ text: program(FILL, step('cpu', everyPage('read'))), params: { register: true } },
      ...{ values: [true, false], because: 'the devices are left alone' },
    },
  },
  {
    knob: 'xgmiHive',
    matters: {
      text: program(
        ...[step('gpu0', everyPage('write')), call('advise: a, hint: accessed-by, at: gpu1')],
        ...[step('gpu1', everyPage('read'))],
      ),
      ...{ number: 'bytes that left the first device', of: total('bytesToHost') },
      gives: [
        [false, 4 * MIB],
        [true, 0],
      ],
      because: 'in place means there for devices of a hive, and host memory for others',
    },
    not: {
      text: program(step('gpu0', everyPage('write')), step('gpu1', everyPage('read', 'a'))),
      ...{ values: [false, true], because: 'the second device may have the data for itself, and takes it' },
    },
  },
  {
    knob: 'AMDGPU_SVM_RANGE_RETRY_FAULT_PENDING',
    matters: {
      text: fresh('amd-svm', [FILL, READ], { objects, deviceMemory: '128MiB' }),
      params: { register: true },
      ...{ number: 'faults dropped', of: figure('droppedRetryFaults') },
      gives: [
        [0, 0],
        [2, 1],
      ],
      because:
        'registered memory is a range of 4 MiB here (1/32 of VRAM), whose second piece faults within 2 ms of the first',
    },
    not: { text: program(FILL, step('gpu0', byte('read'))), values: [0, 2, 1000], because: 'there is one fault' },
  },
  {
    knob: 'AMDGPU_SVM_RANGE_RESTORE_DELAY_MS',
    matters: {
      text: program(FILL, READ, call('madvise: a, advice: dontneed'), READ),
      ...{ params: registered, number: 'ps that queues stood', of: figure('queueStopped') },
      gives: [
        [0, QUEUE_START.value],
        [5, 5 * PS_PER_MS + QUEUE_START.value],
      ],
      because: 'memory that the queue has mapped is given back: the queue stops, and is started again after the delay',
    },
    not: {
      ...{ text: program(FILL, READ), params: registered },
      ...{ values: [0, 1, 1000], because: 'nothing that is mapped changes' },
    },
  },
];
