/** Knobs of Grace Hopper with ATS. */
import { byte, everyPage, file, numberOf, step, times, total } from '../../support/programs';
import { balancingPairs, fresh, thpPair, zoneReclaimPair } from './linux';
import type { KnobPair } from './pair';

const MIB = 2 ** 20;
const NO_COUNTERS = { uvm_perf_access_counter_migration_enable: 0 };
const machine = 'gh200';
const both = (size: string, loop: string): string =>
  fresh('gh-ats', [step('cpu', everyPage('write')), step('gpu0', loop)], { machine, objects: { a: size } });
const onDevice = { number: 'most bytes on the GPU', of: numberOf('peakDeviceBytes') };
const moved = { number: 'bytes that came to the GPU', of: total('bytesToDevice') };
const firstByte = fresh('gh-ats', [step('gpu0', byte('write'))], { machine });
/** 512 accesses to a region that lies on the host. */
const reads = both('2MiB', everyPage('read'));
const few = both('512KiB', everyPage('read'));
const small = { kernelPage: '4k' };
const exists = { text: both('2MiB', everyPage('read')), params: { ...small, ...NO_COUNTERS } };

const prefetch: readonly KnobPair[] = [
  {
    knob: 'uvm_perf_prefetch_enable',
    matters: {
      ...{ text: firstByte, params: { ...small, uvm_perf_prefetch_threshold: 49 }, ...onDevice },
      gives: [
        [true, 8192],
        [false, 4096],
      ],
      because: 'the GPU touches a page first: its neighbour comes along, as one of two is more than 49 %, or does not',
    },
    not: { ...exists, values: [true, false], because: 'all pages exist, and no counter moves any' },
  },
  {
    knob: 'uvm_perf_prefetch_threshold',
    matters: {
      ...{ text: firstByte, params: small, ...onDevice },
      gives: [
        [100, 4096],
        [51, 4096],
        [49, 2 * 4096],
        [24, 4 * 4096],
        [0, 2 * MIB],
      ],
      because:
        'the comparison is strict, and the tree begins with single pages, unlike that of managed memory: one page is half of two and a quarter of four; more than nothing is the whole window',
    },
    not: { ...exists, values: [0, 51, 100], because: 'all pages exist, and no counter moves any' },
  },
];

const counters: readonly KnobPair[] = [
  {
    knob: 'uvm_perf_access_counter_migration_enable',
    matters: {
      ...{ text: reads, ...moved },
      gives: [
        [-1, 65_536],
        [0, 0],
        [1, 65_536],
      ],
      because:
        'the 256th access notifies, and its page of 64 KiB moves; less than 256 follow. This platform has ATS: on by default',
    },
    not: { text: few, values: [-1, 0, 1], because: '128 accesses stay below the threshold' },
  },
  {
    knob: 'uvm_perf_access_counter_threshold',
    matters: {
      ...{ text: reads, ...moved },
      gives: [
        [256, 65_536],
        [512, 65_536],
        [513, 0],
      ],
      because: 'the GPU makes 512 accesses',
    },
    not: { text: few, values: [129, 256, 65_535], because: 'it makes 128' },
  },
  {
    knob: 'uvm_perf_access_counter_batch_count',
    matters: {
      text: both('8MiB', 'read: a, pattern: random, count: 25000'),
      params: { uvm_perf_access_counter_threshold: 1 },
      ...{ number: 'batches', of: ({ run }) => run.memory.batches },
      gives: [
        [1, 128 + 4],
        [2, 128 + 3],
        [256, 128 + 2],
      ],
      because:
        'besides the 128 faults of the CPU: the first of four regions notifies, and the other three while its batch is serviced',
    },
    not: { text: reads, values: [1, 2, 256], because: 'there is one region, which notifies once' },
  },
];

export const ghAtsPairs: readonly KnobPair[] = [
  thpPair('gh-ats', small, machine),
  ...balancingPairs('gh-ats', { params: NO_COUNTERS }),
  ...prefetch,
  ...counters,
  {
    knob: 'kernelPage',
    matters: {
      text: fresh('gh-ats', [step('cpu', everyPage('write'))], { machine }),
      ...{ number: 'faults of the CPU', of: total('cpuFaults') },
      gives: [
        ['64k', 32],
        ['4k', 512],
      ],
      because: 'a fault makes one page of the kernel',
    },
    not: {
      text: file([step('cpu', everyPage('read')), ...times(2, step('gpu0', everyPage('read')))], {
        system: 'gh-ats',
        machine,
      }),
      ...{ params: NO_COUNTERS, values: ['64k', '4k'], because: 'all pages exist when the program begins' },
    },
  },
  {
    knob: 'NVreg_CoherentGPUMemoryMode',
    matters: {
      ...{ text: fresh('gh-ats', [step('gpu0', everyPage('write'))], { machine }), ...onDevice },
      gives: [
        ['numa', 2 * MIB],
        ['driver', 0],
      ],
      because: 'the GPU touches a first: it comes from the node of the GPU, where there is one',
    },
    not: {
      text: fresh('gh-ats', [step('cpu', everyPage('write')), step('cpu', everyPage('read'))], { machine }),
      ...{ values: ['numa', 'driver'], because: 'the GPU is left alone' },
    },
  },
  zoneReclaimPair(
    {
      text: fresh('gh-ats', [step('cpu', everyPage('write'))], { machine, objects: { a: '4MiB' } }),
      params: { ...small, hostMemory: 2, swap: 16 },
    },
    {
      text: fresh('gh-ats', [step('cpu', everyPage('write'))], { machine, objects: { a: '4MiB' } }),
      params: { ...small, hostMemory: 4, swap: 16 },
    },
  ),
];
