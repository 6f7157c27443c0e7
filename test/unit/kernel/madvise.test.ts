/** madvise on ordinary and on device pages: A4, A5, A9. */
import { describe, expect, it } from 'vitest';
import { fork } from '../../../src-core/kernel/fork';
import type { Kernel } from '../../../src-core/kernel/kernel';
import { ksmScan } from '../../../src-core/kernel/ksm';
import { madvise } from '../../../src-core/kernel/madvise';
import type { Process } from '../../../src-core/kernel/mm';
import { mprotect } from '../../../src-core/kernel/mmap';
import { mlock } from '../../../src-core/kernel/mlock';
import { createFile } from '../../../src-core/kernel/page-cache';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { shrinkPage } from '../../../src-core/kernel/reclaim';
import { checkBooks } from './books';
import {
  BASE,
  entry,
  fill,
  isHuge,
  listen,
  makeDevice,
  makeKernel,
  map,
  node,
  pageAt,
  peek,
  peeks,
  poke,
  stage,
  startMigration,
  toDevice,
  words,
} from './build';

function written(pages: number, rest: Parameters<typeof makeKernel>[0] = {}): { kernel: Kernel; process: Process } {
  const all = stage(pages, rest);
  fill(all.kernel, all.mm, BASE, pages);
  return all;
}

