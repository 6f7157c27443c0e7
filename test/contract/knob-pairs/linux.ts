/** Knobs of Linux that many memory systems share: the same programs, run on each. */
import { byte, everyPage, file, numberOf, step, times, total, type FileOptions } from '../../support/programs';
import type { KnobPair, Program, Values } from './pair';

const MIB = 2 ** 20;

/** Memory that nobody has touched when the program begins. */
export const fresh = (system: string, steps: readonly string[], options: FileOptions = {}): string =>
  file(steps, { system, initially: 'unpopulated', ...options });

const fillByCpu = [step('cpu', everyPage('write'), everyPage('write', 'b'))];
/** @param params under which huge pages are possible, if the defaults are not so */
export const thpPair = (system: string, params: Values = {}, machine = 'pcie4-16g'): KnobPair => ({
  knob: 'thp',
  matters: {
    text: fresh(system, fillByCpu, { machine, objects: { a: '4MiB', b: '2MiB, advice: hugepage' } }),
    ...{ params, number: 'faults of the CPU', of: total('cpuFaults') },
    gives: [
      ['never', 1024 + 512],
      ['madvise', 1024 + 1],
      ['always', 2 + 1],
    ],
    because: 'a fault makes a page of 4 KiB, or one of 2 MiB in memory that may have them; b was advised to',
  },
  not: {
    text: fresh(system, fillByCpu, { machine, objects: { a: '1MiB', b: '512KiB, advice: hugepage' } }),
    ...{ params, values: ['never', 'madvise', 'always'] },
    because: 'no page of 2 MiB fits into the mapping',
  },
});

/** The device makes the pages of a; then the CPU reads it for some milliseconds, over the link until its pages come home. */
const cpuReadsThere = (device: string): string[] => [
  step(device, everyPage('write')),
  ...times(8, step('cpu', 'read: a')),
];
const SHORT = 'the run ends before the first scan';

export interface BalancingOptions {
  /** Under which nothing else moves pages. */
  readonly params?: Values;
  readonly machine?: string;
  /** Whose memory is another node than the CPU's. */
  readonly device?: string;
  /** The parameter that switches scans on. */
  readonly switch?: 'numaBalancing' | 'promotion';
}

export const balancingPairs = (system: string, options: BalancingOptions = {}): readonly KnobPair[] => {
  const { params = {}, machine = 'pcie4-16g', device = 'gpu0', switch: scans = 'numaBalancing' } = options;
  const text = fresh(system, cpuReadsThere(device), { machine, objects: { a: '4MiB' } });
  const short = fresh(system, [step(device, byte('write')), step('cpu', byte('read'))], { machine });
  const cameHome = { number: 'bytes that came to the host', of: total('bytesToHost') };
  return [
    {
      knob: scans,
      matters: {
        ...{ text, params: { ...params, scanPeriodMs: 1 }, ...cameHome },
        gives: [
          [true, 4 * MIB],
          [false, 0],
        ],
        because:
          'after a scan the CPU faults on each page, which comes to the node that used it; without scans none does',
      },
      not: { text: short, params: { ...params, scanPeriodMs: 1000 }, values: [true, false], because: SHORT },
    },
    {
      knob: 'scanPeriodMs',
      matters: {
        ...{ text, params: { ...params, [scans]: true }, ...cameHome },
        gives: [
          [1, 4 * MIB],
          [60_000, 0],
        ],
        because: 'the CPU reads for more than a millisecond, and for less than a minute',
      },
      not: { text: short, params: { ...params, [scans]: true }, values: [500, 1000, 60_000], because: SHORT },
      early: 'the scan that is due keeps its moment, as a task’s does when the period is written',
    },
  ];
};

/**
 * @param full a program that needs 512 pages more than the node of the CPU has, and its parameters
 * @param roomy the same where they fit
 */
export const zoneReclaimPair = (full: Program, roomy: Program): KnobPair => ({
  knob: 'zone_reclaim_mode',
  matters: {
    ...{ ...full, number: 'pages swapped out', of: numberOf('swapOuts') },
    gives: [
      [0, 0],
      [1, 512],
    ],
    because: 'what the node cannot hold lies on another, or goes to swap first',
  },
  not: { ...roomy, values: [0, 1], because: 'the node of the CPU holds all of it' },
});
