import { describe, expect, it } from 'vitest';
import {
  engineSeconds,
  median,
  millionsText,
  numberText,
  rate,
  ratioOf,
  simulatedRatio,
} from '../../../src-main/cli/bench/figures';
import { assertEqualCounts, referenceSection } from '../../../src-main/cli/bench/reference-rows';
import { chosenRows, sections, unknownNames } from '../../../src-main/cli/bench/sections';
import { cellText, simulatedSection } from '../../../src-main/cli/bench/simulated-rows';

const seconds = (process: number, thread = process): { wall: number; thread: number; process: number } => ({
  wall: 9,
  thread,
  process,
});

describe('figures of the bench', () => {
  it('the median is the middle value, the upper one of two, and not a number without values', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1])).toBe(4);
    expect(median([])).toBeNaN();
  });

  it('a rate is the median over runs of count per second of the engine thread', () => {
    const runs = [
      { seconds: seconds(9, 1), n: 10 },
      { seconds: seconds(9, 2), n: 10 },
      { seconds: seconds(9, 4), n: 10 },
    ];
    expect(rate(runs, ({ n }) => n)).toBe(5);
  });

  it('counts the whole process if the system does not report the time of a thread', () => {
    expect(engineSeconds(seconds(3, 2))).toBe(2);
    expect(engineSeconds(seconds(3, NaN))).toBe(3);
  });

  it('simulated seconds are divided by the CPU seconds of all threads', () => {
    expect(simulatedRatio(3e12, seconds(2, 1))).toBe(1.5);
  });

  it('a ratio without a divisor is not known', () => {
    expect(ratioOf(3, 2)).toBe(1.5);
    expect(ratioOf(3, null)).toBeNull();
    expect(ratioOf(3, 0)).toBeNull();
  });

  it.each([
    [0.0341, '0.034'],
    [0, '0.00'],
    [0.5, '0.50'],
    [1.255, '1.25'],
    [12.34, '12.3'],
    [340.4, '340'],
    [null, '-'],
    [NaN, '-'],
  ])('%s is written as %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it('millions are divided before they are rounded', () => {
    expect(millionsText(3_400_000)).toBe('3.40');
    expect(millionsText(null)).toBe('-');
  });
});

describe('rows of the bench', () => {
  it('have ids of their own, apart from those of the sections', () => {
    const ids = sections.flatMap(({ id, rows }) => [id, ...rows.map((row) => row.id)]);
    // The only request row has the name of its section.
    expect(new Set(ids).size).toBe(ids.length - 1);
  });

  it('leave out the long ones unless they are named or asked for', () => {
    const idsOf = (names: readonly string[], withLong: boolean): readonly string[] =>
      chosenRows(names, withLong).flatMap(({ ids }) => ids);
    expect(idsOf([], false)).not.toContain('uvm-24g');
    expect(idsOf([], true)).toContain('uvm-24g');
    expect(idsOf(['uvm-24g'], false)).toEqual(['uvm-24g']);
  });

  it('are chosen by their own name and by that of their section', () => {
    expect(chosenRows(['start', 'zipf'], false).map(({ section, ids }) => [section.id, ids])).toEqual([
      ['start', ['start-node', 'start-version', 'start-describe', 'start-run']],
      ['reference', ['zipf']],
    ]);
    expect(unknownNames(['start', 'zpif'])).toEqual(['zpif']);
  });

  it('of the reference are refused when the C program counts anything else', () => {
    const counts = { accesses: 9, faults: 3, migrations: 4, evictions: 1, bytesToDevice: 12, bytesToHost: 4 };
    expect(() => assertEqualCounts('rand', counts, { ...counts })).not.toThrow();
    for (const key of Object.keys(counts))
      expect(() => assertEqualCounts('rand', counts, { ...counts, [key]: 0 })).toThrow(key);
  });

  it('of the reference show a dash for C where there is no compiler', () => {
    const row = { c: null, recorded: 5e6, recordedRatio: null, unrecorded: 6e6, unrecordedRatio: null };
    const rest = { faultsPerSecond: 1e6, eventsPerSecond: 3e6, makingShare: 0.125, threads: 1.25 };
    const table = referenceSection.table(new Map([['rand', { ...row, ...rest }]])).split('\n');
    expect(table[1]?.split(/ {2,}/)).toEqual(['rand', '-', '5.00', '-', '6.00', '-', '1.00', '3.00', '12.5 %', '1.25']);
  });

  it('of simulated time have an asterisk where the run was cut, and nothing where it was not made', () => {
    expect(cellText({ ratio: 0.25, isCut: false })).toBe('0.25');
    expect(cellText({ ratio: 0.25, isCut: true })).toBe('0.25*');
    expect(cellText(undefined)).toBe('');
    const table = simulatedSection.table(new Map([['S3-hmm', { ratio: 2, isCut: true }]])).split('\n');
    expect(table[0]).toMatch(/nvidia-uvm +hmm +coherent +gh-ats +amd-svm +xe-svm$/);
    expect(table.find((line) => line.startsWith('S3'))).toMatch(/^S3 +2\.00\*$/);
  });
});
