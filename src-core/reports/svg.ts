/**
 * Charts of a report as SVG text, drawn by ECharts without a browser. Same block, same bytes. Colours of ink and grid
 * are CSS variables with a light fallback, so that a page can follow the reader's colour scheme.
 */
import { CustomChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { CustomSeriesOption, EChartsOption } from 'echarts';
import { assert } from '../base/assert';
import type { ReportBlock } from '../model/report';
import { chooseTicks, type Ticks } from './ticks';

use([CustomChart, GridComponent, SVGRenderer]);

export type ChartBlock = Extract<ReportBlock, { kind: 'chart' }>;

const WIDTH = 860;
const HEIGHT = 256;
const PLOT = { left: 78, right: 18, top: 46, bottom: 44 } as const;
const FONT = 'system-ui, sans-serif';
/** Marks nearer than this share one label. */
const MARK_APART_PX = 20;

/** ECharts wants real colours; these stand for variables and are replaced in the finished text. */
const INK = '#010203';
const GRID = '#010204';
const MARK = '#010205';
const VARIABLES: readonly (readonly [string, string])[] = [
  [INK, 'var(--chart-ink, #4b5563)'],
  [GRID, 'var(--chart-grid, #e5e7eb)'],
  [MARK, 'var(--chart-mark, #be123c)'],
];
const FALLBACK_COLOUR = '#64748b';
const safeColour = (colour: string): string =>
  /^#[0-9a-f]{6}([0-9a-f]{2})?$/i.test(colour) ? colour : FALLBACK_COLOUR;

type Point = [number, number];
type DrawItem = NonNullable<CustomSeriesOption['renderItem']>;
const round = (value: number): number => Math.round(value * 10) / 10;

/** One drawn outline: from the baseline up the bins and back; the ones drawn later cover the lower part. */
interface Layer {
  readonly colour: string;
  readonly tops: readonly number[];
}

/** Stacks by adding up; mirrored series stack downwards. Highest first, so that each covers what lies beyond it. */
function stack(block: ChartBlock): readonly Layer[] {
  const up = new Float64Array(binsOf(block));
  const down = new Float64Array(up.length);
  const layers = block.series.map((series): Layer => {
    const sums = series.mirror === true ? down : up;
    for (let bin = 0; bin < sums.length; bin++) sums[bin]! += series.values[bin] ?? 0;
    return { colour: series.colour, tops: Array.from(sums, (sum) => (series.mirror === true ? -sum : sum)) };
  });
  return layers.reverse();
}

const lines = (block: ChartBlock): readonly Layer[] =>
  block.series.map(({ colour, mirror, values }) => ({
    colour,
    tops: mirror === true ? values.map((value) => -value) : values,
  }));

const binsOf = (block: ChartBlock): number =>
  block.series.reduce((most, series) => Math.max(most, series.values.length), 0);

/** Corners of a step curve; runs of equal values are one step. */
function steps({ tops }: Layer, block: ChartBlock): Point[] {
  const width = (block.x.to - block.x.from) / Math.max(1, tops.length);
  const points: Point[] = [];
  tops.forEach((top, bin) => {
    if (bin > 0 && tops[bin - 1] === top) points.pop();
    else points.push([block.x.from + bin * width, top]);
    points.push([block.x.from + (bin + 1) * width, top]);
  });
  return points;
}

/** A series of one drawn thing; `silent` and no emphasis, because a printed chart has no pointer. */
const drawn = (renderItem: DrawItem): CustomSeriesOption => ({
  type: 'custom',
  data: [[0, 0]],
  silent: true,
  animation: false,
  clip: false,
  renderItem,
});

function area(layer: Layer, block: ChartBlock): CustomSeriesOption {
  const corners = steps(layer, block);
  return drawn((_params, api) => {
    const outline: Point[] = [[block.x.from, 0], ...corners, [block.x.to, 0]];
    const points = outline.map((corner) => api.coord(corner).map(round) as Point);
    return { type: 'polygon', shape: { points }, style: { fill: safeColour(layer.colour) } };
  });
}

function line(layer: Layer, block: ChartBlock): CustomSeriesOption {
  const corners = steps(layer, block);
  return drawn((_params, api) => ({
    type: 'polyline',
    shape: { points: corners.map((corner) => api.coord(corner).map(round) as Point) },
    style: { fill: 'none', stroke: safeColour(layer.colour), lineWidth: 1.5 },
  }));
}

/** Numbered flags above the plot; the list of what they mean stands beside the chart. */
function markLines(block: ChartBlock): CustomSeriesOption {
  return drawn((_params, api) => {
    const places = block.marks
      .map((mark, index) => ({ number: index + 1, x: round(api.coord([mark.at, 0])[0] ?? 0) }))
      .sort((a, b) => a.x - b.x || a.number - b.number);
    const groups: { x: number; first: number; last: number }[] = [];
    for (const place of places) {
      const near = groups.at(-1);
      if (near && place.x - near.x < MARK_APART_PX) near.last = place.number;
      else groups.push({ x: place.x, first: place.number, last: place.number });
    }
    return {
      type: 'group',
      children: [
        ...places.map(({ x }) => ({
          type: 'line' as const,
          shape: { x1: x, x2: x, y1: PLOT.top - 4, y2: HEIGHT - PLOT.bottom },
          style: { stroke: MARK, lineWidth: 1, lineDash: [4, 3] },
        })),
        ...groups.map(({ x, first, last }) => ({
          type: 'text' as const,
          style: {
            text: first === last ? String(first) : `${first}–${last}`,
            x,
            y: PLOT.top - 6,
            align: 'center' as const,
            verticalAlign: 'bottom' as const,
            fill: MARK,
            font: `bold 11px ${FONT}`,
          },
        })),
      ],
    };
  });
}

const isMultiple = (value: number, step: number): boolean => Math.abs(value / step - Math.round(value / step)) < 1e-6;

function option(block: ChartBlock): EChartsOption {
  const layers = block.shape === 'lines' ? lines(block) : stack(block);
  const high = layers.reduce((most, layer) => layer.tops.reduce((a, b) => Math.max(a, b), most), 0);
  const low = layers.reduce((least, layer) => layer.tops.reduce((a, b) => Math.min(a, b), least), 0);
  const x = chooseTicks(block.x.unit, block.x.to - block.x.from, Math.max(block.x.to, 1), 10);
  const y = chooseTicks(block.y.unit, Math.max(high - low, 1), Math.max(high, -low, 1), 5);
  const label = (ticks: Ticks) => ({
    color: INK,
    fontFamily: FONT,
    fontSize: 11,
    // ECharts also labels the ends of the axis, wherever they fall.
    formatter: (value: number) => (isMultiple(value, ticks.step) ? ticks.label(value) : ''),
  });
  const text = { color: INK, fontFamily: FONT, fontSize: 11 };
  return {
    animation: false,
    backgroundColor: 'transparent',
    grid: { ...PLOT, outerBoundsMode: 'none' },
    xAxis: {
      type: 'value',
      name: block.x.title,
      nameTextStyle: text,
      nameLocation: 'middle',
      nameGap: 26,
      min: block.x.from,
      max: Math.max(block.x.to, block.x.from + 1),
      interval: x.step,
      axisLabel: label(x),
      axisLine: { show: true, onZero: true, lineStyle: { color: INK } },
      axisTick: { show: false },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      name: block.y.title,
      nameLocation: 'end',
      nameGap: 22,
      nameTextStyle: { ...text, align: 'left', padding: [0, 0, 0, 8 - PLOT.left] },
      min: -Math.ceil(-low / y.step - 1e-9) * y.step,
      max: Math.max(Math.ceil(high / y.step - 1e-9), low < 0 ? 0 : 1) * y.step,
      interval: y.step,
      axisLabel: label({ ...y, label: (value) => y.label(Math.abs(value)) }),
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: GRID } },
    },
    series: [
      ...layers.map((layer) => (block.shape === 'lines' ? line(layer, block) : area(layer, block))),
      ...(block.marks.length > 0 ? [markLines(block)] : []),
    ],
  };
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

/**
 * Takes out what only matters on a screen: hover classes, their style sheet and data for pointing. The class names
 * count through the life of the process, so with them a chart would depend on what was drawn before it.
 */
function still(svg: string): string {
  const plain = svg
    .replace(/<style\b[^>]*>[\s\S]*?<\/style>\s*/g, '')
    .replace(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '');
  assert(!/\bzr\d/.test(plain), 'a printed chart holds no id that ECharts counts up');
  return plain;
}

/** A chart as one `<svg>` element without scripts, ids of its own or references to anything outside. */
export function chartSvg(block: ChartBlock): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption(option(block));
    const drawing = VARIABLES.reduce(
      (text, [stand, variable]) => text.replaceAll(stand, variable),
      still(chart.renderToSVGString()),
    );
    return drawing.replace('<svg ', () => `<svg role="img" aria-label="${escaped(block.caption)}" `);
  } finally {
    chart.dispose();
  }
}
