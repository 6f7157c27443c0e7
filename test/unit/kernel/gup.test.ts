/** Pins and what they prevent: A11, G13, section 4, and the early copies of fork. */
import { describe, expect, it } from 'vitest';
import { FORK_FAILED, fork } from '../../../src-core/kernel/fork';
import { gup, ungup } from '../../../src-core/kernel/gup';
import { bindTo } from '../../../src-core/kernel/mm';
import { munmap } from '../../../src-core/kernel/mmap';
import { createFile } from '../../../src-core/kernel/page-cache';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { checkBooks } from './books';
import { BASE, entry, fill, makeDevice, makeKernel, map, node, pageAt, peek, peeks, poke, toDevice } from './build';

const GET = { write: true, pin: false, longTerm: false, fast: false };
const GET_FAST = { write: false, pin: false, longTerm: false, fast: true };
const PIN = { write: true, pin: true, longTerm: false, fast: false };
const READ_PIN = { write: false, pin: true, longTerm: false, fast: false };
const PIN_LONG_FAST = { write: true, pin: true, longTerm: true, fast: true };
const PIN_LONG = { write: true, pin: true, longTerm: true, fast: false };

describe.each(['device-private', 'device-coherent'] as const)('on %s pages', (kind) => {
  it('A11: short references fault private pages back and leave coherent ones; long-term pins are always in RAM', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const device = makeDevice(kernel, kind);
    map(kernel, process, 4);
    fill(kernel, process.mm, BASE, 4);
    toDevice(kernel, device, process.mm, BASE, BASE + 4);
    const pins = [GET, GET_FAST, PIN_LONG_FAST, PIN_LONG].map((flags, i) => {
      const { ret, page } = gup(kernel, process.mm, BASE + i, flags);
      expect([ret, page]).toEqual([null, pageAt(process.mm, BASE + i)]);
      return { flags, page: page! };
    });
    const short = kind === 'device-private' ? 'ram' : kind;
    expect([0, 1, 2, 3].map((i) => pageAt(process.mm, BASE + i).kind)).toEqual([short, short, 'ram', 'ram']);
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([1, 2, 3, 4]);
    expect(checkBooks(kernel)).toEqual([]);
    toDevice(kernel, device, process.mm, BASE, BASE + 4);
    expect(pageAt(process.mm, BASE + 3).kind).toBe('ram'); // G13: pinned, silently not moved
    for (const { flags, page } of pins) ungup(kernel, page, flags);
    toDevice(kernel, device, process.mm, BASE, BASE + 4);
    expect(pageAt(process.mm, BASE + 3).kind).toBe(kind);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

it('answers EBUSY for a coherent page that cannot leave, because another reference is held', () => {
  const kernel = makeKernel();
  const process = kernel.spawn('main');
  map(kernel, process, 1);
  fill(kernel, process.mm, BASE, 1);
  toDevice(kernel, makeDevice(kernel, 'device-coherent'), process.mm, BASE, BASE + 1);
  const { page } = gup(kernel, process.mm, BASE, GET);
  expect(gup(kernel, process.mm, BASE, PIN_LONG)).toEqual({ ret: 'EBUSY', page: null });
  ungup(kernel, page!, GET);
  expect(gup(kernel, process.mm, BASE, PIN_LONG).ret).toBeNull();
  expect(checkBooks(kernel)).toEqual([]);
});

it('U2: a long-term pin leaves a movable node first', () => {
  const kernel = makeKernel({ nodes: [node(100), node(100, { movable: true })] });
  const process = kernel.spawn('main');
  map(kernel, process, 1);
  process.mm.vmas[0]!.policy = bindTo(1);
  fill(kernel, process.mm, BASE, 1, 8);
  expect(pageAt(process.mm, BASE).node).toBe(1);
  const short = gup(kernel, process.mm, BASE, PIN);
  expect(short.page!.node).toBe(1);
  ungup(kernel, short.page!, PIN);
  expect(gup(kernel, process.mm, BASE, PIN_LONG).page!.node).toBe(0);
  expect(peek(kernel, process.mm, BASE)).toBe(8);
  expect(checkBooks(kernel)).toEqual([]);
});

it('refuses what the VMA forbids, fs-dax for long, and long-term writers of a file with writeback (B2)', () => {
  const kernel = makeKernel();
  const process = kernel.spawn('main');
  const { mm } = process;
  expect(gup(kernel, mm, BASE, GET).ret).toBe('EFAULT');
  map(kernel, process, 1, { prot: 'r' });
  expect(gup(kernel, mm, BASE, GET).ret).toBe('EFAULT');
  expect(gup(kernel, mm, BASE, GET_FAST)).toEqual({ ret: null, page: null }); // the zero page is not counted
  map(kernel, process, 1, { io: true });
  expect(gup(kernel, mm, BASE, GET).ret).toBe('EFAULT');
  map(kernel, process, 1, { file: createFile(kernel, 'pmem', 'fs-dax', PAGE_BYTES), shared: true });
  expect(gup(kernel, mm, BASE, PIN_LONG).ret).toBe('EOPNOTSUPP');
  map(kernel, process, 1, { file: createFile(kernel, 'log', 'regular', PAGE_BYTES), shared: true });
  expect(gup(kernel, mm, BASE, PIN_LONG).ret).toBe('EFAULT');
  expect(gup(kernel, mm, BASE, PIN).ret).toBeNull();
  expect(gup(kernel, mm, BASE + 1, PIN).ret).toBe('EFAULT');
});

it('a pin for reading takes a shared page out of sharing first, so that later writes are seen', () => {
  const kernel = makeKernel();
  const process = kernel.spawn('main');
  map(kernel, process, 1);
  fill(kernel, process.mm, BASE, 1, 5);
  const child = fork(kernel, process, 'child');
  const { page } = gup(kernel, process.mm, BASE, READ_PIN);
  expect(page).not.toBe(pageAt(child.mm, BASE));
  expect(entry(process.mm, BASE)?.write).toBe(false);
  poke(kernel, process.mm, BASE, 6);
  expect([page!.data![0], peek(kernel, child.mm, BASE)]).toEqual([6, 5]);
  expect(checkBooks(kernel)).toEqual([]);
});

it('a long-term pin for reading leaves the page cache and the zero page in private memory', () => {
  const kernel = makeKernel();
  const process = kernel.spawn('main');
  const file = createFile(kernel, 'data', 'regular', PAGE_BYTES);
  map(kernel, process, 1, { file });
  map(kernel, process, 1, { start: BASE + 4 });
  const flags = { ...READ_PIN, longTerm: true };
  for (const at of [0, 4]) {
    const { ret, page } = gup(kernel, process.mm, BASE + at, flags);
    expect([ret, page?.anon, page?.anonExclusive]).toEqual([null, true, true]);
  }
  expect(checkBooks(kernel)).toEqual([]);
});

it('survives munmap: the page goes with its last reference', () => {
  const kernel = makeKernel();
  const process = kernel.spawn('main');
  map(kernel, process, 1);
  fill(kernel, process.mm, BASE, 1, 5);
  const { page } = gup(kernel, process.mm, BASE, PIN_LONG);
  munmap(kernel, process.mm, BASE, BASE + 1);
  expect([page!.free, page!.data![0], kernel.used[0]]).toEqual([false, 5, 1]);
  expect(checkBooks(kernel, [page!])).toEqual([]);
  ungup(kernel, page!, PIN_LONG);
  expect([page!.free, kernel.used[0], kernel.rootMemcg.charged]).toEqual([true, 0, 0]);
});

describe('fork with pins', () => {
  it('copies a pinned page at once for the child, and the pin goes on seeing the parent', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 2);
    fill(kernel, process.mm, BASE, 2, 5);
    const { page } = gup(kernel, process.mm, BASE, PIN);
    const child = fork(kernel, process, 'child');
    expect([pageAt(process.mm, BASE), entry(process.mm, BASE)?.write]).toEqual([page, true]);
    expect(pageAt(child.mm, BASE)).not.toBe(page);
    poke(kernel, process.mm, BASE, 50);
    expect([page!.data![0], peek(kernel, child.mm, BASE)]).toEqual([50, 5]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('does not copy for FOLL_GET, and copies the pages of a pinned THP', () => {
    const kernel = makeKernel({ thp: 'always' });
    const process = kernel.spawn('main');
    map(kernel, process, 512);
    poke(kernel, process.mm, BASE + 9, 9);
    gup(kernel, process.mm, BASE + 9, GET);
    const first = fork(kernel, process, 'first');
    expect(pageAt(first.mm, BASE + 9)).toBe(pageAt(process.mm, BASE + 9));
    const other = kernel.spawn('other');
    map(kernel, other, 512);
    poke(kernel, other.mm, BASE + 9, 9);
    gup(kernel, other.mm, BASE + 9, PIN);
    const second = fork(kernel, other, 'second');
    expect(pageAt(second.mm, BASE + 9)).not.toBe(pageAt(other.mm, BASE + 9));
    expect(peek(kernel, second.mm, BASE + 9)).toBe(9);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('fails without memory for the copy, and leaves the parent as it was', () => {
    const kernel = makeKernel({ nodes: [node(2)], swapPages: 0 });
    const process = kernel.spawn('main');
    map(kernel, process, 2);
    fill(kernel, process.mm, BASE, 2, 5);
    gup(kernel, process.mm, BASE + 1, PIN);
    const child = fork(kernel, process, 'child');
    expect([child.exited, child.status]).toEqual([true, FORK_FAILED]);
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([5, 6]);
    poke(kernel, process.mm, BASE, 7);
    expect(checkBooks(kernel)).toEqual([]);
  });
});
