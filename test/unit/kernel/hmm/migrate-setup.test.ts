/** migrate_vma_setup: refusals, collection and unmapping (G1 to G14). */
import { describe, expect, it } from 'vitest';
import { handleFault } from '../../../../src-core/kernel/fault';
import { fork } from '../../../../src-core/kernel/fork';
import { gup, ungup, type GupFlags } from '../../../../src-core/kernel/gup';
import { madvise } from '../../../../src-core/kernel/madvise';
import { makeDeviceExclusive } from '../../../../src-core/kernel/exclusive';
import { migrateVmaFinalize } from '../../../../src-core/kernel/migrate-vma';
import { mapPage } from '../../../../src-core/kernel/rmap';
import { mremap } from '../../../../src-core/kernel/mremap';
import { createFile } from '../../../../src-core/kernel/page-cache';
import { PAGE_BYTES } from '../../../../src-core/kernel/page';
import { pte } from '../../../../src-core/kernel/page-table';
import { shrinkPage } from '../../../../src-core/kernel/reclaim';
import { checkBooks } from '../books';
import { BASE, entry, fill, isHuge, makeDevice, map, pageAt, peek, peeks, poke, stage, toDevice } from '../build';
import { mirrorOf, setup, slots } from './stage';

const GET: GupFlags = { write: true, pin: false, longTerm: false, fast: false };
const PIN: GupFlags = { ...GET, pin: true };

function hugeStage(profile: '612' | 'cur' = 'cur') {
  const all = stage(512, { profile });
  madvise(all.kernel, all.mm, BASE, BASE + 512, 'hugepage');
  return all;
}

const COMPOUND = { select: { compound: true } };

describe('G1: refused before anything is touched', () => {
  it.each([
    ['no VMA', 100, 101],
    ['an empty range', 0, 0],
    ['a range beyond the VMA', 0, 9],
  ])('%s', (_, from, to) => {
    const { kernel, mm } = stage();
    fill(kernel, mm, BASE, 8);
    const mirror = mirrorOf(mm);
    expect(setup(kernel, mm, BASE + from, BASE + to).ret).toBe('EINVAL');
    expect(mirror.notified).toEqual([]);
    expect(peeks(kernel, mm, BASE, 2)).toEqual([1, 2]);
  });

  it.each([
    ['hugetlb', { hugetlb: true }],
    ['VM_IO', { io: true }],
    ['VM_MIXEDMAP', { mixedmap: true }],
    ['DAX', { dax: true }],
  ])('%s', (_, options) => {
    const { kernel, process, mm } = stage();
    const start = map(kernel, process, 512, { start: BASE + 512, ...options });
    expect(setup(kernel, mm, start, start + 1).ret).toBe('EINVAL');
  });

  it('a fault page that is not device-private, or in profile-cur not locked', () => {
    const { kernel, mm } = stage();
    fill(kernel, mm, BASE, 2);
    expect(setup(kernel, mm, BASE, BASE + 1, { faultPage: pageAt(mm, BASE) }).ret).toBe('EINVAL');
    const device = makeDevice(kernel);
    toDevice(kernel, device, mm, BASE, BASE + 1);
    expect(setup(kernel, mm, BASE, BASE + 1, { faultPage: pageAt(mm, BASE) }).ret).toBe('EINVAL');
  });
});

