/** Device memory as its driver keeps it, eviction and unplug: T1, T2, G23, E1 to E3, L2, L6; and moves between nodes. */
import { describe, expect, it } from 'vitest';
import { DeviceMemory } from '../../../../src-core/kernel/device-chunks';
import { evictFolios, unplug } from '../../../../src-core/kernel/device-evict';
import { fork } from '../../../../src-core/kernel/fork';
import { gup, ungup, type GupFlags } from '../../../../src-core/kernel/gup';
import type { Kernel } from '../../../../src-core/kernel/kernel';
import { madvise } from '../../../../src-core/kernel/madvise';
import { migrateFolio } from '../../../../src-core/kernel/migrate-entries';
import {
  migrateDevicePages,
  migrateDeviceRange,
  migrateVmaFinalize,
  migrateVmaPages,
} from '../../../../src-core/kernel/migrate-vma';
import { Memcg, type Mm } from '../../../../src-core/kernel/mm';
import { munmap } from '../../../../src-core/kernel/mmap';
import { createFile } from '../../../../src-core/kernel/page-cache';
import { PAGE_BYTES, type Page } from '../../../../src-core/kernel/page';
import { checkBooks } from '../books';
import {
  BASE,
  entry,
  fill,
  isHuge,
  makeDevice,
  makeKernel,
  map,
  node,
  pageAt,
  peek,
  peeks,
  poke,
  toDevice,
} from '../build';
import { deviceStage, fillWith, mirrorOf, setup } from './stage';

const framesOf = (pages: Iterable<Page>): number[] => Array.from(pages, ({ pfn }) => pfn);

const GET: GupFlags = { write: false, pin: false, longTerm: false, fast: false };

/** A PMD-sized folio on the device, byte i in page i. */
function largeOnDevice(rest: Parameters<typeof makeKernel>[0] = {}) {
  const all = deviceStage(512, rest);
  const { kernel, mm, device } = all;
  madvise(kernel, mm, BASE, BASE + 512, 'hugepage');
  fill(kernel, mm, BASE, 512);
  const { args } = setup(kernel, mm, BASE, BASE + 512, { select: { compound: true } });
  fillWith(kernel, args, (order) => device.alloc(order));
  migrateVmaPages(kernel, args);
  migrateVmaFinalize(kernel, args);
  expect(pageAt(mm, BASE)).toMatchObject({ kind: 'device-private', order: 9 });
  return all;
}

const counting = Array.from({ length: 512 }, (_, i) => (i + 1) % 256);

describe('T1, T2: frames of a device', () => {
  const memory = (kernel: Kernel, capacity: number, chunkPages = 512): DeviceMemory =>
    new DeviceMemory(kernel, { name: 'gpu', kind: 'device-private', node: 1, owner: {}, capacity, chunkPages });

  it('are given out locked with one reference, up to the capacity', () => {
    const kernel = makeKernel();
    const device = memory(kernel, 3);
    const pages = [device.alloc(0), device.alloc(0), device.alloc(0)];
    for (const page of pages) expect(page).toMatchObject({ locked: true, refcount: 1, free: false });
    expect(device.alloc(0)).toBeNull();
    kernel.put(pages[1]!);
    expect(pages[1]!.free).toBe(true);
    expect(device.freePages()).toBe(1);
    expect(device.alloc(0)).toBe(pages[1]);
  });

  it('large ones take a whole block, come back as base pages, and need a block that is whole (L6)', () => {
    const kernel = makeKernel();
    const device = memory(kernel, 1024);
    const large = device.alloc(9)!;
    expect(large.pages).toHaveLength(512);
    const small = device.alloc(0)!;
    expect(device.alloc(9)).toBeNull();
    expect(device.freePages()).toBe(511);
    kernel.put(large);
    expect(large).toMatchObject({ order: 0, pages: null });
    expect(device.alloc(9)).toBe(large);
    kernel.put(small);
    expect(device.usedPages).toBe(512);
  });

  it('lie in chunks that are registered as they are needed', () => {
    const kernel = makeKernel();
    const device = memory(kernel, 1536);
    expect(device.chunks).toHaveLength(0);
    device.alloc(9);
    const second = device.alloc(9)!;
    expect(device.chunks.map((chunk) => chunk.inUse)).toEqual([1, 1]);
    kernel.put(second);
    expect(device.chunks.map((chunk) => chunk.inUse)).toEqual([1, 0]);
  });
});

