/** Memory and disk by event, and for a large address space. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunOptions } from '../../../src-core/protocol/parameters';
import { mixedText } from '../../../src-core/session/bench';
import { textTable } from '../table';
import { engineSeconds, millionsText, numberText } from './figures';
import type { BenchContext, BenchRow, BenchSection, Figures } from './row';
import { runHere, type RunLimits } from './run-here';
import { systemOptions } from './system-rows';

/** Every page faults and evicts, again and again, in order. */
const ORDERED = `faultline: 1
name: ordered
machine: r0
granularity: 4KiB
deviceMemory: 256MiB
objects:
  a: { size: 384MiB, element: 64B, initially: host }
phases:
  - { name: sweep, repeat: 10000, steps: [{ on: gpu0, do: [{ read: a, pattern: strided, stride: 64 }] }] }
`;
const SPACE = `faultline: 1
name: space
granularity: 4KiB
deviceMemory: 16GiB
objects:
  a: { size: 64GiB, element: 64B, initially: host }
phases:
  - { name: sweep, steps: [{ on: gpu0, do: [{ read: a, pattern: strided, stride: 64 }] }] }
`;

async function measure(context: BenchContext, text: string, options: RunOptions, limits: RunLimits): Promise<Figures> {
  const path = join(context.folder, 'memory.yaml');
  writeFileSync(path, text);
  const run = await runHere(context, { kind: 'path', path }, { usefulBytes: false, ...options }, limits);
  const { events } = run.status;
  return {
    events,
    peakMib: process.resourceUsage().maxRSS / 1024,
    bytesPerEvent: run.recordingBytes / events,
    nsPerEvent: (engineSeconds(run.seconds) * 1e9) / events,
    progress: run.status.progress,
    seconds: engineSeconds(run.seconds),
  };
}

interface Recorded {
  readonly id: string;
  readonly what: string;
  readonly text: string;
  readonly options: RunOptions;
}
const RECORDED: readonly Recorded[] = [
  { id: 'events', what: 'R0, pages in order', text: ORDERED, options: {} },
  {
    id: 'mixed',
    what: 'the ideal system with times, random pages',
    text: mixedText({ objects: '256MiB', device: '256MiB', element: '4096B', repeat: 1_000_000 }),
    options: systemOptions('ideal'),
  },
];
/** Events that are recorded before the measured run, so that the code is compiled when it begins. */
const WARMING = 1e6;

const eventRow = ({ id, what, text, options }: Recorded, events: number): BenchRow => ({
  id: `${id}-${events / 1e6}m`,
  what: `${what}: ${events / 1e6} M events, recorded to a file, after ${WARMING / 1e6} M in a run of their own`,
  isLong: events > 1e7,
  measure: async (context) => {
    const folder = join(context.folder, 'warming');
    mkdirSync(folder);
    await measure({ ...context, folder }, text, options, { events: WARMING });
    return measure(context, text, options, { events });
  },
});

export const memorySection: BenchSection = {
  id: 'memory',
  title: 'Memory of the whole process and size of the recording',
  rows: [
    ...RECORDED.flatMap((recorded) => [1e6, 1e7, 1e8].map((events) => eventRow(recorded, events))),
    {
      id: 'space-r0',
      what: 'R0: 64 GiB of address space in 4 KiB granules, 16 GiB device, every page touched',
      measure: (context) => measure(context, SPACE, { machine: 'r0', spool: false }, {}),
    },
    {
      id: 'space-hmm',
      what: 'HMM: 64 GiB of address space, 16 GiB device, every page touched',
      isLong: true,
      measure: (context) => measure(context, SPACE, { ...systemOptions('hmm'), spool: false }, {}),
    },
  ],
  table: (figures) =>
    textTable(
      ['row', 'M events', 'peak MiB', 'bytes/event on disk', 'ns/event', 'seconds', 'done'],
      [...figures].map(([id, row]) => [
        id,
        millionsText(row['events'] as number),
        numberText(row['peakMib'] as number),
        numberText(row['bytesPerEvent'] as number),
        numberText(row['nsPerEvent'] as number),
        numberText(row['seconds'] as number),
        `${numberText(100 * ((row['progress'] as number | null) ?? NaN))} %`,
      ]),
    ),
};
