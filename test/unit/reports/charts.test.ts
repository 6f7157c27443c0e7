import { describe, expect, it } from 'vitest';
import { GIB, MIB, PS_PER_MS, PS_PER_S } from '../../../src-core/base/units';
import { COLOURS } from '../../../src-core/model/catalog/colours';
import { lastOf, sumOf, toBins } from '../../../src-core/reports/bins';
import { buildReport } from '../../../src-core/reports/build';
import { chartSvg, type ChartBlock } from '../../../src-core/reports/svg';
import { chooseTicks, type AxisUnit } from '../../../src-core/reports/ticks';
import { example, timeline } from './example-input';

const charts = (input = example): ChartBlock[] =>
  buildReport(input, ['timelines']).flatMap((block) => (block.kind === 'chart' ? [block] : []));
const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

describe('bins', () => {
  const answer = (length: number, to: number, extentTo = to) => ({
    ...timeline,
    extent: { from: 0, to: extentTo },
    from: 0,
    to,
    tracks: [{ ...timeline.tracks[0]!, values: Float64Array.from({ length }, (_, i) => i) }],
  });

  it.each([1, 599, 600, 601, 1024, 4096, 8191])('%d values become at most 600, and no fault is lost', (length) => {
    const given = answer(length, length * 10);
    const bins = toBins(given);
    const values = given.tracks[0]!.values;
    expect(bins.count).toBeLessThanOrEqual(600);
    expect(sumOf(values, bins)).toHaveLength(bins.count);
    expect(sum(sumOf(values, bins))).toBe(sum(values));
    expect(lastOf(values, bins).at(-1)).toBe(length - 1);
    expect((bins.to - bins.from) / bins.count).toBe(10 * bins.merge);
  });

  it('leaves out what lies beyond the end of the run', () => {
    const bins = toBins(answer(1000, 10_000, 5_001));
    expect(bins).toEqual({ from: 0, to: 5_010, count: 501, merge: 1, used: 501 });
  });
});

describe('colours', () => {
  it('are those of the light theme of the app', () => {
    const colours = new Map(charts().flatMap(({ series }) => series.map(({ name, colour }) => [name, colour])));
    expect(Object.fromEntries(colours)).toMatchObject({
      'CPU first touch': COLOURS.sky.light,
      'CPU, on the device': COLOURS.blue.light,
      'GPU, on the host': COLOURS.orange.light,
      'To device, by fault': COLOURS.indigo.light,
      'To device, prefetched': COLOURS.green.light,
      'To host, by fault': COLOURS.indigo.light,
      u: COLOURS['object-0'].light,
      unew: COLOURS['object-1'].light,
      r: COLOURS['object-2'].light,
    });
  });
});

describe('chooseTicks', () => {
  it.each<[AxisUnit, number, number, number, string]>([
    ['count', 835, 5, 200, '200'],
    ['count', 3, 5, 1, '1'],
    ['count', 1, 5, 1, '1'],
    ['count', 52_000, 5, 20_000, '20 k'],
    ['bytes', 256 * MIB, 5, 64 * MIB, '64 MiB'],
    ['bytes', 1.5 * GIB, 5, 0.5 * GIB, '0.5 GiB'],
    ['bytes', 3, 5, 1, '1 B'],
    ['ps', 1.88 * PS_PER_S, 10, 0.2 * PS_PER_S, '0.2 s'],
    ['ps', 40 * PS_PER_MS, 10, 5 * PS_PER_MS, '5 ms'],
    ['accesses', 1_610_612_736, 10, 0.2e9, '0.2 G'],
  ])('%s up to %d in %d steps: every %d, written %s', (unit, high, most, step, text) => {
    const ticks = chooseTicks(unit, high, high, most);
    expect(ticks.step).toBeCloseTo(step, 6);
    expect(ticks.label(ticks.step)).toBe(text);
    expect(ticks.label(0)).toBe('0');
  });

  it('never asks for more steps than there is room for', () => {
    for (const unit of ['count', 'bytes', 'ps', 'accesses'] as const)
      for (let high = 1; high < 9e15; high = Math.ceil(high * 1.37))
        expect(high / chooseTicks(unit, high, high, 5).step, `${unit} ${high}`).toBeLessThanOrEqual(5.000001);
  });
});

