/** hmm_range_fault and the notifier protocol: M1 to M17, L5. */
import { describe, expect, it } from 'vitest';
import { fork } from '../../../../src-core/kernel/fork';
import { mirrorRange, rangeFault, rangeFaultUnlocked, type HmmPfn } from '../../../../src-core/kernel/hmm';
import { migrateVmaFinalize } from '../../../../src-core/kernel/migrate-vma';
import { vmaAt } from '../../../../src-core/kernel/mm';
import { mprotect, munmap } from '../../../../src-core/kernel/mmap';
import { beginInvalidate, endInvalidate, invalidate, readBegin, readRetry } from '../../../../src-core/kernel/notifier';
import { pte, setPte } from '../../../../src-core/kernel/page-table';
import { changeEntry } from '../../../../src-core/kernel/rmap';
import { madvise } from '../../../../src-core/kernel/madvise';
import { registerUffd, uffdCopy } from '../../../../src-core/kernel/userfaultfd';
import { BASE, entry, fill, makeDevice, map, node, pageAt, poke, stage, toDevice } from '../build';
import { letters, LOOK, mirrorOf, READ, setup, walk, walkUntilDone, WRITE } from './stage';

function mirrored(...how: Parameters<typeof stage>) {
  const all = stage(...how);
  return { ...all, mirror: mirrorOf(all.mm) };
}

describe('requests', () => {
  it('M1: a snapshot never changes a page table', () => {
    const { kernel, mm, mirror } = mirrored();
    poke(kernel, mm, BASE + 2, 1);
    expect(letters(walk(kernel, mirror, BASE, BASE + 4, LOOK).out)).toBe('--w-');
    expect(entry(mm, BASE)).toBeNull();
  });

  it('M1: write comes out writable, read of a hole is the zero page', () => {
    const { kernel, mirror } = mirrored();
    expect(letters(walkUntilDone(kernel, mirror, BASE, BASE + 2, READ).out)).toBe('rr');
    expect(letters(walkUntilDone(kernel, mirror, BASE, BASE + 2, WRITE).out)).toBe('ww');
  });

  it('M2: only requests that the mask lets through count, and pages that were not asked for stay untouched', () => {
    const { kernel, mm, mirror } = mirrored();
    const requests = [WRITE, LOOK, READ, WRITE];
    expect(letters(walk(kernel, mirror, BASE, BASE + 4, LOOK, { requests }).out)).toBe('----');
    const masked = walkUntilDone(kernel, mirror, BASE, BASE + 4, LOOK, { requests, mask: READ });
    expect(letters(masked.out)).toBe('r-rr');
    const all = walkUntilDone(kernel, mirror, BASE, BASE + 4, LOOK, { requests, mask: WRITE });
    expect(letters(all.out)).toBe('w-rw');
    expect(entry(mm, BASE + 1)).toBeNull();
  });

  it.each(['612', 'cur'] as const)('M3: the DMA bit of a page is kept in profile-cur only (%s)', (profile) => {
    const { kernel, mirror } = mirrored(8, { profile });
    const requests = [{ fault: true, write: false, dmaMapped: true }];
    const { out } = walkUntilDone(kernel, mirror, BASE, BASE + 1, LOOK, { requests, mask: READ });
    expect(out[0]?.dmaMapped).toBe(profile === 'cur' ? true : undefined);
  });

  it('M3, L5: every page of a PMD mapping has its order, in a part of it too', () => {
    const { kernel, mm, mirror } = mirrored(512);
    madvise(kernel, mm, BASE, BASE + 512, 'hugepage');
    poke(kernel, mm, BASE, 1);
    expect(letters(walk(kernel, mirror, BASE + 510, BASE + 512, LOOK).out)).toBe('PwPw');
  });
});

