/** Bounds as report blocks: one table of numbers and ratios, and what the reader has to know. Shared by UI, CLI and reports. */
import { ABSENT, formatBytes, formatCount, formatRatio, formatTime } from '../base/units';
import { BOUND_QUANTITIES, type BoundQuantity, type BoundRow, type BoundValue } from '../model/bounds';
import { COLOURS, type ColourToken } from '../model/catalog/colours';
import type { ReportBlock } from '../model/report';
import type { TimelineAnswer, TrackAnswer } from '../model/timeline';
import { sumOf, toBins } from './bins';

const formatOf = (quantity: BoundQuantity): ((value: number) => string) =>
  quantity === 'gpuFaults' ? formatCount : quantity === 'simTimePs' ? formatTime : formatBytes;

function ratioOf({ value, run, ratio }: BoundValue): string {
  if (ratio !== null) return `${formatRatio(ratio)} ×`;
  if (value === null) return ABSENT;
  return run === 0 ? 'both 0' : 'bound is 0';
}

const rowOf = (bound: BoundRow, value: BoundValue): string[] => {
  const format = formatOf(value.quantity);
  return [
    bound.title,
    BOUND_QUANTITIES[value.quantity],
    value.kind === 'bound' ? 'at least' : 'reference',
    value.value === null ? 'not defined' : format(value.value),
    format(value.run),
    ratioOf(value),
  ];
};

/** Notes, each once; one that all bounds share needs no names. */
function notesOf(rows: readonly BoundRow[]): string[] {
  const about = new Map<string, string[]>();
  for (const { title, notes } of rows) for (const note of notes) about.set(note, [...(about.get(note) ?? []), title]);
  return [...about].map(([note, titles]) => (titles.length === rows.length ? note : `${titles.join(', ')}: ${note}`));
}

/** Reasons, each once with all that it concerns. */
function reasons(rows: readonly BoundRow[]): string[] {
  const about = new Map<string, string[]>();
  for (const { title, values } of rows)
    for (const { quantity, reason } of values)
      if (reason !== null) {
        const what = `${title}: ${BOUND_QUANTITIES[quantity].toLowerCase()}`;
        about.set(reason, [...(about.get(reason) ?? []), what]);
      }
  return [...about].map(([reason, what]) => `Not defined, because ${reason}: ${what.join('; ')}.`);
}

/** @param complete the run has reached its end; otherwise bounds are for the part that ran */
export function boundBlocks(
  rows: readonly BoundRow[],
  complete: boolean,
  timeline: TimelineAnswer,
): readonly ReportBlock[] {
  if (rows.length === 0) return [];
  const part = complete ? '' : ' The run is not finished: cumulative numbers cover the part that ran.';
  return [
    {
      kind: 'table',
      caption: `The run compared with lower bounds and reference points. Ratio = run ÷ bound; 1 is the best possible value.${part}`,
      columns: [
        { title: 'Bound', align: 'left' },
        { title: 'Of', align: 'left' },
        {
          title: 'Kind',
          align: 'left',
          help: 'no run of this kind can go below an “at least”; a run may be above or below a reference',
        },
        { title: 'Bound is', align: 'right' },
        { title: 'This run', align: 'right' },
        { title: 'Ratio', align: 'right' },
      ],
      rows: rows.flatMap((bound) => bound.values.map((value) => rowOf(bound, value))),
    },
    ...[...notesOf(rows), ...reasons(rows)].map((text): ReportBlock => ({ kind: 'paragraph', text })),
    ...boundCharts(timeline),
    ...rows.map(({ title, summary }): ReportBlock => ({ kind: 'paragraph', text: `${title}: ${summary}` })),
  ];
}

type Chart = Extract<ReportBlock, { kind: 'chart' }>;

const CHARTS: readonly {
  readonly caption: string;
  readonly title: string;
  readonly unit: Chart['y']['unit'];
  /** Tracks of the run that are added up, and bounds beside them. */
  readonly run: (track: TrackAnswer) => boolean;
  readonly bounds: readonly string[];
  readonly colour: ColourToken;
}[] = [
  {
    caption: 'Device faults so far, and the minimum.',
    title: 'Device faults so far',
    unit: 'count',
    run: ({ id }) => id.startsWith('faults.gpu.'),
    bounds: ['belady.gpuFaults', 'infinite-memory.gpuFaults'],
    colour: 'orange',
  },
  {
    caption: 'Bytes moved to the device so far, and the minimum.',
    title: 'Bytes to device so far',
    unit: 'bytes',
    run: ({ id }) => id.startsWith('bytes.toDevice.'),
    bounds: ['belady.bytesToDevice', 'link-floor.bytesToDevice'],
    colour: 'orange',
  },
];

/** What has added up by the end of each bin. */
function soFar(perBin: readonly number[]): readonly number[] {
  let sum = 0;
  return perBin.map((value) => (sum += value));
}

/** The run's costs as they add up, with the bounds that are known along the run. */
function boundCharts(timeline: TimelineAnswer): readonly ReportBlock[] {
  const bins = toBins(timeline);
  const unit = timeline.axis === 'time' ? 'ps' : 'accesses';
  const x = {
    title: unit === 'ps' ? 'Simulated time' : 'Accesses executed',
    unit,
    from: bins.from,
    to: bins.to,
  } as const;
  return CHARTS.flatMap((chart): readonly Chart[] => {
    const lines = (timeline.bounds ?? []).filter(({ id }) => chart.bounds.includes(id));
    const tracks = timeline.tracks.filter(chart.run);
    if (lines.length === 0 || tracks.length === 0) return [];
    const perBin = tracks.map((track) => sumOf(track.values, bins));
    const run = Array.from({ length: bins.count }, (_, bin) => perBin.reduce((sum, one) => sum + (one[bin] ?? 0), 0));
    return [
      {
        kind: 'chart',
        caption: chart.caption,
        shape: 'lines',
        x,
        y: { title: chart.title, unit: chart.unit },
        series: [
          { name: 'this run', colour: COLOURS[chart.colour].light, values: soFar(run) },
          ...lines.map(({ title, colour, values }) => ({
            name: title,
            colour: COLOURS[colour].light,
            values: soFar(sumOf(values, bins)),
          })),
        ],
        marks: [],
      },
    ];
  });
}
