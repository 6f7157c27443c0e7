/** migrate_vma_pages and finalize (G15 to G22), and what is beyond Linux: pages of files on a device. */
import { describe, expect, it } from 'vitest';
import { fork } from '../../../../src-core/kernel/fork';
import { gup, ungup, type GupFlags } from '../../../../src-core/kernel/gup';
import { madvise } from '../../../../src-core/kernel/madvise';
import { migratedSlots, migrateVmaFinalize, migrateVmaPages } from '../../../../src-core/kernel/migrate-vma';
import { Memcg } from '../../../../src-core/kernel/mm';
import { mprotect, munmap } from '../../../../src-core/kernel/mmap';
import { createFile } from '../../../../src-core/kernel/page-cache';
import { PAGE_BYTES, type Page } from '../../../../src-core/kernel/page';
import { takeSlot } from '../../../../src-core/kernel/swap';
import { registerUffd } from '../../../../src-core/kernel/userfaultfd';
import { checkBooks } from '../books';
import { BASE, entry, fill, isHuge, makeDevice, map, pageAt, peek, peeks, poke, toDevice } from '../build';
import { commitAndFinish, deviceStage, fillWith, mirrorOf, setup, slots } from './stage';

const GET: GupFlags = { write: true, pin: false, longTerm: false, fast: false };
const PRIVATE = { system: false, devicePrivate: true };

function hugeStage() {
  const all = deviceStage(512);
  madvise(all.kernel, all.mm, BASE, BASE + 512, 'hugepage');
  return all;
}

describe('the driver', () => {
  it('G15: a destination that is not locked is a bug of the driver', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 1);
    const { args } = setup(kernel, mm, BASE, BASE + 1);
    const to = device.alloc(0)!;
    to.locked = false;
    args.dst[0] = to;
    expect(() => {
      migrateVmaPages(kernel, args);
    }).toThrow('G15');
  });

  it('G16, G22: what the driver leaves out stays, and is not counted', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 4);
    const { args } = setup(kernel, mm, BASE, BASE + 4);
    fillWith(kernel, args, (order, i) => (i % 2 ? device.alloc(order) : null));
    commitAndFinish(kernel, args);
    expect(slots(args)).toBe('xpxp');
    expect(migratedSlots(args)).toBe(2);
    expect(peeks(kernel, mm, BASE, 1)).toEqual([1]);
    expect(device.usedPages).toBe(2);
  });
});

