/** Huge pages: PMD faults, the huge zero page, copy on write, splits and collapse (L3, A6, A8). */
import { describe, expect, it } from 'vitest';
import { exit, fork } from '../../../src-core/kernel/fork';
import { gup, ungup } from '../../../src-core/kernel/gup';
import type { Kernel } from '../../../src-core/kernel/kernel';
import { madvise } from '../../../src-core/kernel/madvise';
import type { Process } from '../../../src-core/kernel/mm';
import { mprotect, munmap } from '../../../src-core/kernel/mmap';
import { mremap } from '../../../src-core/kernel/mremap';
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
  startMigration,
  toDevice,
  words,
} from './build';

const MOVE = { mayMove: true, fixed: true, dontUnmap: false };

/** 1024 pages with MADV_HUGEPAGE; the first 512 are one written THP with a few bytes. */
function withThp(): { kernel: Kernel; process: Process } {
  const kernel = makeKernel();
  const process = kernel.spawn('main');
  map(kernel, process, 1024);
  madvise(kernel, process.mm, BASE, BASE + 1024, 'hugepage');
  poke(kernel, process.mm, BASE, 1);
  poke(kernel, process.mm, BASE + 300, 3);
  poke(kernel, process.mm, BASE + 511, 5);
  return { kernel, process };
}

