import type { ReportSection } from '../../contracts/report';
import { formatBytes, formatCount, formatTime } from '../../base/units';
import { COLOURS } from '../../model/catalog/colours';
import type { ReportBlock } from '../../model/report';
import type { TimelineAnswer, TrackAnswer } from '../../model/timeline';
import { lastOf, sumOf, toBins, type Bins } from '../bins';
import { percent } from '../words';

type Chart = Extract<ReportBlock, { kind: 'chart' }>;

/** No object, drawn as a veil over the rest of the capacity. */
const FREE = '#94a3b83d';
/** Below this share of capacity the free part would flatten everything else, and is left out. */
const FREE_SHOWN_FROM = 0.2;

/** A report has the colours of the app in its light theme, so that both show the same. */
const coloured = (
  tracks: readonly TrackAnswer[],
  reduce: (values: Float64Array) => readonly number[],
): Chart['series'] =>
  tracks.map((track) => ({
    name: track.title,
    colour: COLOURS[track.colour].light,
    ...(track.down ? { mirror: true } : {}),
    values: reduce(track.values),
  }));

function occupancy(answer: TimelineAnswer, tracks: readonly TrackAnswer[], bins: Bins): Chart['series'] {
  const series = tracks.map((track) => ({
    name: track.title,
    colour: COLOURS[track.colour].light,
    values: lastOf(track.values, bins),
  }));
  const used = Array.from({ length: bins.count }, (_, bin) =>
    series.reduce((sum, one) => sum + (one.values[bin] ?? 0), 0),
  );
  const capacity = answer.capacityBytes;
  if (!used.some((value) => value >= capacity * FREE_SHOWN_FROM)) return series;
  return [...series, { name: 'Free', colour: FREE, values: used.map((value) => Math.max(0, capacity - value)) }];
}

/** Rows of the table of calls: a report is read, a recording has all. */
const MOST_CALLS = 40;

/** Calls to the operating system and what ended without data, in the order in which they happened. */
function calls({ marks, axis }: TimelineAnswer): readonly ReportBlock[] {
  const all = marks.filter(({ kind }) => kind === 'os' || kind === 'outcome');
  if (all.length === 0) return [];
  const left = all.length > MOST_CALLS ? `, the first ${MOST_CALLS} of at least ${formatCount(all.length)}` : '';
  return [
    {
      kind: 'table',
      caption: `Calls to the operating system, and accesses that returned no data${left}.`,
      columns: [
        { title: axis === 'time' ? 'Time' : 'Access', align: 'right' },
        { title: 'Call or access', align: 'left' },
        { title: 'Answer', align: 'left' },
      ],
      rows: all
        .slice(0, MOST_CALLS)
        .map(({ at, label, detail }) => [axis === 'time' ? formatTime(at) : formatCount(at), label, detail]),
    },
  ];
}

/** Three charts on one axis: faults, bytes moved, device memory; and the calls that came between. */
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
        'No faults.',
      ),
      chart(
        bytes.length > 0,
        {
          caption: 'Bytes moved: to the device upwards, to the host downwards.',
          shape: 'bars',
          y: { title: `Bytes moved per ${perBin}`, unit: 'bytes' },
          series: coloured(bytes, sum),
        },
        'No bytes were moved.',
      ),
      chart(
        resident.length > 0,
        {
          caption: `Device memory by object, at the end of each bin; capacity ${formatBytes(timeline.capacityBytes)}. The largest object filled up to ${percent(most, timeline.capacityBytes)} of it.`,
          shape: 'stacked-area',
          y: { title: 'Resident on the device', unit: 'bytes' },
          series: occupancy(timeline, resident, bins),
        },
        'No data was resident on the device.',
      ),
      ...calls(timeline),
    ];
  },
};