describe('E1, G23: eviction by frame', () => {
  it('works across processes, without a VMA, and notifies each mirror', () => {
    const { kernel, process, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 2);
    const child = fork(kernel, process, 'child').mm;
    toDevice(kernel, device, mm, BASE, BASE + 2);
    const mirrors = [mirrorOf(mm), mirrorOf(child)];
    expect(evictFolios(kernel, framesOf(device.inUse))).toEqual([]);
    for (const mirror of mirrors)
      expect(mirror.notified).toEqual([0, 1].map((i) => `CLEAR ${BASE + i}..${BASE + i + 1}`));
    expect(device.usedPages).toBe(0);
    expect([...peeks(kernel, mm, BASE, 2), ...peeks(kernel, child, BASE, 2)]).toEqual([1, 2, 1, 2]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('leaves free frames and locked ones alone', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 3);
    toDevice(kernel, device, mm, BASE, BASE + 3);
    const [gone, locked, moved] = [0, 1, 2].map((i) => pageAt(mm, BASE + i)) as [Page, Page, Page];
    munmap(kernel, mm, BASE, BASE + 1);
    locked.locked = true;
    const batch = migrateDeviceRange(kernel, [gone, locked, moved]);
    expect(batch.slots.map((slot) => slot !== null)).toEqual([false, false, true]);
    expect(batch.cpages).toBe(1);
    migrateVmaFinalize(kernel, batch);
    expect(evictFolios(kernel, framesOf([locked, moved]))).toEqual([locked]);
    locked.locked = false;
    expect(evictFolios(kernel, framesOf([locked]))).toEqual([]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('R4: needs no new charge, so a full memcg is no obstacle', () => {
    const memcg = new Memcg('group', 4);
    const { kernel, mm, device } = deviceStage(8, { swapPages: 0 }, memcg);
    fill(kernel, mm, BASE, 4);
    toDevice(kernel, device, mm, BASE, BASE + 4);
    expect(evictFolios(kernel, framesOf(device.inUse))).toEqual([]);
    expect(memcg.charged).toBe(4);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('R5: stays where RAM is full', () => {
    const { kernel, mm, device } = deviceStage(8, { nodes: [node(4)], swapPages: 0 });
    fill(kernel, mm, BASE, 4);
    toDevice(kernel, device, mm, BASE, BASE + 2);
    fill(kernel, mm, BASE + 4, 2, 5);
    expect(evictFolios(kernel, framesOf(device.inUse))).toHaveLength(2);
    munmap(kernel, mm, BASE + 4, BASE + 6);
    expect(evictFolios(kernel, framesOf(device.inUse))).toEqual([]);
    expect(peeks(kernel, mm, BASE, 4)).toEqual([1, 2, 3, 4]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('large device folios', () => {
  it('go home whole', () => {
    const { kernel, mm, device } = largeOnDevice();
    expect(evictFolios(kernel, framesOf(device.inUse))).toEqual([]);
    expect(isHuge(mm, BASE)).toBe(true);
    expect(peeks(kernel, mm, BASE, 512)).toEqual(counting);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('L6, L2: are split where RAM has no large page, and go by base pages', () => {
    const { kernel, mm, device } = largeOnDevice();
    kernel.failNextLarge = true;
    expect(evictFolios(kernel, framesOf(device.inUse))).toEqual([]);
    expect(isHuge(mm, BASE)).toBe(false);
    expect(device.usedPages).toBe(0);
    expect(peeks(kernel, mm, BASE, 512)).toEqual(counting);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G20: without a VMA a large source refuses a small destination', () => {
    const { kernel, mm, device } = largeOnDevice();
    const batch = migrateDeviceRange(kernel, [...device.inUse]);
    const to = kernel.allocRam(0, 0)!;
    to.locked = true;
    batch.dst[0] = to;
    migrateDevicePages(kernel, batch);
    migrateVmaFinalize(kernel, batch);
    expect(to.free).toBe(true);
    expect(pageAt(mm, BASE)).toMatchObject({ kind: 'device-private', order: 9 });
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('L3: a PTE fault of a partly mapped folio brings one page', () => {
    const { kernel, mm, device } = largeOnDevice();
    munmap(kernel, mm, BASE, BASE + 8);
    expect([device.usedPages, device.inUse.size]).toEqual([504, 504]);
    expect(peek(kernel, mm, BASE + 9)).toBe(10);
    expect(device.usedPages).toBe(503);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('E2: unplug', () => {
  it('stops allocation and moves all pages to host memory without waiting', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 8);
    toDevice(kernel, device, mm, BASE, BASE + 8);
    expect(unplug(kernel, device)).toEqual([]);
    expect(device.alloc(0)).toBeNull();
    expect(device.freePages()).toBe(0);
    expect(peeks(kernel, mm, BASE, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    device.closing = false;
    expect(device.alloc(0)).not.toBeNull();
  });

  it('waits for a pinned coherent page, and is done when it is let go', () => {
    const { kernel, mm } = deviceStage();
    const coherent = makeDevice(kernel, 'device-coherent');
    fill(kernel, mm, BASE, 2);
    toDevice(kernel, coherent, mm, BASE, BASE + 2);
    const { page } = gup(kernel, mm, BASE, GET);
    expect(unplug(kernel, coherent)).toEqual([page]);
    ungup(kernel, page!, GET);
    expect(unplug(kernel, coherent)).toEqual([]);
    expect(peeks(kernel, mm, BASE, 2)).toEqual([1, 2]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('migrateFolio: to another node', () => {
  function nodes(pages = 1024) {
    return deviceStage(512, { nodes: [node(2048), node(pages)] });
  }
  const nodeOf = (mm: Mm, vpn: number): number => pageAt(mm, vpn).head.node;

  it('moves a page with its bytes, flags and mappings of several processes', () => {
    const { kernel, process, mm } = nodes();
    fill(kernel, mm, BASE, 1);
    const child = fork(kernel, process, 'child').mm;
    expect(migrateFolio(kernel, pageAt(mm, BASE), 1)).toBe(true);
    expect([nodeOf(mm, BASE), pageAt(child, BASE) === pageAt(mm, BASE)]).toEqual([1, true]);
    expect(pageAt(mm, BASE)).toMatchObject({ onLru: true, locked: false });
    expect([peek(kernel, mm, BASE), peek(kernel, child, BASE)]).toEqual([1, 1]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('moves a page of a file, and the page cache follows', () => {
    const { kernel, process, mm } = nodes();
    const file = createFile(kernel, 'data', 'regular', PAGE_BYTES);
    const start = map(kernel, process, 1, { start: BASE + 512, file, shared: true });
    poke(kernel, mm, start, 7);
    expect(migrateFolio(kernel, pageAt(mm, start), 1)).toBe(true);
    expect(file.cache.get(0)).toMatchObject({ node: 1, dirty: true });
    expect(peek(kernel, mm, start)).toBe(7);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('moves a large folio whole, or page by page where no large page is free', () => {
    const { kernel, mm } = nodes();
    madvise(kernel, mm, BASE, BASE + 512, 'hugepage');
    fill(kernel, mm, BASE, 512);
    expect(migrateFolio(kernel, pageAt(mm, BASE + 3), 1)).toBe(true);
    expect([isHuge(mm, BASE), nodeOf(mm, BASE)]).toEqual([true, 1]);
    kernel.failNextLarge = true;
    expect(migrateFolio(kernel, pageAt(mm, BASE), 0)).toBe(true);
    expect([isHuge(mm, BASE), nodeOf(mm, BASE), nodeOf(mm, BASE + 511)]).toEqual([false, 0, 0]);
    expect(peeks(kernel, mm, BASE, 512)).toEqual(counting);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it.each(['pinned', 'locked', 'isolated', 'full'])('changes nothing where the page is %s', (why) => {
    const { kernel, mm } = nodes(why === 'full' ? 0 : 4);
    fill(kernel, mm, BASE, 1);
    const page = pageAt(mm, BASE);
    const before = entry(mm, BASE);
    if (why === 'pinned') kernel.get(page);
    if (why === 'locked') page.locked = true;
    if (why === 'isolated') kernel.isolate(page);
    expect(migrateFolio(kernel, page, 1)).toBe(false);
    expect(entry(mm, BASE)).toEqual(before);
    if (why === 'pinned') kernel.put(page);
    page.locked = false;
    if (why === 'isolated') kernel.putback(page);
    expect(page.onLru).toBe(true);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('brings a coherent page to RAM for a long-term pin, and refuses a private one', () => {
    const { kernel, mm, device } = deviceStage();
    const coherent = makeDevice(kernel, 'device-coherent');
    fill(kernel, mm, BASE, 2);
    toDevice(kernel, coherent, mm, BASE, BASE + 1);
    toDevice(kernel, device, mm, BASE + 1, BASE + 2);
    expect(migrateFolio(kernel, pageAt(mm, BASE), 0)).toBe(true);
    expect(pageAt(mm, BASE)).toMatchObject({ kind: 'ram', onLru: true });
    expect(migrateFolio(kernel, pageAt(mm, BASE + 1), 0)).toBe(false);
    expect(peeks(kernel, mm, BASE, 2)).toEqual([1, 2]);
    expect(coherent.usedPages).toBe(0);
    expect(checkBooks(kernel)).toEqual([]);
  });
});