describe('MADV_DONTNEED', () => {
  it('A4: drops private pages under CLEAR; device pages are freed at once', () => {
    const { kernel, process } = written(4);
    const device = makeDevice(kernel);
    toDevice(kernel, device, process.mm, BASE, BASE + 2);
    const notified = listen(process.mm);
    expect(madvise(kernel, process.mm, BASE + 1, BASE + 3, 'dontneed')).toBeNull();
    expect(words(notified)).toEqual(['CLEAR 1..3']);
    expect(device.usedPages).toBe(1);
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([1, 0, 0, 4]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('keeps shared memory, and is refused on locked memory', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 2, { shared: true });
    fill(kernel, process.mm, BASE, 2);
    madvise(kernel, process.mm, BASE, BASE + 2, 'dontneed');
    expect(process.mm.rss.shmem).toBe(0);
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([1, 2]);
    mlock(kernel, process.mm, BASE, BASE + 2);
    expect(madvise(kernel, process.mm, BASE, BASE + 2, 'dontneed')).toBe('EINVAL');
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('answers ENOMEM for a hole but advises what is mapped behind it', () => {
    const { kernel, process } = written(2);
    map(kernel, process, 2, { start: BASE + 4 });
    fill(kernel, process.mm, BASE + 4, 2);
    expect(madvise(kernel, process.mm, BASE, BASE + 6, 'dontneed')).toBe('ENOMEM');
    expect(peeks(kernel, process.mm, BASE + 4, 2)).toEqual([0, 0]);
  });
});

describe('MADV_FREE', () => {
  it('lets reclaim drop a page, but not one that was written since', () => {
    const { kernel, process } = written(3);
    const notified = listen(process.mm);
    expect(madvise(kernel, process.mm, BASE, BASE + 2, 'free')).toBeNull();
    expect(words(notified)).toEqual(['CLEAR 0..2']);
    expect(peeks(kernel, process.mm, BASE, 3)).toEqual([1, 2, 3]);
    poke(kernel, process.mm, BASE + 1, 20);
    for (let i = 0; i < 2; i++) shrinkPage(kernel, pageAt(process.mm, BASE + i));
    expect([entry(process.mm, BASE), entry(process.mm, BASE + 1)?.state]).toEqual([null, 'swap']);
    expect(peeks(kernel, process.mm, BASE, 3)).toEqual([0, 20, 3]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('drops a page that came back from swap, too', () => {
    const { kernel, process } = written(1);
    shrinkPage(kernel, pageAt(process.mm, BASE));
    expect(peek(kernel, process.mm, BASE)).toBe(1);
    madvise(kernel, process.mm, BASE, BASE + 1, 'free');
    shrinkPage(kernel, pageAt(process.mm, BASE));
    expect([entry(process.mm, BASE), kernel.swap.size]).toEqual([null, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it.each(['device-private', 'device-coherent'] as const)('A5: leaves %s pages and their bytes untouched', (kind) => {
    const { kernel, process } = written(2);
    const device = makeDevice(kernel, kind);
    toDevice(kernel, device, process.mm, BASE, BASE + 2);
    const before = entry(process.mm, BASE);
    expect(madvise(kernel, process.mm, BASE, BASE + 2, 'free')).toBeNull();
    expect(entry(process.mm, BASE)).toEqual(before);
    expect(pageAt(process.mm, BASE).lazyFree).toBe(false);
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([1, 2]);
  });

  it('A5: over a large device folio neither fails nor splits it', () => {
    const kernel = makeKernel({ thp: 'always' });
    const process = kernel.spawn('main');
    map(kernel, process, 512);
    poke(kernel, process.mm, BASE + 7, 7);
    toDevice(kernel, makeDevice(kernel), process.mm, BASE, BASE + 512);
    expect(madvise(kernel, process.mm, BASE, BASE + 512, 'free')).toBeNull();
    expect([isHuge(process.mm, BASE), peek(kernel, process.mm, BASE + 7)]).toEqual([true, 7]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('frees swap entries at once, skips pages of several processes, refuses file memory', () => {
    const { kernel, process } = written(2);
    shrinkPage(kernel, pageAt(process.mm, BASE));
    expect(entry(process.mm, BASE)?.state).toBe('swap');
    const child = fork(kernel, process, 'child');
    madvise(kernel, process.mm, BASE, BASE + 2, 'free');
    expect([entry(process.mm, BASE), pageAt(process.mm, BASE + 1).lazyFree]).toEqual([null, false]);
    expect(peeks(kernel, child.mm, BASE, 2)).toEqual([1, 2]);
    map(kernel, process, 1, { file: createFile(kernel, 'f', 'regular', PAGE_BYTES) });
    expect(madvise(kernel, process.mm, BASE, BASE + 1, 'free')).toBe('EINVAL');
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('splits a folio of which only a part is freed', () => {
    const kernel = makeKernel({ thp: 'always' });
    const process = kernel.spawn('main');
    map(kernel, process, 512);
    poke(kernel, process.mm, BASE, 1);
    madvise(kernel, process.mm, BASE, BASE + 10, 'free');
    expect(isHuge(process.mm, BASE)).toBe(false);
    expect([pageAt(process.mm, BASE + 9).lazyFree, pageAt(process.mm, BASE + 10).lazyFree]).toEqual([true, false]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('COLD and PAGEOUT', () => {
  it('pageout swaps anonymous pages out and writes file pages back; both come back by faults', () => {
    const { kernel, process } = written(2);
    const file = createFile(kernel, 'f', 'regular', PAGE_BYTES);
    map(kernel, process, 1, { start: BASE + 8, file, shared: true });
    fill(kernel, process.mm, BASE + 8, 1, 9);
    expect(madvise(kernel, process.mm, BASE, BASE + 2, 'pageout')).toBeNull();
    expect(madvise(kernel, process.mm, BASE + 8, BASE + 9, 'pageout')).toBeNull();
    expect([process.mm.rss, kernel.used[0], file.disk.get(0)?.[0]]).toEqual([
      { anon: 0, file: 0, shmem: 0, swap: 2 },
      0,
      9,
    ]);
    expect(checkBooks(kernel)).toEqual([]);
    expect([...peeks(kernel, process.mm, BASE, 2), peek(kernel, process.mm, BASE + 8)]).toEqual([1, 2, 9]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('pageout takes a THP apart and skips device pages (A5)', () => {
    const kernel = makeKernel({ thp: 'always' });
    const process = kernel.spawn('main');
    map(kernel, process, 512);
    poke(kernel, process.mm, BASE + 5, 5);
    madvise(kernel, process.mm, BASE, BASE + 16, 'pageout');
    expect(process.mm.rss).toMatchObject({ anon: 496, swap: 16 });
    expect(peek(kernel, process.mm, BASE + 5)).toBe(5);
    toDevice(kernel, makeDevice(kernel), process.mm, BASE + 5, BASE + 6);
    madvise(kernel, process.mm, BASE, BASE + 512, 'pageout');
    expect(entry(process.mm, BASE + 5)?.state).toBe('private');
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('cold makes pages the first that reclaim takes', () => {
    const { kernel, process } = written(4, { nodes: [node(4)] });
    madvise(kernel, process.mm, BASE + 2, BASE + 3, 'cold');
    expect([entry(process.mm, BASE + 2)?.young, entry(process.mm, BASE + 1)?.young]).toEqual([false, true]);
    map(kernel, process, 1, { start: BASE + 8 });
    poke(kernel, process.mm, BASE + 8, 1);
    expect([0, 1, 2, 3].map((i) => entry(process.mm, BASE + i)?.state)).toEqual([
      'present',
      'present',
      'swap',
      'present',
    ]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('other advice', () => {
  it('POPULATE_WRITE breaks COW and refuses read-only memory and holes', () => {
    const { kernel, process } = written(2);
    const child = fork(kernel, process, 'child');
    expect(madvise(kernel, child.mm, BASE, BASE + 2, 'populate-write')).toBeNull();
    expect(pageAt(child.mm, BASE)).not.toBe(pageAt(process.mm, BASE));
    expect(entry(child.mm, BASE)).toMatchObject({ write: true, dirty: true });
    mprotect(kernel, child.mm, BASE, BASE + 1, 'r');
    expect(madvise(kernel, child.mm, BASE, BASE + 2, 'populate-write')).toBe('EINVAL');
    expect(madvise(kernel, process.mm, BASE, BASE + 3, 'populate-write')).toBe('ENOMEM');
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('UNMERGEABLE gives merged pages back to each of their owners', () => {
    const { kernel, process } = written(2);
    poke(kernel, process.mm, BASE + 1, 1);
    madvise(kernel, process.mm, BASE, BASE + 2, 'mergeable');
    expect(ksmScan(kernel)).toBe(1);
    expect(pageAt(process.mm, BASE)).toBe(pageAt(process.mm, BASE + 1));
    expect(madvise(kernel, process.mm, BASE, BASE + 2, 'unmergeable')).toBeNull();
    expect(pageAt(process.mm, BASE)).not.toBe(pageAt(process.mm, BASE + 1));
    expect([0, 1].map((i) => pageAt(process.mm, BASE + i).ksm)).toEqual([false, false]);
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([1, 1]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('UNMERGEABLE fetches a merged page from a device, and cannot wait for one in flight', () => {
    const { kernel, process } = written(2);
    const device = makeDevice(kernel);
    poke(kernel, process.mm, BASE + 1, 1);
    madvise(kernel, process.mm, BASE, BASE + 2, 'mergeable');
    ksmScan(kernel);
    const migration = startMigration(kernel, device, process.mm, BASE, BASE + 1);
    expect(madvise(kernel, process.mm, BASE, BASE + 2, 'unmergeable')).toBe('EAGAIN');
    migration.finish();
    expect(entry(process.mm, BASE)).toMatchObject({ state: 'private' });
    expect(madvise(kernel, process.mm, BASE, BASE + 2, 'unmergeable')).toBeNull();
    expect([0, 1].map((i) => pageAt(process.mm, BASE + i).kind)).toEqual(['ram', 'ram']);
    expect(pageAt(process.mm, BASE)).not.toBe(pageAt(process.mm, BASE + 1));
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([1, 1]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('HUGEPAGE and NOHUGEPAGE split VMAs, and equal neighbours become one again', () => {
    const { kernel, process } = written(8);
    madvise(kernel, process.mm, BASE + 2, BASE + 4, 'hugepage');
    expect(process.mm.vmas.map((vma) => vma.thp)).toEqual(['default', 'hugepage', 'default']);
    madvise(kernel, process.mm, BASE, BASE + 8, 'nohugepage');
    expect(process.mm.vmas.map((vma) => vma.thp)).toEqual(['nohugepage']);
    expect(madvise(kernel, process.mm, BASE + 4, BASE + 2, 'hugepage')).toBe('EINVAL');
  });
});
