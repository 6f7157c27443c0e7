/** The small rules around fault batches and eviction, at their limits. */
import { describe, expect, it } from 'vitest';
import { FLUSH, VICTIM, type PrefetchFaultGate } from '../../../../../src-core/systems/nvidia-uvm/decisions/questions';
import { victimSource } from '../../../../../src-core/systems/nvidia-uvm/decisions/eviction';
import {
  flushMode,
  gatePrefetchFaults,
  mayFetch,
} from '../../../../../src-core/systems/nvidia-uvm/decisions/fault-servicing';

const NS_PER_MS = 1_000_000;

it('the bottom half ends after 20 batches, or 5 with throttled faults', () => {
  expect(mayFetch(19, 4, 20, 5)).toBe(true);
  expect(mayFetch(20, 0, 20, 5)).toBe(false);
  expect(mayFetch(5, 5, 20, 5)).toBe(false);
});

it('a flush reads PUT again when more than half of the faults were duplicates', () => {
  expect(flushMode(128, 256, 50)).toBe(FLUSH.cachedPut);
  expect(flushMode(129, 256, 50)).toBe(FLUSH.updatePut);
  expect(flushMode(0, 256, 0)).toBe(FLUSH.cachedPut);
});

describe('reporting of prefetch faults', () => {
  const gate = (enabled: boolean, disabledAtNs = 0): PrefetchFaultGate => ({ enabled, disabledAtNs });

  it('is switched off by more than two thirds of a batch: 171 of 256', () => {
    const open = gate(true);
    expect(gatePrefetchFaults(open, 170, 256, 1000, 5)).toBe(false);
    expect(gatePrefetchFaults(open, 171, 256, 1000, 6)).toBe(true);
    expect(open).toEqual({ enabled: false, disabledAtNs: 6 });
  });
  it('comes back after the lapse, not at it', () => {
    const closed = gate(false, 10);
    expect(gatePrefetchFaults(closed, 0, 256, 1000, 10 + 1000 * NS_PER_MS)).toBe(false);
    expect(gatePrefetchFaults(closed, 0, 256, 1000, 11 + 1000 * NS_PER_MS)).toBe(true);
    expect(closed.enabled).toBe(true);
  });
  it('is never switched off with a lapse of 0', () => {
    expect(gatePrefetchFaults(gate(true), 256, 256, 0, 5)).toBe(false);
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
    expect(victimSource(lists)).toBe(source);
  });
});
