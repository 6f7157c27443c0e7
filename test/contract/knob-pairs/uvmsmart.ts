/** Options of UVMSmart. */
import { PS_PER_US } from '../../../src-core/base/units';
import type { EventRun } from '../../support/event-run';
import { byte, everyPage, figure, file, step, total } from '../../support/programs';
import type { KnobPair } from './pair';

const MIB = 2 ** 20;
const KIB = 2 ** 10;
const program = (
  steps: readonly string[],
  objects: Readonly<Record<string, string>> = { a: '4MiB' },
  memory = '1GiB',
): string =>
  file(steps, { system: 'uvmsmart', machine: 'paper-uvmsmart', granularity: '4KiB', deviceMemory: memory, objects });
const read = (object = 'a'): string => step('gpu0', everyPage('read', object));
const SWEEP = program([read(), read()]);
const faults = { number: 'faults', of: total('gpuFaults') };
const zeroCopies = { number: 'reads over the link', of: figure('zeroCopyRequests') };
const home = { number: 'bytes that were written back', of: total('bytesToHost') };
const FITS = 'everything fits';
const exceeds = (steps: readonly string[], b = '64KiB'): string => program(steps, { a: '2MiB', b }, '2MiB');
/** One block: 512 requests of 128 bytes. */
const lines = program([step('gpu0', 'read: a')], { a: '64KiB' });
/** b is read while the device is empty; a, as large as the device, exceeds it; then c is read. */
const readsBothTimes = program(
  [step('gpu0', 'read: b'), step('gpu0', everyPage('write')), step('gpu0', 'read: c')],
  { a: '2MiB', b: '64KiB', c: '64KiB' },
  '2MiB',
);
const writes = program([step('gpu0', everyPage('write'))]);
/** Added to the time of the kernels after the run. */
const added = (made: EventRun): number => figure('kernelAndFaultPs')(made) - figure('kernelPs')(made);
/** Time of the kernels that their transfers, a page and the rest of its block, do not explain. */
const waited = (made: EventRun): number =>
  figure('kernelPs')(made) -
  made.events.filter(({ name }) => name === 'migration').reduce((sum, { duration }) => sum + duration!, 0);
const cpuOnly = program([step('cpu', everyPage('write')), step('cpu', everyPage('read'))]);
const one = program([step('gpu0', byte('read'))], { a: '4KiB' });
const FAULT_CYCLES = 66_645;

const decisions: readonly KnobPair[] = [
  {
    knob: 'hardware_prefetch',
    matters: {
      ...{ text: SWEEP, ...faults },
      gives: [
        ['disabled', 1024],
        ['sequential-local', 64],
        ['tree', 12],
      ],
      because:
        'a fault brings its page or its block; in the tree each large page of 2 MiB takes six, as nodes double when more than half is there',
    },
    not: {
      text: one,
      values: ['tree', 'sequential-local'],
      because: 'the allocation is one block',
    },
  },
  {
    knob: 'hwprefetch_oversub',
    matters: {
      ...{ text: exceeds([read(), read('b')], '128KiB'), ...faults },
      gives: [
        ['disabled', 6 + 1 + 16],
        ['sequential-local', 6 + 1 + 1],
      ],
      because:
        'a fills the device. The fault that exceeds it still brings a block of b; after it each page faults, or one of each block',
    },
    not: { text: SWEEP, values: ['disabled', 'tree', 'random'], because: FITS },
  },
  {
    knob: 'eviction_policy',
    matters: {
      ...{
        text: exceeds([read(), step('gpu0', byte('read', 0, 'b'))]),
        params: { hardware_prefetch: 'disabled' },
        ...home,
      },
      gives: [
        ['lru-2mb', 2 * MIB],
        ['lfu', 2 * MIB],
        ['tree', 64 * KIB],
        ['sequential-local', 64 * KIB],
        ['random', 4 * KIB],
        ['lru-4k', 4 * KIB],
      ],
      because: 'one page of b takes the place of a large page, a block or a page of a',
    },
    not: { text: SWEEP, values: ['lru-2mb', 'lfu', 'lru-4k'], because: FITS },
  },
  {
    knob: 'reserve_accessed_page_percent',
    matters: {
      text: program(
        [read(), read('b'), step('gpu0', byte('read', 0, 'c')), step('gpu0', byte('read'))],
        { a: '2MiB', b: '2MiB', c: '64KiB' },
        '4MiB',
      ),
      params: { eviction_policy: 'lru-4k', hardware_prefetch: 'disabled' },
      ...faults,
      gives: [
        [0, 1024 + 1 + 1],
        [50, 1024 + 1],
      ],
      because:
        'the page of c takes the place of the oldest, the first of a, which is read again, or of one in the middle of the list',
    },
    not: { text: SWEEP, values: [0, 50, 99], because: FITS },
  },
  {
    knob: 'percentage_of_free_page_buffer',
    matters: {
      ...{ text: program([read()], { a: '2MiB' }, '2MiB'), ...home },
      gives: [
        [0, 0],
        [50, 2 * MIB],
      ],
      because: 'a fits the device, but not half of it',
    },
    not: { text: SWEEP, values: [0, 20, 99], because: 'more than that is free' },
  },
  {
    knob: 'invalidate_clean',
    matters: {
      ...{ text: exceeds([read(), step('gpu0', byte('read', 0, 'b'))]), ...home },
      gives: [
        [false, 2 * MIB],
        [true, 0],
      ],
      because: 'a was only read: it is written back, or dropped',
    },
    not: {
      text: exceeds([step('gpu0', everyPage('readwrite')), step('gpu0', byte('read', 0, 'b'))]),
      ...{ values: [false, true], because: 'a was written' },
    },
  },
];

