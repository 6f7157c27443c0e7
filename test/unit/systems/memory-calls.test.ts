/** KSM, mlock, hugetlb, userfaultfd, and what /proc and mincore tell: rules A9, A10, B6, G17. */
import { describe, expect, it } from 'vitest';
import { exit, fork } from '../../../src-core/kernel/fork';
import { gup, ungup } from '../../../src-core/kernel/gup';
import type { Kernel } from '../../../src-core/kernel/kernel';
import { ksmScan } from '../../../src-core/kernel/ksm';
import { madvise } from '../../../src-core/kernel/madvise';
import { mlock, munlock } from '../../../src-core/kernel/mlock';
import type { Process } from '../../../src-core/kernel/mm';
import { mprotect } from '../../../src-core/kernel/mmap';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { createFile } from '../../../src-core/kernel/page-cache';
import { mincore, pagemap, smaps } from '../../../src-core/kernel/procfs';
import { shrinkPage } from '../../../src-core/kernel/reclaim';
import { registerUffd, uffdCopy } from '../../../src-core/kernel/userfaultfd';
import { checkBooks } from '../kernel/books';
import {
  BASE,
  entry,
  fill,
  listen,
  makeDevice,
  makeKernel,
  map,
  pageAt,
  peek,
  peeks,
  poke,
  stage,
  startMigration,
  toDevice,
  words,
} from '../kernel/build';

