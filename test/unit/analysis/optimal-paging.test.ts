/** Optimal paging of sequences that can be worked out by hand. */
import { describe, expect, it } from 'vitest';
import { fewestFetches, type Paging, type PagingRules } from '../../../src-core/analysis/bounds/optimal-paging';
import type { Visits } from '../../../src-core/model/bounds';

/** Epochs by commas; in each, visits such as `a` (gpu0 reads), `A` (writes), `a'` and `A'` (the CPU does). */
function visitsOf(text: string, onHost = ''): Visits {
  const epochs = text.split(',').map((epoch) => [...epoch.trim().matchAll(/([a-zA-Z])('?)/g)]);
  const all = epochs.flat();
  const start = [0];
  for (const epoch of epochs) start.push(start.at(-1)! + epoch.length);
  const unitOf = (name: string): number => name.toLowerCase().charCodeAt(0) - 97;
  return {
    unitBytes: 1,
    units: 26,
    devices: 1,
    epochs: epochs.length,
    accesses: epochs.length * 100,
    start,
    access: epochs.map((_, index) => index * 100),
    unit: all.map(([, name]) => unitOf(name!)),
    processor: all.map(([, , cpu]) => (cpu === "'" ? 0 : 1)),
    wrote: all.map(([, name]) => (name === name!.toUpperCase() ? 1 : 0)),
    initiallyHost: Array.from({ length: 26 }, (_, unit) =>
      Array.from(onHost).some((name) => unitOf(name) === unit) ? 1 : 0,
    ),
  };
}

function totals(text: string, rules: PagingRules, onHost = 'abcdefgh'): Record<keyof Paging, number> {
  const work = fewestFetches(visitsOf(text, onHost), rules);
  for (;;) {
    const next = work.next();
    if (!next.done) continue;
    const { fetches, toDevice, toHost, footprint } = next.value;
    return { fetches: fetches.total, toDevice: toDevice.total, toHost: toHost.total, footprint: footprint.total };
  }
}
const any = (capacity: number): PagingRules => ({ capacity, takes: 'any' });
const write = (capacity: number): PagingRules => ({ capacity, takes: 'write' });

describe('with room for some', () => {
  it("counts Belady's faults of a cycle: 3 units in 2 places", () => {
    // a b c a b c: b makes room for c and comes back; a stays until its second visit.
    expect(totals('a,b,c,a,b,c', any(2))).toMatchObject({ fetches: 4, toDevice: 4, footprint: 3 });
    expect(totals('a,b,c,a,b,c', any(3)).fetches).toBe(3);
    expect(totals('a,b,c,a,b,c', any(1)).fetches).toBe(6);
  });

  it('is the classic example: 12 references, 3 frames, 7 faults', () => {
    expect(totals('a,b,c,d,a,b,e,a,b,c,d,e', any(3)).fetches).toBe(7);
  });

  it('takes the best order inside an epoch: of two sweeps over 3 units, 2 can stay', () => {
    expect(totals('abc,abc', any(2)).fetches).toBe(4);
  });

  it('does not count pages that are never used again against resident ones', () => {
    expect(totals('a,b,c,d,a', any(2)).fetches).toBe(4);
    // Each of b, c, d needs a place while it is visited: with one place a has to go.
    expect(totals('a,b,c,d,a', any(1)).fetches).toBe(5);
  });
});

describe('with a CPU that takes', () => {
  it('fetches again what was taken, and carries it to the host before', () => {
    expect(totals("a,a',a,a',a", any(Infinity))).toMatchObject({ fetches: 3, toDevice: 3, toHost: 2 });
  });

  it('keeps a place free of what will be taken anyway', () => {
    // b is taken before it is needed again: keeping it would cost a its place.
    expect(totals("a,b,c,b',a,b", any(2)).fetches).toBe(4);
  });

  it('leaves a copy to readers, where only writing takes', () => {
    expect(totals("a,a',a,A',a", write(Infinity))).toMatchObject({ fetches: 2, toDevice: 2, toHost: 0 });
    expect(totals("A,a',a',a", write(Infinity))).toMatchObject({ fetches: 1, toHost: 1 });
  });

  it('reports no order for processors that accessed a page in the same epoch', () => {
    expect(totals("a,aa',a", any(Infinity))).toMatchObject({ fetches: 1, toHost: 1 });
  });
});

describe('memory that was never written', () => {
  it('comes into being where it is touched, without a transfer', () => {
    expect(totals('a,a', any(Infinity), '')).toMatchObject({ fetches: 1, toDevice: 0 });
    expect(totals("a',a", any(Infinity), '')).toMatchObject({ fetches: 1, toDevice: 1 });
    // A page that was only read is zero everywhere.
    expect(totals("a',a", write(Infinity), '')).toMatchObject({ fetches: 1, toDevice: 0 });
    expect(totals("A',a", write(Infinity), '')).toMatchObject({ fetches: 1, toDevice: 1 });
  });
});

it('is reported during the pass, never too early', () => {
  const work = fewestFetches(visitsOf('a,b,c', 'abc'), any(3));
  let next = work.next();
  while (!next.done) next = work.next();
  const { fetches } = next.value;
  expect([0, 99, 100, 199, 200, 299, 300].map((access) => fetches.at(access))).toEqual([0, 0, 1, 1, 2, 2, 3]);
});
