/** Files of the Linux model: page cache, writeback (B2), truncate, read() and write(), shared memory, DAX. */
import { describe, expect, it } from 'vitest';
import { fork } from '../../../src-core/kernel/fork';
import type { FileInode, FileKind } from '../../../src-core/kernel/file';
import { gup, ungup } from '../../../src-core/kernel/gup';
import type { Kernel, KernelConfig } from '../../../src-core/kernel/kernel';
import type { Process } from '../../../src-core/kernel/mm';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { createFile, fileRead, fileWrite, truncate, writeback } from '../../../src-core/kernel/page-cache';
import { checkBooks } from '../kernel/books';
import {
  BASE,
  entry,
  fill,
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
  words,
} from '../kernel/build';

interface Mapped {
  readonly kernel: Kernel;
  readonly process: Process;
  readonly file: FileInode;
}
function mapped(pages: number, shared: boolean, kind: FileKind = 'regular', rest: Partial<KernelConfig> = {}): Mapped {
  const kernel = makeKernel(rest);
  const process = kernel.spawn('main');
  const file = createFile(kernel, 'f', kind, pages * PAGE_BYTES);
  map(kernel, process, pages, { file, shared });
  return { kernel, process, file };
}
const bytesAt = (kernel: Kernel, file: FileInode, page: number): number | undefined =>
  fileRead(kernel, file, page * PAGE_BYTES, 1)?.[0];

