/** The two walks over a tree of 64 KiB blocks, and what they decide. */
import { describe, expect, it } from 'vitest';
import { layOutTrees } from '../../../../src-core/systems/uvmsmart/decisions/trees';
import { ValidTrees } from '../../../../src-core/systems/uvmsmart/decisions/valid-tree';
import type { ObjectSpec } from '../../../../src-core/model/space';
import { KIB, MIB } from '../../../../src-core/base/units';

const object = (offset: number, bytes: number): ObjectSpec => ({
  ...{ name: `at${offset}`, address: offset, bytes, offset, elementBytes: 4, layout: 'array', initially: 'host' },
});

/** A tree of so many leaves. */
const oneTree = (leaves: number): ValidTrees => new ValidTrees([{ first: 0, leaves, object: 0 }]);
const always = (): boolean => true;

describe('trees of an allocation', () => {
  const sizes = (bytes: number): number[] =>
    layOutTrees([object(0, bytes)], Math.ceil(bytes / (2 * MIB)) * 32)
      .filter((tree) => tree.object === 0)
      .map(({ leaves }) => leaves);

  it('are whole large pages and one tail of 64 KiB × 2^i', () => {
    expect(sizes(4 * MIB)).toEqual([32, 32]);
    expect(sizes(5.5 * MIB)).toEqual([32, 32, 32]); // a tail of 24 blocks is rounded up to 32
    expect(sizes(2 * MIB + 3 * 64 * KIB)).toEqual([32, 4]);
    expect(sizes(20)).toEqual([1]);
  });

  it('never overlap where objects share a block or lie close together', () => {
    const trees = layOutTrees([object(0, 100 * KIB), object(100 * KIB, 200 * KIB)], 32);
    const covered = trees.flatMap(({ first, leaves }) => Array.from({ length: leaves }, (_, i) => first + i));
    expect(covered).toEqual(Array.from({ length: 32 }, (_, i) => i));
    expect(trees.filter((tree) => tree.object === 0).map(({ leaves }) => leaves)).toEqual([2]);
  });
});

describe('filling', () => {
  it('brings nothing at exactly half, and the rest above it', () => {
    const trees = oneTree(4);
    trees.add(0, 0, 16);
    expect(trees.fill(0)).toEqual([]); // 16 of 32 pages below the left inner node
    trees.add(0, 1, 16);
    expect(trees.fill(0)).toEqual([]); // 32 of 64 at the root
    trees.add(0, 2, 16);
    expect(trees.fill(0)).toEqual([3]);
  });

  it('cascades: a node that is filled counts for the node above', () => {
    const trees = oneTree(8);
    for (const leaf of [0, 1, 2]) trees.add(0, leaf, 16);
    expect(trees.fill(0)).toEqual([3]); // the left half is full, which is half of the root: no more
    trees.add(0, 4, 16);
    expect(trees.fill(0)).toEqual([5, 6, 7]); // 5 of 8 at the root
  });

  it('in order, asks at blocks 0, 1, 2, 4, 8 and 16 of a large page', () => {
    const trees = oneTree(32);
    const present = new Set<number>();
    const faults: number[] = [];
    for (let leaf = 0; leaf < 32; leaf++) {
      if (present.has(leaf)) continue;
      faults.push(leaf);
      trees.add(0, leaf, 16);
      present.add(leaf);
      for (const filled of trees.fill(0)) present.add(filled);
    }
    expect(faults).toEqual([0, 1, 2, 4, 8, 16]);
  });
});

describe('emptying', () => {
  const full = (leaves: number): ValidTrees => {
    const trees = oneTree(leaves);
    for (let leaf = 0; leaf < leaves; leaf++) trees.add(0, leaf, 16);
    return trees;
  };

  it('takes nothing at exactly half, and the rest below it', () => {
    const trees = full(4);
    trees.subtract(0, 0, 16);
    expect(trees.empty(0, always)).toEqual([]);
    trees.subtract(0, 1, 16);
    expect(trees.empty(0, always)).toEqual([]);
    trees.subtract(0, 2, 16);
    expect(trees.empty(0, always)).toEqual([3]);
    expect(trees.validPages(0)).toBe(0);
  });

  it('leaves blocks that may not go', () => {
    const trees = full(4);
    for (const leaf of [0, 1, 2]) trees.subtract(0, leaf, 16);
    expect(trees.empty(0, () => false)).toEqual([]);
    expect(trees.validPages(0)).toBe(16);
  });
});

it('a block that lost single pages and is brought whole counts beyond its size, as in the simulator', () => {
  const trees = oneTree(2);
  trees.add(0, 0, 16);
  trees.subtract(0, 0, 1);
  trees.add(0, 0, 16);
  expect(trees.leafPages(0, 0)).toBe(31);
});
