/** NUMA balancing, mbind and memory tiers of the Linux model: rules U1 to U5 and A9. */
import { describe, expect, it } from 'vitest';
import { PS_PER_MS, PS_PER_S } from '../../../src-core/base/units';
import { fork } from '../../../src-core/kernel/fork';
import { gup, ungup } from '../../../src-core/kernel/gup';
import type { Kernel } from '../../../src-core/kernel/kernel';
import { bindTo, type Process } from '../../../src-core/kernel/mm';
import { mbind, scanAddressSpace, setNow, setTiering, tierOf } from '../../../src-core/kernel/numa';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { createFile } from '../../../src-core/kernel/page-cache';
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
  node,
  pageAt,
  peek,
  peeks,
  poke,
  toDevice,
  withNodes,
  words,
} from '../kernel/build';

const TIERING = { demotion: true, hotThresholdMs: 1000, rateMbps: 65_536 };

const nodesOf = (process: Process, pages: number): number[] =>
  Array.from({ length: pages }, (_, i) => pageAt(process.mm, BASE + i).head.node);
const hinted = (process: Process, pages: number): boolean[] =>
  Array.from({ length: pages }, (_, i) => entry(process.mm, BASE + i)?.protnone === true);

/** Writes pages whose memory comes from the given node. */
function fillFrom(kernel: Kernel, process: Process, from: number, start: number, pages: number): void {
  kernel.localNode = from;
  fill(kernel, process.mm, start, pages);
  kernel.localNode = 0;
}