describe('collection', () => {
  it('G2: nothing to collect is success', () => {
    const { kernel, mm } = stage();
    fill(kernel, mm, BASE, 8);
    const { ret, args } = setup(kernel, mm, BASE, BASE + 8, { select: { system: false } });
    expect(ret).toBeNull();
    expect(args.cpages).toBe(0);
  });

  it('G3, G4: holes whatever is selected, the zero page only with SELECT_SYSTEM', () => {
    const { kernel, mm } = stage();
    peek(kernel, mm, BASE + 1); // zero page
    poke(kernel, mm, BASE + 2, 1);
    const none = setup(kernel, mm, BASE, BASE + 4, { select: { system: false } });
    expect(slots(none.args)).toBe('h..h');
    migrateVmaFinalize(kernel, none.args);
    const system = setup(kernel, mm, BASE, BASE + 4);
    expect(slots(system.args)).toBe('hhph');
    migrateVmaFinalize(kernel, system.args);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G3: holes of files are no candidates, page by page and where no page table stands', () => {
    const { kernel, process, mm } = stage();
    const file = createFile(kernel, 'data', 'regular', 600 * PAGE_BYTES);
    const start = map(kernel, process, 600, { start: BASE + 1024, file, shared: true });
    expect(setup(kernel, mm, start, start + 512).args.cpages).toBe(0);
    poke(kernel, mm, start, 1);
    expect(slots(setup(kernel, mm, start + 1, start + 3).args)).toBe('..');
  });

  it('G5, G6: by flags and owner; what is swapped, exclusive or poisoned is silently left', () => {
    const { kernel, mm } = stage();
    const own = makeDevice(kernel);
    const other = makeDevice(kernel);
    const coherent = makeDevice(kernel, 'device-coherent');
    fill(kernel, mm, BASE, 8);
    toDevice(kernel, own, mm, BASE, BASE + 1);
    toDevice(kernel, other, mm, BASE + 1, BASE + 2);
    toDevice(kernel, coherent, mm, BASE + 2, BASE + 3);
    makeDeviceExclusive(kernel, mm, BASE + 3, null).page!.head.locked = false;
    kernel.put(pageAt(mm, BASE + 3));
    shrinkPage(kernel, pageAt(mm, BASE + 4));
    const states = [3, 4].map((i) => entry(mm, BASE + i)?.state);
    expect(states).toEqual(['exclusive', 'swap']);
    const collected = (select: Parameters<typeof setup>[4]): string => {
      const { args } = setup(kernel, mm, BASE, BASE + 6, select);
      migrateVmaFinalize(kernel, args);
      return slots(args);
    };
    expect(collected({})).toBe('.....p');
    expect(collected({ select: { system: false, devicePrivate: true }, owner: own.owner })).toBe('p.....');
    expect(collected({ select: { system: false, devicePrivate: true }, owner: other.owner })).toBe('.p....');
    expect(collected({ select: { system: false, devicePrivate: true } })).toBe('......');
    expect(collected({ select: { system: false, coherent: true }, owner: coherent.owner })).toBe('..p...');
    expect(collected({ select: { system: false, coherent: true }, owner: own.owner })).toBe('......');
    expect(peeks(kernel, mm, BASE, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G6: a page that a driver inserted has no mapping and is left', () => {
    const { kernel, mm } = stage();
    mapPage(mm, BASE, pte('present', kernel.driverFrame()));
    expect(slots(setup(kernel, mm, BASE, BASE + 1).args)).toBe('.');
  });

  it('G7: a locked page is passed over', () => {
    const { kernel, mm } = stage();
    fill(kernel, mm, BASE, 3);
    const page = pageAt(mm, BASE + 1);
    page.locked = true;
    const { args } = setup(kernel, mm, BASE, BASE + 3);
    expect(slots(args)).toBe('p.p');
    migrateVmaFinalize(kernel, args);
    expect(page.locked).toBe(true);
  });

  it('G8: a pinned page of the process alone keeps its entry all the time', () => {
    const { kernel, mm } = stage();
    fill(kernel, mm, BASE, 2);
    const { page } = gup(kernel, mm, BASE, PIN);
    const { args } = setup(kernel, mm, BASE, BASE + 2);
    expect(slots(args)).toBe('.p');
    expect(entry(mm, BASE)).toMatchObject({ state: 'present', write: true });
    migrateVmaFinalize(kernel, args);
    ungup(kernel, page!, PIN);
    expect(page!.locked).toBe(false);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G8: so does a pinned coherent page, which the pin test alone would let pass', () => {
    const { kernel, mm } = stage();
    const coherent = makeDevice(kernel, 'device-coherent');
    fill(kernel, mm, BASE, 1);
    toDevice(kernel, coherent, mm, BASE, BASE + 1);
    const { page } = gup(kernel, mm, BASE, PIN);
    const { args } = setup(kernel, mm, BASE, BASE + 1, { select: { coherent: true }, owner: coherent.owner });
    expect(slots(args)).toBe('.');
    expect(entry(mm, BASE)).toMatchObject({ state: 'present', write: true });
    ungup(kernel, page!, PIN);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G8: write, dirty and exclusive outlive a migration that comes to nothing', () => {
    const { kernel, mm } = stage();
    fill(kernel, mm, BASE, 1);
    const before = entry(mm, BASE);
    const page = pageAt(mm, BASE);
    const { args } = setup(kernel, mm, BASE, BASE + 1);
    expect(entry(mm, BASE)).toMatchObject({ state: 'migration', write: true, dirty: true, exclusive: true });
    expect(page.anonExclusive).toBe(false);
    expect(page.dirty).toBe(true);
    migrateVmaFinalize(kernel, args);
    expect(entry(mm, BASE)).toEqual(before);
    expect(page.anonExclusive).toBe(true);
    expect(page.onLru).toBe(true);
  });
});

describe('G9, G10: large folios', () => {
  it('profile-cur collects a whole PMD as one, counted once', () => {
    const { kernel, mm } = hugeStage();
    poke(kernel, mm, BASE, 1);
    const { args } = setup(kernel, mm, BASE, BASE + 512, COMPOUND);
    expect(slots(args)).toBe(`C${'.'.repeat(511)}`);
    expect(args.cpages).toBe(1);
    expect(isHuge(mm, BASE)).toBe(true);
    migrateVmaFinalize(kernel, args);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('profile-cur collects an empty PMD and the huge zero page as one hole', () => {
    const { kernel, mm } = hugeStage();
    expect(slots(setup(kernel, mm, BASE, BASE + 512, COMPOUND).args)).toBe(`H${'.'.repeat(511)}`);
    peek(kernel, mm, BASE);
    expect(entry(mm, BASE)).toMatchObject({ state: 'zero' });
    expect(slots(setup(kernel, mm, BASE, BASE + 512, COMPOUND).args)).toBe(`H${'.'.repeat(511)}`);
    const without = setup(kernel, mm, BASE, BASE + 512, { select: { compound: true, system: false } });
    expect(without.args.cpages).toBe(0);
  });

  it.each([
    ['612', BASE, BASE + 512],
    ['cur', BASE + 4, BASE + 512],
  ] as const)('are split where they cannot move whole (%s)', (profile, start, end) => {
    const { kernel, mm } = hugeStage(profile);
    fill(kernel, mm, BASE, 512);
    const { args } = setup(kernel, mm, start, end, COMPOUND);
    expect(slots(args)).toBe('p'.repeat(end - start));
    migrateVmaFinalize(kernel, args);
    expect(isHuge(mm, BASE)).toBe(false);
    expect(pageAt(mm, BASE + 5).head).toBe(pageAt(mm, BASE + 5));
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('a split that fails skips the whole PMD', () => {
    const { kernel, mm } = hugeStage();
    poke(kernel, mm, BASE, 1);
    const { page } = gup(kernel, mm, BASE + 7, GET);
    const { args } = setup(kernel, mm, BASE + 4, BASE + 512);
    expect(args.cpages).toBe(0);
    expect(isHuge(mm, BASE)).toBe(true);
    expect(page!.head.locked).toBe(false);
    ungup(kernel, page!, GET);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it.each([
    ['612', 0],
    ['cur', 8],
  ] as const)('PTE-mapped tails: skipped in 612, split in cur (%s)', (profile, cpages) => {
    const { kernel, mm } = hugeStage(profile);
    fill(kernel, mm, BASE, 512);
    const moved = mremap(kernel, mm, BASE, 512, BASE + 2048 + 3, { mayMove: true, fixed: true, dontUnmap: false });
    expect(moved.ret).toBeNull();
    const head = pageAt(mm, moved.start).head;
    expect(head.order).toBe(9);
    const { args } = setup(kernel, mm, moved.start, moved.start + 8, COMPOUND);
    expect(args.cpages).toBe(cpages);
    migrateVmaFinalize(kernel, args);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('a pinned large folio is skipped whole', () => {
    const { kernel, mm } = hugeStage();
    poke(kernel, mm, BASE, 1);
    const { page } = gup(kernel, mm, BASE + 1, PIN);
    expect(setup(kernel, mm, BASE, BASE + 512, COMPOUND).args.cpages).toBe(0);
    expect(entry(mm, BASE)).toMatchObject({ state: 'present', write: true });
    ungup(kernel, page!, PIN);
    expect(checkBooks(kernel)).toEqual([]);
  });
});

describe('unmapping', () => {
  it('G11: a page off the LRU is restored', () => {
    const { kernel, mm } = stage();
    fill(kernel, mm, BASE, 2);
    const page = pageAt(mm, BASE);
    kernel.isolate(page);
    const { args } = setup(kernel, mm, BASE, BASE + 2);
    expect(slots(args)).toBe('.p');
    expect(args.cpages).toBe(1);
    expect(entry(mm, BASE)).toMatchObject({ state: 'present', write: true });
    migrateVmaFinalize(kernel, args);
    kernel.putback(page);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G12: a page shared by fork is unmapped from both processes, with an event for each', () => {
    const { kernel, process, mm } = stage();
    fill(kernel, mm, BASE, 1);
    const child = fork(kernel, process, 'child').mm;
    const mirror = mirrorOf(mm);
    const childMirror = mirrorOf(child);
    const { args } = setup(kernel, mm, BASE, BASE + 1);
    expect([entry(mm, BASE)?.state, entry(child, BASE)?.state]).toEqual(['migration', 'migration']);
    expect(mirror.notified).toEqual([`MIGRATE ${BASE}..${BASE + 1}`]);
    expect(childMirror.notified).toEqual([`CLEAR ${BASE}..${BASE + 1}`]);
    migrateVmaFinalize(kernel, args);
    expect(peek(kernel, child, BASE)).toBe(1);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G13: a page with another reference is restored', () => {
    const { kernel, mm } = stage();
    fill(kernel, mm, BASE, 2);
    const { page } = gup(kernel, mm, BASE, GET);
    const { args } = setup(kernel, mm, BASE, BASE + 2);
    expect(slots(args)).toBe('.p');
    expect(args.cpages).toBe(1);
    expect(page).toMatchObject({ locked: false, onLru: true, isolated: false });
    migrateVmaFinalize(kernel, args);
    ungup(kernel, page!, GET);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('G14: the CPU waits for a page in flight, and finds it afterwards', () => {
    const { kernel, mm } = stage();
    fill(kernel, mm, BASE, 1);
    const { args } = setup(kernel, mm, BASE, BASE + 1);
    expect(handleFault(kernel, mm, BASE, { write: false })).toBe('blocked');
    expect(peek(kernel, mm, BASE)).toBe('blocked');
    expect(poke(kernel, mm, BASE, 9)).toBe('blocked');
    migrateVmaFinalize(kernel, args);
    expect(peek(kernel, mm, BASE)).toBe(1);
  });
});

it('N1: other mirrors receive MIGRATE for the whole range with the caller as owner', () => {
  const { kernel, mm } = stage();
  fill(kernel, mm, BASE, 1);
  const owner = {};
  const owners: unknown[] = [];
  const mirror = mirrorOf(mm);
  const notified = mirror.invalidate.bind(mirror);
  mirror.invalidate = (range, sequence) => {
    owners.push(range.owner);
    return notified(range, sequence);
  };
  migrateVmaFinalize(kernel, setup(kernel, mm, BASE, BASE + 8, { owner }).args);
  expect(mirror.notified).toEqual([`MIGRATE ${BASE}..${BASE + 8}`]);
  expect(owners).toEqual([owner]);
});