describe('timelines section', () => {
  it('draws faults, bytes and memory on one axis, with the policy changes only', () => {
    const [faults, bytes, memory] = charts();
    expect([faults?.y.unit, bytes?.y.unit, memory?.y.unit]).toEqual(['count', 'bytes', 'bytes']);
    expect(faults?.marks.map(({ label }) => label)).toEqual([
      'prefetch = tree',
      'eviction = random',
      'prefetch = none',
    ]);
    expect(faults?.x).toEqual(bytes?.x);
    expect(bytes?.series.map(({ name, mirror }) => [name, mirror])).toEqual([
      ['To device, by fault', undefined],
      ['To device, prefetched', undefined],
      ['To host, by fault', true],
    ]);
  });

  it('fills memory up to capacity, and drops the free part where it would dwarf the rest', () => {
    const memory = charts()[2]!;
    expect(memory.series.at(-1)?.name).toBe('Free');
    expect(sum(memory.series.map(({ values }) => values[300] ?? 0))).toBe(256 * MIB);
    const large = charts({ ...example, timeline: { ...timeline, capacityBytes: 16 * GIB } })[2]!;
    expect(large.series.map(({ name }) => name)).not.toContain('Free');
    expect(large.caption).toContain('capacity 16 GiB');
  });
});

describe('chartSvg', () => {
  const small = (over: Partial<ChartBlock> = {}): ChartBlock => ({
    kind: 'chart',
    caption: 'Test',
    shape: 'bars',
    x: { title: 'Accesses', unit: 'accesses', from: 0, to: 4 },
    y: { title: 'Faults', unit: 'count' },
    series: [{ name: 'a', colour: '#2563eb', values: [0, 5, 5, 0] }],
    marks: [],
    ...over,
  });
  const outlines = (svg: string, colour: string): number[][] =>
    [...svg.matchAll(/<polygon points="([^"]*)"[^>]*>/g)]
      .filter(([element]) => element.includes(`"${colour}"`))
      .map(([, path = '']) => [...path.matchAll(/-?[0-9.]+/g)].map(Number));

  it('does not depend on what was drawn before', () => {
    const blocks = charts();
    const first = blocks.map(chartSvg);
    chartSvg(small());
    expect(blocks.map(chartSvg)).toEqual(first);
  });

  it('draws each bin where it belongs: plot 78…842 by 46…212 px', () => {
    const [outline = []] = outlines(chartSvg(small()), '#2563eb');
    // Four bins of 191 px; the axis ends at the value 5, so the two full bins reach the top.
    expect(outline).toEqual([78, 212, 78, 212, 269, 212, 269, 46, 651, 46, 651, 212, 842, 212, 842, 212]);
  });

  it('stacks series, and mirrored ones downwards', () => {
    const svg = chartSvg(
      small({
        series: [
          { name: 'a', colour: '#111111', values: [2, 2, 2, 2] },
          { name: 'b', colour: '#222222', values: [2, 2, 2, 2] },
          { name: 'c', colour: '#333333', mirror: true, values: [4, 4, 4, 4] },
        ],
      }),
    );
    const heights = (colour: string): number[] => (outlines(svg, colour)[0] ?? []).filter((_, i) => i % 2 === 1);
    // Axis −4 … 4 over 166 px: 20.75 px per fault, zero at 129.
    expect(Math.min(...heights('#111111'))).toBe(87.5);
    expect(Math.min(...heights('#222222'))).toBe(46);
    expect(Math.max(...heights('#333333'))).toBe(212);
    // The upper one is drawn first and covered below.
    expect(svg.indexOf('#222222')).toBeLessThan(svg.indexOf('#111111'));
  });

  it('joins marks that stand too close to be told apart', () => {
    const svg = chartSvg(
      small({
        marks: [
          { at: 1, label: 'x' },
          { at: 3, label: 'y' },
          { at: 3.02, label: 'z' },
        ],
      }),
    );
    expect(svg).toContain('>1</text>');
    expect(svg).toContain('>2–3</text>');
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(3);
  });

  it('holds no script, style sheet, class, id or outside reference, and escapes its caption', () => {
    const svg = chartSvg(
      small({
        caption: '$& "><script>alert(1)</script>',
        series: [{ name: '<b>', colour: 'url(http://x)', values: [1] }],
      }),
    );
    expect(svg).not.toMatch(/<script|<style|class=|\bid=|href|url\(|zr\d/i);
    expect(svg).toContain('aria-label="$&#38; &#34;&#62;&#60;script&#62;');
    expect(svg).toContain('#64748b');
    expect(svg.startsWith('<svg role="img"') && svg.endsWith('</svg>')).toBe(true);
  });

  it('draws all shapes from no values without failing', () => {
    for (const shape of ['bars', 'lines', 'stacked-area'] as const)
      expect(chartSvg(small({ shape, series: [], x: { title: 'x', unit: 'ps', from: 0, to: 0 } }))).not.toMatch(
        /NaN|Infinity/,
      );
  });
});