describe('what cannot be reached', () => {
  it('M4: no VMA, an unreadable one, device registers: an error where asked for, a mark in a snapshot', () => {
    const { kernel, process, mm, mirror } = mirrored();
    map(kernel, process, 1, { start: BASE + 8, io: true });
    setPte(mm, BASE + 8, null); // the VMA decides, whatever stands in it
    munmap(kernel, mm, BASE + 1, BASE + 2);
    mprotect(kernel, mm, BASE + 3, BASE + 4, 'none');
    poke(kernel, mm, BASE + 4, 1);
    expect(letters(walk(kernel, mirror, BASE, BASE + 10, LOOK).out)).toBe('-E-Ew---EE');
    for (const at of [1, 3, 8, 9]) expect(walk(kernel, mirror, BASE + at, BASE + at + 1, READ).ret).toBe('EFAULT');
  });

  it('M5: EPERM for a write where the VMA is read-only; pages before it were faulted in', () => {
    const { kernel, mm, mirror } = mirrored();
    mprotect(kernel, mm, BASE + 2, BASE + 8, 'r');
    expect(walkUntilDone(kernel, mirror, BASE, BASE + 4, WRITE).ret).toBe('EPERM');
    expect(entry(mm, BASE + 1)).toMatchObject({ state: 'present', write: true });
    expect(entry(mm, BASE + 2)).toBeNull();
  });

  it.each([
    ['612', 'EFAULT'],
    ['cur', 'ENOMEM'],
  ] as const)('M6: memory that runs out is named in profile-cur only (%s)', (profile, ret) => {
    const { kernel, mirror } = mirrored(8, { profile, nodes: [node(2)], swapPages: 0 });
    expect(walkUntilDone(kernel, mirror, BASE, BASE + 4, WRITE).ret).toBe(ret);
  });

  it('M9: a poisoned entry fails a request and is empty in a snapshot', () => {
    const { kernel, mm, mirror } = mirrored();
    setPte(mm, BASE, pte('poison', null));
    expect(letters(walk(kernel, mirror, BASE, BASE + 1, LOOK).out)).toBe('-');
    expect(walk(kernel, mirror, BASE, BASE + 1, READ).ret).toBe('EFAULT');
  });

  it('M10: a present entry without a struct page is an error both ways', () => {
    const { kernel, mm, mirror } = mirrored();
    setPte(mm, BASE, pte('special', null));
    expect(letters(walk(kernel, mirror, BASE, BASE + 1, LOOK).out)).toBe('E');
    expect(walk(kernel, mirror, BASE, BASE + 1, READ).ret).toBe('EFAULT');
  });

  it('section 1: a NUMA hint is not valid, and is faulted where asked for', () => {
    const { kernel, mm, mirror } = mirrored();
    poke(kernel, mm, BASE, 1);
    changeEntry(mm, BASE, false, { ...entry(mm, BASE)!, protnone: true });
    expect(letters(walk(kernel, mirror, BASE, BASE + 1, LOOK).out)).toBe('-');
    expect(letters(walkUntilDone(kernel, mirror, BASE, BASE + 1, READ).out)).toMatch(/[rw]/);
  });
});

describe('device pages', () => {
  it('M8: an own device page is reported as it is and never faulted, even for a write that it does not grant', () => {
    const { kernel, process, mm, mirror } = mirrored();
    const device = makeDevice(kernel);
    fill(kernel, mm, BASE, 3);
    toDevice(kernel, device, mm, BASE, BASE + 3);
    fork(kernel, process, 'child'); // both sides lose write
    const { ret, out } = walkUntilDone(kernel, mirror, BASE, BASE + 4, WRITE, { owner: device.owner });
    expect(ret).toBeNull();
    expect(letters(out)).toBe('rrrw');
    expect(device.usedPages).toBe(3);
  });

  it('T3: to another owner it is a hole, and comes back to RAM where asked for', () => {
    const { kernel, mm, mirror } = mirrored();
    const device = makeDevice(kernel);
    fill(kernel, mm, BASE, 2);
    toDevice(kernel, device, mm, BASE, BASE + 2);
    expect(letters(walk(kernel, mirror, BASE, BASE + 2, LOOK).out)).toBe('--');
    expect(device.usedPages).toBe(2);
    const { out } = walkUntilDone(kernel, mirror, BASE, BASE + 2, READ);
    expect(letters(out)).toBe('ww');
    expect(out[0]?.page?.kind).toBe('ram');
    expect(device.usedPages).toBe(0);
  });

  it('M11: a device folio behind a PMD entry: own with its order, foreign an error or a fault', () => {
    const { kernel, mm, mirror } = mirrored(512);
    const device = makeDevice(kernel);
    madvise(kernel, mm, BASE, BASE + 512, 'hugepage');
    poke(kernel, mm, BASE, 7);
    toDevice(kernel, device, mm, BASE, BASE + 512);
    const own = walk(kernel, mirror, BASE + 3, BASE + 5, WRITE, { owner: device.owner });
    expect(letters(own.out)).toBe('PwPw');
    expect(letters(walk(kernel, mirror, BASE, BASE + 1, LOOK).out)).toBe('E');
    expect(letters(walkUntilDone(kernel, mirror, BASE, BASE + 1, READ).out)).toBe('Pw');
    expect(device.usedPages).toBe(0);
  });
});

