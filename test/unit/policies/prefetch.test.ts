import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { treePrefetch } from '../../property/slow-tree';
import { fakeMemory, prefetch, wanted } from './views';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const nothingThere = fakeMemory({});
/** Granules [0, count) are on the device already. */
const filled = (count: number, granuleBytes = 4096) =>
  fakeMemory({ granuleBytes, owner: Object.fromEntries(range(0, count).map((granule) => [granule, 1])) });

describe('none', () => {
  it('wants nothing', () => {
    expect(wanted(prefetch('none'), [5], nothingThere)).toEqual([]);
  });
});

describe('sequential-64k', () => {
  it('prefetches the rest of the aligned region around each fault', () => {
    expect(wanted(prefetch('sequential-64k'), [21, 40], nothingThere)).toEqual(
      [...range(16, 48)].filter((granule) => granule !== 21 && granule !== 40),
    );
  });
  it('stops at the end of the block, and does nothing for the CPU or at 64 KiB granules', () => {
    expect(wanted(prefetch('sequential-64k'), [510], nothingThere, { outer: 511 })).toEqual(range(496, 510));
    expect(wanted(prefetch('sequential-64k'), [5], nothingThere, { device: 0 })).toEqual([]);
    expect(wanted(prefetch('sequential-64k'), [5], fakeMemory({ granuleBytes: 65_536 }))).toEqual([]);
  });
  it('takes the region from its parameter', () => {
    expect(
      wanted(prefetch('sequential-64k', { regionKib: 2048 }), [5], fakeMemory({ granuleBytes: 65_536 })).length,
    ).toBe(31);
    expect(wanted(prefetch('sequential-64k', { regionKib: 8 }), [5], nothingThere)).toEqual([4]);
  });
});

describe('tree: the consequences that the driver notes list (threshold 51, 4 KiB pages, full block)', () => {
  const tree = prefetch('tree');

  it('a single fault in an empty block brings its 64 KiB page only', () => {
    expect(wanted(tree, [37], nothingThere)).toEqual([...range(32, 48)].filter((granule) => granule !== 37));
  });

  // Seen at 64 KiB granules, where no growth blurs the count: more than 51 % of the pages of a subtree.
  it.each([
    [4, 3],
    [8, 5],
    [16, 9],
    [32, 17],
  ])('a subtree of %i pages needs %i', (size, needed) => {
    // The faulted page stands for one; the residents are at the far end, so that no smaller subtree helps.
    const bring = (count: number): number[] => {
      const residents = range(size - (count - 1), size).map((granule) => [granule, 1] as const);
      return wanted(tree, [0], fakeMemory({ granuleBytes: 65_536, owner: Object.fromEntries(residents) }), {
        outer: size,
      });
    };
    expect(bring(needed - 1)).toEqual([]);
    expect(bring(needed)).toEqual(range(1, size - (needed - 1)));
  });

  it.each([
    [64, 33],
    [128, 66],
    [256, 131],
    [512, 262],
  ])('a subtree of %i pages of 4 KiB needs %i', (size, needed) => {
    // All residents at the start; the fault grows to its own 64 KiB page at the end: that page counts 16.
    const bring = (count: number): number => wanted(tree, [size - 1], filled(count - 16), { outer: size }).length;
    expect(bring(needed)).toBe(size - (needed - 16) - 1);
    expect(bring(needed - 1)).toBeLessThan(size - (needed - 17) - 1);
  });

  it('two faulted 64 KiB pages of one 128 KiB bring both and no more, three of four bring 256 KiB', () => {
    expect(wanted(tree, [0, 16], nothingThere).length).toBe(30);
    expect(wanted(tree, [0, 16, 32], nothingThere).length).toBe(61);
  });

  it('a threshold of 100 brings nothing, not even the 64 KiB page; 0 always brings the whole block', () => {
    expect(wanted(prefetch('tree', { threshold: 100 }), [37], nothingThere)).toEqual([]);
    expect(wanted(prefetch('tree', { threshold: 0 }), [37], nothingThere).length).toBe(511);
  });

  it('equals the page-by-page tree for random residents, faults, block ends and thresholds', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = randomStream(seed, 'tree');
      const granuleBytes = [4096, 65_536][seed % 2]!;
      const perBlock = (2 * 1024 * 1024) / granuleBytes;
      const pages = random.below(2) === 0 ? perBlock : 1 + random.below(perBlock);
      const density = random.unit();
      const owner: Record<number, number> = {};
      for (let page = 0; page < pages; page++) if (random.unit() < density) owner[page] = random.below(3);
      const faulted = range(0, pages).filter((page) => owner[page] !== 1 && random.below(20) === 0);
      if (faulted.length === 0) continue;
      const threshold = random.below(101);
      const expected = treePrefetch({
        pages,
        pagesPerBig: 65_536 / granuleBytes,
        isResident: (page) => owner[page] === 1,
        faulted,
        threshold,
      });
      const actual = wanted(prefetch('tree', { threshold }), faulted, fakeMemory({ granuleBytes, owner }), {
        outer: pages,
      });
      expect(actual, `seed ${seed}`).toEqual(expected.filter((page) => owner[page] !== 1));
    }
  });
});
