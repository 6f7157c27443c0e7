/** Reclaim, swap and memcg limits of the Linux model: what goes, what stays, and what comes back. */
import { describe, expect, it } from 'vitest';
import { fork, exit } from '../../../src-core/kernel/fork';
import { gup, ungup } from '../../../src-core/kernel/gup';
import type { Kernel } from '../../../src-core/kernel/kernel';
import { madvise } from '../../../src-core/kernel/madvise';
import { mlock, munlock } from '../../../src-core/kernel/mlock';
import { Memcg, type Process } from '../../../src-core/kernel/mm';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { createFile, fileRead } from '../../../src-core/kernel/page-cache';
import { checkBooks } from '../kernel/books';
import {
  BASE,
  entry,
  fill,
  isHuge,
  listen,
  makeDevice,
  makeKernel,
  map,
  pageAt,
  peek,
  peeks,
  poke,
  toDevice,
  withNodes,
  words,
} from '../kernel/build';

const PIN = { write: true, pin: true, longTerm: false, fast: false };

const states = (process: Process, pages: number): string[] =>
  Array.from({ length: pages }, (_, i) => entry(process.mm, BASE + i)?.state ?? 'none');

describe('direct reclaim', () => {
  it('swaps the oldest anonymous pages under CLEAR, and every byte comes back', () => {
    const { kernel, process } = withNodes([8]);
    map(kernel, process, 16);
    const notified = listen(process.mm);
    fill(kernel, process.mm, BASE, 12);
    expect(kernel.used[0]).toBe(8);
    expect(states(process, 12)).toEqual([...Array<string>(4).fill('swap'), ...Array<string>(8).fill('present')]);
    expect(words(notified)).toEqual(['CLEAR 0..1', 'CLEAR 1..2', 'CLEAR 2..3', 'CLEAR 3..4']);
    expect(process.mm.rss).toEqual({ anon: 8, file: 0, shmem: 0, swap: 4 });
    expect(checkBooks(kernel)).toEqual([]);
    expect(peeks(kernel, process.mm, BASE, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('finds cold pages among many that were all used, instead of giving up', () => {
    const { kernel, process } = withNodes([2000], { swapPages: 4000 });
    map(kernel, process, 3000);
    fill(kernel, process.mm, BASE, 3000);
    expect([kernel.used[0], process.mm.rss.swap, kernel.counters.oomKills]).toEqual([2000, 1000, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('gives a page that is used between two looks a place on the active list', () => {
    const { kernel, process } = withNodes([8]);
    map(kernel, process, 32);
    fill(kernel, process.mm, BASE, 8);
    for (let i = 8; i < 20; i++) {
      poke(kernel, process.mm, BASE, 77); // the hot page
      poke(kernel, process.mm, BASE + i, i);
    }
    expect(entry(process.mm, BASE)?.state).toBe('present');
    expect(pageAt(process.mm, BASE).active).toBe(true);
    expect([...kernel.lru.active]).toEqual([pageAt(process.mm, BASE)]);
    expect(states(process, 8).slice(1)).toEqual(Array<string>(7).fill('swap'));
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('takes active pages in the end, when there is nothing else', () => {
    const { kernel, process } = withNodes([4]);
    map(kernel, process, 12);
    fill(kernel, process.mm, BASE, 4);
    for (const page of [...kernel.lru.inactive]) {
      kernel.lruRemove(page);
      page.active = true;
      kernel.lruAdd(page);
    }
    fill(kernel, process.mm, BASE + 4, 4, 5);
    expect(states(process, 4)).toEqual(Array<string>(4).fill('swap'));
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('fails as out of memory without swap, which is a counted state', () => {
    const { kernel, process } = withNodes([4], { swapPages: 0 });
    map(kernel, process, 8);
    fill(kernel, process.mm, BASE, 4);
    expect(poke(kernel, process.mm, BASE + 4, 5)).toBe('oom');
    expect([kernel.counters.oomKills, kernel.used[0]]).toEqual([1, 4]);
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([1, 2, 3, 4]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('leaves pinned and locked pages where they are', () => {
    const { kernel, process } = withNodes([4]);
    map(kernel, process, 8);
    fill(kernel, process.mm, BASE, 4);
    const pinned = gup(kernel, process.mm, BASE, PIN).page!;
    mlock(kernel, process.mm, BASE + 1, BASE + 2);
    expect(kernel.lru.unevictable.size).toBe(1);
    fill(kernel, process.mm, BASE + 4, 4, 5);
    expect(states(process, 4)).toEqual(['present', 'present', 'swap', 'swap']);
    ungup(kernel, pinned, PIN);
    munlock(kernel, process.mm, BASE + 1, BASE + 2);
    expect(kernel.lru.unevictable.size).toBe(0);
    expect(peeks(kernel, process.mm, BASE, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('finds out that a page came into a locked area after the mlock', () => {
    const { kernel, process } = withNodes([6]);
    map(kernel, process, 16);
    fill(kernel, process.mm, BASE, 2);
    mlock(kernel, process.mm, BASE, BASE + 2);
    const child = fork(kernel, process, 'child');
    poke(kernel, process.mm, BASE, 50); // the parent's copy is a new page
    exit(kernel, child, 0);
    fill(kernel, process.mm, BASE + 4, 10, 5);
    expect(states(process, 2)).toEqual(['present', 'present']);
    expect(pageAt(process.mm, BASE).mlocked).toBe(true);
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([50, 2]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('R1, R2: never sees device pages, however short the host is', () => {
    const { kernel, process } = withNodes([8], { swapPages: 64 });
    const device = makeDevice(kernel);
    map(kernel, process, 32);
    fill(kernel, process.mm, BASE, 4);
    toDevice(kernel, device, process.mm, BASE, BASE + 4);
    fill(kernel, process.mm, BASE + 4, 24, 5);
    expect(states(process, 4)).toEqual(Array<string>(4).fill('private'));
    expect(process.mm.rss).toEqual({ anon: 12, file: 0, shmem: 0, swap: 16 }); // R3: device pages are resident
    // R2: back in RAM, it may be swapped like any other.
    expect(peek(kernel, process.mm, BASE)).toBe(1);
    fill(kernel, process.mm, BASE + 8, 12, 9);
    expect(entry(process.mm, BASE)?.state).toBe('swap');
    expect(peeks(kernel, process.mm, BASE, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('splits a large folio before its pages are swapped', () => {
    const { kernel, process } = withNodes([520], { thp: 'always' });
    map(kernel, process, 1024);
    fill(kernel, process.mm, BASE, 512);
    expect(isHuge(process.mm, BASE)).toBe(true);
    const notified = listen(process.mm);
    fill(kernel, process.mm, BASE + 512, 16, 100);
    expect(words(notified).slice(0, 2)).toEqual(['CLEAR 0..512', 'CLEAR 0..1']);
    expect([process.mm.rss.swap, kernel.used[0]]).toEqual([8, 520]);
    expect(peeks(kernel, process.mm, BASE + 6, 3)).toEqual([7, 8, 9]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('writes dirty file pages back and drops clean ones without a write', () => {
    const { kernel, process } = withNodes([4]);
    const file = createFile(kernel, 'f', 'regular', 16 * PAGE_BYTES);
    map(kernel, process, 16, { file, shared: true });
    fill(kernel, process.mm, BASE, 2);
    peeks(kernel, process.mm, BASE + 2, 2);
    fill(kernel, process.mm, BASE + 4, 4, 5);
    expect([file.disk.get(0)?.[0], file.disk.get(1)?.[0], file.disk.has(2)]).toEqual([1, 2, false]);
    expect(kernel.counters.swapOuts).toBe(0);
    expect(peeks(kernel, process.mm, BASE, 8)).toEqual([1, 2, 0, 0, 5, 6, 7, 8]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('keeps what read() uses again and again', () => {
    const { kernel, process } = withNodes([4]);
    const file = createFile(kernel, 'f', 'regular', PAGE_BYTES);
    for (let i = 0; i < 2; i++) fileRead(kernel, file, 0, 1);
    expect(file.cache.get(0)?.active).toBe(true);
    map(kernel, process, 8);
    fill(kernel, process.mm, BASE, 8);
    expect(file.cache.has(0)).toBe(true);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('swaps shared anonymous memory out of the file, for all who map it', () => {
    const { kernel, process } = withNodes([6]);
    map(kernel, process, 4, { shared: true });
    fill(kernel, process.mm, BASE, 4);
    const child = fork(kernel, process, 'child');
    peeks(kernel, child.mm, BASE, 4);
    map(kernel, process, 16, { start: BASE + 64 });
    const notified = listen(child.mm);
    fill(kernel, process.mm, BASE + 64, 16, 20);
    const { file } = process.mm.vmas[0]!;
    expect([file!.swapped.size, process.mm.rss.shmem, child.mm.rss.shmem]).toEqual([4, 0, 0]);
    expect(words(notified)).toEqual(['CLEAR 0..1', 'CLEAR 1..2', 'CLEAR 2..3', 'CLEAR 3..4']);
    expect(checkBooks(kernel)).toEqual([]);
    poke(kernel, child.mm, BASE, 99);
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([99, 2, 3, 4]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('swap', () => {
  function swapped(pages: number): { kernel: Kernel; process: Process } {
    const made = withNodes([64]);
    map(made.kernel, made.process, pages);
    fill(made.kernel, made.process.mm, BASE, pages);
    madvise(made.kernel, made.process.mm, BASE, BASE + pages, 'pageout');
    return made;
  }

  it('reads come back read-only and exclusive, writes writable at once; the slot is free', () => {
    const { kernel, process } = swapped(2);
    peek(kernel, process.mm, BASE);
    expect(entry(process.mm, BASE)).toMatchObject({ state: 'present', write: false });
    expect(pageAt(process.mm, BASE).anonExclusive).toBe(true);
    expect([kernel.counters.majorFaults, kernel.counters.swapIns, kernel.swap.size]).toEqual([1, 1, 1]);
    poke(kernel, process.mm, BASE + 1, 9);
    expect(entry(process.mm, BASE + 1)).toMatchObject({ state: 'present', write: true, dirty: true });
    poke(kernel, process.mm, BASE, 8);
    expect([kernel.counters.cowBreaks, kernel.swap.size]).toEqual([0, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('shares the slot after fork: one major fault, then a minor one from the swap cache, and a copy for the writer', () => {
    const { kernel, process } = swapped(1);
    const child = fork(kernel, process, 'child');
    expect(kernel.swap.get(entry(child.mm, BASE)!.slot)?.references).toBe(2);
    const before = { ...kernel.counters };
    expect(peek(kernel, child.mm, BASE)).toBe(1);
    expect(pageAt(child.mm, BASE).anonExclusive).toBe(false);
    expect(checkBooks(kernel)).toEqual([]);
    expect(poke(kernel, process.mm, BASE, 7)).toBe('ok');
    expect(kernel.counters.majorFaults - before.majorFaults).toBe(1);
    expect(kernel.counters.swapIns - before.swapIns).toBe(1);
    expect([peek(kernel, process.mm, BASE), peek(kernel, child.mm, BASE), kernel.swap.size]).toEqual([7, 1, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('a page of the swap cache that is swapped out again keeps its slot', () => {
    const { kernel, process } = swapped(1);
    const child = fork(kernel, process, 'child');
    const { slot } = entry(process.mm, BASE)!;
    peek(kernel, process.mm, BASE);
    madvise(kernel, process.mm, BASE, BASE + 1, 'pageout');
    expect([entry(process.mm, BASE)?.slot, kernel.swap.size, kernel.used[0]]).toEqual([slot, 1, 0]);
    expect([peek(kernel, child.mm, BASE), peek(kernel, process.mm, BASE)]).toEqual([1, 1]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('exit of the last user frees slots and swap cache', () => {
    const { kernel, process } = swapped(3);
    const child = fork(kernel, process, 'child');
    peek(kernel, child.mm, BASE);
    exit(kernel, process, 0);
    expect(kernel.swap.size).toBe(2);
    exit(kernel, child, 0);
    expect([kernel.swap.size, kernel.used[0]]).toEqual([0, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('waits for the lock of a page in the swap cache', () => {
    const { kernel, process } = swapped(1);
    const child = fork(kernel, process, 'child');
    peek(kernel, child.mm, BASE);
    const page = pageAt(child.mm, BASE);
    page.locked = true;
    expect(peek(kernel, process.mm, BASE)).toBe('blocked');
    page.locked = false;
    expect(peek(kernel, process.mm, BASE)).toBe(1);
  });
});

describe('memcg', () => {
  it('R4: reclaims its own pages at its limit and leaves those of others', () => {
    const kernel = makeKernel();
    const memcg = new Memcg('limited', 4);
    const limited = kernel.spawn('limited', memcg);
    const other = kernel.spawn('other');
    map(kernel, other, 4);
    fill(kernel, other.mm, BASE, 4);
    map(kernel, limited, 8);
    fill(kernel, limited.mm, BASE, 8);
    expect([memcg.charged, limited.mm.rss.swap, other.mm.rss.swap]).toEqual([4, 4, 0]);
    expect(peeks(kernel, limited.mm, BASE, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([memcg.charged, checkBooks(kernel)]).toEqual([4, []]);
  });

  it('comes down to a limit that was lowered, at the next charge', () => {
    const kernel = makeKernel();
    const memcg = new Memcg('limited', 8);
    const process = kernel.spawn('main', memcg);
    map(kernel, process, 16);
    fill(kernel, process.mm, BASE, 8);
    memcg.limitPages = 3;
    expect(poke(kernel, process.mm, BASE + 8, 9)).toBe('ok');
    expect([memcg.charged, process.mm.rss.swap]).toEqual([3, 6]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('is out of memory where nothing of its own can go, though the host has room', () => {
    const kernel = makeKernel({ swapPages: 0 });
    const process = kernel.spawn('main', new Memcg('limited', 2));
    map(kernel, process, 4);
    fill(kernel, process.mm, BASE, 2);
    expect([poke(kernel, process.mm, BASE + 2, 1), kernel.counters.oomKills]).toEqual(['oom', 1]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('a page comes back from swap at the charge of its owner, page cache goes to who read it first', () => {
    const kernel = makeKernel();
    const memcg = new Memcg('a', 100);
    const parent = kernel.spawn('parent', memcg);
    map(kernel, parent, 1);
    fill(kernel, parent.mm, BASE, 1);
    madvise(kernel, parent.mm, BASE, BASE + 1, 'pageout');
    expect(memcg.charged).toBe(0);
    const child = fork(kernel, parent, 'child');
    exit(kernel, parent, 0);
    peek(kernel, child.mm, BASE);
    expect(memcg.charged).toBe(1);
    const file = createFile(kernel, 'f', 'regular', PAGE_BYTES);
    map(kernel, child, 1, { start: BASE + 8, file, shared: true });
    peek(kernel, child.mm, BASE + 8);
    expect([memcg.charged, kernel.rootMemcg.charged, checkBooks(kernel)]).toEqual([2, 0, []]);
  });
});
