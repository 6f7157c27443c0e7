/** Device-exclusive access: X1 to X6. */
import { describe, expect, it } from 'vitest';
import { makeDeviceExclusive } from '../../../../src-core/kernel/exclusive';
import { fork } from '../../../../src-core/kernel/fork';
import type { Kernel } from '../../../../src-core/kernel/kernel';
import { madvise } from '../../../../src-core/kernel/madvise';
import type { Mm } from '../../../../src-core/kernel/mm';
import { mprotect, munmap } from '../../../../src-core/kernel/mmap';
import { createFile } from '../../../../src-core/kernel/page-cache';
import { PAGE_BYTES, type Page } from '../../../../src-core/kernel/page';
import { changeEntry } from '../../../../src-core/kernel/rmap';
import { shrinkPage } from '../../../../src-core/kernel/reclaim';
import { revokeExclusive } from '../../../../src-core/kernel/revoke-exclusive';
import { checkBooks } from '../books';
import { BASE, entry, fill, isHuge, makeDevice, map, pageAt, peek, poke, stage, toDevice } from '../build';
import { letters, LOOK, mirrorOf, READ, walk, walkUntilDone } from './stage';

/** What a driver does when it has programmed its entry (X3). */
function letGo(kernel: Kernel, page: Page | null): void {
  page!.head.locked = false;
  kernel.put(page!);
}

function grant(kernel: Kernel, mm: Mm, vpn: number, owner: object | null = null): Page {
  const { ret, page } = makeDeviceExclusive(kernel, mm, vpn, owner);
  expect(ret).toBeNull();
  letGo(kernel, page);
  return page!;
}

