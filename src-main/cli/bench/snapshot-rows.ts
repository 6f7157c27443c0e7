/** What snapshots cost under each memory system, in a run on a device of 1 GiB. */
import { snapshotCosts } from '../../../src-core/session/bench';
import { textTable } from '../table';
import { benchPlatform, secondsNow } from './clock';
import { engineSeconds, median, numberText } from './figures';
import type { BenchRow, BenchSection, Figures } from './row';

const MIB = 2 ** 20;
/** Marks of the table: milliseconds, and the share of the state that a snapshot adds. */
const MARK_MS = 20;
const MARK_PERCENT = 10;
const EVERY_SECONDS = 0.05;
const MOST = 40;

/** A machine that each system runs on. */
const MACHINES = {
  ideal: 'pcie4-16g',
  'nvidia-uvm': 'pcie4-16g',
  uvmsmart: 'pcie4-16g',
  hmm: 'pcie4-16g',
  coherent: 'v100-power9',
  'gh-ats': 'gh200',
  'amd-svm': 'mi210',
  'xe-svm': 'arc-b580',
  mi300a: 'mi300a',
  zone: 'pcie4-16g',
  dax: 'pcie4-16g',
  copy: 'pcie4-16g',
  host: 'pcie4-16g',
  off: 'pcie4-16g',
  tiering: 'pcie4-16g',
} as const;
type MeasuredSystem = keyof typeof MACHINES;

const ON_GPU = '{ on: gpu0, do: [{ readwrite: a, pattern: strided, stride: 64 }] }';
const ON_CPU = '{ on: cpu, do: [{ readwrite: a, pattern: strided, stride: 64 }] }';
const RANDOM = '{ on: gpu0, do: [{ read: a, pattern: random, count: 200000 }] }';
const TEXT = `faultline: 1
name: snapshots
granularity: 4KiB
deviceMemory: 1GiB
objects:
  a: { size: 896MiB, element: 64B }
phases:
  - { name: fill, steps: [{ on: cpu, do: [{ write: a, pattern: strided, stride: 64 }] }] }
  - { name: work, repeat: 8, steps: [${ON_GPU}, ${RANDOM}, ${ON_CPU}] }
`;

async function measure(system: MeasuredSystem, usefulBytes: boolean): Promise<Figures> {
  const plan = {
    ...{ text: TEXT, machine: MACHINES[system], system: system === 'ideal' ? null : system, usefulBytes },
    ...{ everySeconds: EVERY_SECONDS, most: MOST },
  };
  const { seconds, freshShares, stateBytes } = await snapshotCosts(
    plan,
    () => engineSeconds(secondsNow()),
    benchPlatform,
  );
  const later = seconds.slice(1);
  return {
    snapshots: seconds.length,
    stateMib: stateBytes / MIB,
    firstMs: 1000 * seconds[0]!,
    medianMs: 1000 * median(later),
    mostMs: 1000 * Math.max(...later),
    percent: (100 * freshShares.reduce((sum, share) => sum + share, 0)) / freshShares.length,
  };
}

const rows: readonly BenchRow[] = (Object.keys(MACHINES) as MeasuredSystem[]).map((system) => ({
  id: `snapshots-${system}`,
  what: `${system} on ${MACHINES[system]}`,
  measure: () => measure(system, false),
}));
const USEFUL: BenchRow = {
  id: 'snapshots-useful-bytes',
  what: 'ideal on pcie4-16g, useful bytes marked',
  measure: () => measure('ideal', true),
};

export const snapshotSection: BenchSection = {
  id: 'snapshots',
  title: `Snapshots every ${1000 * EVERY_SECONDS} ms of engine time, device of 1 GiB, 896 MiB swept to and fro by 4 KiB (marks: ${MARK_MS} ms, ${MARK_PERCENT} % of the state on average; the first one saves everything)`,
  rows: [...rows, USEFUL],
  table: (figures) =>
    textTable(
      ['row', 'state MiB', 'first ms', 'median ms', 'most ms', 'adds %', 'snapshots'],
      [...figures].map(([id, row]) => [
        id,
        ...['stateMib', 'firstMs', 'medianMs', 'mostMs', 'percent', 'snapshots'].map((key) =>
          numberText(row[key] as number),
        ),
      ]),
    ),
};
