import { describe, expect, it } from 'vitest';
import { SparseColumn } from '../../../src-core/base/sparse-column';
import { randomStream } from '../../../src-core/base/random';

/** Blocks of 512 rows that a column holds, used or spare. */
function blocksOf(column: SparseColumn): number {
  const { blocks, spare } = column as unknown as { blocks: readonly unknown[]; spare: readonly unknown[] };
  return blocks.filter((block) => block !== undefined).length + spare.length;
}

describe('a sparse column', () => {
  it('answers what a map with the same rows answers', () => {
    const column = new SparseColumn(-1);
    const map = new Map<number, number>();
    const random = randomStream(7, 'sparse column');
    for (let i = 0; i < 20_000; i++) {
      const row = random.below(4_000);
      const value = random.below(3) - 1; // a third of the writes takes the row away
      column.set(row, value);
      map.set(row, value);
      const asked = random.below(5_000);
      expect(column.get(asked)).toBe(map.get(asked) ?? -1);
    }
  });

  it('uses the memory of rows that are not set any more for other rows', () => {
    const column = new SparseColumn(0);
    for (let block = 0; block < 1_000; block++) {
      for (let row = block * 512; row < block * 512 + 512; row++) column.set(row, row + 1);
      for (let row = block * 512; row < block * 512 + 512; row++) column.set(row, 0);
    }
    expect(blocksOf(column)).toBe(1);
    expect(column.get(999 * 512)).toBe(0);
    column.set(5, 9);
    expect([4, 5, 6].map((row) => column.get(row))).toEqual([0, 9, 0]);
  });
});