describe('KSM', () => {
  function equalPages(pages: number): { kernel: Kernel; process: Process } {
    const made = stage(pages);
    for (let i = 0; i < pages; i++) poke(made.kernel, made.process.mm, BASE + i, 7);
    madvise(made.kernel, made.process.mm, BASE, BASE + pages, 'mergeable');
    return made;
  }

  it('merges equal pages under CLEAR, each write-protected first; a write copies', () => {
    const { kernel, process } = equalPages(3);
    poke(kernel, process.mm, BASE + 2, 8);
    const notified = listen(process.mm);
    expect(ksmScan(kernel)).toBe(1);
    expect(words(notified)).toEqual(['CLEAR 1..2', 'CLEAR 0..1', 'CLEAR 1..2']);
    expect(pageAt(process.mm, BASE)).toBe(pageAt(process.mm, BASE + 1));
    expect([kernel.used[0], checkBooks(kernel)]).toEqual([2, []]);
    poke(kernel, process.mm, BASE + 1, 9);
    expect(peeks(kernel, process.mm, BASE, 3)).toEqual([7, 9, 8]);
    expect([kernel.counters.cowBreaks, checkBooks(kernel)]).toEqual([1, []]);
  });

  it('merges over processes and lets go of the page with its last user', () => {
    const { kernel, process } = equalPages(1);
    const other = kernel.spawn('other');
    map(kernel, other, 1);
    poke(kernel, other.mm, BASE, 7);
    madvise(kernel, other.mm, BASE, BASE + 1, 'mergeable');
    expect(ksmScan(kernel)).toBe(1);
    expect(ksmScan(kernel)).toBe(0);
    exit(kernel, process, 0);
    expect([peek(kernel, other.mm, BASE), kernel.used[0]]).toEqual([7, 1]);
    exit(kernel, other, 0);
    expect([kernel.used[0], checkBooks(kernel)]).toEqual([0, []]);
  });

  it('A9: ignores device pages, and pinned pages', () => {
    const { kernel, process } = equalPages(4);
    const device = makeDevice(kernel);
    toDevice(kernel, device, process.mm, BASE, BASE + 1);
    const pin = { write: true, pin: true, longTerm: false, fast: false };
    const { page } = gup(kernel, process.mm, BASE + 1, pin);
    expect(ksmScan(kernel)).toBe(1); // pages 2 and 3
    expect(entry(process.mm, BASE)?.state).toBe('private');
    ungup(kernel, page!, pin);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('a merged page is not dropped because one of its owners had said MADV_FREE', () => {
    const { kernel, process } = equalPages(2);
    madvise(kernel, process.mm, BASE, BASE + 1, 'free');
    expect(pageAt(process.mm, BASE).lazyFree).toBe(true);
    expect(ksmScan(kernel)).toBe(1);
    expect(shrinkPage(kernel, pageAt(process.mm, BASE))).toBe(true);
    expect(entry(process.mm, BASE + 1)?.state).toBe('swap');
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([7, 7]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('mlock', () => {
  it('faults pages in, makes them unevictable, and back', () => {
    const { kernel, process } = stage(4);
    expect(mlock(kernel, process.mm, BASE, BASE + 3)).toBeNull();
    expect([process.mm.rss.anon, kernel.lru.unevictable.size, kernel.lru.inactive.size]).toEqual([3, 3, 0]);
    expect(shrinkPage(kernel, pageAt(process.mm, BASE))).toBe(false);
    expect(munlock(kernel, process.mm, BASE, BASE + 2)).toBeNull();
    expect([kernel.lru.unevictable.size, kernel.lru.inactive.size, process.mm.vmas.length]).toEqual([1, 2, 3]);
    expect(shrinkPage(kernel, pageAt(process.mm, BASE))).toBe(true);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('A9: ignores device pages; what comes back is locked when reclaim meets it', () => {
    const { kernel, process } = stage(2);
    const device = makeDevice(kernel);
    fill(kernel, process.mm, BASE, 2);
    toDevice(kernel, device, process.mm, BASE, BASE + 1);
    expect(mlock(kernel, process.mm, BASE, BASE + 2)).toBeNull();
    expect(entry(process.mm, BASE)?.state).toBe('private');
    peek(kernel, process.mm, BASE);
    expect(pageAt(process.mm, BASE).mlocked).toBe(false);
    kernel.reclaim(0, 2, null);
    expect([pageAt(process.mm, BASE).mlocked, kernel.lru.unevictable.size, process.mm.rss.swap]).toEqual([true, 2, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('answers ENOMEM for a hole and for a range that cannot be populated', () => {
    const { kernel, process } = stage(2);
    expect(mlock(kernel, process.mm, BASE, BASE + 3)).toBe('ENOMEM');
    process.mm.memcg.limitPages = 1;
    expect(mlock(kernel, process.mm, BASE, BASE + 2)).toBe('ENOMEM');
  });
});

describe('hugetlb', () => {
  function huge(shared: boolean): { kernel: Kernel; process: Process } {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 1024, { hugetlb: true, shared });
    return { kernel, process };
  }

  it('takes 2 MiB from the pool per fault, outside of RSS and LRU, and gives it back', () => {
    const { kernel, process } = huge(false);
    poke(kernel, process.mm, BASE + 3, 1);
    poke(kernel, process.mm, BASE + 700, 2);
    expect([kernel.hugetlbFree, process.mm.rss.anon, kernel.lru.inactive.size]).toEqual([2, 0, 0]);
    expect(smaps(process.mm, process.mm.vmas[0]!)).toMatchObject({ rss: 0, hugetlb: 1024 });
    exit(kernel, process, 0);
    expect([kernel.hugetlbFree, checkBooks(kernel)]).toEqual([4, []]);
  });

  it('private: a copy after fork for the writer, SIGBUS where the pool is empty', () => {
    const { kernel, process } = huge(false);
    fill(kernel, process.mm, BASE + 510, 4);
    const child = fork(kernel, process, 'child');
    const notified = listen(child.mm);
    poke(kernel, child.mm, BASE + 510, 99);
    expect(words(notified)).toEqual(['CLEAR 0..512']);
    expect([peek(kernel, process.mm, BASE + 510), peek(kernel, child.mm, BASE + 510)]).toEqual([1, 99]);
    expect(kernel.hugetlbFree).toBe(1);
    kernel.hugetlbFree = 0; // somebody else has the last one
    expect(poke(kernel, child.mm, BASE + 513, 5)).toBe('sigbus');
    kernel.hugetlbFree = 1;
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('private: a pinned page stays the one that its process writes to', () => {
    const { kernel, process } = huge(false);
    const pin = { write: true, pin: true, longTerm: false, fast: false };
    poke(kernel, process.mm, BASE, 1);
    const { page } = gup(kernel, process.mm, BASE, pin);
    mprotect(kernel, process.mm, BASE, BASE + 1024, 'r');
    mprotect(kernel, process.mm, BASE, BASE + 1024, 'rw');
    poke(kernel, process.mm, BASE, 2);
    expect([pageAt(process.mm, BASE), page!.data?.[0]]).toEqual([page, 2]);
    ungup(kernel, page!, pin);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('shared: stays one memory after fork and mprotect', () => {
    const { kernel, process } = huge(true);
    poke(kernel, process.mm, BASE, 1);
    const child = fork(kernel, process, 'child');
    mprotect(kernel, child.mm, BASE, BASE + 1024, 'r');
    mprotect(kernel, child.mm, BASE, BASE + 1024, 'rw');
    poke(kernel, child.mm, BASE, 42);
    expect([peek(kernel, process.mm, BASE), kernel.hugetlbFree]).toEqual([42, 3]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('userfaultfd MISSING', () => {
  it('a hole waits until the handler answers it; what is there is not asked for', () => {
    const { kernel, process } = stage(4);
    fill(kernel, process.mm, BASE, 1);
    expect(registerUffd(kernel, process.mm, BASE, BASE + 3)).toBeNull();
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([1, 'uffd', 'uffd', 0]);
    expect(uffdCopy(kernel, process.mm, BASE + 1, Uint8Array.of(5))).toBeNull();
    expect(uffdCopy(kernel, process.mm, BASE + 2, null)).toBeNull();
    expect(uffdCopy(kernel, process.mm, BASE + 1, null)).toBe('EEXIST');
    expect(uffdCopy(kernel, process.mm, BASE + 3, null)).toBe('ENOENT');
    expect(peeks(kernel, process.mm, BASE, 3)).toEqual([1, 5, 0]);
    expect(poke(kernel, process.mm, BASE + 1, 6)).toBe('ok');
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G17: no device page is put into a hole that a handler has to answer', () => {
    const { kernel, process } = stage(2);
    fill(kernel, process.mm, BASE + 1, 1);
    registerUffd(kernel, process.mm, BASE, BASE + 2);
    toDevice(kernel, makeDevice(kernel), process.mm, BASE, BASE + 2);
    expect([entry(process.mm, BASE), entry(process.mm, BASE + 1)?.state]).toEqual([null, 'private']);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('A10: procfs and mincore', () => {
  it('a device page is swap to pagemap, resident to smaps, in core to mincore', () => {
    const { kernel, process } = stage(4);
    const device = makeDevice(kernel);
    fill(kernel, process.mm, BASE, 3);
    toDevice(kernel, device, process.mm, BASE, BASE + 1);
    madvise(kernel, process.mm, BASE + 1, BASE + 2, 'pageout');
    const bits = (i: number): boolean[] => {
      const { present, swap, file, mappedOnce } = pagemap(process.mm, BASE + i);
      return [present, swap, file, mappedOnce];
    };
    expect([0, 1, 2, 3].map(bits)).toEqual([
      [false, true, false, false],
      [false, true, false, false],
      [true, false, false, true],
      [false, false, false, false],
    ]);
    expect(pagemap(process.mm, BASE + 2).frame).toBe(pageAt(process.mm, BASE + 2).pfn);
    expect(smaps(process.mm, process.mm.vmas[0]!)).toMatchObject({ rss: 2, pss: 2, anonymous: 2, swap: 1 });
    expect(mincore(kernel, process.mm, BASE, BASE + 4).inCore).toEqual([true, false, true, false]);
    expect(mincore(kernel, process.mm, BASE, BASE + 5).ret).toBe('ENOMEM');
  });

  it('smaps agrees with RSS while pages are shared, coherent ones included (R3)', () => {
    const { kernel, process } = stage(8);
    const device = makeDevice(kernel, 'device-coherent');
    fill(kernel, process.mm, BASE, 6);
    peek(kernel, process.mm, BASE + 6); // the zero page is nobody's
    toDevice(kernel, device, process.mm, BASE, BASE + 2);
    const child = fork(kernel, process, 'child');
    poke(kernel, child.mm, BASE + 5, 9);
    for (const { mm } of [process, child]) {
      const counts = smaps(mm, mm.vmas[0]!);
      expect(counts.rss).toBe(mm.rss.anon);
      expect(counts).toMatchObject({ rss: 6, pss: 3.5, sharedDirty: 5, privateDirty: 1 });
    }
  });

  it('pagemap and mincore ask for a file what it has cached', () => {
    const { kernel, process } = stage(1);
    const file = createFile(kernel, 'f', 'regular', 3 * PAGE_BYTES);
    map(kernel, process, 3, { start: BASE + 8, file, shared: true });
    peek(kernel, process.mm, BASE + 8);
    poke(kernel, process.mm, BASE + 9, 1);
    madvise(kernel, process.mm, BASE + 8, BASE + 9, 'dontneed');
    expect(mincore(kernel, process.mm, BASE + 8, BASE + 11).inCore).toEqual([true, true, false]);
    expect(pagemap(process.mm, BASE + 8).present).toBe(false);
    expect(pagemap(process.mm, BASE + 9)).toMatchObject({ present: true, file: true, mappedOnce: true });
    expect(smaps(process.mm, process.mm.vmas[1]!)).toMatchObject({ rss: 1, anonymous: 0, privateDirty: 1 });
  });

  it('a page in flight is swap to pagemap and in core to mincore', () => {
    const { kernel, process } = stage(1);
    fill(kernel, process.mm, BASE, 1);
    const { finish } = startMigration(kernel, makeDevice(kernel), process.mm, BASE, BASE + 1);
    expect(pagemap(process.mm, BASE)).toMatchObject({ present: false, swap: true });
    expect(mincore(kernel, process.mm, BASE, BASE + 1).inCore).toEqual([true]);
    finish();
  });
});