describe('G17: pages in holes', () => {
  it('are new, zero and writable where the VMA is', () => {
    const { kernel, mm, device } = deviceStage();
    peek(kernel, mm, BASE + 1);
    mprotect(kernel, mm, BASE + 2, BASE + 4, 'r');
    toDevice(kernel, device, mm, BASE, BASE + 2);
    toDevice(kernel, device, mm, BASE + 2, BASE + 4);
    expect(device.usedPages).toBe(4);
    expect([0, 1, 2, 3].map((i) => entry(mm, BASE + i)?.write)).toEqual([true, true, false, false]);
    expect(mm.rss.anon).toBe(4);
    expect(peeks(kernel, mm, BASE, 4)).toEqual([0, 0, 0, 0]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('a CPU fault that came first keeps its page', () => {
    const { kernel, mm, device } = deviceStage();
    const { args } = setup(kernel, mm, BASE, BASE + 2);
    poke(kernel, mm, BASE, 5);
    fillWith(kernel, args, (order) => device.alloc(order));
    commitAndFinish(kernel, args);
    expect(slots(args)).toBe('xh');
    expect(device.usedPages).toBe(1);
    expect(peek(kernel, mm, BASE)).toBe(5);
  });

  it('a userfaultfd that was armed meanwhile stops them', () => {
    const { kernel, mm, device } = deviceStage();
    const { args } = setup(kernel, mm, BASE, BASE + 2);
    registerUffd(kernel, mm, BASE, BASE + 8);
    fillWith(kernel, args, (order) => device.alloc(order));
    commitAndFinish(kernel, args);
    expect(migratedSlots(args)).toBe(0);
    expect(device.usedPages).toBe(0);
  });

  it('R4: are charged, and left out where the limit is reached; pages that move are not charged again', () => {
    const memcg = new Memcg('group', 3);
    const { kernel, mm, device } = deviceStage(8, { swapPages: 0 }, memcg);
    fill(kernel, mm, BASE, 2);
    toDevice(kernel, device, mm, BASE, BASE + 4);
    expect(memcg.charged).toBe(3);
    expect([entry(mm, BASE + 2)?.state, entry(mm, BASE + 3)]).toEqual(['private', null]);
    expect(peeks(kernel, mm, BASE, 3)).toEqual([1, 2, 0]);
    expect(memcg.charged).toBe(3);
    munmap(kernel, mm, BASE, BASE + 8);
    expect(memcg.charged).toBe(0);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('section 3: the event of the insertion spans from the first hole to the end', () => {
    const { kernel, mm, device } = deviceStage();
    poke(kernel, mm, BASE, 1);
    const { args } = setup(kernel, mm, BASE, BASE + 4);
    const mirror = mirrorOf(mm);
    fillWith(kernel, args, (order) => device.alloc(order));
    commitAndFinish(kernel, args);
    expect(mirror.notified).toEqual([`MIGRATE ${BASE + 1}..${BASE + 4}`]);
  });

  it('may be filled with RAM too', () => {
    const { kernel, mm } = deviceStage();
    const { args } = setup(kernel, mm, BASE, BASE + 1);
    fillWith(kernel, args, (order) => kernel.allocRam(order, 0));
    commitAndFinish(kernel, args);
    expect(entry(mm, BASE)).toMatchObject({ state: 'present', write: true });
    expect(pageAt(mm, BASE).onLru).toBe(true);
  });

  it('L4: a PMD of them takes one folio, or 512 pages where there is none', () => {
    const { kernel, mm, device } = hugeStage();
    const { args } = setup(kernel, mm, BASE, BASE + 512, { select: { compound: true } });
    fillWith(kernel, args, (order) => device.alloc(order));
    commitAndFinish(kernel, args);
    expect([isHuge(mm, BASE), device.usedPages, mm.rss.anon]).toEqual([true, 512, 512]);
    munmap(kernel, mm, BASE, BASE + 512);
    map(kernel, kernel.processes[0]!, 512);
    const second = setup(kernel, mm, BASE, BASE + 512, { select: { compound: true } });
    for (let i = 1; i < 512; i++) second.args.dst[i] = device.alloc(0);
    commitAndFinish(kernel, second.args);
    expect(slots(second.args)).toBe(`x${'h'.repeat(511)}`);
    expect([isHuge(mm, BASE), device.usedPages]).toEqual([false, 511]);
  });

  it('G9: a base page inside the huge zero page splits that first', () => {
    const { kernel, mm, device } = hugeStage();
    peek(kernel, mm, BASE);
    const { args } = setup(kernel, mm, BASE, BASE + 512, { select: { compound: true } });
    args.dst[5] = device.alloc(0);
    commitAndFinish(kernel, args);
    expect(entry(mm, BASE)).toMatchObject({ state: 'zero' });
    expect(entry(mm, BASE + 5)).toMatchObject({ state: 'private' });
    expect(device.usedPages).toBe(1);
  });
});

describe('G18: what may go to a device', () => {
  function fileStage(kind: 'regular' | 'shmem') {
    const all = deviceStage();
    const file = createFile(all.kernel, 'data', kind, 8 * PAGE_BYTES);
    const start = map(all.kernel, all.process, 8, { start: BASE + 512, file, shared: true });
    fill(all.kernel, all.mm, start, 2);
    return { ...all, file, start };
  }

  it.each(['regular', 'shmem'] as const)('B3: a page of a %s file is collected, refused and restored', (kind) => {
    const { kernel, mm, device, start } = fileStage(kind);
    const { args } = setup(kernel, mm, start, start + 2);
    expect(slots(args)).toBe('pp');
    expect(peek(kernel, mm, start)).toBe('blocked');
    fillWith(kernel, args, (order) => device.alloc(order));
    commitAndFinish(kernel, args);
    expect(slots(args)).toBe('xx');
    expect(device.usedPages).toBe(0);
    expect(peeks(kernel, mm, start, 2)).toEqual([1, 2]);
  });

  it.each(['regular', 'shmem'] as const)(
    'beyond Linux, fileBacked lets a page of a %s file go and come back',
    (kind) => {
      const { kernel, process, mm, device, start, file } = fileStage(kind);
      const { args } = setup(kernel, mm, start, start + 2, { fileBacked: true });
      fillWith(kernel, args, (order) => device.alloc(order));
      commitAndFinish(kernel, args);
      expect(device.usedPages).toBe(2);
      expect(file.cache.get(0)?.kind).toBe('device-private');
      const child = fork(kernel, process, 'child').mm;
      expect(peeks(kernel, child, start, 2)).toEqual([1, 2]);
      expect(device.usedPages).toBe(0);
      expect(file.cache.get(0)?.kind).toBe('ram');
      expect(checkBooks(kernel)).toEqual([]);
    },
  );

  it('a page in the swap cache leaves it first, or stays where swap entries still want the slot', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 2);
    for (const [i, references] of [0, 1].entries()) {
      const page = pageAt(mm, BASE + i);
      page.swapSlot = takeSlot(kernel);
      kernel.swap.set(page.swapSlot, { data: null, references, cached: page, memcg: page.memcg });
      kernel.get(page);
    }
    const { args } = setup(kernel, mm, BASE, BASE + 2);
    expect(slots(args)).toBe('pp');
    fillWith(kernel, args, (order) => device.alloc(order));
    migrateVmaPages(kernel, args);
    migrateVmaFinalize(kernel, args);
    expect(slots(args)).toBe('px');
    expect(kernel.swap.size).toBe(1);
    expect(peeks(kernel, mm, BASE, 2)).toEqual([1, 2]);
  });

  it('no other zone-device page is a destination', () => {
    const { kernel, mm } = deviceStage();
    fill(kernel, mm, BASE, 1);
    const { args } = setup(kernel, mm, BASE, BASE + 1);
    const dax = createFile(kernel, 'dax', 'fs-dax', PAGE_BYTES).cache.get(0)!;
    kernel.get(dax);
    dax.locked = true;
    args.dst[0] = dax;
    migrateVmaPages(kernel, args);
    expect(slots(args)).toBe('x');
    migrateVmaFinalize(kernel, args);
    expect(peek(kernel, mm, BASE)).toBe(1);
  });
});

describe('G19: references that appear late', () => {
  it('a reference taken after setup keeps the page', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 1);
    const page = pageAt(mm, BASE);
    const { args } = setup(kernel, mm, BASE, BASE + 1);
    kernel.get(page);
    fillWith(kernel, args, (order) => device.alloc(order));
    migrateVmaPages(kernel, args);
    migrateVmaFinalize(kernel, args);
    kernel.put(page);
    expect(slots(args)).toBe('x');
    expect(pageAt(mm, BASE)).toBe(page);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G13: a coherent page with one reference too many passes setup and is refused here', () => {
    const { kernel, mm } = deviceStage();
    const coherent = makeDevice(kernel, 'device-coherent');
    fill(kernel, mm, BASE, 1);
    toDevice(kernel, coherent, mm, BASE, BASE + 1);
    const { page } = gup(kernel, mm, BASE, GET);
    const { args } = setup(kernel, mm, BASE, BASE + 1, {
      select: { system: false, coherent: true },
      owner: coherent.owner,
    });
    expect(slots(args)).toBe('p');
    fillWith(kernel, args, (order) => kernel.allocRam(order, 0));
    commitAndFinish(kernel, args);
    expect(slots(args)).toBe('x');
    ungup(kernel, page!, GET);
    expect(peek(kernel, mm, BASE)).toBe(1);
    expect(coherent.usedPages).toBe(1);
  });
});

it('G18: a source that is being written back is refused', () => {
  const { kernel, mm, device } = deviceStage();
  fill(kernel, mm, BASE, 1);
  const { args } = setup(kernel, mm, BASE, BASE + 1);
  args.slots[0]!.page!.writeback = true;
  fillWith(kernel, args, (order) => device.alloc(order));
  commitAndFinish(kernel, args);
  expect(slots(args)).toBe('x');
  expect(peek(kernel, mm, BASE)).toBe(1);
});

describe('G20, L6: sizes that do not match', () => {
  it('a large source takes base pages one by one, and what finds none stays', () => {
    const { kernel, mm, device } = hugeStage();
    fill(kernel, mm, BASE, 512);
    const { args } = setup(kernel, mm, BASE, BASE + 512, { select: { compound: true } });
    const pages = args.slots[0]!.page!.pages!;
    for (let i = 0; i < 256; i++) {
      const to = device.alloc(0)!;
      to.data = pages[i]!.data!.slice();
      args.dst[i] = to;
    }
    commitAndFinish(kernel, args);
    expect(slots(args)).toBe('p'.repeat(256) + 'x'.repeat(256));
    expect(device.usedPages).toBe(256);
    expect(peeks(kernel, mm, BASE, 512)).toEqual(Array.from({ length: 512 }, (_, i) => (i + 1) % 256));
  });

  it('a large device source that splits notifies the driver (L2) and frees the moved pages', () => {
    const { kernel, mm, device } = hugeStage();
    fill(kernel, mm, BASE, 512);
    const there = setup(kernel, mm, BASE, BASE + 512, { select: { compound: true } });
    fillWith(kernel, there.args, (order) => device.alloc(order));
    commitAndFinish(kernel, there.args);
    expect([isHuge(mm, BASE), device.inUse.size]).toEqual([true, 1]);
    const back = setup(kernel, mm, BASE, BASE + 512, { select: { ...PRIVATE, compound: true }, owner: device.owner });
    const pages = back.args.slots[0]!.page!.pages!;
    for (const i of [0, 3]) {
      const to = kernel.allocRam(0, 0)!;
      to.locked = true;
      to.data = pages[i]!.data!.slice();
      back.args.dst[i] = to;
    }
    commitAndFinish(kernel, back.args);
    expect([device.usedPages, device.inUse.size]).toEqual([510, 510]);
    expect(peeks(kernel, mm, BASE, 4)).toEqual([1, 2, 3, 4]);
  });

  it('a small source refuses a large destination', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 1);
    const { args } = setup(kernel, mm, BASE, BASE + 2);
    args.dst[0] = device.alloc(9);
    args.dst[1] = device.alloc(9);
    commitAndFinish(kernel, args);
    expect(slots(args)).toBe('xx');
    expect(device.usedPages).toBe(0);
  });
});

