import { describe, expect, it } from 'vitest';
import type { ObjectRow } from '../../../src-core/model/timeline';
import { columnsFor } from '../../../src-renderer/panels/objects/columns';
import { headline } from '../../../src-renderer/panels/objects/headline';
import { BY_COST, nextSorting, sortRows } from '../../../src-renderer/panels/objects/sort';
import { summaryCharts } from '../../../src-renderer/panels/summary/charts';
import { objectRow } from './support';

const MIB = 1024 * 1024;
const PAGE = 4096;
const u = objectRow({ object: 0, name: 'u', bytesToDevice: 32 * MIB, gpuFaults: 8192, stallPs: 1e9 });
const unew = objectRow({
  object: 1,
  name: 'unew',
  bytesToDevice: 32 * MIB,
  deadBytesToDevice: 32 * MIB,
  stallPs: 2e9,
});
const r = objectRow({
  object: 2,
  name: 'r',
  cpuFaults: 827_392,
  gpuFaults: 819_200,
  bytesToDevice: 3168 * MIB,
  bytesToHost: 3200 * MIB,
  deadBytesToDevice: 3168 * MIB,
  pingPongs: 99 * 8192,
  stallPs: 97e9,
});
const all = (over: Partial<ObjectRow>): ObjectRow => objectRow({ object: -1, name: 'all', gpuFaults: 1, ...over });
const everything = all({ stallPs: 100e9 });
const untimed = (row: ObjectRow): ObjectRow => ({ ...row, stallPs: null });
const say = (...args: Parameters<typeof headline>): string =>
  headline(...args)
    .map((words) => words.text)
    .join('');
const names = (rows: readonly ObjectRow[]): string[] => rows.map((row) => row.name);

describe('object table', () => {
  it('puts the most costly object first: by stall, or by bytes where time is not modelled', () => {
    expect(names(sortRows([u, unew, r], everything, BY_COST))).toEqual(['r', 'unew', 'u']);
    expect(names(sortRows([u, unew, r].map(untimed), everything, BY_COST))).toEqual(['r', 'u', 'unew']);
  });

  it('sorts largest first, then the other way round; names from A', () => {
    const once = nextSorting(BY_COST, 'gpuFaults');
    expect(names(sortRows([u, unew, r], everything, once))).toEqual(['r', 'u', 'unew']);
    expect(names(sortRows([u, unew, r], everything, nextSorting(once, 'gpuFaults')))).toEqual(['unew', 'u', 'r']);
    expect(names(sortRows([r, unew, u], everything, nextSorting(once, 'name')))).toEqual(['r', 'u', 'unew']);
  });

  it('sorts what is not recorded to the end, in both directions', () => {
    const known = objectRow({ name: 'known', bytesToDevice: 10, usefulBytes: 5 });
    const unknown = objectRow({ name: 'unknown', object: 1 });
    for (const descending of [true, false])
      expect(names(sortRows([unknown, known], everything, { by: 'useful', descending }))).toEqual(['known', 'unknown']);
  });

  it('shows a missing value as such, with its reason, and never as zero', () => {
    const context = { machine: 'r0', timed: false, stallKnown: true };
    const cell = (id: string, row: ObjectRow, over = {}) =>
      columnsFor(true)
        .find((column) => column.id === id)!
        .cell(row, all({ stallPs: 100e9 }), { ...context, ...over });
    expect(cell('stall', untimed(r))).toMatchObject({ text: '—', missing: true });
    expect(cell('stall', untimed(r)).title).toContain('not modelled on r0');
    expect(cell('useful', r).title).toContain('recording of useful bytes is off');
    expect(cell('useful', objectRow({ name: 'x', usefulBytes: 0 })).title).toBe('nothing was moved');
    expect(cell('stall', r, { timed: true })).toMatchObject({ text: '97 %' });
    expect(cell('stall', { ...r, stallPs: 0 }, { timed: true }).text).toBe('0 %');
    expect(cell('stall', { ...r, stallPs: 0 }, { timed: true, stallKnown: false }).text).toBe('—');
  });

  it('explains every column in words', () => {
    for (const column of columnsFor(true)) expect(column.help.split(' ').length).toBeGreaterThan(7);
  });
});

describe('headline', () => {
  it('says which object costs what and why', () => {
    const sentence = say([u, unew, r], everything, PAGE);
    expect(sentence).toBe(
      'r takes 97 % of the stall (97 of 100 ms): it went to the host and back 99 times; ' +
        '6.22 GiB moved, 3.09 GiB of them overwritten before they were read.',
    );
  });

  it('counts bytes where the machine has no time', () => {
    const totals = all({ bytesToDevice: 3232 * MIB, bytesToHost: 3200 * MIB });
    expect(say([u, unew, r].map(untimed), totals, PAGE)).toBe(
      'r takes 99 % of the bytes moved (6.22 of 6.28 GiB): it went to the host and back 99 times; ' +
        '3.09 GiB of the bytes overwritten before they were read.',
    );
  });

  it('counts whole trips of the object, not of its pieces', () => {
    const once = untimed(objectRow({ name: 'a', bytes: 2 * PAGE, pingPongs: 3, bytesToDevice: MIB }));
    expect(say([once], all({ bytesToDevice: MIB }), PAGE)).toContain('(1 MiB): it went to the host and back once.');
  });

  it('speaks of pieces when only a part of the object bounces', () => {
    const flag = untimed(objectRow({ name: 'a', bytes: 64 * MIB, pingPongs: 999, bytesToDevice: 68 * MIB }));
    expect(say([flag], all({ bytesToDevice: 68 * MIB }), PAGE)).toContain(
      'granules of it returned from the host 999 times',
    );
  });

  it('names the second object as well when two objects share the cost', () => {
    const a = untimed(objectRow({ name: 'a', bytesToDevice: 50 * MIB, evictions: 3 }));
    const b = untimed(objectRow({ name: 'b', object: 1, bytesToDevice: 49 * MIB }));
    const sentence = say([b, a], all({ bytesToDevice: 99 * MIB }), PAGE);
    expect(sentence).toContain('a takes 51 %');
    expect(sentence).toContain('3 evictions for lack of room');
    expect(sentence).toContain('Next: b with 49 %');
  });

  it('makes no claim about a run without moves', () => {
    expect(say([], objectRow({ name: 'all' }), PAGE)).toBe('No faults and no transfers in this range.');
    expect(say([], objectRow({ name: 'all' }), PAGE, false)).toBe('No faults and no transfers yet.');
    expect(say([{ ...u, stallPs: 0 }], all({ stallPs: 0, bytesToDevice: MIB }), PAGE, false)).toContain(
      'after the first',
    );
    const quiet = untimed(objectRow({ name: 'a', cpuFaults: 12 }));
    expect(say([quiet], all({ gpuFaults: 0, cpuFaults: 12 }), PAGE)).toBe(
      'Nothing was moved: 12 faults, all resolved without a transfer.',
    );
  });
});

describe('summary charts', () => {
  it('splits the bytes moved without losing or inventing any', () => {
    const [bytes] = summaryCharts([r, u]);
    const [dead, rest] = bytes!.parts;
    expect(dead!.values).toEqual([3168 * MIB, 0]);
    expect(rest!.values).toEqual([3200 * MIB, 32 * MIB]);
  });
});
