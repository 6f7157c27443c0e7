/** Page moves and faults per second of each memory system, on the same two sweeps. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunOptions } from '../../../src-core/protocol/parameters';
import { textTable } from '../table';
import { engineSeconds, millionsText, numberText } from './figures';
import type { BenchContext, BenchRow, BenchSection, Figures } from './row';
import { runHere } from './run-here';

const PAGE_BYTES = 4096;

/** Memory systems of the tables, each with a machine that its driver runs on. */
export const SYSTEMS = {
  'nvidia-uvm': 'pcie4-16g',
  hmm: 'pcie4-16g',
  coherent: 'v100-power9',
  'gh-ats': 'gh200',
  'amd-svm': 'mi210',
  'xe-svm': 'arc-b580',
} as const;
export type TableSystem = keyof typeof SYSTEMS;

/** The idealised system has no name to give: it is what runs where none is chosen. */
const MEASURED = { ideal: 'pcie4-16g', ...SYSTEMS } as const;
type MeasuredSystem = keyof typeof MEASURED;

export const systemOptions = (id: MeasuredSystem): RunOptions => ({
  machine: MEASURED[id],
  ...(id === 'ideal' ? {} : { system: { id } }),
  usefulBytes: false,
});

interface Sweep {
  readonly id: string;
  readonly what: string;
  readonly text: string;
}

const sweep = (id: string, what: string, deviceMemory: string, steps: string): Sweep => ({
  id,
  what,
  text: `faultline: 1
name: ${id}
granularity: 64KiB
deviceMemory: ${deviceMemory}
objects:
  a: { size: 768MiB, element: 64B }
phases:
  - { name: fill, steps: [{ on: cpu, do: [{ write: a, pattern: strided, stride: 64 }] }] }
  - { name: sweep, repeat: 2, steps: [${steps}] }
`,
});
const ON_GPU = '{ on: gpu0, do: [{ readwrite: a, pattern: strided, stride: 64 }] }';
const ON_CPU = '{ on: cpu, do: [{ readwrite: a, pattern: strided, stride: 64 }] }';

const SWEEPS: readonly Sweep[] = [
  sweep('fits', '768 MiB go to the device and back, page by page, twice', '1GiB', `${ON_GPU}, ${ON_CPU}`),
  sweep('over', '768 MiB on 512 MiB, page by page, twice', '512MiB', ON_GPU),
];

async function measure(system: MeasuredSystem, { id, text }: Sweep, context: BenchContext): Promise<Figures> {
  const path = join(context.folder, `${id}.yaml`);
  writeFileSync(path, text);
  const run = await runHere(context, { kind: 'path', path }, systemOptions(system), {
    cpuSeconds: context.limitSeconds,
  });
  const { totals } = run.summary;
  const seconds = engineSeconds(run.seconds);
  return {
    pageMoves: (totals.bytesToDevice + totals.bytesToHost) / PAGE_BYTES,
    faults: totals.cpuFaults + totals.gpuFaults,
    events: run.status.events,
    seconds,
    processSeconds: run.seconds.process,
    isCut: run.isCut,
  };
}

const rows: readonly BenchRow[] = (Object.keys(MEASURED) as MeasuredSystem[]).flatMap((system) =>
  SWEEPS.map((each) => ({
    id: `${system}-${each.id}`,
    what: `${system} on ${MEASURED[system]}: ${each.what}`,
    measure: (context) => measure(system, each, context),
  })),
);

export const systemSection: BenchSection = {
  id: 'systems',
  title: `Each memory system, recorded: per CPU second of the engine thread. ${SWEEPS.map(({ id, what }) => `${id}: ${what}`).join('. ')}`,
  rows,
  table: (figures) =>
    textTable(
      ['system', 'M page moves/s', 'M faults/s', 'M events/s', 'seconds', ''],
      [...figures].map(([id, row]) => {
        const perSecond = (key: string): string => millionsText((row[key] as number) / (row['seconds'] as number));
        return [
          id,
          ...[perSecond('pageMoves'), perSecond('faults'), perSecond('events')],
          numberText(row['seconds'] as number),
          row['isCut'] ? 'cut' : '',
        ];
      }),
    ),
};
