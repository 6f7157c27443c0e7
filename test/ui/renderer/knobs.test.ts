import { describe, expect, it } from 'vitest';
import type { KnobRow } from '../../../src-core/protocol/answers';
import {
  howToChange,
  matching,
  rangeText,
  splitLive,
  waitingValues,
  type Situation,
} from '../../../src-renderer/panels/knobs/knobs';

const row = (name: string, over: Partial<KnobRow['param']> = {}, withoutEffect: string | null = null): KnobRow => ({
  param: {
    ...{ name, title: `Title of ${name}`, help: 'help', type: 'integer', min: 1, max: 9, initial: 5, live: true },
    knob: { name, where: 'nvidia-uvm module', source: `${name}.c:1` },
    ...over,
  },
  value: over.initial ?? 5,
  withoutEffect,
});
const rows = [
  row('uvm_a'),
  row('uvm_b', {}, 'prefetching is off'),
  row('thp', { type: 'choice', values: ['always', 'never'], initial: 'never' }),
];
const names = (found: readonly KnobRow[]): string[] => found.map(({ param }) => param.name);

describe('the list of knobs', () => {
  it('finds every word, in names, titles, places, sources and notes', () => {
    expect(names(matching(rows, '', false, {}))).toEqual(['uvm_a', 'uvm_b', 'thp']);
    expect(names(matching(rows, ' UVM_  title ', false, {}))).toEqual(['uvm_a', 'uvm_b']);
    expect(names(matching(rows, 'prefetching', false, {}))).toEqual(['uvm_b']);
    expect(names(matching(rows, 'thp.c', false, {}))).toEqual(['thp']);
    expect(names(matching(rows, 'uvm_ nothing', false, {}))).toEqual([]);
  });

  it('shows what was changed, also what still waits', () => {
    expect(names(matching(rows, '', true, {}))).toEqual([]);
    expect(names(matching(rows, '', true, { uvm_b: 6 }))).toEqual(['uvm_b']);
    expect(names(matching([{ ...rows[0]!, value: 7 }], '', true, { uvm_a: 5 }))).toEqual([]);
  });

  it('shows the range of each knob', () => {
    expect(rows.map(rangeText)).toEqual(['1 – 9', '1 – 9', 'always, never']);
    expect(rangeText(row('x', { type: 'boolean', initial: true }))).toBe('off, on');
  });

  it('recognises values that wait to take effect', () => {
    const pending = [
      { kind: 'prefetch', id: 'none', params: { uvm_a: 1 } },
      { kind: 'system', id: 'nvidia-uvm', params: { uvm_b: 2 } },
    ] as const;
    expect(waitingValues(pending)).toEqual({ uvm_b: 2 });
    expect(waitingValues([])).toEqual({});
  });
});

describe('a new value', () => {
  const fixed = row('f');
  const { live: _live, ...param } = fixed.param;
  const start: KnobRow = { ...fixed, param };
  const situation = (over: Partial<Situation>): Situation => ({
    ...{ state: 'running', kind: 'workload', canOpenAgain: true },
    ...over,
  });

  it('takes effect in mid-run, by starting over, or not at all with the reason', () => {
    for (const state of ['ready', 'running', 'paused'] as const) {
      expect(howToChange(rows[0]!, situation({ state }))).toBe('live');
      expect(howToChange(start, situation({ state }))).toBe('again');
    }
    expect(howToChange(rows[0]!, situation({ state: 'finished' }))).toEqual({
      not: expect.stringMatching(/has ended/) as unknown,
    });
    expect(howToChange(rows[0]!, situation({ kind: 'recording' }))).toEqual({
      not: expect.stringMatching(/recording/) as unknown,
    });
    expect(howToChange(start, situation({ canOpenAgain: false }))).toEqual({
      not: expect.stringMatching(/fixed at the start/) as unknown,
    });
  });

  it('of several goes into those that can change now and those that cannot', () => {
    expect(splitLive({ uvm_a: 1, f: 2, gone: 3 }, [...rows, start])).toEqual({
      live: { uvm_a: 1 },
      fixed: { f: 2, gone: 3 },
    });
  });
});