describe('G21: the end of a migration', () => {
  it('a page shared by fork arrives in both processes, read-only', () => {
    const { kernel, process, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 1);
    const child = fork(kernel, process, 'child').mm;
    toDevice(kernel, device, mm, BASE, BASE + 1);
    for (const each of [mm, child]) expect(entry(each, BASE)).toMatchObject({ state: 'private', write: false });
    expect(pageAt(mm, BASE)).toBe(pageAt(child, BASE));
    poke(kernel, child, BASE, 9);
    expect([peek(kernel, mm, BASE), peek(kernel, child, BASE)]).toEqual([1, 9]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('a mapping that went meanwhile stays gone, and its page with it', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 2);
    const { args } = setup(kernel, mm, BASE, BASE + 2);
    munmap(kernel, mm, BASE, BASE + 1);
    fillWith(kernel, args, (order) => device.alloc(order));
    commitAndFinish(kernel, args);
    expect(entry(mm, BASE)).toBeNull();
    expect(device.usedPages).toBe(1);
  });

  it('a system destination goes to the LRU, the source back to its device', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 1);
    toDevice(kernel, device, mm, BASE, BASE + 1);
    const source: Page = pageAt(mm, BASE);
    const { args } = setup(kernel, mm, BASE, BASE + 1, { select: PRIVATE, owner: device.owner });
    fillWith(kernel, args, (order) => kernel.allocRam(order, 0));
    commitAndFinish(kernel, args);
    expect(pageAt(mm, BASE)).toMatchObject({ kind: 'ram', onLru: true, locked: false, dirty: true });
    expect(source.free).toBe(true);
    expect(device.usedPages).toBe(0);
  });

  it('A3: write that mprotect took in flight does not come back', () => {
    const { kernel, mm, device } = deviceStage();
    fill(kernel, mm, BASE, 1);
    const { args } = setup(kernel, mm, BASE, BASE + 1);
    mprotect(kernel, mm, BASE, BASE + 8, 'r');
    fillWith(kernel, args, (order) => device.alloc(order));
    commitAndFinish(kernel, args);
    expect(entry(mm, BASE)).toMatchObject({ state: 'private', write: false });
  });
});
