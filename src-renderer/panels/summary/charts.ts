/** Which bars the summary shows, from the rows of the object table. Pure. */
import type { ObjectRow } from '../../../src-core/model/timeline';
import type { BarPart } from '../../charts/to-option';
import { moved } from '../objects/columns';

export interface SummaryChart {
  readonly title: string;
  readonly note: string;
  readonly unit: 'count' | 'bytes';
  readonly parts: readonly BarPart[];
}

/** Bars that stay readable; the rest is named in the note. */
export const BARS_MAX = 12;

export function summaryCharts(rows: readonly ObjectRow[]): readonly SummaryChart[] {
  const part = (name: string, token: string, value: (row: ObjectRow) => number): BarPart => ({
    name,
    token,
    values: rows.map(value),
  });
  return [
    {
      title: 'Bytes moved',
      note: 'Dead: overwritten before anyone read them.',
      unit: 'bytes',
      parts: [
        part('dead', 'dead', (row) => Math.min(row.deadBytes, moved(row))),
        part('the rest', 'moved', (row) => Math.max(0, moved(row) - row.deadBytes)),
      ],
    },
    {
      title: 'Faults',
      note: 'By the processor that waited.',
      unit: 'count',
      parts: [
        part('CPU', 'fault-cpu-not-resident', (row) => row.cpuFaults),
        part('GPU', 'fault-gpu-not-resident', (row) => row.gpuFaults),
      ],
    },
    {
      title: 'Accesses',
      note: 'Single element accesses; read-writes and atomics count as both.',
      unit: 'count',
      parts: [
        part('CPU reads', 'read-cpu', (row) => row.reads.cpu),
        part('CPU writes', 'write-cpu', (row) => row.writes.cpu),
        part('GPU reads', 'read-gpu', (row) => row.reads.gpu),
        part('GPU writes', 'write-gpu', (row) => row.writes.gpu),
      ],
    },
  ];
}
