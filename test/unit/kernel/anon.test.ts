/** First touch, the zero page, copy on write and its reuse (mm/memory.c). */
import { describe, expect, it } from 'vitest';
import { exit, fork } from '../../../src-core/kernel/fork';
import { Memcg } from '../../../src-core/kernel/mm';
import { mprotect } from '../../../src-core/kernel/mmap';
import { createFile, writeback } from '../../../src-core/kernel/page-cache';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { checkBooks } from './books';
import { BASE, entry, fill, listen, makeKernel, map, node, pageAt, peek, peeks, poke, words } from './build';

describe('first touch', () => {
  it('maps the shared zero page for a read and a page of its own for a write', () => {
    const kernel = makeKernel();
    const { mm } = kernel.spawn('main');
    map(kernel, kernel.processes[0]!, 4);
    expect(peek(kernel, mm, BASE)).toBe(0);
    expect(entry(mm, BASE)).toMatchObject({ state: 'zero', write: false });
    expect(mm.rss.anon).toBe(0);
    expect(poke(kernel, mm, BASE, 7)).toBe('ok');
    expect(poke(kernel, mm, BASE + 1, 8)).toBe('ok');
    expect(peeks(kernel, mm, BASE, 3)).toEqual([7, 8, 0]);
    expect(mm.rss.anon).toBe(2);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('N2: notifies no mirror of an added mapping, and sends CLEAR when the zero page is replaced', () => {
    const kernel = makeKernel();
    const { mm } = kernel.spawn('main');
    map(kernel, kernel.processes[0]!, 4);
    const notified = listen(mm);
    peek(kernel, mm, BASE);
    poke(kernel, mm, BASE + 1, 1);
    expect(notified).toEqual([]);
    poke(kernel, mm, BASE, 1);
    expect(words(notified)).toEqual(['CLEAR 0..1']);
  });

  it('answers SIGSEGV without a VMA and without permission, SIGBUS beyond the end of a file', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const { mm } = process;
    expect(peek(kernel, mm, BASE)).toBe('sigsegv');
    map(kernel, process, 2, { prot: 'r' });
    expect(poke(kernel, mm, BASE, 1)).toBe('sigsegv');
    map(kernel, process, 2, { prot: 'none' });
    expect(peek(kernel, mm, BASE)).toBe('sigsegv');
    const file = createFile(kernel, 'short', 'regular', PAGE_BYTES);
    map(kernel, process, 2, { file, shared: true });
    expect(peeks(kernel, mm, BASE, 2)).toEqual([0, 'sigbus']);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('answers oom when the node is full, and when the memcg is at its limit (R4)', () => {
    const kernel = makeKernel({ nodes: [node(3)], swapPages: 0 });
    const process = kernel.spawn('main');
    map(kernel, process, 4);
    fill(kernel, process.mm, BASE, 3);
    expect(poke(kernel, process.mm, BASE + 3, 1)).toBe('oom');
    expect(peeks(kernel, process.mm, BASE, 3)).toEqual([1, 2, 3]);
    const small = kernel.spawn('small', new Memcg('small', 1));
    exit(kernel, process, 0);
    map(kernel, small, 4);
    fill(kernel, small.mm, BASE, 1);
    expect(poke(kernel, small.mm, BASE + 1, 1)).toBe('oom');
    expect(kernel.counters.oomKills).toBe(2);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('copy on write', () => {
  it('copies for the first writer after fork and lets the last owner keep the page', () => {
    const kernel = makeKernel();
    const parent = kernel.spawn('main');
    map(kernel, parent, 1);
    fill(kernel, parent.mm, BASE, 1, 5);
    const child = fork(kernel, parent, 'child');
    const shared = pageAt(parent.mm, BASE);
    expect(pageAt(child.mm, BASE)).toBe(shared);
    const notified = listen(parent.mm);
    poke(kernel, parent.mm, BASE, 6);
    expect(words(notified)).toEqual(['CLEAR 0..1']);
    expect(pageAt(parent.mm, BASE)).not.toBe(shared);
    poke(kernel, child.mm, BASE, 7);
    expect(pageAt(child.mm, BASE)).toBe(shared);
    expect([peek(kernel, parent.mm, BASE), peek(kernel, child.mm, BASE)]).toEqual([6, 7]);
    expect(kernel.counters.cowBreaks).toBe(1);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('copies a page-cache page for a private mapping and leaves the file alone', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const file = createFile(kernel, 'data', 'regular', 2 * PAGE_BYTES);
    map(kernel, process, 2, { file, shared: true });
    map(kernel, process, 2, { file, start: BASE + 16 });
    fill(kernel, process.mm, BASE, 2, 40);
    expect(peeks(kernel, process.mm, BASE + 16, 2)).toEqual([40, 41]);
    poke(kernel, process.mm, BASE + 16, 99);
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([40, 41]);
    expect(peeks(kernel, process.mm, BASE + 16, 2)).toEqual([99, 41]);
    expect(process.mm.rss).toEqual({ anon: 1, file: 3, shmem: 0, swap: 0 });
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('sees the page of a MIXEDMAP driver read-only in a private mapping, and copies it on write', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const page = kernel.driverFrame();
    page.data = new Uint8Array(PAGE_BYTES).fill(3);
    map(kernel, process, 1, { driverPages: [page] });
    expect(entry(process.mm, BASE)).toMatchObject({ state: 'present', write: false, page });
    expect(peek(kernel, process.mm, BASE)).toBe(3);
    poke(kernel, process.mm, BASE, 4);
    expect([peek(kernel, process.mm, BASE), page.data[0]]).toEqual([4, 3]);
    expect(page.refcount).toBe(1);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('mprotect (A3)', () => {
  it('takes the right to write away under PROTECTION_VMA and gives it back without a copy', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 4);
    fill(kernel, process.mm, BASE, 4);
    const notified = listen(process.mm);
    expect(mprotect(kernel, process.mm, BASE + 1, BASE + 3, 'r')).toBeNull();
    expect(words(notified)).toEqual(['PROTECTION_VMA 1..3']);
    expect(process.mm.vmas.map((vma) => [vma.start - BASE, vma.end - BASE, vma.prot])).toEqual([
      [0, 1, 'rw'],
      [1, 3, 'r'],
      [3, 4, 'rw'],
    ]);
    expect(poke(kernel, process.mm, BASE + 1, 9)).toBe('sigsegv');
    const page = pageAt(process.mm, BASE + 1);
    expect(mprotect(kernel, process.mm, BASE, BASE + 4, 'rw')).toBeNull();
    expect(process.mm.vmas).toHaveLength(1);
    poke(kernel, process.mm, BASE + 1, 9);
    expect(pageAt(process.mm, BASE + 1)).toBe(page);
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([1, 9, 3, 4]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('answers ENOMEM at a hole, after what came before it has changed', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 2);
    map(kernel, process, 2, { start: BASE + 4 });
    expect(mprotect(kernel, process.mm, BASE, BASE + 6, 'r')).toBe('ENOMEM');
    expect(process.mm.vmas.map((vma) => vma.prot)).toEqual(['r', 'rw']);
    expect(mprotect(kernel, process.mm, BASE + 2, BASE + 6, 'r')).toBe('ENOMEM');
    expect(process.mm.vmas.map((vma) => vma.prot)).toEqual(['r', 'rw']);
  });

  it('leaves what a write fault has to decide to that fault: shared pages, and files that were written back (B2)', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const file = createFile(kernel, 'data', 'regular', PAGE_BYTES);
    map(kernel, process, 1);
    map(kernel, process, 1, { start: BASE + 4, file, shared: true });
    for (const at of [0, 4]) poke(kernel, process.mm, BASE + at, 1);
    const child = fork(kernel, process, 'child');
    writeback(kernel, file, 0, 1);
    for (const at of [0, 4])
      for (const prot of ['r', 'rw'] as const) mprotect(kernel, process.mm, BASE + at, BASE + at + 1, prot);
    expect([0, 4].map((at) => entry(process.mm, BASE + at)?.write)).toEqual([false, false]);
    for (const at of [0, 4]) poke(kernel, process.mm, BASE + at, 2);
    expect(peek(kernel, child.mm, BASE)).toBe(1);
    expect(writeback(kernel, file, 0, 1)).toBe(1);
    expect(checkBooks(kernel)).toEqual([]);
  });
});
