/**
 * The shapes of access that the engine is measured on; those of the C, JavaScript and WebAssembly prototypes that preceded it.
 * Each case is a workload file: its phase `warm` is not timed, `timed` is.
 */
export interface BenchCase {
  readonly id: string;
  readonly what: string;
  readonly text: string;
  /** The C reference takes run-length groups, as the engine does, and not one access after the other. */
  readonly isRunLength?: boolean;
}

interface Shape {
  readonly deviceMemory: string;
  readonly granularity?: string;
  /** Objects as lines of YAML. */
  readonly objects: readonly string[];
  readonly warm: string;
  readonly timed: readonly string[];
  /** Machine and memory system; the counting reference unless given. */
  readonly head?: string;
  readonly isRunLength?: boolean;
}

function benchCase(id: string, what: string, shape: Shape): BenchCase {
  const { head = 'machine: r0', granularity = '4KiB', deviceMemory, objects, warm, timed } = shape;
  const text = [
    'faultline: 1',
    `name: ${id}`,
    head,
    `granularity: ${granularity}`,
    `deviceMemory: ${deviceMemory}`,
    'objects:',
    ...objects.map((line) => `  ${line}`),
    'phases:',
    `  - { name: warm, steps: [{ on: gpu0, do: [${warm}] }] }`,
    `  - { name: timed, steps: [{ on: gpu0, do: [${timed.join(', ')}] }] }`,
    '',
  ].join('\n');
  return { id, what, text, ...(shape.isRunLength && { isRunLength: true }) };
}

const object = (name: string, size: string, element = '64B'): string =>
  `${name}: { size: ${size}, element: ${element}, initially: host }`;
const times = (count: number, access: string): readonly string[] => Array.from({ length: count }, () => access);
/** 64-byte elements, one per 4 KiB page. */
const PAGE_BY_PAGE = '{ read: a, pattern: strided, stride: 64 }';
const RANDOM = '{ read: a, pattern: random, count: 20000000 }';
const ZIPF = '{ read: a, pattern: zipf, count: 4000000, s: 1, placement: hashed }';
/** One access, so that a phase is there. */
const ONE = '{ read: a, elements: [0, 64] }';
const UVM = (params = ''): string => `machine: pcie4-16g\nsystem: { id: nvidia-uvm${params} }`;

/** Cases on rule set R0, which the C reference runs as well. */
export const referenceCases: readonly BenchCase[] = [
  benchCase('stream', '1 touch per page over 2 GiB, resident', {
    deviceMemory: '4GiB',
    objects: [object('a', '2GiB')],
    warm: '{ read: a }',
    timed: times(40, PAGE_BY_PAGE),
  }),
  benchCase('stream32', '32 touches per page over 2 GiB, resident, run-length', {
    deviceMemory: '4GiB',
    objects: [object('a', '2GiB', '128B')],
    warm: '{ read: a }',
    timed: times(40, '{ read: a }'),
    isRunLength: true,
  }),
  benchCase('cyclic150', 'cyclic over 6 GiB on 4 GiB, 1 touch per page, 64 KiB move with each fault', {
    deviceMemory: '4GiB',
    granularity: '64KiB',
    objects: [object('a', '6GiB')],
    warm: '{ read: a }',
    timed: times(13, PAGE_BY_PAGE),
  }),
  benchCase('rand', 'uniform over 2 GiB, resident, everything fits', {
    deviceMemory: '4GiB',
    objects: [object('a', '2GiB')],
    warm: '{ read: a }',
    timed: [RANDOM],
  }),
  benchCase('rand-lru', 'uniform over 2 GiB, resident, LRU order kept (the space is larger than the device)', {
    deviceMemory: '4GiB',
    objects: [object('a', '2GiB'), object('b', '4GiB')],
    warm: '{ read: a }',
    timed: [RANDOM],
  }),
  benchCase('zipf', 'Zipf 1.0 over 6 GiB of 4 KiB rows, scattered, on 4 GiB', {
    deviceMemory: '4GiB',
    objects: [object('a', '6GiB', '4096B')],
    warm: ZIPF,
    timed: [ZIPF],
  }),
  benchCase('over150', 'cyclic over 6 GiB on 4 GiB: every page faults and evicts', {
    deviceMemory: '4GiB',
    objects: [object('a', '6GiB')],
    warm: '{ read: a }',
    timed: [PAGE_BY_PAGE],
  }),
];

/** NVIDIA's driver model. */
export const uvmCases: readonly BenchCase[] = [
  benchCase('uvm-rand', 'NVIDIA UVM: uniform over 2 GiB, resident', {
    deviceMemory: '4GiB',
    objects: [object('a', '2GiB')],
    warm: '{ read: a }',
    timed: [RANDOM],
    head: UVM(),
  }),
  benchCase('uvm-faults', 'NVIDIA UVM: every page of 16 GiB faults once, no prefetch, fits', {
    deviceMemory: '20GiB',
    objects: [object('a', '16GiB')],
    warm: ONE,
    timed: [PAGE_BY_PAGE],
    head: UVM(', uvm_perf_prefetch_enable: false'),
  }),
  benchCase('uvm-over150', 'NVIDIA UVM: cyclic over 6 GiB on 4 GiB with prefetch: faults and evicts', {
    deviceMemory: '4GiB',
    objects: [object('a', '6GiB')],
    warm: '{ read: a }',
    timed: times(2, PAGE_BY_PAGE),
    head: UVM(),
  }),
];

/** The working set of a job that does not fit: 24 GiB on 16 GiB, again and again. */
export const oversubscribedCase: BenchCase = benchCase(
  'uvm-24g',
  'NVIDIA UVM: 100 passes over 24 GiB on 16 GiB, one touch per 64 KiB, prefetch on',
  {
    deviceMemory: '16GiB',
    objects: [object('a', '24GiB')],
    warm: ONE,
    timed: times(100, '{ read: a, pattern: strided, stride: 1024 }'),
    head: UVM(),
  },
);
