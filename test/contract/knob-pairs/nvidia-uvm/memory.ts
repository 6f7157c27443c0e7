/** Knobs of device memory, eviction, access counters, explicit migration and HMM. */
import type { EventRun } from '../../../support/event-run';
import { byte, call, figure, file, step, summaryOf } from '../../../support/programs';
import type { KnobPair } from '../pair';

const two = { objects: { a: '4MiB', b: '4MiB' }, initially: 'unpopulated' } as const;
/** b takes the place of a, which is read again. */
const steps = [step('gpu0', 'write: a'), step('gpu0', 'write: b'), step('gpu0', 'read: a')];
const full = file(steps, { ...two, deviceMemory: '4MiB' });
const roomy = file(steps, two);
const readAgain = [
  ...[step('gpu0', 'read: a'), step('gpu0', 'read: b'), step('gpu0', 'read: a')],
  ...[step('gpu0', 'read: c'), step('gpu0', 'read: a')],
];
const three = { objects: { a: '2MiB', b: '2MiB', c: '2MiB' } };
const remote = file([
  call('advise: a, hint: preferred-location, at: cpu'),
  step('gpu0', 'read: a'),
  step('gpu0', 'read: a'),
]);
const counters = { uvm_perf_access_counter_migration_enable: 1 };
const eager = { ...counters, uvm_perf_access_counter_threshold: 1 };
const malloc = file([step('gpu0', byte('write'))]);

const prefetch = (machine: string, size: string): string =>
  file([call('migrate: a, to: gpu0')], { machine, objects: { a: size } });
const remoteBytes = {
  number: 'bytes that the GPU read over the link',
  of: ({ run }: EventRun): number => run.memory.ledger.counters[12]!,
};
const pmaCalls = { number: 'calls of the physical allocator', of: figure('pmaCalls') };
const preunmaps = { number: 'groups of blocks unmapped at once', of: figure('preunmaps') };
const MIB = 2 ** 20;
const INERT = 'the pages stay where they are, as this driver moves none of 4 KiB for access counters';

const accessCounters: readonly KnobPair[] = [
  {
    knob: 'uvm_perf_access_counter_migration_enable',
    matters: {
      ...{ text: full, ...remoteBytes },
      gives: [
        [-1, 0],
        [0, 0],
        [1, 4 * MIB],
      ],
      because: 'a was evicted: it comes back, or is read where it is, as evicted pages stay mapped. PCIe has no ATS',
    },
    not: { text: roomy, values: [-1, 0, 1], because: 'nothing is evicted' },
  },
  {
    knob: 'uvm_perf_map_remote_on_eviction',
    matters: {
      ...{ text: full, params: counters, ...remoteBytes },
      gives: [
        [true, 4 * MIB],
        [false, 0],
      ],
      because: 'a is read where eviction has put it, or comes back',
    },
    not: { text: full, values: [true, false], because: 'on PCIe access-counter migrations are off by default' },
  },
  {
    knob: 'uvm_perf_access_counter_threshold',
    matters: null,
    not: { text: remote, params: counters, values: [1, 256, 65_535], because: INERT },
  },
  {
    knob: 'uvm_perf_access_counter_batch_count',
    matters: null,
    not: { text: remote, params: eager, values: [1, 256, 4_294_967_295], because: INERT },
  },
  {
    knob: 'access_counter_granularity',
    matters: null,
    not: { text: remote, params: eager, values: ['64k', '2m', '16m', '16g'], because: INERT },
  },
];

const deviceMemory: readonly KnobPair[] = [
  {
    knob: 'uvm_global_oversubscription',
    matters: {
      ...{ text: roomy, ...pmaCalls },
      gives: [
        [true, 1],
        [false, 4],
      ],
      because: 'memory that others may take back comes in batches of 64 chunks, other memory in single ones',
    },
    not: {
      ...{ text: full, params: { uvm_perf_pma_batch_nonpinned_order: 0 }, values: [true, false] },
      because: 'the driver makes room for its own faults by eviction either way',
    },
  },
  {
    knob: 'uvm_perf_pma_batch_nonpinned_order',
    matters: {
      ...{ text: roomy, ...pmaCalls },
      gives: [
        [0, 4],
        [1, 2],
        [2, 1],
        [6, 1],
        [20, 1],
      ],
      because: 'four root chunks, taken 1, 2, 4 … at once, or as many as there are',
    },
    not: {
      ...{ text: roomy, params: { uvm_global_oversubscription: false }, values: [0, 6, 20] },
      because: 'memory that others may not take back comes in single chunks',
    },
  },
  {
    knob: 'eviction_order',
    matters: {
      text: file(readAgain, { ...three, deviceMemory: '4MiB' }),
      ...{ number: 'pages that came to the GPU', of: (made) => summaryOf(made).numbers.pagesToDevice },
      gives: [
        ['migrated', 4 * 512],
        ['accessed', 3 * 512],
      ],
      because: 'c takes the place of a, which came first, or of b, which was read last before a',
    },
    not: { text: file(readAgain, three), values: ['migrated', 'accessed'], because: 'there is room for all' },
  },
  {
    knob: 'uvm_disable_hmm',
    matters: {
      ...{ text: malloc, params: { allocation: 'malloc' }, number: 'accesses that end in a signal' },
      of: (made) => summaryOf(made).outcomes.length,
      gives: [
        [false, 0],
        [true, 1],
      ],
      because: 'without HMM an address of malloc means nothing to the GPU',
    },
    not: { text: malloc, values: [true, false], because: 'memory of cudaMallocManaged needs no HMM' },
  },
];

const migration: readonly KnobPair[] = [
  {
    knob: 'uvm_perf_migrate_cpu_preunmap_enable',
    matters: {
      ...{ text: prefetch('gh200', '16MiB'), ...preunmaps },
      gives: [
        [true, 2],
        [false, 0],
      ],
      because: 'eight blocks, four at once, where the CPU has a fast link',
    },
    not: { text: prefetch('pcie4-16g', '16MiB'), values: [true, false], because: 'PCIe is no fast link' },
  },
  {
    knob: 'uvm_perf_migrate_cpu_preunmap_block_order',
    matters: {
      ...{ text: prefetch('gh200', '16MiB'), ...preunmaps },
      gives: [
        [0, 8],
        [1, 4],
        [2, 2],
        [10, 1],
      ],
      because: 'eight blocks, taken 1, 2, 4 … at once',
    },
    not: { text: prefetch('gh200', '2MiB'), values: [0, 2, 10], because: 'a single block is not unmapped ahead' },
  },
];

export const memoryPairs: readonly KnobPair[] = [...accessCounters, ...deviceMemory, ...migration];
