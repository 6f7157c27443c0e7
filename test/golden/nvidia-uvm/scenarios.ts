/** Small programs under NVIDIA UVM whose counts follow from the driver's decisions by hand, and what they count. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSummary } from '../../../src-core/model/summary';
import { SessionClient } from '../../support/session-client';

const KIB = 1024;

interface Counts {
  readonly cpuFaults: number;
  readonly gpuFaults: number;
  /** KiB moved. */
  readonly toDevice: number;
  readonly toHost: number;
  /** Pages evicted. */
  readonly evictions: number;
  /** Figures of the driver's own statistics. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface GoldenScenario {
  readonly id: 'doubling' | 'half-full' | 'duel' | 'preferred-location' | 'cyclic';
  /** Why these are the numbers. */
  readonly because: string;
  readonly text: string;
  readonly counts: Counts;
}

const file = (id: string, size: string, params: string, steps: readonly string[], deviceMemory = '64MiB'): string =>
  `faultline: 1
name: ${id}
machine: pcie4-16g
deviceMemory: ${deviceMemory}
system: { id: nvidia-uvm, ${params} }
objects:
  a: { size: ${size}, element: i8, layout: array }
phases:
  - name: run
    steps:
${steps.map((step) => `      - ${step}`).join('\n')}
`;
const touch = (who: string, op: string, byte: number): string =>
  `{ on: ${who}, do: [{ ${op}: a, bytes: [${byte}, ${byte + 1}] }] }`;
const all = (who: string, op: string): string => `{ on: ${who}, do: [{ ${op}: a }] }`;

const BASIC_BLOCK = 64 * KIB;
/** The CPU's first touch of 2 MiB, page after page: the tree is at work here too, and faults come at 0, 64 KiB, 128 KiB, … 1 MiB. */
const CPU_FIRST_TOUCH = 6;

export const scenarios: readonly GoldenScenario[] = [
  {
    id: 'doubling',
    because: `Each fault lands on the first page behind what is there, and so fills more than 51 % of the next larger subtree:
      64 KiB, then 64 (32 of 32 pages in 128 KiB), 128 (48 of 64), 256 (80 of 128), 512 (144 of 256) and 1024 KiB (272 of 512).`,
    text: file('doubling', '2MiB', 'uvm_perf_prefetch_threshold: 51', [
      all('cpu', 'write'),
      ...[0, 1, 2, 4, 8, 16].map((block) => touch('gpu0', 'write', block * BASIC_BLOCK)),
    ]),
    counts: {
      ...{ cpuFaults: CPU_FIRST_TOUCH, gpuFaults: 6, toDevice: 2048, toHost: 0, evictions: 0 },
      // The faulted page and the rest are two transfers each time.
      figures: { batches: 6, transfersToDevice: 12 },
    },
  },
  {
    id: 'half-full',
    because:
      '16 of 32 pages are exactly 50 %, which is not more than 50 %: the 64 KiB page comes, its neighbour does not.',
    text: file('half-full', '2MiB', 'uvm_perf_prefetch_threshold: 50', [all('cpu', 'write'), touch('gpu0', 'read', 0)]),
    counts: {
      ...{ cpuFaults: CPU_FIRST_TOUCH, gpuFaults: 1, toDevice: 64, toHost: 0, evictions: 0 },
      figures: { transfersToDevice: 2 },
    },
  },
  {
    id: 'duel',
    because: `Three times the 64 KiB around the page go to the GPU and twice back, until three events within the lapse mark its
      16 pages as thrashing. Marked pages are not prefetched, so it goes alone from then on: five times there, six times back.
      GPU and CPU are throttled in turn, five times each; after ten throttlings the page is pinned and mapped remotely, and the
      last four of the twenty accesses move nothing.`,
    text: file('duel', '2MiB', 'uvm_perf_thrashing_pin_threshold: 10', [
      all('cpu', 'write'),
      ...Array.from({ length: 20 }, (_, turn) => touch(turn % 2 === 0 ? 'gpu0' : 'cpu', 'write', 0)),
    ]),
    counts: {
      ...{ cpuFaults: CPU_FIRST_TOUCH + 8, gpuFaults: 8, evictions: 0 },
      ...{ toDevice: 3 * 64 + 5 * 4, toHost: 2 * 64 + 6 * 4 },
      figures: { thrashingDetected: 16, throttlingStarts: 10, pins: 1, mapRemote: 1 },
    },
  },
  {
    id: 'preferred-location',
    because:
      'The GPU can access the preferred location, the CPU: it maps the two pages that it touches where they are.',
    text: file('preferred-location', '2MiB', 'uvm_perf_prefetch_threshold: 51', [
      all('cpu', 'write'),
      '{ os: { advise: a, hint: preferred-location, at: cpu } }',
      touch('gpu0', 'read', 0),
      touch('gpu0', 'read', 16 * BASIC_BLOCK),
    ]),
    counts: {
      ...{ cpuFaults: CPU_FIRST_TOUCH, gpuFaults: 2, toDevice: 0, toHost: 0, evictions: 0 },
      figures: { mapRemote: 2 },
    },
  },
  {
    id: 'cyclic',
    because: `Four blocks in turn through three: the block that was migrated longest ago is the next one to be asked for. Three
      passes bring twelve blocks of 2 MiB in, and nine root chunks out. Each block is filled by six faults of one thread.`,
    text: file(
      'cyclic',
      '8MiB',
      'uvm_perf_prefetch_threshold: 51',
      [
        all('cpu', 'write'),
        ...Array.from({ length: 3 * 4 }, (_, turn) => turn % 4).flatMap((block) =>
          [0, 1, 2, 4, 8, 16].map((basic) => touch('gpu0', 'write', (32 * block + basic) * BASIC_BLOCK)),
        ),
      ],
      '6MiB',
    ),
    counts: {
      ...{
        cpuFaults: 4 * CPU_FIRST_TOUCH,
        gpuFaults: 12 * 6,
        toDevice: 12 * 2048,
        toHost: 9 * 2048,
        evictions: 9 * 512,
      },
      figures: { evictedRoots: 9, retries: 9 },
    },
  },
];

/** What a scenario counts, with the figures that its row names. */
export async function count(scenario: GoldenScenario): Promise<Counts> {
  const client = new SessionClient();
  try {
    const path = join(client.folder, `${scenario.id}.yaml`);
    writeFileSync(path, scenario.text);
    return countsOf(await client.run({ kind: 'path', path }, { spool: false }), Object.keys(scenario.counts.figures));
  } finally {
    client.close();
  }
}

function countsOf({ totals, system }: RunSummary, figures: readonly string[]): Counts {
  const figure = (id: string): number => system?.figures?.find((each) => each.id === id)?.value ?? Number.NaN;
  return {
    cpuFaults: totals.cpuFaults,
    gpuFaults: totals.gpuFaults,
    toDevice: totals.bytesToDevice / KIB,
    toHost: totals.bytesToHost / KIB,
    evictions: totals.evictions,
    figures: Object.fromEntries(figures.map((id) => [id, figure(id)])),
  };
}
