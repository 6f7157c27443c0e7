/** What a fault brings, what leaves, and when a read migrates: the pure decisions. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../../src-core/base/random';
import type { Tree } from '../../../../src-core/systems/uvmsmart/decisions/trees';
import { migrationThreshold } from '../../../../src-core/systems/uvmsmart/decisions/residency';
import { BlockCounters } from '../../../../src-core/systems/uvmsmart/mechanics/counters';
import { chooseVictims, type EvictionView } from '../../../../src-core/systems/uvmsmart/decisions/eviction';
import { choosePages, cutTransfers, type PrefetchView } from '../../../../src-core/systems/uvmsmart/decisions/prefetch';
import { ValidTrees } from '../../../../src-core/systems/uvmsmart/decisions/valid-tree';
import { asGranule, type Granule } from '../../../../src-core/base/indices';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A space of trees of so many leaves each, of which `here` are present; every page was last used in `here`'s order. */
class Stage implements PrefetchView, EvictionView {
  readonly trees: ValidTrees;
  readonly layout: readonly Tree[];
  readonly random = randomStream(1, 'test');
  readonly here: number[];
  readonly kept = new Set<number>();
  readonly uses: { accesses: number; kinds: number }[];

  constructor(sizes: readonly number[], here: readonly number[]) {
    let first = 0;
    this.layout = sizes.map((leaves, object) => ({ first: (first += leaves) - leaves, leaves, object }));
    this.trees = new ValidTrees(this.layout);
    this.here = [...here];
    this.uses = sizes.map(() => ({ accesses: 0, kinds: 1 }));
    for (const page of here) this.trees.add(this.treeOf(page), Math.floor(page / 16), 1);
  }
  treeOf(page: number): number {
    const leaf = Math.floor(page / 16);
    return this.layout.findIndex(({ first, leaves }) => leaf >= first && leaf < first + leaves);
  }
  tree(index: number): Tree {
    return this.layout[index]!;
  }
  isAbsent(page: number): boolean {
    return !this.here.includes(page);
  }
  use(tree: number) {
    return this.uses[tree]!;
  }
  private byUse<T>(items: readonly T[], of: (page: number) => T): T[] {
    const last = (item: T): number => this.here.map(of).lastIndexOf(item);
    return items.filter((item) => last(item) >= 0).sort((a, b) => last(a) - last(b));
  }
  private ordered(): number[] {
    return this.byUse(
      this.layout.map((_, index) => index),
      (page) => this.treeOf(page),
    );
  }
  oldestTree(): number {
    return this.ordered()[0] ?? -1;
  }
  youngerTree(tree: number): number {
    const order = this.ordered();
    return order[order.indexOf(tree) + 1] ?? -1;
  }
  leavesByUse(tree: number): number[] {
    const { first, leaves } = this.tree(tree);
    return this.byUse(range(first, first + leaves), (page) => Math.floor(page / 16));
  }
  pagesByUse(tree: number): number[] {
    return this.here.filter((page) => this.treeOf(page) === tree);
  }
  get listedPages(): number {
    return this.here.length;
  }
  get listedLeaves(): number {
    return new Set(this.here.map((page) => Math.floor(page / 16))).size;
  }
  get listedTrees(): number {
    return this.ordered().length;
  }
  pageAt(index: number): Granule {
    return asGranule(this.here[index]!);
  }
  get pages(): number {
    return this.here.length;
  }
  isEvictable(page: number): boolean {
    return this.here.includes(page) && !this.kept.has(page);
  }
  isLeafEvictable(leaf: number): boolean {
    return range(leaf * 16, leaf * 16 + 16).every((page) => this.isEvictable(page));
  }
  isTreeEvictable(tree: number): boolean {
    const { first, leaves } = this.tree(tree);
    return range(first, first + leaves).every((leaf) => this.isLeafEvictable(leaf));
  }
}

describe('what a fault brings', () => {
  it('disabled: the page alone', () => {
    expect(choosePages('disabled', asGranule(40), new Stage([4], []))).toEqual([40]);
  });
  it('sequential-local: what is absent of its block of 64 KiB', () => {
    expect(choosePages('sequential-local', asGranule(20), new Stage([4], [16, 17, 31]))).toEqual(range(18, 31));
  });
  it('random: one more page of the same large page, or none where that is present', () => {
    for (let i = 0; i < 20; i++) {
      const [first, other, ...more] = choosePages('random', asGranule(70), new Stage([4, 4], range(64, 66)));
      expect([first, more.length]).toEqual([70, 0]);
      if (other !== undefined) expect(other).toBeGreaterThanOrEqual(66);
    }
    expect(choosePages('random', asGranule(0), new Stage([1], range(1, 16)))).toEqual([0]);
  });
  it('tree: nodes that are more than half valid are filled, with what their blocks lack', () => {
    const stage = new Stage([4], []);
    expect(choosePages('tree', asGranule(0), stage)).toEqual(range(0, 16));
    expect(choosePages('tree', asGranule(16), stage)).toEqual([...range(0, 16), ...range(16, 32)].slice(16));
    stage.here.push(...range(0, 32));
    expect(choosePages('tree', asGranule(33), stage)).toEqual(range(32, 64)); // 3 of 4 blocks: the fourth comes along
  });
});