describe('collisions', () => {
  it('M7: a stale sequence is EBUSY before anything is read', () => {
    const { kernel, mm, mirror } = mirrored();
    const sequence = readBegin(mirror);
    invalidate(mm, BASE + 7, BASE + 8, 'CLEAR', () => undefined);
    const range = { notifier: mirror, start: BASE, end: BASE + 1, defaults: READ, owner: null, out: [] };
    expect(rangeFault(kernel, { ...range, sequence })).toBe('EBUSY');
    expect(entry(mm, BASE)).toBeNull();
    expect(readRetry(mirror, sequence)).toBe(true);
  });

  it('M7: breaking COW invalidates the walk itself, so the caller has to come again', () => {
    const { kernel, process, mm, mirror } = mirrored();
    fill(kernel, mm, BASE, 4);
    fork(kernel, process, 'child');
    expect(walk(kernel, mirror, BASE, BASE + 4, WRITE).ret).toBe('EBUSY');
    expect(letters(walk(kernel, mirror, BASE, BASE + 4, WRITE).out)).toBe('wwww');
  });

  it('2.1: what changed between the walk and the driver lock is walked again, within the budget', () => {
    const { kernel, mm, mirror } = mirrored();
    const range = { start: BASE, end: BASE + 1, defaults: READ, owner: null };
    const collide = (times: number) => () => {
      if (times-- > 0) invalidate(mm, BASE, BASE + 1, 'CLEAR', () => undefined);
    };
    let programmed = 0;
    const program = (): void => {
      programmed++;
    };
    expect(mirrorRange(kernel, mirror, range, 3, program, collide(2))).toEqual({ ret: null, rounds: 3 });
    expect(mirrorRange(kernel, mirror, range, 3, program, collide(9))).toEqual({ ret: 'EBUSY', rounds: 3 });
    expect(programmed).toBe(1);
  });

  it('M16, M21: no sequence is given out while an invalidation of the interval runs', () => {
    const { mm, mirror } = mirrored();
    const running = beginInvalidate({ mm, start: BASE, end: BASE + 1, event: 'CLEAR', owner: null, blockable: true })!;
    expect(mm.sequence % 2).toBe(1);
    expect(readBegin(mirror)).toBe(-1);
    endInvalidate(running);
    expect(mm.sequence % 2).toBe(0);
    expect(readBegin(mirror)).toBeGreaterThanOrEqual(0);
  });

  it('M17: a second invalidation under a longer one of another interval is not missed', () => {
    const { mm } = mirrored();
    const low = mirrorOf(mm, BASE, BASE + 4);
    mirrorOf(mm, BASE + 4, BASE + 8);
    const start = (at: number) =>
      beginInvalidate({ mm, start: at, end: at + 1, event: 'CLEAR', owner: null, blockable: true })!;
    const other = start(BASE + 4);
    endInvalidate(start(BASE));
    const sequence = readBegin(low);
    const second = start(BASE);
    // Either no sequence was given, or the second invalidation is seen.
    expect(sequence === -1 || readRetry(low, sequence)).toBe(true);
    endInvalidate(second);
    endInvalidate(other);
    expect(readBegin(low)).toBeGreaterThanOrEqual(0);
  });

  it('G14: a page in flight makes the walk wait: EBUSY until finalize, nothing in a snapshot', () => {
    const { kernel, mm, mirror } = mirrored();
    fill(kernel, mm, BASE, 2);
    const { args } = setup(kernel, mm, BASE, BASE + 2);
    expect(letters(walk(kernel, mirror, BASE, BASE + 3, LOOK).out)).toBe('---');
    expect(walkUntilDone(kernel, mirror, BASE, BASE + 2, READ).ret).toBe('EBUSY');
    migrateVmaFinalize(kernel, args);
    expect(letters(walkUntilDone(kernel, mirror, BASE, BASE + 2, READ).out)).toBe('ww');
  });
});

describe('M13: faults that userfaultfd answers', () => {
  function registered() {
    const all = mirrored();
    expect(registerUffd(all.kernel, all.mm, BASE, BASE + 4)).toBeNull();
    return all;
  }

  it('fail where the lock is never dropped', () => {
    const { kernel, mirror } = registered();
    expect(walkUntilDone(kernel, mirror, BASE, BASE + 4, READ).ret).toBe('EFAULT');
  });

  it('are answered where it is, and the budget starts anew each time', () => {
    const { kernel, mm, mirror } = registered();
    const range = { notifier: mirror, start: BASE, end: BASE + 4, defaults: READ, owner: null, out: [] as HmmPfn[] };
    const asked: number[] = [];
    const answer = (vpn: number): boolean => {
      asked.push(vpn - BASE);
      return uffdCopy(kernel, mm, vpn, null) === null;
    };
    expect(rangeFaultUnlocked(kernel, range, 1, answer).ret).toBeNull();
    expect(asked).toEqual([0, 1, 2, 3]);
    expect(letters(range.out)).toBe('wwww');
    expect(pageAt(mm, BASE + 3).kind).toBe('ram');
    expect(vmaAt(mm, BASE)?.uffdMissing).toBe(true);
  });

  it('end with EBUSY without an answer, and with EINTR on a fatal signal', () => {
    const { kernel, mirror } = registered();
    const range = { notifier: mirror, start: BASE, end: BASE + 1, defaults: READ, owner: null, out: [] as HmmPfn[] };
    expect(rangeFaultUnlocked(kernel, range, 4, () => false).ret).toBe('EBUSY');
    expect(
      rangeFaultUnlocked(
        kernel,
        range,
        4,
        () => false,
        () => true,
      ).ret,
    ).toBe('EINTR');
  });
});

it('M12: in a hugetlb mapping the first page of the piece decides', () => {
  const { kernel, process, mm, mirror } = mirrored();
  const start = map(kernel, process, 512, { start: BASE + 512, hugetlb: true });
  poke(kernel, mm, start, 1);
  mprotect(kernel, mm, start, start + 512, 'r');
  // The second page asks for a write, which the VMA does not allow; the first one's read is what counts.
  const { ret, out } = walk(kernel, mirror, start, start + 2, LOOK, { requests: [READ, WRITE], mask: WRITE });
  expect(ret).toBeNull();
  expect(letters(out)).toBe('PrPr');
});
