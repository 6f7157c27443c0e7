/** Address-space operations and CPU faults on device pages: A1 to A4, A7, F1 to F6, X6. */
import { describe, expect, it } from 'vitest';
import { makeDeviceExclusive } from '../../../src-core/kernel/exclusive';
import { exec, exit, fork } from '../../../src-core/kernel/fork';
import { handleFault } from '../../../src-core/kernel/fault';
import type { Kernel, Profile } from '../../../src-core/kernel/kernel';
import { mprotect, munmap } from '../../../src-core/kernel/mmap';
import { mremap } from '../../../src-core/kernel/mremap';
import type { Process } from '../../../src-core/kernel/mm';
import type { DeviceMemory } from '../../../src-core/kernel/device-chunks';
import { checkBooks } from './books';
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
  startMigration,
  toDevice,
  words,
} from './build';

interface Stage {
  readonly kernel: Kernel;
  readonly process: Process;
  readonly device: DeviceMemory;
}

/** Four written pages, 1 to 4, all on the device. */
function onDevice(kind: 'device-private' | 'device-coherent', profile: Profile = 'cur'): Stage {
  const kernel = makeKernel({ profile });
  const process = kernel.spawn('main');
  const device = makeDevice(kernel, kind);
  map(kernel, process, 4);
  fill(kernel, process.mm, BASE, 4);
  toDevice(kernel, device, process.mm, BASE, BASE + 4);
  expect(device.usedPages).toBe(4);
  return { kernel, process, device };
}