describe('PMD faults', () => {
  it('maps one folio for a write and the huge zero page for a read', () => {
    const { kernel, process } = withThp();
    expect(isHuge(process.mm, BASE)).toBe(true);
    expect(pageAt(process.mm, BASE + 300)).toMatchObject({ tail: 300 });
    expect(peeks(kernel, process.mm, BASE + 299, 2)).toEqual([0, 3]);
    expect(peek(kernel, process.mm, BASE + 600)).toBe(0);
    expect([isHuge(process.mm, BASE + 512), process.mm.rss.anon, kernel.used[0]]).toEqual([true, 512, 512]);
    const notified = listen(process.mm);
    poke(kernel, process.mm, BASE + 600, 9);
    expect(words(notified)).toEqual(['CLEAR 512..1024']);
    expect([isHuge(process.mm, BASE + 512), process.mm.rss.anon]).toEqual([true, 1024]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('falls back to base pages without room for a folio, and with one injected failure', () => {
    const kernel = makeKernel({ nodes: [node(100)], thp: 'always' });
    const process = kernel.spawn('main');
    map(kernel, process, 512);
    poke(kernel, process.mm, BASE, 1);
    expect([isHuge(process.mm, BASE), kernel.used[0]]).toEqual([false, 1]);
    const other = makeKernel({ thp: 'always' });
    const second = other.spawn('main');
    map(other, second, 1024);
    other.failNextLarge = true;
    poke(other, second.mm, BASE, 1);
    poke(other, second.mm, BASE + 512, 1);
    expect([isHuge(second.mm, BASE), isHuge(second.mm, BASE + 512)]).toEqual([false, true]);
  });

  it('shares the folio after fork and copies page by page', () => {
    const { kernel, process } = withThp();
    const child = fork(kernel, process, 'child');
    expect([isHuge(child.mm, BASE), pageAt(child.mm, BASE).entireMapcount]).toEqual([true, 2]);
    expect(checkBooks(kernel)).toEqual([]);
    poke(kernel, child.mm, BASE + 300, 33);
    expect([isHuge(child.mm, BASE), isHuge(process.mm, BASE)]).toEqual([false, true]);
    expect([peek(kernel, process.mm, BASE + 300), peek(kernel, child.mm, BASE + 300)]).toEqual([3, 33]);
    expect(checkBooks(kernel)).toEqual([]);
    exit(kernel, child, 0);
    expect([kernel.used[0], peek(kernel, process.mm, BASE + 511)]).toEqual([512, 5]);
    poke(kernel, process.mm, BASE, 11);
    expect(isHuge(process.mm, BASE)).toBe(true);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('partial operations', () => {
  it('L3: a partial munmap splits the folio and frees its part', () => {
    const { kernel, process } = withThp();
    const notified = listen(process.mm);
    munmap(kernel, process.mm, BASE + 256, BASE + 400);
    expect(words(notified)).toEqual(['CLEAR 0..512', 'UNMAP 256..400']);
    expect(peeks(kernel, process.mm, BASE, 1)).toEqual([1]);
    expect([peek(kernel, process.mm, BASE + 300), peek(kernel, process.mm, BASE + 511)]).toEqual(['sigsegv', 5]);
    expect([pageAt(process.mm, BASE).head.order, kernel.used[0], process.mm.rss.anon]).toEqual([0, 368, 368]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('L3: a partial MADV_DONTNEED does the same, and the hole reads zeros', () => {
    const { kernel, process } = withThp();
    const notified = listen(process.mm);
    expect(madvise(kernel, process.mm, BASE + 256, BASE + 400, 'dontneed')).toBeNull();
    expect(words(notified)).toEqual(['CLEAR 256..400', 'CLEAR 0..512']);
    expect([peek(kernel, process.mm, BASE + 300), peek(kernel, process.mm, BASE + 511), kernel.used[0]]).toEqual([
      0, 5, 368,
    ]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('mprotect of a part leaves a folio that is mapped by PTEs', () => {
    const { kernel, process } = withThp();
    mprotect(kernel, process.mm, BASE + 256, BASE + 512, 'r');
    expect([isHuge(process.mm, BASE), pageAt(process.mm, BASE).head.order]).toEqual([false, 9]);
    expect([entry(process.mm, BASE)?.write, entry(process.mm, BASE + 300)?.write]).toEqual([true, false]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it.each([
    [0, 512],
    [128, 256],
    [256, 256],
  ])('L3: partial munmap at %i of a device folio splits it, and the rest faults back', (from, pages) => {
    const { kernel, process } = withThp();
    const device = makeDevice(kernel);
    toDevice(kernel, device, process.mm, BASE, BASE + 512);
    expect([device.usedPages, isHuge(process.mm, BASE), pageAt(process.mm, BASE).kind]).toEqual([
      512,
      true,
      'device-private',
    ]);
    munmap(kernel, process.mm, BASE + from, BASE + from + pages);
    expect(device.usedPages).toBe(512 - pages);
    expect(checkBooks(kernel)).toEqual([]);
    for (const [at, value] of [
      [0, 1],
      [300, 3],
      [511, 5],
    ] as const)
      expect(peek(kernel, process.mm, BASE + at)).toBe(at >= from && at < from + pages ? 'sigsegv' : value);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('mremap (A6)', () => {
  it.each([
    ['a PMD border', 2048, true],
    ['an odd place', 2048 + 128, false],
  ])('moves a THP to %s', (_where, to, huge) => {
    const { kernel, process } = withThp();
    const notified = listen(process.mm);
    expect(mremap(kernel, process.mm, BASE, 512, BASE + to, MOVE)).toEqual({ ret: null, start: BASE + to });
    expect(words(notified)).toEqual(['UNMAP 0..512']);
    expect(isHuge(process.mm, BASE + to)).toBe(huge);
    expect([peek(kernel, process.mm, BASE), peek(kernel, process.mm, BASE + to + 300)]).toEqual(['sigsegv', 3]);
    expect([process.mm.rss.anon, kernel.used[0]]).toEqual([512, 512]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('moves a large device folio to an odd place: it is mapped by PTEs and comes back whole in content', () => {
    const { kernel, process } = withThp();
    const device = makeDevice(kernel);
    toDevice(kernel, device, process.mm, BASE, BASE + 512);
    mremap(kernel, process.mm, BASE, 512, BASE + 2048 + 128, MOVE);
    expect(entry(process.mm, BASE + 2048 + 128)).toMatchObject({ state: 'private' });
    expect(checkBooks(kernel)).toEqual([]);
    const at = (i: number): number | string => peek(kernel, process.mm, BASE + 2048 + 128 + i);
    expect([at(0), at(300), at(511)]).toEqual([1, 3, 5]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('moves a migration entry of a whole folio while the folio is in flight', () => {
    const { kernel, process } = withThp();
    const { finish } = startMigration(kernel, makeDevice(kernel), process.mm, BASE, BASE + 512);
    mremap(kernel, process.mm, BASE, 512, BASE + 2048, MOVE);
    expect(peek(kernel, process.mm, BASE + 2048)).toBe('blocked');
    finish();
    expect(entry(process.mm, BASE + 2048)?.state).toBe('private');
    expect([peek(kernel, process.mm, BASE + 2048 + 300), checkBooks(kernel)]).toEqual([3, []]);
  });

  it('DONTUNMAP leaves the old VMA, empty', () => {
    const { kernel, process } = withThp();
    mremap(kernel, process.mm, BASE, 512, BASE + 2048, { ...MOVE, dontUnmap: true });
    expect([peek(kernel, process.mm, BASE), peek(kernel, process.mm, BASE + 2048)]).toEqual([0, 1]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('MADV_COLLAPSE', () => {
  function basePages(profile: '612' | 'cur' = 'cur'): { kernel: Kernel; process: Process } {
    const kernel = makeKernel({ profile });
    const process = kernel.spawn('main');
    map(kernel, process, 512);
    fill(kernel, process.mm, BASE, 512);
    return { kernel, process };
  }

  it('copies base pages into one folio under CLEAR', () => {
    const { kernel, process } = basePages();
    const notified = listen(process.mm);
    expect(madvise(kernel, process.mm, BASE, BASE + 512, 'collapse')).toBeNull();
    expect(words(notified)).toEqual(['CLEAR 0..512']);
    expect([isHuge(process.mm, BASE), kernel.used[0], kernel.counters.thpCollapses]).toEqual([true, 512, 1]);
    expect(peek(kernel, process.mm, BASE + 77)).toBe(78);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('A8: faults device-private pages back first', () => {
    const { kernel, process } = basePages();
    const device = makeDevice(kernel);
    toDevice(kernel, device, process.mm, BASE + 10, BASE + 20);
    expect(madvise(kernel, process.mm, BASE, BASE + 512, 'collapse')).toBeNull();
    expect([isHuge(process.mm, BASE), device.usedPages, peek(kernel, process.mm, BASE + 15)]).toEqual([true, 0, 16]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('A8: is aborted by a coherent page, which stays where it is', () => {
    const { kernel, process } = basePages();
    const device = makeDevice(kernel, 'device-coherent');
    toDevice(kernel, device, process.mm, BASE + 10, BASE + 11);
    expect(madvise(kernel, process.mm, BASE, BASE + 512, 'collapse')).toBe('EINVAL');
    expect([isHuge(process.mm, BASE), device.usedPages]).toEqual([false, 1]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('answers EAGAIN for a pinned page, EINVAL without a page table and under MADV_NOHUGEPAGE', () => {
    const { kernel, process } = basePages();
    const flags = { write: true, pin: true, longTerm: false, fast: false };
    const { page } = gup(kernel, process.mm, BASE + 4, flags);
    expect(madvise(kernel, process.mm, BASE, BASE + 512, 'collapse')).toBe('EAGAIN');
    ungup(kernel, page!, flags);
    madvise(kernel, process.mm, BASE, BASE + 512, 'nohugepage');
    expect(madvise(kernel, process.mm, BASE, BASE + 512, 'collapse')).toBe('EINVAL');
    map(kernel, process, 512, { start: BASE + 1024 });
    expect(madvise(kernel, process.mm, BASE + 1024, BASE + 1536, 'collapse')).toBe('EINVAL');
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('requires a writable page in 6.12, not in later kernels', () => {
    for (const profile of ['612', 'cur'] as const) {
      const { kernel, process } = basePages(profile);
      mprotect(kernel, process.mm, BASE, BASE + 512, 'r');
      expect(madvise(kernel, process.mm, BASE, BASE + 512, 'collapse')).toBe(profile === '612' ? 'EINVAL' : null);
      expect(checkBooks(kernel)).toEqual([]);
    }
  });
});