describe('X2: preconditions', () => {
  it.each([
    ['612', null],
    ['cur', 'EOPNOTSUPP'],
  ] as const)('memory of files and hugetlb memory are refused (%s)', (profile, ret) => {
    const { kernel, process, mm } = stage(4, { profile });
    const file = createFile(kernel, 'data', 'regular', PAGE_BYTES);
    const shared = map(kernel, process, 1, { start: BASE + 512, file, shared: true });
    const huge = map(kernel, process, 512, { start: BASE + 1024, hugetlb: true });
    for (const at of [shared, huge]) expect(makeDeviceExclusive(kernel, mm, at, null)).toEqual({ ret, page: null });
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('no VMA and a read-only one are EFAULT', () => {
    const { kernel, mm } = stage(4);
    mprotect(kernel, mm, BASE, BASE + 1, 'r');
    expect(makeDeviceExclusive(kernel, mm, BASE, null).ret).toBe('EFAULT');
    expect(makeDeviceExclusive(kernel, mm, BASE + 99, null).ret).toBe('EFAULT');
  });

  it('a hole, a shared page, a device page, a swapped one and an exclusive one are made writable RAM first', () => {
    const { kernel, process, mm } = stage(4);
    const device = makeDevice(kernel);
    fill(kernel, mm, BASE, 3);
    const child = fork(kernel, process, 'child').mm;
    toDevice(kernel, device, mm, BASE + 1, BASE + 2);
    munmap(kernel, child, BASE + 2, BASE + 3);
    shrinkPage(kernel, pageAt(mm, BASE + 2));
    const before = grant(kernel, mm, BASE);
    for (const [i, value] of [1, 2, 3, 0].entries()) {
      const page = grant(kernel, mm, BASE + i);
      expect(page.kind).toBe('ram');
      expect(page.data?.[0] ?? 0).toBe(value);
      expect(entry(mm, BASE + i)).toMatchObject({ state: 'exclusive', write: true });
    }
    expect(pageAt(mm, BASE)).toBe(before);
    expect(peek(kernel, child, BASE)).toBe(1);
    expect(pageAt(child, BASE)).not.toBe(before);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it.each([
    ['612', null],
    ['cur', 'EBUSY'],
  ] as const)('a locked page is refused (%s)', (profile, ret) => {
    const { kernel, mm } = stage(4, { profile });
    poke(kernel, mm, BASE, 1);
    pageAt(mm, BASE).locked = true;
    expect(makeDeviceExclusive(kernel, mm, BASE, null)).toEqual({ ret, page: null });
    expect(entry(mm, BASE)?.state).toBe('present');
  });

  it('a PMD is remapped by PTEs first; 612 passes the tails over', () => {
    const { kernel, mm } = stage(512);
    madvise(kernel, mm, BASE, BASE + 512, 'hugepage');
    poke(kernel, mm, BASE, 1);
    const mirror = mirrorOf(mm);
    grant(kernel, mm, BASE + 7);
    expect(isHuge(mm, BASE)).toBe(false);
    expect(mirror.notified).toEqual([`CLEAR ${BASE}..${BASE + 512}`, `EXCLUSIVE ${BASE + 7}..${BASE + 8}`]);
    expect(entry(mm, BASE + 8)?.state).toBe('present');
    expect(checkBooks(kernel)).toEqual([]);
    const old = stage(512, { profile: '612' });
    madvise(old.kernel, old.mm, BASE, BASE + 512, 'hugepage');
    poke(old.kernel, old.mm, BASE, 1);
    expect(makeDeviceExclusive(old.kernel, old.mm, BASE + 7, null)).toEqual({ ret: null, page: null });
  });
});

describe('X3, X4: while it is held and afterwards', () => {
  it('the page is locked and referenced, and everybody else waits', () => {
    const { kernel, mm } = stage(4);
    poke(kernel, mm, BASE, 1);
    const { page } = makeDeviceExclusive(kernel, mm, BASE, null);
    expect(page).toMatchObject({ locked: true, refcount: 2 });
    expect(peek(kernel, mm, BASE)).toBe('blocked');
    expect(revokeExclusive(kernel, mm, BASE)).toBe('blocked');
    letGo(kernel, page);
    expect(peek(kernel, mm, BASE)).toBe(1);
  });

  it('the grant is notified with the owner of the caller, the revocation without an owner', () => {
    const { kernel, mm } = stage(4);
    const owner = {};
    const owners: unknown[] = [];
    poke(kernel, mm, BASE, 1);
    const mirror = mirrorOf(mm);
    const notified = mirror.invalidate.bind(mirror);
    mirror.invalidate = (range, sequence) => {
      owners.push(range.owner);
      return notified(range, sequence);
    };
    grant(kernel, mm, BASE, owner);
    poke(kernel, mm, BASE, 2);
    expect(mirror.notified).toEqual([`EXCLUSIVE ${BASE}..${BASE + 1}`, `EXCLUSIVE ${BASE}..${BASE + 1}`]);
    expect(owners).toEqual([owner, null]);
    expect(entry(mm, BASE)).toMatchObject({ state: 'present', write: true, dirty: true });
  });

  it('a snapshot shows no page, a request revokes the exclusive access', () => {
    const { kernel, mm } = stage(4);
    poke(kernel, mm, BASE, 1);
    grant(kernel, mm, BASE);
    const mirror = mirrorOf(mm);
    expect(letters(walk(kernel, mirror, BASE, BASE + 1, LOOK).out)).toBe('-');
    expect(letters(walkUntilDone(kernel, mirror, BASE, BASE + 1, READ).out)).toBe('w');
  });
});

describe('X5, X6: what else happens to the entry', () => {
  it('X5: the core sees it clean, the folio keeps that it was dirty', () => {
    const { kernel, mm } = stage(4);
    poke(kernel, mm, BASE, 1);
    const page = pageAt(mm, BASE);
    page.dirty = false;
    changeEntry(mm, BASE, false, { ...entry(mm, BASE)!, dirty: true });
    grant(kernel, mm, BASE);
    expect(entry(mm, BASE)).toMatchObject({ dirty: false, young: false });
    expect(page.dirty).toBe(true);
  });

  it('fork restores it in the parent, and both have an ordinary shared page', () => {
    const { kernel, process, mm } = stage(4);
    poke(kernel, mm, BASE, 1);
    grant(kernel, mm, BASE);
    const child = fork(kernel, process, 'child').mm;
    for (const each of [mm, child]) expect(entry(each, BASE)).toMatchObject({ state: 'present', write: false });
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('mprotect takes write away, and the revoked entry does not have it', () => {
    const { kernel, mm } = stage(4);
    poke(kernel, mm, BASE, 1);
    grant(kernel, mm, BASE);
    mprotect(kernel, mm, BASE, BASE + 1, 'r');
    expect(entry(mm, BASE)).toMatchObject({ state: 'exclusive', write: false });
    expect(peek(kernel, mm, BASE)).toBe(1);
    expect(entry(mm, BASE)).toMatchObject({ state: 'present', write: false });
  });

  it('munmap frees the page, swap-out takes it', () => {
    const { kernel, mm } = stage(4);
    fill(kernel, mm, BASE, 2);
    const page = grant(kernel, mm, BASE);
    munmap(kernel, mm, BASE, BASE + 1);
    expect(page.free).toBe(true);
    shrinkPage(kernel, grant(kernel, mm, BASE + 1));
    expect(entry(mm, BASE + 1)?.state).toBe('swap');
    expect(peek(kernel, mm, BASE + 1)).toBe(2);
    expect(checkBooks(kernel)).toEqual([]);
  });
});
