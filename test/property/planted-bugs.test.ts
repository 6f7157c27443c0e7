/** The harness itself: known bugs are planted in the engine, and the comparison has to find each of them. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EvictionPolicy, PolicyEntry } from '../../src-core/contracts/policy';
import { Ledger } from '../../src-core/kit/ledger';
import { IdealMemory } from '../../src-core/systems/ideal/mechanics/memory';
import { findPolicy } from '../../src-core/policies';
import { caseOf, compare } from './compare';
import type { DriveOptions } from './drive';

const SEEDS = Array.from({ length: 80 }, (_, index) => index + 1).filter((seed) => seed % 5 !== 0);

/** Seeds at which engine and model differ. */
async function found(options: DriveOptions = {}): Promise<number[]> {
  const seeds: number[] = [];
  for (const seed of SEEDS) if ((await compare(caseOf(seed), options)).differences.length > 0) seeds.push(seed);
  return seeds;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a planted bug is found', () => {
  it('no bug is reported when none is planted', async () => {
    expect(await found()).toEqual([]);
  });

  it('LRU whose order moves on migration only', async () => {
    const planted: DriveOptions['findPolicy'] = (choice) => {
      const entry = findPolicy(choice.kind, choice.id);
      if (entry?.id !== 'access-lru') return entry;
      const create: PolicyEntry['create'] = (params, env) => ({
        ...(entry.create(params, env) as EvictionPolicy),
        order: 'migration',
      });
      return { ...entry, create };
    };
    expect((await found({ findPolicy: planted })).length).toBeGreaterThan(0);
  });

  it('useful bytes that are not settled when the granule leaves', async () => {
    vi.spyOn(Ledger.prototype, 'leaving').mockImplementation(() => undefined);
    expect((await found()).length).toBeGreaterThan(0);
  });

  it('lanes of a group that are taken out of order', async () => {
    vi.spyOn(Ledger.prototype, 'needsOrder').mockReturnValue(false);
    expect((await found()).length).toBeGreaterThan(0);
  });

  it('a partial last granule that is never quite overwritten', async () => {
    vi.spyOn(Ledger.prototype, 'objectBytes').mockReturnValue(4096);
    expect((await found()).length).toBeGreaterThan(0);
  });

  it('an access counter that moves the granule one access late', async () => {
    type Budget = (this: IdealMemory, processor: number, granule: number) => number;
    const budget = Object.getOwnPropertyDescriptor(IdealMemory.prototype, 'remoteBudget')?.value as Budget;
    vi.spyOn(IdealMemory.prototype, 'remoteBudget').mockImplementation(function (
      this: IdealMemory,
      processor,
      granule,
    ) {
      return budget.call(this, processor, granule) + 1;
    });
    expect((await found()).length).toBeGreaterThan(0);
  });
});
