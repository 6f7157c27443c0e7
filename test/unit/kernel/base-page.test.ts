/** Kernels with pages of 64 KiB: groups of 16 small pages that are faulted in, copied and moved as one. */
import { expect, it } from 'vitest';
import { fork } from '../../../src-core/kernel/fork';
import { bindTo } from '../../../src-core/kernel/mm';
import { mbind, scanAddressSpace } from '../../../src-core/kernel/numa';
import { isHole, populateHole } from '../../../src-core/kernel/populate';
import { checkBooks } from './books';
import { BASE, entry, fill, node, pageAt, peek, peeks, poke, stage } from './build';

const LARGE = { basePages: 16, thp: 'always' } as const;

it('a write fault brings the page around it, zeroed, and counts once', () => {
  const { kernel, mm } = stage(40, LARGE);
  poke(kernel, mm, BASE + 20, 7);
  expect(peeks(kernel, mm, BASE + 16, 6)).toEqual([0, 0, 0, 0, 7, 0]);
  expect([entry(mm, BASE + 15), entry(mm, BASE + 32)]).toEqual([null, null]);
  expect(kernel.counters).toMatchObject({ minorFaults: 1, zeroedRest: 15 });
  expect(mm.rss.anon).toBe(16);
  expect(checkBooks(kernel)).toEqual([]);
});

it('the last page of a mapping ends with it, and THP has no page of 2 MiB there', () => {
  const { kernel, mm } = stage(512 + 4, LARGE);
  poke(kernel, mm, BASE + 512, 1);
  expect(mm.rss.anon).toBe(4);
  poke(kernel, mm, BASE, 1);
  expect(mm.rss.anon).toBe(20);
  expect(kernel.counters.thpFaults).toBe(0);
});

it('a read maps zeros for all of it; a write then makes one page of its own', () => {
  const { kernel, mm } = stage(16, LARGE);
  expect(peek(kernel, mm, BASE)).toBe(0);
  expect(entry(mm, BASE + 15)?.state).toBe('zero');
  poke(kernel, mm, BASE + 15, 1);
  expect(entry(mm, BASE)).toMatchObject({ state: 'present', write: true });
  expect(checkBooks(kernel)).toEqual([]);
});

it('after fork a write copies all 16, as one break', () => {
  const { kernel, process, mm } = stage(16, LARGE);
  fill(kernel, mm, BASE, 16);
  const child = fork(kernel, process, 'child');
  poke(kernel, child.mm, BASE + 3, 99);
  expect(kernel.counters.cowBreaks).toBe(1);
  expect(pageAt(child.mm, BASE + 8)).not.toBe(pageAt(mm, BASE + 8));
  expect(peeks(kernel, mm, BASE, 16)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(peek(kernel, child.mm, BASE + 3)).toBe(99);
  expect(checkBooks(kernel)).toEqual([]);
});

it('a hint fault moves all 16 to who used one of them, and counts once', () => {
  const { kernel, mm } = stage(32, { ...LARGE, nodes: [node(100), node(100)] });
  mbind(kernel, mm, BASE, BASE + 32, bindTo(1), 'own');
  fill(kernel, mm, BASE, 32);
  mm.vmas[0]!.policy = null;
  scanAddressSpace(kernel, mm, 1);
  peek(kernel, mm, BASE + 1);
  expect(pageAt(mm, BASE + 15).node).toBe(0);
  expect(pageAt(mm, BASE + 16).node).toBe(1);
  expect(kernel.counters.numaHintFaults).toBe(1);
  expect(checkBooks(kernel)).toEqual([]);
});

it('populateHole: a page of exactly that node, or none', () => {
  const { kernel, mm } = stage(4, { swapPages: 0, nodes: [node(100, { fallback: true }), node(1)] });
  peek(kernel, mm, BASE + 1); // the zero page is a hole
  expect([isHole(mm, BASE), isHole(mm, BASE + 1), isHole(mm, BASE + 4)]).toEqual([true, true, false]);
  expect(populateHole(kernel, mm, BASE + 1, 1)).toBe(true);
  expect(pageAt(mm, BASE + 1).node).toBe(1);
  expect(isHole(mm, BASE + 1)).toBe(false);
  expect(populateHole(kernel, mm, BASE, 1)).toBe(false);
  expect(entry(mm, BASE)).toBeNull();
  expect(checkBooks(kernel)).toEqual([]);
});