describe('transfers of a fault', () => {
  it('end with the page that faulted, and at gaps', () => {
    expect(cutTransfers(range(0, 16), 0, 1000)).toEqual([
      { first: 0, count: 1 },
      { first: 1, count: 15 },
    ]);
    expect(cutTransfers(range(0, 16), 2, 1000)).toEqual([
      { first: 0, count: 3 },
      { first: 3, count: 13 },
    ]);
    expect(cutTransfers([3, 4, 8], 8, 1000)).toEqual([
      { first: 3, count: 2 },
      { first: 8, count: 1 },
    ]);
  });
  it('are never longer than the device is large', () => {
    expect(cutTransfers(range(0, 5), 4, 2).map(({ count }) => count)).toEqual([2, 2, 1]);
  });
});

describe('what leaves', () => {
  /** Two large pages of four blocks; the second was used first. */
  const full = (): Stage => new Stage([4, 4], [...range(64, 128), ...range(0, 64)]);

  it('lru-4k: the page used longest ago in the large page used longest ago', () => {
    expect(chooseVictims('lru-4k', 0, full())).toEqual([{ first: 64, count: 1 }]);
    const touched = full();
    touched.here.push(touched.here.shift()!); // page 64 again: the other large page is older now
    expect(chooseVictims('lru-4k', 0, touched)).toEqual([{ first: 0, count: 1 }]);
  });
  it('sequential-local: its block', () => {
    expect(chooseVictims('sequential-local', 0, full())).toEqual([{ first: 64, count: 16 }]);
  });
  it('lru-2mb: the whole large page, unless a page of it may not go', () => {
    const stage = full();
    expect(chooseVictims('lru-2mb', 0, stage)).toEqual([{ first: 64, count: 64 }]);
    expect(stage.trees.validPages(1)).toBe(0);
    const kept = full();
    kept.kept.add(100);
    expect(chooseVictims('lru-2mb', 0, kept)).toEqual([{ first: 0, count: 64 }]);
    kept.kept.add(0);
    expect(chooseVictims('lru-2mb', 0, kept)).toEqual([]);
  });
  it('lfu: fewest accesses first, then what was only read, then the oldest', () => {
    const stage = full();
    stage.uses[1] = { accesses: 9, kinds: 1 };
    expect(chooseVictims('lfu', 0, stage)).toEqual([{ first: 0, count: 64 }]);
    stage.uses[0] = { accesses: 9, kinds: 3 };
    expect(chooseVictims('lfu', 0, stage)).toEqual([{ first: 64, count: 64 }]);
    stage.uses[1] = { accesses: 9, kinds: 3 };
    expect(chooseVictims('lfu', 0, stage)).toEqual([{ first: 64, count: 64 }]);
  });
  it('tree: the oldest block, and what is left of nodes less than half valid, neighbours together', () => {
    const stage = full();
    expect(chooseVictims('tree', 0, stage)).toEqual([{ first: 64, count: 16 }]);
    stage.here.splice(0, 16);
    expect(chooseVictims('tree', 0, stage)).toEqual([{ first: 80, count: 16 }]);
    stage.here.splice(0, 16);
    // Half of the large page is left: taking one more block leaves a quarter, which goes along.
    expect(chooseVictims('tree', 0, stage)).toEqual([{ first: 96, count: 32 }]);
  });
  it('random: one page, the same for the same seed', () => {
    const once = chooseVictims('random', 0, full());
    expect(once).toHaveLength(1);
    expect(once[0]!.count).toBe(1);
    expect(chooseVictims('random', 0, full())).toEqual(once);
  });
  it('passes over the reserved part of the list', () => {
    expect(chooseVictims('lru-4k', 0.5, full())).toEqual([{ first: 0, count: 1 }]);
    expect(chooseVictims('sequential-local', 0.25, full())).toEqual([{ first: 96, count: 16 }]);
    expect(chooseVictims('lru-2mb', 0.5, full())).toEqual([{ first: 0, count: 64 }]);
  });
});

describe('when a read migrates', () => {
  const options = { migrate_threshold: 8, multiply_dma_penalty: 4 };
  const early = { isOversubscribed: false, occupancy: 0.5 };
  const late = { isOversubscribed: true, occupancy: 1 };
  it.each([
    ['disabled', early, 0, 0],
    ['disabled', late, 3, 0],
    ['always', early, 0, 8],
    ['always', late, 3, 8],
    ['oversub', early, 0, 0],
    ['oversub', late, 3, 8],
    ['adaptive', early, 0, 5], // int(1 + 8 × 0.5)
    ['adaptive', { isOversubscribed: false, occupancy: 0 }, 0, 1],
    ['adaptive', { isOversubscribed: false, occupancy: 0.99 }, 3, 8],
    ['adaptive', late, 0, 32], // 8 × 4 × (0 + 1)
    ['adaptive', late, 3, 128],
  ] as const)('%s %o after %i round trips: at %i accesses', (scheme, pressure, roundTrips, threshold) => {
    expect(migrationThreshold({ ...options, enable_dma: scheme }, roundTrips, pressure)).toBe(threshold);
  });

  it('counters that are full halve those of all blocks', () => {
    const counters = new BlockCounters(2);
    counters.count(0, 2 ** 26);
    expect(counters.count(1, 2 ** 27 - 2)).toBe(false);
    expect(counters.count(1, 1)).toBe(true);
    expect([counters.accesses(0), counters.accesses(1)]).toEqual([2 ** 25, 2 ** 26 - 1]);
    counters.returned(0, 1);
    for (let i = 0; i < 63; i++) counters.returned(1, 1);
    expect([counters.roundTrips(0), counters.roundTrips(1)]).toEqual([1, 63]);
    counters.returned(1, 1);
    expect([counters.roundTrips(0), counters.roundTrips(1)]).toEqual([0, 32]);
  });
});