describe.each(['612', 'cur'] as const)('CPU fault on a device-private page, profile %s', (profile) => {
  it('F1, F4, F7: brings the page back with its bytes and leaves the others', () => {
    const { kernel, process, device } = onDevice('device-private', profile);
    expect(process.mm.rss.anon).toBe(4);
    expect(peek(kernel, process.mm, BASE + 1)).toBe(2);
    expect(device.usedPages).toBe(3);
    expect(entry(process.mm, BASE + 1)).toMatchObject({ state: 'present', write: true });
    expect(process.mm.rss.anon).toBe(4);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('F4, F5: passes the outcome of the driver on, and lets go of the page', () => {
    const { kernel, process, device } = onDevice('device-private', profile);
    const page = pageAt(process.mm, BASE);
    const locks: boolean[] = [];
    for (const outcome of ['sigbus', 'oom'] as const) {
      device.onCpuFault = ({ page: faulting }) => {
        locks.push(faulting.head.locked);
        expect(faulting.refcount).toBe(2);
        return outcome;
      };
      expect(peek(kernel, process.mm, BASE)).toBe(outcome);
    }
    expect(locks).toEqual(profile === 'cur' ? [true, true] : [false, false]);
    expect([page.locked, page.refcount]).toEqual([false, 1]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('F6: serves a process that shares the page since a fork, for both at once', () => {
    const { kernel, process, device } = onDevice('device-private', profile);
    const child = fork(kernel, process, 'child');
    expect(peek(kernel, child.mm, BASE)).toBe(1);
    expect(pageAt(process.mm, BASE)).toBe(pageAt(child.mm, BASE));
    expect(entry(process.mm, BASE)).toMatchObject({ state: 'present', write: false });
    expect(device.usedPages).toBe(3);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

it('F1: waits in profile cur while another operation holds the page lock', () => {
  const { kernel, process } = onDevice('device-private');
  const page = pageAt(process.mm, BASE);
  page.locked = true;
  expect(peek(kernel, process.mm, BASE)).toBe('blocked');
  page.locked = false;
  expect(peek(kernel, process.mm, BASE)).toBe(1);
});

describe('fork', () => {
  it('A1: duplicates device-private entries read-only on both sides, under PROTECTION_PAGE in the parent', () => {
    const { kernel, process, device } = onDevice('device-private');
    const notified = listen(process.mm);
    const child = fork(kernel, process, 'child');
    expect(words(notified)).toEqual(['PROTECTION_PAGE 0..4']);
    expect(child.mm.rss.anon).toBe(4);
    for (const { mm } of [process, child]) expect(entry(mm, BASE)).toMatchObject({ state: 'private', write: false });
    expect(pageAt(process.mm, BASE)).toMatchObject({ mapcount: 2, refcount: 2, anonExclusive: false });
    expect(device.usedPages).toBe(4);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('A2: a write after fork brings a private page back for all mappers, then copies it', () => {
    const { kernel, process, device } = onDevice('device-private');
    const child = fork(kernel, process, 'child');
    poke(kernel, process.mm, BASE, 50);
    expect([peek(kernel, process.mm, BASE), peek(kernel, child.mm, BASE)]).toEqual([50, 1]);
    expect(pageAt(child.mm, BASE).kind).toBe('ram');
    expect(device.usedPages).toBe(3);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('A2: a write after fork copies a coherent page straight from device memory', () => {
    const { kernel, process, device } = onDevice('device-coherent');
    const child = fork(kernel, process, 'child');
    poke(kernel, process.mm, BASE, 50);
    expect([peek(kernel, process.mm, BASE), peek(kernel, child.mm, BASE)]).toEqual([50, 1]);
    expect([pageAt(process.mm, BASE).kind, pageAt(child.mm, BASE).kind]).toEqual(['ram', 'device-coherent']);
    expect(device.usedPages).toBe(4);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('X6: restores an exclusive entry in the parent and shares the page like any other', () => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 1);
    fill(kernel, process.mm, BASE, 1, 9);
    const { page } = makeDeviceExclusive(kernel, process.mm, BASE, {});
    page!.head.locked = false;
    kernel.put(page!);
    const child = fork(kernel, process, 'child');
    for (const { mm } of [process, child])
      expect(entry(mm, BASE)).toMatchObject({ state: 'present', write: false, page });
    poke(kernel, child.mm, BASE, 10);
    expect([peek(kernel, process.mm, BASE), peek(kernel, child.mm, BASE)]).toEqual([9, 10]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('mprotect (A3)', () => {
  it.each(['private', 'exclusive'] as const)(
    'makes a writable %s entry readable, and does not upgrade it again',
    (state) => {
      const kernel = makeKernel();
      const process = kernel.spawn('main');
      map(kernel, process, 1);
      fill(kernel, process.mm, BASE, 1, 9);
      if (state === 'private') toDevice(kernel, makeDevice(kernel), process.mm, BASE, BASE + 1);
      else {
        const { page } = makeDeviceExclusive(kernel, process.mm, BASE, {});
        page!.head.locked = false;
        kernel.put(page!);
      }
      mprotect(kernel, process.mm, BASE, BASE + 1, 'r');
      expect(entry(process.mm, BASE)).toMatchObject({ state, write: false });
      mprotect(kernel, process.mm, BASE, BASE + 1, 'rw');
      expect(entry(process.mm, BASE)).toMatchObject({ state, write: false });
      expect(poke(kernel, process.mm, BASE, 10)).toBe('ok');
      expect(peek(kernel, process.mm, BASE)).toBe(10);
      expect(checkBooks(kernel)).toEqual([]);
    },
  );
});

describe('unmapping', () => {
  it('A4: munmap frees a device page at once, without a copy', () => {
    const { kernel, process, device } = onDevice('device-private');
    const copies: string[] = [];
    kernel.hooks.copied = (_from, _to, _pages, reason) => copies.push(reason);
    const notified = listen(process.mm);
    munmap(kernel, process.mm, BASE + 1, BASE + 3);
    expect(words(notified)).toEqual(['UNMAP 1..3']);
    expect([device.usedPages, process.mm.rss.anon, copies]).toEqual([2, 2, []]);
    expect(peek(kernel, process.mm, BASE + 1)).toBe('sigsegv');
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('A7: exit sends RELEASE, then UNMAP, and frees all device pages', () => {
    const { kernel, process, device } = onDevice('device-private');
    const notified = listen(process.mm);
    exit(kernel, process, 3);
    expect(notified.map(({ event }) => event)).toEqual(['RELEASE', 'UNMAP']);
    expect([device.usedPages, kernel.used[0], kernel.rootMemcg.charged]).toEqual([0, 0, 0]);
    expect([process.exited, process.status, process.signal, process.mm.alive]).toEqual([true, 3, null, false]);
  });

  it('exec leaves an empty address space, and a sibling keeps what it shares', () => {
    const { kernel, process, device } = onDevice('device-private');
    const child = fork(kernel, process, 'child');
    exec(kernel, process);
    expect(process.mm.vmas).toEqual([]);
    expect(peek(kernel, process.mm, BASE)).toBe('sigsegv');
    expect([device.usedPages, pageAt(child.mm, BASE).refcount]).toEqual([4, 1]);
    expect(peeks(kernel, child.mm, BASE, 4)).toEqual([1, 2, 3, 4]);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('while a page is in flight (G14)', () => {
  function inFlight(): { kernel: Kernel; process: Process; finish: () => void } {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    map(kernel, process, 2);
    fill(kernel, process.mm, BASE, 2);
    const { finish } = startMigration(kernel, makeDevice(kernel), process.mm, BASE, BASE + 2);
    return { kernel, process, finish };
  }

  it('blocks CPU accesses until finalize', () => {
    const { kernel, process, finish } = inFlight();
    expect(peek(kernel, process.mm, BASE)).toBe('blocked');
    expect(handleFault(kernel, process.mm, BASE, { write: true })).toBe('blocked');
    finish();
    expect(peek(kernel, process.mm, BASE)).toBe(1);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('restores the entries that fork copied and mremap moved meanwhile', () => {
    const { kernel, process, finish } = inFlight();
    const child = fork(kernel, process, 'child');
    const { start } = mremap(kernel, child.mm, BASE, 2, BASE + 100, { mayMove: true, fixed: true, dontUnmap: false });
    finish();
    expect(entry(child.mm, start)).toMatchObject({ state: 'private', write: false });
    expect(pageAt(process.mm, BASE)).toBe(pageAt(child.mm, start));
    expect(checkBooks(kernel)).toEqual([]);
    expect(peeks(kernel, child.mm, start, 2)).toEqual([1, 2]);
    poke(kernel, process.mm, BASE, 8);
    expect([peek(kernel, process.mm, BASE), peek(kernel, child.mm, start)]).toEqual([8, 1]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('leaves nothing behind where the mapping went', () => {
    const { kernel, process, finish } = inFlight();
    munmap(kernel, process.mm, BASE, BASE + 1);
    finish();
    expect(peeks(kernel, process.mm, BASE, 2)).toEqual(['sigsegv', 2]);
    expect(checkBooks(kernel)).toEqual([]);
    exit(kernel, process, 0);
    expect([kernel.used[0], kernel.rootMemcg.charged]).toEqual([0, 0]);
  });
});
