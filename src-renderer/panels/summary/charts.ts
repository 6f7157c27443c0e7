/** Which bars the summary shows, from the rows of the object table. Pure. */
import { processorColours, type ColourToken } from '../../../src-core/model/catalog/colours';
import { metric } from '../../../src-core/model/catalog/metrics';
import { deadBytes, movedBytes } from '../../../src-core/model/catalog/object-columns';
import type { ObjectRow } from '../../../src-core/model/timeline';
import type { BarPart } from '../../charts/to-option';

export interface SummaryChart {
  readonly title: string;
  readonly note: string;
  readonly unit: 'count' | 'bytes';
  readonly parts: readonly BarPart[];
}

/** Bars that stay readable; the rest is named in the note. */
export const BARS_MAX = 12;

export function summaryCharts(rows: readonly ObjectRow[]): readonly SummaryChart[] {
  const { cpu, gpu } = processorColours;
  const part = (name: string, token: ColourToken, value: (row: ObjectRow) => number): BarPart => ({
    name,
    token,
    values: rows.map(value),
  });
  return [
    {
      title: 'Bytes moved',
      note: 'Dead: overwritten before they were read.',
      unit: 'bytes',
      parts: [
        part('dead', 'crimson', (row) => Math.min(deadBytes(row), movedBytes(row))),
        part('the rest', 'mist', (row) => Math.max(0, movedBytes(row) - deadBytes(row))),
      ],
    },
    {
      title: 'Faults',
      note: 'By the processor that waited.',
      unit: 'count',
      parts: [part('CPU', cpu.strong, (row) => row.cpuFaults), part('GPU', gpu.strong, (row) => row.gpuFaults)],
    },
    {
      title: 'Accesses',
      note: 'Single element accesses; read-writes and atomics count as both.',
      unit: 'count',
      parts: [
        part(metric('cpuReads').title, cpu.light, (row) => row.reads.cpu),
        part(metric('cpuWrites').title, cpu.strong, (row) => row.writes.cpu),
        part(metric('gpuReads').title, gpu.light, (row) => row.reads.gpu),
        part(metric('gpuWrites').title, gpu.strong, (row) => row.writes.gpu),
      ],
    },
  ];
}
