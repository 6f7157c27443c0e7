/** Pure helpers: data and theme in, chart option out. */
import type { EChartsCoreOption } from 'echarts/core';
import { formatTime } from '../../src-core/base/units';
import type { ReportBlock } from '../../src-core/model/report';
import type { Palette } from '../theme/palette';
import { shortCount } from '../widgets/format';
import { niceTop, valueLabel } from './ticks';

export interface BarPart {
  readonly name: string;
  readonly token: string;
  readonly values: readonly number[];
}

const FONT_SIZE = 11;
const text = (palette: Palette) => ({ color: palette.token('text-muted'), fontSize: FONT_SIZE });

const tooltip = (palette: Palette, trigger: 'axis' | 'item') => ({
  trigger,
  confine: true,
  axisPointer: { type: trigger === 'axis' ? 'line' : 'none' },
  backgroundColor: palette.token('surface-raised'),
  borderColor: palette.token('border-strong'),
  textStyle: { color: palette.token('text'), fontSize: FONT_SIZE },
});

const legend = (palette: Palette) => ({
  top: 0,
  left: 0,
  itemWidth: 10,
  itemHeight: 10,
  itemGap: 14,
  textStyle: text(palette),
  type: 'plain',
});

/** Horizontal stacked bars, one per object, the first on top. */
export function stackedBars(
  names: readonly string[],
  parts: readonly BarPart[],
  unit: 'count' | 'bytes',
  palette: Palette,
): EChartsCoreOption {
  const label = (value: number): string => valueLabel(value, unit);
  const totals = names.map((_, row) => parts.reduce((sum, part) => sum + (part.values[row] ?? 0), 0));
  const top = niceTop(Math.max(0, ...totals), unit);
  return {
    animation: false,
    // The legend is text beside the chart: inside, it would lie on the bars where the chart is narrow.
    grid: { top: 4, left: 4, right: 30, bottom: 2, containLabel: true },
    tooltip: {
      ...tooltip(palette, 'axis'),
      axisPointer: { type: 'shadow' },
      valueFormatter: (value: unknown) => label(Number(value)),
    },
    xAxis: {
      type: 'value',
      max: top,
      interval: top / 2,
      axisLabel: { ...text(palette), formatter: label, hideOverlap: true },
      splitLine: { lineStyle: { color: palette.token('grid') } },
    },
    yAxis: {
      type: 'category',
      data: names,
      inverse: true,
      axisLabel: { color: palette.token('text'), fontSize: FONT_SIZE, width: 120, overflow: 'truncate' },
      axisLine: { lineStyle: { color: palette.token('border-strong') } },
      axisTick: { show: false },
    },
    series: parts.map((part) => ({
      name: part.name,
      type: 'bar',
      stack: 'all',
      barMaxWidth: 18,
      itemStyle: { color: palette.token(part.token) },
      data: part.values,
    })),
  };
}

type ChartBlock = Extract<ReportBlock, { kind: 'chart' }>;

/** A chart of the report, as its block says. Mirrored series are drawn downwards. */
export function blockOption(block: ChartBlock, palette: Palette): EChartsCoreOption {
  const bins = block.series[0]?.values.length ?? 0;
  const step = (block.x.to - block.x.from) / Math.max(1, bins);
  const xLabel = (value: number): string => (block.x.unit === 'ps' ? formatTime(value) : shortCount(value));
  const yLabel = (value: number): string => valueLabel(Math.abs(value), block.y.unit);
  const stacked = block.shape !== 'lines';
  return {
    animation: false,
    grid: { top: 30, left: 8, right: 16, bottom: 4, containLabel: true },
    legend: legend(palette),
    tooltip: { ...tooltip(palette, 'axis'), valueFormatter: (value: unknown) => yLabel(Number(value)) },
    xAxis: {
      type: 'value',
      min: block.x.from,
      max: block.x.to,
      axisLabel: { ...text(palette), formatter: xLabel, hideOverlap: true },
      splitLine: { show: false },
      axisLine: { lineStyle: { color: palette.token('border-strong') } },
    },
    yAxis: {
      type: 'value',
      axisLabel: { ...text(palette), formatter: yLabel },
      splitLine: { lineStyle: { color: palette.token('grid') } },
    },
    series: block.series.map((series, index) => ({
      name: series.name,
      type: 'line',
      step: block.shape === 'bars' ? 'start' : false,
      showSymbol: false,
      lineStyle: { width: stacked ? 0 : 1 },
      color: series.colour,
      ...(stacked ? { stack: series.mirror ? 'down' : 'up', areaStyle: { opacity: 0.9 } } : {}),
      data: series.values.map((value, bin) => [block.x.from + bin * step, series.mirror ? -value : value]),
      ...(index === 0 && block.marks.length > 0 ? { markLine: markLine(block, palette) } : {}),
    })),
  };
}

const markLine = (block: ChartBlock, palette: Palette) => ({
  symbol: 'none',
  silent: true,
  lineStyle: { color: palette.token('mark'), type: 'dashed', width: 1 },
  label: { color: palette.token('mark'), fontSize: 10, formatter: '{b}' },
  data: block.marks.map((mark) => ({ name: mark.label, xAxis: mark.at })),
});
