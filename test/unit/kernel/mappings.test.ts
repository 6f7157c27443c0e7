/** mmap, munmap, mremap and fork of every kind of mapping. */
import { describe, expect, it } from 'vitest';
import { exit, fork } from '../../../src-core/kernel/fork';
import { madvise } from '../../../src-core/kernel/madvise';
import { mlock } from '../../../src-core/kernel/mlock';
import { mmap, mprotect, munmap } from '../../../src-core/kernel/mmap';
import { mremap } from '../../../src-core/kernel/mremap';
import { createFile, writeback } from '../../../src-core/kernel/page-cache';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { registerUffd, uffdCopy } from '../../../src-core/kernel/userfaultfd';
import { checkBooks } from './books';
import { BASE, entry, fill, listen, makeKernel, map, pageAt, peek, peeks, poke, words } from './build';

const MOVE = { mayMove: true, fixed: true, dontUnmap: false };
const GROW = { mayMove: true, fixed: false, dontUnmap: false };

describe('mmap', () => {
  it('finds room by itself, reuses what was unmapped, and merges neighbours', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const first = mmap(kernel, process, { start: null, pages: 4, prot: 'rw', shared: false }).start;
    const second = mmap(kernel, process, { start: null, pages: 4, prot: 'rw', shared: false }).start;
    expect([Math.abs(second - first), process.mm.vmas.length]).toEqual([4, 1]);
    munmap(kernel, process.mm, first, first + 4);
    expect(mmap(kernel, process, { start: null, pages: 4, prot: 'r', shared: false }).start).toBe(first);
    expect(process.mm.vmas).toHaveLength(2);
  });

  it('replaces what a fixed mapping covers, under UNMAP', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 6);
    fill(kernel, process.mm, BASE, 6);
    const notified = listen(process.mm);
    map(kernel, process, 2, { start: BASE + 2 });
    expect(words(notified)).toEqual(['UNMAP 2..4']);
    expect(peeks(kernel, process.mm, BASE, 6)).toEqual([1, 2, 0, 0, 5, 6]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('takes hugetlb pages only whole: EINVAL else, ENOMEM where the pool is too small', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const ask = (start: number, pages: number): string | null =>
      mmap(kernel, process, { start, pages, prot: 'rw', shared: false, hugetlb: true }).ret;
    expect([ask(BASE, 100), ask(BASE + 1, 512), ask(BASE, 5 * 512), ask(BASE, 1024)]).toEqual([
      'EINVAL',
      'EINVAL',
      'ENOMEM',
      null,
    ]);
    poke(kernel, process.mm, BASE + 3, 3);
    expect(munmap(kernel, process.mm, BASE, BASE + 100)).toBe('EINVAL');
    expect(mmap(kernel, process, { start: BASE + 100, pages: 4, prot: 'rw', shared: false }).ret).toBe('EINVAL');
    expect(mprotect(kernel, process.mm, BASE, BASE + 100, 'r')).toBe('EINVAL');
    expect(mlock(kernel, process.mm, BASE, BASE + 100)).toBe('EINVAL');
    expect(madvise(kernel, process.mm, BASE, BASE + 100, 'nohugepage')).toBe('EINVAL');
    const child = fork(kernel, process, 'child');
    poke(kernel, child.mm, BASE + 3, 4);
    expect([peek(kernel, process.mm, BASE + 3), peek(kernel, child.mm, BASE + 3), kernel.hugetlbFree]).toEqual([
      3, 4, 2,
    ]);
    expect(checkBooks(kernel)).toEqual([]);
    exit(kernel, child, 0);
    expect(munmap(kernel, process.mm, BASE, BASE + 1024)).toBeNull();
    expect([kernel.hugetlbFree, kernel.used[0]]).toEqual([4, 0]);
  });

  it('shares huge pages of MAP_SHARED between processes, whichever faults them first', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 1024, { hugetlb: true, shared: true });
    poke(kernel, process.mm, BASE, 1);
    const child = fork(kernel, process, 'child');
    poke(kernel, child.mm, BASE + 512, 2);
    poke(kernel, child.mm, BASE, 3);
    expect([peek(kernel, process.mm, BASE), peek(kernel, process.mm, BASE + 512), kernel.hugetlbFree]).toEqual([
      3, 2, 2,
    ]);
    for (const prot of ['r', 'rw'] as const) mprotect(kernel, child.mm, BASE, BASE + 512, prot);
    poke(kernel, child.mm, BASE, 4);
    expect(peek(kernel, process.mm, BASE)).toBe(4);
    expect(checkBooks(kernel)).toEqual([]);
    exit(kernel, process, 0);
    expect([peek(kernel, child.mm, BASE), kernel.hugetlbFree]).toEqual([4, 2]);
    exit(kernel, child, 0);
    expect([kernel.hugetlbFree, kernel.used[0], kernel.files]).toEqual([4, 0, []]);
  });

  it('maps device registers without struct pages', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 2, { io: true, shared: true });
    expect(entry(process.mm, BASE)).toMatchObject({ state: 'special', page: null, write: true });
    expect([peek(kernel, process.mm, BASE), poke(kernel, process.mm, BASE, 1)]).toEqual([0, 'ok']);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('shared memory', () => {
  it('is one memory for parent and child, and goes with the last mapping', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 3, { shared: true });
    fill(kernel, process.mm, BASE, 2);
    const child = fork(kernel, process, 'child');
    poke(kernel, child.mm, BASE, 40);
    poke(kernel, child.mm, BASE + 2, 42);
    expect(peeks(kernel, process.mm, BASE, 3)).toEqual([40, 2, 42]);
    expect([process.mm.rss.shmem, child.mm.rss.shmem, kernel.used[0]]).toEqual([3, 2, 3]);
    expect(checkBooks(kernel)).toEqual([]);
    exit(kernel, process, 0);
    expect(kernel.used[0]).toBe(3);
    exit(kernel, child, 0);
    expect([kernel.used[0], kernel.rootMemcg.charged]).toEqual([0, 0]);
  });

  it('B2: the dirty bit of an unmapped file mapping reaches the disk', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const file = createFile(kernel, 'data', 'regular', 2 * PAGE_BYTES);
    map(kernel, process, 2, { file, shared: true });
    fill(kernel, process.mm, BASE, 2, 60);
    munmap(kernel, process.mm, BASE, BASE + 2);
    expect(writeback(kernel, file, 0, 2)).toBe(2);
    expect([file.disk.get(0)?.[0], file.disk.get(1)?.[0]]).toEqual([60, 61]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('fork flags', () => {
  it('DONTFORK leaves the range out, WIPEONFORK empties it, locks are not inherited', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    for (let i = 0; i < 3; i++) map(kernel, process, 1, { start: BASE + 2 * i });
    for (let i = 0; i < 3; i++) poke(kernel, process.mm, BASE + 2 * i, 1 + i);
    process.mm.vmas[0]!.dontfork = true;
    process.mm.vmas[1]!.wipeonfork = true;
    mlock(kernel, process.mm, BASE + 4, BASE + 5);
    const child = fork(kernel, process, 'child');
    expect([0, 2, 4].map((i) => peek(kernel, child.mm, BASE + i))).toEqual(['sigsegv', 0, 3]);
    expect(child.mm.vmas.map((vma) => vma.locked)).toEqual([false, false]);
    expect(checkBooks(kernel)).toEqual([]);
    exit(kernel, process, 0);
    expect([pageAt(child.mm, BASE + 4).mlocked, pageAt(child.mm, BASE + 4).onLru]).toEqual([false, true]);
    expect(kernel.lru.unevictable.size).toBe(0);
  });

  it('write-protects only private memory, and leaves pages of files to be found by faults', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const file = createFile(kernel, 'data', 'regular', 2 * PAGE_BYTES);
    map(kernel, process, 1, { io: true, shared: true });
    map(kernel, process, 2, { start: BASE + 4, file });
    peeks(kernel, process.mm, BASE + 4, 2);
    const notified = listen(process.mm);
    const child = fork(kernel, process, 'child');
    expect(notified).toEqual([]);
    expect([entry(child.mm, BASE)?.state, entry(child.mm, BASE + 4)]).toEqual(['special', null]);
    poke(kernel, process.mm, BASE + 4, 1);
    const second = fork(kernel, process, 'second');
    expect(words(notified)).toEqual(['CLEAR 4..5', 'PROTECTION_PAGE 4..6']);
    expect([peek(kernel, second.mm, BASE + 4), peek(kernel, child.mm, BASE + 4)]).toEqual([1, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('copies swap entries, and the last of them frees the slot', () => {
    const kernel = makeKernel({
      nodes: [{ name: 'node', pages: 4, fallback: false, kernelAllocations: true, movable: false }],
    });
    const process = kernel.spawn('main');
    map(kernel, process, 8);
    fill(kernel, process.mm, BASE, 8);
    expect(process.mm.rss.swap).toBeGreaterThanOrEqual(4);
    const child = fork(kernel, process, 'child');
    expect(checkBooks(kernel)).toEqual([]);
    expect(peeks(kernel, child.mm, BASE, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    poke(kernel, child.mm, BASE, 99);
    expect(peeks(kernel, process.mm, BASE, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    munmap(kernel, child.mm, BASE, BASE + 4);
    expect(checkBooks(kernel)).toEqual([]);
    exit(kernel, process, 0);
    exit(kernel, child, 0);
    expect([kernel.swap.size, kernel.used[0], kernel.rootMemcg.charged]).toEqual([0, 0, 0]);
  });
});

describe('mremap', () => {
  it('moves entries with an UNMAP of the old range, and DONTUNMAP leaves it readable as zeros', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 4);
    fill(kernel, process.mm, BASE, 4);
    const page = pageAt(process.mm, BASE + 1);
    const notified = listen(process.mm);
    mremap(kernel, process.mm, BASE + 1, 2, BASE + 101, { ...MOVE, dontUnmap: true });
    expect(words(notified)).toEqual(['UNMAP 1..3']);
    expect([pageAt(process.mm, BASE + 101), page.rmap[0]?.vpn]).toEqual([page, BASE + 101]);
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([1, 0, 0, 4]);
    expect(peeks(kernel, process.mm, BASE + 101, 2)).toEqual([2, 3]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('grows in place, moves where there is no room, and shrinks from the end', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 2);
    fill(kernel, process.mm, BASE, 2);
    const grow = (pages: number, to: number): number | string => {
      const { ret, start } = mremap(kernel, process.mm, BASE, pages, null, GROW, to);
      return ret ?? start - BASE;
    };
    expect(grow(2, 4)).toBe(0);
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([1, 2, 0, 0]);
    expect(grow(4, 2)).toBe(0);
    map(kernel, process, 1, { start: BASE + 3, prot: 'r' });
    expect(mremap(kernel, process.mm, BASE, 2, null, { ...GROW, mayMove: false }, 4).ret).toBe('ENOMEM');
    const { start } = mremap(kernel, process.mm, BASE, 2, null, GROW, 4);
    expect(peeks(kernel, process.mm, start, 4)).toEqual([1, 2, 0, 0]);
    expect(peek(kernel, process.mm, BASE)).toBe('sigsegv');
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('replaces what is at the target, keeps the file offset, and refuses overlaps and holes', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const file = createFile(kernel, 'data', 'regular', 8 * PAGE_BYTES);
    map(kernel, process, 8, { file, shared: true });
    fill(kernel, process.mm, BASE, 8, 10);
    map(kernel, process, 4, { start: BASE + 100 });
    fill(kernel, process.mm, BASE + 100, 4, 70);
    const go = (start: number, pages: number, to: number, newPages = pages): string | null =>
      mremap(kernel, process.mm, BASE + start, pages, BASE + to, MOVE, newPages).ret;
    expect([go(0, 4, 2), go(6, 4, 200), go(50, 1, 200)]).toEqual(['EINVAL', 'EFAULT', 'EFAULT']);
    expect(go(4, 2, 101)).toBeNull();
    expect(peeks(kernel, process.mm, BASE + 100, 4)).toEqual([70, 14, 15, 73]);
    expect(go(6, 2, 300, 1)).toBeNull();
    expect([...peeks(kernel, process.mm, BASE + 300, 2), peek(kernel, process.mm, BASE + 7)]).toEqual([
      16,
      'sigsegv',
      'sigsegv',
    ]);
    expect(file.references).toBe(3);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

it('userfaultfd MISSING: a hole waits for its handler', () => {
  const kernel = makeKernel();
  const process = kernel.spawn('main');
  map(kernel, process, 2);
  fill(kernel, process.mm, BASE, 1);
  registerUffd(kernel, process.mm, BASE, BASE + 2);
  expect(peeks(kernel, process.mm, BASE, 2)).toEqual([1, 'uffd']);
  uffdCopy(kernel, process.mm, BASE + 1, new Uint8Array(PAGE_BYTES).fill(0xab));
  expect(peek(kernel, process.mm, BASE + 1)).toBe(0xab);
  expect(checkBooks(kernel)).toEqual([]);
});
