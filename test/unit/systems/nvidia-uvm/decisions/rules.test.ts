/** The small rules around fault batches, access counters and eviction, at their limits. */
import { describe, expect, it } from 'vitest';
import { createPageMask, fillRange, hasPage, PAGE_MASK_PAGES } from '../../../../../src-core/base/page-mask';
import {
  FLUSH,
  VICTIM,
  type AccessCounterQuestion,
  type PrefetchFaultGate,
} from '../../../../../src-core/contracts/nvidia-uvm';
import { CPU, NO_PROCESSOR } from '../../../../../src-core/contracts/nvidia-vocabulary';
import { nvidiaDecisions as decisions } from '../../../../../src-core/systems/nvidia-uvm/decisions';
import { GPU0, GPU1 } from './topologies';

const NS_PER_MS = 1_000_000;

it('the bottom half ends after 20 batches, or 5 with throttled faults', () => {
  expect(decisions.mayFetch(19, 4, 20, 5)).toBe(true);
  expect(decisions.mayFetch(20, 0, 20, 5)).toBe(false);
  expect(decisions.mayFetch(5, 5, 20, 5)).toBe(false);
});

it('a flush reads PUT again when more than half of the faults were duplicates', () => {
  expect(decisions.flushMode(128, 256, 50)).toBe(FLUSH.cachedPut);
  expect(decisions.flushMode(129, 256, 50)).toBe(FLUSH.updatePut);
  expect(decisions.flushMode(0, 256, 0)).toBe(FLUSH.cachedPut);
});

describe('reporting of prefetch faults', () => {
  const gate = (enabled: boolean, disabledAtNs = 0): PrefetchFaultGate => ({ enabled, disabledAtNs });

  it('is switched off by more than two thirds of a batch: 171 of 256', () => {
    const open = gate(true);
    expect(decisions.gatePrefetchFaults(open, 170, 256, 1000, 5)).toBe(false);
    expect(decisions.gatePrefetchFaults(open, 171, 256, 1000, 6)).toBe(true);
    expect(open).toEqual({ enabled: false, disabledAtNs: 6 });
  });
  it('comes back after the lapse, not at it', () => {
    const closed = gate(false, 10);
    expect(decisions.gatePrefetchFaults(closed, 0, 256, 1000, 10 + 1000 * NS_PER_MS)).toBe(false);
    expect(decisions.gatePrefetchFaults(closed, 0, 256, 1000, 11 + 1000 * NS_PER_MS)).toBe(true);
    expect(closed.enabled).toBe(true);
  });
  it('is never switched off with a lapse of 0', () => {
    expect(decisions.gatePrefetchFaults(gate(true), 256, 256, 0, 5)).toBe(false);
  });
});

describe('an access-counter notification', () => {
  const residentOnClosest = createPageMask();
  fillRange(residentOnClosest, 0, 500);
  const notified: AccessCounterQuestion = {
    gpu: GPU0,
    page: 40,
    subGranularity: 0b1000_0000_0000_0000_0000_0000_0000_0101,
    pagesPerSubRegion: 16,
    blockPages: PAGE_MASK_PAGES,
    closest: CPU,
    chunkIsFullBlock: true,
    residentOnClosest,
  };
  const pages = (question: Partial<AccessCounterQuestion>): number[] => {
    const mask = createPageMask();
    fillRange(mask, 100, 110);
    decisions.expandAccessCounter({ ...notified, ...question }, mask);
    return Array.from({ length: PAGE_MASK_PAGES }, (_, page) => page).filter((page) => hasPage(mask, page));
  };
  const range = (first: number, outer: number): number[] =>
    Array.from({ length: outer - first }, (_, index) => first + index);

  it('of a 2 MiB chunk stands for the touched 64 KiB of it that are resident there', () => {
    expect(pages({})).toEqual([...range(0, 16), ...range(32, 48), ...range(496, 500)]);
  });
  it('of a smaller chunk stands for its page', () => {
    expect(pages({ chunkIsFullBlock: false })).toEqual([40]);
  });
  it('of what nobody holds, or the GPU itself, stands for nothing', () => {
    expect(pages({ closest: NO_PROCESSOR })).toEqual([]);
    expect(pages({ closest: GPU0 })).toEqual([]);
    expect(pages({ closest: GPU1, chunkIsFullBlock: false })).toEqual([40]);
  });
  it('of a short block ends with it', () => {
    expect(pages({ blockPages: 40 })).toEqual([...range(0, 16), ...range(32, 40)]);
  });
  it('counts in pages of 64 KiB where the kernel has them', () => {
    expect(pages({ pagesPerSubRegion: 1, blockPages: 32 })).toEqual([0, 2, 31]);
  });
});

describe('the victim', () => {
  const nothing = { freeDirty: 0, freeZero: 0, unused: 0, discarded: 0, used: 0, busyRoots: 0 };
  it.each([
    [{ ...nothing, freeDirty: 1, freeZero: 1, unused: 1, discarded: 1, used: 1, busyRoots: 1 }, VICTIM.freeDirty],
    [{ ...nothing, freeZero: 1, unused: 1, discarded: 1, used: 1, busyRoots: 1 }, VICTIM.freeZero],
    [{ ...nothing, unused: 1, discarded: 1, used: 1, busyRoots: 1 }, VICTIM.unused],
    [{ ...nothing, discarded: 1, used: 1, busyRoots: 1 }, VICTIM.discarded],
    [{ ...nothing, used: 1, busyRoots: 1 }, VICTIM.used],
    [{ ...nothing, busyRoots: 1 }, VICTIM.retry],
    [nothing, VICTIM.none],
  ])('%j comes from the first list that has one', (lists, source) => {
    expect(decisions.victimSource(lists)).toBe(source);
  });
});
