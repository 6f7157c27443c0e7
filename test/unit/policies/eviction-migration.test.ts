import { describe, expect, it } from 'vitest';
import { NO_GRANULE, asGranule } from '../../../src-core/base/indices';
import { CPU, READ, WRITE, GPU0 } from '../../../src-core/model/processor';
import { eviction, fakeMemory, migration } from './views';

const GPU = GPU0;

describe.each(['access-lru', 'migrated-lru'])('%s', (id) => {
  it('evicts the oldest that is not protected', () => {
    const residents = [7, 3, 9];
    expect(eviction(id).victim(GPU, fakeMemory({ residents }))).toBe(7);
    expect(eviction(id).victim(GPU, fakeMemory({ residents, isProtected: (granule) => granule !== 9 }))).toBe(9);
    expect(eviction(id).victim(GPU, fakeMemory({ residents, isProtected: () => true }))).toBe(NO_GRANULE);
  });
  it('asks for the order that its name says', () => {
    expect(eviction(id).order).toBe(id === 'access-lru' ? 'access' : 'migration');
  });
});

describe('random', () => {
  const residents = [1, 2, 3, 4, 5, 6, 7, 8];
  const draws = (seed: number): number[] => {
    const policy = eviction('random', seed);
    return Array.from({ length: 400 }, () => policy.victim(GPU, fakeMemory({ residents })));
  };
  it('repeats for a seed, differs for another, and chooses every candidate', () => {
    expect(draws(1)).toEqual(draws(1));
    expect(draws(1)).not.toEqual(draws(2));
    expect(new Set(draws(1))).toEqual(new Set(residents));
  });
  it('finds the one that is not protected among many', () => {
    const many = Array.from({ length: 5000 }, (_, granule) => granule);
    expect(
      eviction('random').victim(GPU, fakeMemory({ residents: many, isProtected: (granule) => granule !== 4321 })),
    ).toBe(4321);
    expect(eviction('random').victim(GPU, fakeMemory({ residents: many, isProtected: () => true }))).toBe(NO_GRANULE);
    expect(eviction('random').victim(GPU, fakeMemory({ residents: [] }))).toBe(NO_GRANULE);
  });
});

describe('belady', () => {
  const uses: Readonly<Record<number, number>> = { 1: 50, 2: 900_000, 3: Infinity, 4: 700 };
  const residents = [1, 2, 3, 4];
  const nextUse = (granule: number): number => uses[granule]!;

  it('evicts what is needed last; what is never needed first of all', () => {
    expect(eviction('belady').victim(GPU, fakeMemory({ residents, nextUse }))).toBe(3);
    expect(eviction('belady').victim(GPU, fakeMemory({ residents: [1, 2, 4], nextUse }))).toBe(2);
    expect(eviction('belady').victim(GPU, fakeMemory({ residents: [1, 4], nextUse }))).toBe(4);
  });
  it('passes over the protected', () => {
    const isProtected = (granule: number): boolean => granule === 3;
    expect(eviction('belady').victim(GPU, fakeMemory({ residents, nextUse, isProtected }))).toBe(2);
    expect(eviction('belady').victim(GPU, fakeMemory({ residents, nextUse, isProtected: () => true }))).toBe(
      NO_GRANULE,
    );
  });
  it('believes the future, not what it was when the granule came', () => {
    const policy = eviction('belady');
    const later: Record<number, number> = { 1: 10_000, 2: 20_000, 3: 30_000 };
    const memory = fakeMemory({ residents: [1, 2, 3], nextUse: (granule) => later[granule]! });
    for (const granule of [1, 2, 3]) policy.used?.(GPU, asGranule(granule), memory);
    later[1] = 90_000;
    policy.used?.(GPU, asGranule(1), memory);
    expect(policy.victim(GPU, memory)).toBe(1);
  });
});

describe('migration', () => {
  const memory = fakeMemory({});
  it('on-fault always moves', () => {
    const policy = migration('on-fault');
    expect([policy.onFault(CPU, asGranule(0), READ, memory), policy.onFault(GPU, asGranule(0), WRITE, memory)]).toEqual(
      ['migrate', 'migrate'],
    );
    expect(policy.counterThreshold).toBeNull();
  });
  it('first-touch-stay-remote never does', () => {
    const policy = migration('first-touch-stay-remote');
    expect([policy.onFault(CPU, asGranule(0), READ, memory), policy.onFault(GPU, asGranule(0), WRITE, memory)]).toEqual(
      ['map-remote', 'map-remote'],
    );
    expect(policy.counterThreshold).toBeNull();
  });
  it('access-counter maps for devices, moves for the CPU, and counts to its threshold', () => {
    const policy = migration('access-counter', { threshold: 7 });
    expect([policy.onFault(CPU, asGranule(0), READ, memory), policy.onFault(GPU, asGranule(0), READ, memory)]).toEqual([
      'migrate',
      'map-remote',
    ]);
    expect(policy.counterThreshold).toBe(7);
    expect(migration('access-counter').counterThreshold).toBe(256); // the driver's default
  });
});