const zeroCopy: readonly KnobPair[] = [
  {
    knob: 'enable_dma',
    matters: {
      ...{ text: readsBothTimes, ...zeroCopies },
      gives: [
        ['disabled', 0],
        ['always', 7 + 7],
        ['oversub', 0 + 7],
        ['adaptive', 0 + (8 * 2 - 1)],
      ],
      because:
        'b is read before memory is exceeded and c after it, and the eighth request for a block migrates it. adaptive: the first while the device is empty, the sixteenth then',
    },
    not: { text: writes, values: ['disabled', 'adaptive', 'oversub', 'always'], because: 'a write migrates at once' },
  },
  {
    knob: 'migrate_threshold',
    matters: {
      ...{ text: lines, params: { enable_dma: 'always' }, ...zeroCopies },
      gives: [
        [1, 0],
        [8, 7],
        [100, 99],
      ],
      because: 'the request that reaches the threshold migrates the block',
    },
    not: { text: writes, params: { enable_dma: 'always' }, values: [1, 8, 100], because: 'a write migrates at once' },
    early: 'the fault that the first batch begins with is what the old threshold decided',
  },
  {
    knob: 'multiply_dma_penalty',
    matters: {
      text: readsBothTimes,
      ...{ params: { enable_dma: 'adaptive' }, ...zeroCopies },
      gives: [
        [1, 8 * 1 - 1],
        [2, 8 * 2 - 1],
        [20, 8 * 20 - 1],
      ],
      because: 'memory was exceeded, and the block of c has made no round trip: 8 times the penalty',
    },
    not: { text: lines, params: { enable_dma: 'adaptive' }, values: [0, 2, 1000], because: FITS },
  },
];

const costs: readonly KnobPair[] = [
  {
    knob: 'page_fault_latency',
    matters: {
      ...{ text: SWEEP, number: 'ps added after the run', of: added },
      gives: [
        [0, 0],
        [FAULT_CYCLES, 12 * 45 * PS_PER_US],
        [2 * FAULT_CYCLES, 12 * 90 * PS_PER_US],
      ],
      because: 'twelve faults; 66,645 cycles at 1481 MHz are 45 µs',
    },
    not: { text: cpuOnly, values: [0, FAULT_CYCLES], because: 'the GPU does not fault' },
  },
  {
    knob: 'enable_accurate_simulation',
    matters: {
      ...{ text: SWEEP, number: 'ps added after the run', of: added },
      gives: [
        [false, 12 * 45 * PS_PER_US],
        [true, 0],
      ],
      because: 'the latency of twelve faults is added after the run, or passes in it',
    },
    not: {
      ...{ text: SWEEP, params: { page_fault_latency: 0 }, values: [false, true] },
      because: 'a fault takes no time',
    },
  },
  {
    knob: 'page_table_walk_latency',
    matters: {
      ...{ text: one, number: 'ps of the kernel beside its transfers', of: waited },
      gives: [
        [0, 0],
        [1481, PS_PER_US],
      ],
      because: 'one fault is seen 1481 cycles of 1481 MHz later',
    },
    not: { text: cpuOnly, values: [0, 100, 100_000], because: 'the GPU does not fault' },
    early: 'the walk was over when its fault began the first batch',
  },
  {
    knob: 'core_freq',
    matters: {
      ...{ text: one, params: { page_fault_latency: 1000 }, number: 'ps added after the run', of: added },
      gives: [
        [1000, PS_PER_US],
        [500, 2 * PS_PER_US],
      ],
      because: 'one fault of 1000 cycles',
    },
    not: {
      ...{ text: SWEEP, params: { page_fault_latency: 0, page_table_walk_latency: 0 } },
      ...{ values: [741, 1481], because: 'no latency is given in cycles' },
    },
  },
];

export const uvmsmartPairs: readonly KnobPair[] = [...decisions, ...zeroCopy, ...costs];