describe('page cache', () => {
  it('reads a page in once (major), then maps it from the cache (minor), read-only until written', () => {
    const { kernel, process, file } = mapped(2, true);
    file.disk.set(0, new Uint8Array(PAGE_BYTES).fill(7));
    const other = fork(kernel, process, 'other');
    expect(peek(kernel, process.mm, BASE)).toBe(7);
    expect([kernel.counters.majorFaults, kernel.counters.minorFaults]).toEqual([1, 0]);
    expect(peek(kernel, other.mm, BASE)).toBe(7);
    expect([kernel.counters.majorFaults, kernel.counters.minorFaults]).toEqual([1, 1]);
    expect(entry(process.mm, BASE)).toMatchObject({ write: false, dirty: false });
    expect(pageAt(process.mm, BASE)).toBe(pageAt(other.mm, BASE));
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('B2: writeback cleans and write-protects under PROTECTION_PAGE, and the next write faults again', () => {
    const { kernel, process, file } = mapped(2, true);
    fill(kernel, process.mm, BASE, 2);
    const notified = listen(process.mm);
    expect(writeback(kernel, file, 0, 1)).toBe(1);
    expect(words(notified)).toEqual(['PROTECTION_PAGE 0..1']);
    expect([file.disk.get(0)?.[0], file.disk.has(1)]).toEqual([1, false]);
    expect(entry(process.mm, BASE)).toMatchObject({ write: false, dirty: false });
    expect(writeback(kernel, file, 0, 1)).toBe(0);
    const faults = kernel.counters.minorFaults;
    expect(poke(kernel, process.mm, BASE, 5)).toBe('ok');
    expect(kernel.counters.minorFaults - faults).toBe(1);
    expect(writeback(kernel, file, 0, 2)).toBe(2);
    expect([file.disk.get(0)?.[0], file.disk.get(1)?.[0]]).toEqual([5, 2]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('read() and write() and both kinds of mapping see one page', () => {
    const { kernel, process, file } = mapped(2, true);
    map(kernel, process, 2, { start: BASE + 8, file, shared: false });
    poke(kernel, process.mm, BASE, 3);
    expect(bytesAt(kernel, file, 0)).toBe(3);
    expect(peek(kernel, process.mm, BASE + 8)).toBe(3);
    fileWrite(kernel, file, PAGE_BYTES - 1, Uint8Array.of(8, 9));
    expect([peek(kernel, process.mm, BASE + 1), peek(kernel, process.mm, BASE + 9)]).toEqual([9, 9]);
    poke(kernel, process.mm, BASE + 9, 100);
    expect([bytesAt(kernel, file, 1), peek(kernel, process.mm, BASE + 1)]).toEqual([9, 9]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('write() grows the file, and a failure in the middle leaves what was written', () => {
    const { kernel, file } = mapped(1, true, 'shmem', { nodes: [node(3)], swapPages: 0 });
    expect(fileWrite(kernel, file, 0, new Uint8Array(5 * PAGE_BYTES).fill(4))).toBe('ENOMEM');
    expect(file.bytes).toBe(3 * PAGE_BYTES);
    expect([bytesAt(kernel, file, 2), fileRead(kernel, file, 3 * PAGE_BYTES, 1)?.length]).toEqual([4, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('write() waits for a page in flight; B3: the migration is refused and the write then succeeds', () => {
    const { kernel, process, file } = mapped(1, false);
    const device = makeDevice(kernel);
    file.disk.set(0, new Uint8Array(PAGE_BYTES).fill(7));
    peek(kernel, process.mm, BASE);
    const { finish } = startMigration(kernel, device, process.mm, BASE, BASE + 1);
    expect(entry(process.mm, BASE)?.state).toBe('migration');
    expect(fileWrite(kernel, file, 0, Uint8Array.of(1))).toBe('EAGAIN');
    finish();
    expect(entry(process.mm, BASE)?.state).toBe('present');
    expect(fileWrite(kernel, file, 0, Uint8Array.of(1))).toBeNull();
    expect(peek(kernel, process.mm, BASE)).toBe(1);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('truncate', () => {
  it('unmaps by one CLEAR per VMA, frees, and makes accesses beyond the end SIGBUS', () => {
    const { kernel, process, file } = mapped(4, true);
    fill(kernel, process.mm, BASE, 4);
    writeback(kernel, file, 0, 4);
    const notified = listen(process.mm);
    truncate(kernel, file, 2 * PAGE_BYTES);
    expect(words(notified)).toEqual(['CLEAR 2..4']);
    expect([kernel.used[0], file.disk.size, process.mm.rss.file]).toEqual([2, 2, 2]);
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([1, 2, 'sigbus', 'sigbus']);
    expect(poke(kernel, process.mm, BASE + 2, 1)).toBe('sigbus');
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('takes private copies beyond the end, too', () => {
    const { kernel, process, file } = mapped(2, false);
    fill(kernel, process.mm, BASE, 2);
    truncate(kernel, file, PAGE_BYTES);
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([1, 'sigbus']);
    expect([process.mm.rss.anon, checkBooks(kernel)]).toEqual([1, []]);
  });

  it.each([
    ['in the page cache', false],
    ['on the disk', true],
  ])('the rest of the last page, %s, reads zeros when the file grows again', (_, onDisk) => {
    const { kernel, file } = mapped(1, true);
    fileWrite(kernel, file, 0, new Uint8Array(PAGE_BYTES).fill(6));
    if (onDisk) {
      writeback(kernel, file, 0, 1);
      truncate(kernel, file, 0);
      file.disk.set(0, new Uint8Array(PAGE_BYTES).fill(6));
    }
    truncate(kernel, file, 100);
    truncate(kernel, file, PAGE_BYTES);
    const data = fileRead(kernel, file, 0, PAGE_BYTES)!;
    expect([data[99], data[100], data[4095]]).toEqual([6, 0, 0]);
  });

  it('a pinned page goes with its pin, and a page in flight leaves no entry behind', () => {
    const { kernel, process, file } = mapped(3, false);
    const pin = { write: false, pin: false, longTerm: false, fast: false };
    peeks(kernel, process.mm, BASE, 3);
    const { page } = gup(kernel, process.mm, BASE + 1, pin);
    const { finish } = startMigration(kernel, makeDevice(kernel), process.mm, BASE + 2, BASE + 3);
    truncate(kernel, file, 0);
    finish();
    expect([0, 1, 2].map((i) => entry(process.mm, BASE + i))).toEqual([null, null, null]);
    expect(kernel.used[0]).toBe(1);
    ungup(kernel, page!, pin);
    expect([kernel.used[0], checkBooks(kernel)]).toEqual([0, []]);
  });

  it('frees the swap slots of shared memory', () => {
    const { kernel, process, file } = mapped(2, true, 'shmem', { nodes: [node(2)] });
    fill(kernel, process.mm, BASE, 2);
    map(kernel, process, 4, { start: BASE + 8 });
    fill(kernel, process.mm, BASE + 8, 2);
    expect([file.swapped.size, kernel.swap.size]).toEqual([2, 2]);
    truncate(kernel, file, PAGE_BYTES);
    expect([file.swapped.size, kernel.swap.size]).toEqual([1, 1]);
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([1, 'sigbus']);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('DAX', () => {
  it.each(['fs-dax', 'device-dax'] as const)(
    '%s maps the memory of the file itself: no page cache, nothing to reclaim',
    (kind) => {
      const { kernel, process, file } = mapped(2, true, kind);
      fill(kernel, process.mm, BASE, 2);
      expect(pageAt(process.mm, BASE).kind).toBe(kind);
      expect([kernel.used[0], kernel.lru.inactive.size]).toEqual([0, 0]);
      expect(bytesAt(kernel, file, 1)).toBe(2);
      expect(fileWrite(kernel, file, 0, Uint8Array.of(9))).toBeNull();
      expect(peek(kernel, process.mm, BASE)).toBe(9);
    },
  );
});