describe('NUMA balancing (mode 1)', () => {
  it('scans under PROTECTION_VMA, only what is populated', () => {
    const { kernel, process } = withNodes([64, 64]);
    map(kernel, process, 4);
    map(kernel, process, 4, { start: BASE + 4096 });
    fill(kernel, process.mm, BASE, 2);
    const notified = listen(process.mm);
    scanAddressSpace(kernel, process.mm, 0);
    expect(words(notified)).toEqual(['PROTECTION_VMA 0..4']);
    expect(hinted(process, 4)).toEqual([true, true, false, false]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('moves a page to the node that used it, bytes and all; a page at home stays', () => {
    const { kernel, process } = withNodes([64, 64]);
    map(kernel, process, 2);
    fillFrom(kernel, process, 1, BASE, 1);
    fill(kernel, process.mm, BASE + 1, 1, 2);
    scanAddressSpace(kernel, process.mm, 0);
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual([1, 2]);
    expect(nodesOf(process, 2)).toEqual([0, 0]);
    expect([kernel.counters.numaHintFaults, kernel.counters.numaMigrated]).toEqual([2, 1]);
    expect(hinted(process, 2)).toEqual([false, false]);
    expect(poke(kernel, process.mm, BASE, 9)).toBe('ok');
    expect([peek(kernel, process.mm, BASE), kernel.counters.cowBreaks]).toEqual([9, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('moves a large folio whole', () => {
    const { kernel, process } = withNodes([1024, 1024], { thp: 'always' });
    map(kernel, process, 512);
    fillFrom(kernel, process, 1, BASE, 1);
    scanAddressSpace(kernel, process.mm, 0);
    expect(peek(kernel, process.mm, BASE)).toBe(1);
    expect([isHuge(process.mm, BASE), ...nodesOf(process, 1), kernel.counters.numaMigrated]).toEqual([true, 0, 512]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it.each(['device-private', 'device-coherent'] as const)('U1: leaves %s pages out of the scan', (kind) => {
    const { kernel, process } = withNodes([64, 64]);
    const device = makeDevice(kernel, kind);
    map(kernel, process, 2);
    fill(kernel, process.mm, BASE, 2);
    toDevice(kernel, device, process.mm, BASE, BASE + 1);
    const before = entry(process.mm, BASE);
    scanAddressSpace(kernel, process.mm, 0);
    expect(entry(process.mm, BASE)).toEqual(before);
    expect(hinted(process, 2)).toEqual([false, true]);
  });

  it('leaves out pages that processes share until a write, pinned pages, and dirty pages of files', () => {
    const { kernel, process } = withNodes([64, 64]);
    map(kernel, process, 3);
    fill(kernel, process.mm, BASE, 1);
    const child = fork(kernel, process, 'child');
    fill(kernel, process.mm, BASE + 1, 2);
    const pin = { write: true, pin: true, longTerm: false, fast: false };
    const { page } = gup(kernel, process.mm, BASE + 1, pin);
    const file = createFile(kernel, 'f', 'regular', PAGE_BYTES);
    map(kernel, process, 1, { start: BASE + 3, file, shared: true });
    fill(kernel, process.mm, BASE + 3, 1);
    scanAddressSpace(kernel, process.mm, 0);
    expect(hinted(process, 4)).toEqual([false, false, true, false]);
    ungup(kernel, page!, pin);
    expect(hinted(child, 1)).toEqual([false]);
  });

  it('goes on after 256 MB at the next scan, and starts again at the end', () => {
    const { kernel, process } = withNodes([256, 256], { thp: 'never' });
    const scan = 65_536;
    map(kernel, process, scan + 8);
    fill(kernel, process.mm, BASE, 1);
    fill(kernel, process.mm, BASE + scan, 1);
    scanAddressSpace(kernel, process.mm, 0);
    expect([entry(process.mm, BASE)?.protnone, entry(process.mm, BASE + scan)?.protnone]).toEqual([true, false]);
    peek(kernel, process.mm, BASE);
    scanAddressSpace(kernel, process.mm, 0);
    expect([entry(process.mm, BASE)?.protnone, entry(process.mm, BASE + scan)?.protnone]).toEqual([false, true]);
    scanAddressSpace(kernel, process.mm, 0);
    expect(entry(process.mm, BASE)?.protnone).toBe(true);
  });
});

describe('mbind', () => {
  it('moves what is there and takes later pages from the node; A9: device pages are ignored', () => {
    const { kernel, process } = withNodes([64, 64]);
    const device = makeDevice(kernel);
    map(kernel, process, 4);
    fill(kernel, process.mm, BASE, 3);
    toDevice(kernel, device, process.mm, BASE, BASE + 1);
    const before = entry(process.mm, BASE);
    expect(mbind(kernel, process.mm, BASE, BASE + 4, bindTo(1), 'own')).toBeNull();
    expect(entry(process.mm, BASE)).toEqual(before);
    poke(kernel, process.mm, BASE + 3, 4);
    expect(nodesOf(process, 4).slice(1)).toEqual([1, 1, 1]);
    expect(peeks(kernel, process.mm, BASE, 4)).toEqual([1, 2, 3, 4]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('leaves pages that another process maps as well', () => {
    const { kernel, process } = withNodes([64, 64]);
    map(kernel, process, 2);
    fill(kernel, process.mm, BASE, 2);
    fork(kernel, process, 'child');
    poke(kernel, process.mm, BASE + 1, 9);
    expect(mbind(kernel, process.mm, BASE, BASE + 2, bindTo(1), 'own')).toBeNull();
    expect(nodesOf(process, 2)).toEqual([0, 1]);
  });

  it('refuses a node that is not there and a range with holes', () => {
    const { kernel, process } = withNodes([64, 64]);
    map(kernel, process, 2);
    expect(mbind(kernel, process.mm, BASE, BASE + 2, bindTo(2), 'own')).toBe('EINVAL');
    expect(mbind(kernel, process.mm, BASE, BASE + 3, bindTo(1), 'own')).toBe('EFAULT');
  });
});

describe('memory tiers', () => {
  it('U3: tiers are abstract distances by 128: 4 for DRAM, 22 for kmem memory without better data', () => {
    const { kernel } = withNodes([8, 8]);
    expect([tierOf(kernel, 0), tierOf(kernel, 1)]).toEqual([4, 22]);
    setTiering(kernel, { ...TIERING, distances: [576, 600] });
    expect([tierOf(kernel, 0), tierOf(kernel, 1)]).toEqual([4, 4]);
  });

  it('U4: reclaim demotes cold pages before it swaps, and swaps when the lower tier is full', () => {
    const { kernel, process } = withNodes([4, 3]);
    setTiering(kernel, TIERING);
    map(kernel, process, 16);
    fill(kernel, process.mm, BASE, 7);
    expect(nodesOf(process, 7)).toEqual([1, 1, 1, 0, 0, 0, 0]);
    expect([kernel.counters.demoted, kernel.counters.swapOuts]).toEqual([3, 0]);
    fill(kernel, process.mm, BASE + 7, 1, 8);
    expect([kernel.counters.demoted, kernel.counters.swapOuts]).toEqual([3, 1]);
    expect(peeks(kernel, process.mm, BASE, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('U4: swaps at once where demotion is off, and between nodes of one tier', () => {
    for (const options of [
      { ...TIERING, demotion: false },
      { ...TIERING, distances: [576, 576] },
    ]) {
      const { kernel, process } = withNodes([4, 4]);
      setTiering(kernel, options);
      map(kernel, process, 16);
      fill(kernel, process.mm, BASE, 6);
      expect([kernel.counters.demoted, kernel.counters.swapOuts, kernel.used[1]]).toEqual([0, 2, 0]);
    }
  });

  it('U4: takes the nearest lower tier first', () => {
    const kernel = makeKernel({ nodes: [node(2), node(8), node(2)] });
    const process = kernel.spawn('main');
    setTiering(kernel, { ...TIERING, distances: [576, 2880, 1152] });
    map(kernel, process, 16);
    fill(kernel, process.mm, BASE, 6);
    expect(nodesOf(process, 6)).toEqual([2, 2, 1, 1, 0, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('U4: does not count as room below a memcg limit', () => {
    const { kernel, process } = withNodes([64, 64]);
    setTiering(kernel, TIERING);
    process.mm.memcg.limitPages = 4;
    map(kernel, process, 16);
    fill(kernel, process.mm, BASE, 6);
    expect([kernel.counters.demoted, kernel.counters.swapOuts]).toEqual([0, 2]);
  });

  function onLowerTier(pages: number, options = TIERING, host = 64): { kernel: Kernel; process: Process } {
    const made = withNodes([host, 4096]);
    setTiering(made.kernel, options);
    map(made.kernel, made.process, Math.max(pages, 16));
    fillFrom(made.kernel, made.process, 1, BASE, pages);
    return made;
  }

  it('U5: scans only the lower tier and promotes what is used within the hot threshold', () => {
    const { kernel, process } = onLowerTier(2);
    fill(kernel, process.mm, BASE + 2, 1, 3);
    scanAddressSpace(kernel, process.mm, 5 * PS_PER_S);
    expect(hinted(process, 3)).toEqual([true, true, false]);
    setNow(kernel, 5 * PS_PER_S + 999 * PS_PER_MS);
    peek(kernel, process.mm, BASE);
    setNow(kernel, 5 * PS_PER_S + 1000 * PS_PER_MS);
    peek(kernel, process.mm, BASE + 1);
    expect(nodesOf(process, 3)).toEqual([0, 1, 0]);
    expect(kernel.counters.promoted).toBe(1);
    expect(peeks(kernel, process.mm, BASE, 3)).toEqual([1, 2, 3]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('U5: stops at the rate limit until the next second', () => {
    const { kernel, process } = onLowerTier(600, { ...TIERING, rateMbps: 2 }, 1024);
    scanAddressSpace(kernel, process.mm, 0);
    peeks(kernel, process.mm, BASE, 550);
    expect(kernel.counters.promoted).toBe(512);
    scanAddressSpace(kernel, process.mm, PS_PER_S + 1);
    peeks(kernel, process.mm, BASE + 512, 38);
    expect(kernel.counters.promoted).toBe(550);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('makes room by demotion when the upper tier is full: the next hint fault promotes', () => {
    const { kernel, process } = onLowerTier(1, TIERING, 4);
    fill(kernel, process.mm, BASE + 1, 4, 2);
    for (let round = 0; round < 2; round++) {
      scanAddressSpace(kernel, process.mm, 0);
      peek(kernel, process.mm, BASE);
    }
    expect(nodesOf(process, 5)).toEqual([0, 1, 0, 0, 0]);
    expect([kernel.counters.promoted, kernel.counters.demoted, kernel.counters.swapOuts]).toEqual([1, 1, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('a device that uses a page of the host does not pull it to a lower tier', () => {
    const { kernel, process } = onLowerTier(1);
    fill(kernel, process.mm, BASE + 1, 1, 2);
    kernel.localNode = 1;
    scanAddressSpace(kernel, process.mm, 0);
    peeks(kernel, process.mm, BASE, 2);
    expect([nodesOf(process, 2), kernel.counters.numaMigrated]).toEqual([[1, 0], 0]);
  });
});
