import type { ReportSection } from '../../contracts/report';
import { formatBytes, formatCount, formatTime } from '../../base/units';
import type { ReportBlock } from '../../model/report';
import type { TimelineAnswer, TrackAnswer } from '../../model/timeline';
import { lastOf, sumOf, toBins, type Bins } from '../bins';
import { percent } from '../words';

type Chart = Extract<ReportBlock, { kind: 'chart' }>;

/** Colour families; each reads on white, on black and in print. */
const CPU_FAULTS = ['#2563eb', '#60a5fa', '#1e40af', '#93c5fd'];
const GPU_FAULTS = ['#ea580c', '#fbbf24', '#b91c1c', '#fb7185'];
const TO_DEVICE = ['#7c3aed', '#c084fc', '#db2777', '#a5b4fc'];
const TO_HOST = ['#0d9488', '#84cc16', '#0e7490', '#5eead4'];
const OTHER_BYTES = ['#64748b'];
const OBJECTS = [
  '#2563eb',
  '#ea580c',
  '#16a34a',
  '#9333ea',
  '#ca8a04',
  '#db2777',
  '#0891b2',
  '#65a30d',
  '#dc2626',
  '#4f46e5',
];
const OTHER_OBJECTS = '#64748b';
const FREE = '#94a3b83d';
/** Below this share of capacity the free part would flatten everything else, and is left out. */
const FREE_SHOWN_FROM = 0.2;

const family = (track: TrackAnswer): readonly string[] => {
  const second = track.id.split('.')[1] ?? '';
  if (track.group === 'faults') return second.startsWith('cpu') ? CPU_FAULTS : GPU_FAULTS;
  return second === 'toDevice' ? TO_DEVICE : second === 'toHost' ? TO_HOST : OTHER_BYTES;
};

function coloured(
  tracks: readonly TrackAnswer[],
  reduce: (values: Float64Array) => readonly number[],
): Chart['series'] {
  const used = new Map<readonly string[], number>();
  return tracks.map((track) => {
    const colours = family(track);
    const nth = used.get(colours) ?? 0;
    used.set(colours, nth + 1);
    return {
      name: track.title,
      colour: colours[nth % colours.length] ?? OTHER_OBJECTS,
      ...(track.id.startsWith('bytes.toHost') ? { mirror: true } : {}),
      values: reduce(track.values),
    };
  });
}

function occupancy(answer: TimelineAnswer, tracks: readonly TrackAnswer[], bins: Bins): Chart['series'] {
  let nth = 0;
  const series = tracks.map((track) => ({
    name: track.title,
    colour: track.object === -1 ? OTHER_OBJECTS : (OBJECTS[nth++ % OBJECTS.length] ?? OTHER_OBJECTS),
    values: lastOf(track.values, bins),
  }));
  const used = Array.from({ length: bins.count }, (_, bin) =>
    series.reduce((sum, one) => sum + (one.values[bin] ?? 0), 0),
  );
  const capacity = answer.capacityBytes;
  if (!used.some((value) => value >= capacity * FREE_SHOWN_FROM)) return series;
  return [...series, { name: 'Free', colour: FREE, values: used.map((value) => Math.max(0, capacity - value)) }];
}

/** Three charts on one axis: faults, bytes moved, device memory. */
export const timelines: ReportSection = {
  id: 'timelines',
  title: 'Timelines',
  build({ timeline }) {
    const bins = toBins(timeline);
    const unit = timeline.axis === 'time' ? 'ps' : 'accesses';
    const x = {
      title: unit === 'ps' ? 'Simulated time' : 'Accesses executed',
      unit,
      from: bins.from,
      to: bins.to,
    } as const;
    const width = (bins.to - bins.from) / bins.count;
    const perBin = unit === 'ps' ? formatTime(width) : `${formatCount(Math.round(width))} accesses`;
    const marks = timeline.marks.filter((mark) => mark.kind === 'policy').map(({ at, label }) => ({ at, label }));
    const sum = (values: Float64Array): readonly number[] => sumOf(values, bins);
    const live = (group: TrackAnswer['group']): readonly TrackAnswer[] =>
      timeline.tracks.filter((track) => track.group === group && track.values.some((value) => value !== 0));
    const [faults, bytes, resident] = [live('faults'), live('bytes'), live('occupancy')];
    const most = Math.max(0, ...resident.map((track) => track.values.reduce((a, b) => Math.max(a, b), 0)));

    const chart = (present: boolean, block: Omit<Chart, 'kind' | 'x' | 'marks'>, absent: string): ReportBlock =>
      present ? { kind: 'chart', ...block, x, marks } : { kind: 'paragraph', text: absent };
    return [
      chart(
        faults.length > 0,
        {
          caption: 'Faults by processor and kind.',
          shape: 'bars',
          y: { title: `Faults per ${perBin}`, unit: 'count' },
          series: coloured(faults, sum),
        },
        'No fault was taken.',
      ),
      chart(
        bytes.length > 0,
        {
          caption: 'Bytes moved: to the device upwards, to the host downwards.',
          shape: 'bars',
          y: { title: `Bytes moved per ${perBin}`, unit: 'bytes' },
          series: coloured(bytes, sum),
        },
        'No byte was moved.',
      ),
      chart(
        resident.length > 0,
        {
          caption: `Device memory by object, at the end of each bin; capacity ${formatBytes(timeline.capacityBytes)}. The largest object filled up to ${percent(most, timeline.capacityBytes)} of it.`,
          shape: 'stacked-area',
          y: { title: 'Resident on the device', unit: 'bytes' },
          series: occupancy(timeline, resident, bins),
        },
        'Nothing was ever resident on the device.',
      ),
    ];
  },
};
