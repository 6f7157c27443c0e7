/**
 * How managed allocations are cut into trees: whole large pages of 2 MiB, then one tail of 64 KiB × 2^i that is rounded up.
 * Rounded-up pages belong to the allocation and may be migrated. Source: UVMSmart, libcuda/cuda_runtime_api.cc, lines
 * 474-527. Numbers here are leaves (basic blocks of 64 KiB) of the whole space.
 */
import type { ObjectSpec } from '../../../model/space';
import { LEAF_BYTES, LEAVES_PER_TREE } from './units';

/** The next power of two. */
function roundUp(count: number): number {
  let power = 1;
  while (power < count) power *= 2;
  return power;
}

export interface Tree {
  /** First leaf of the space. */
  readonly first: number;
  /** A power of two, at most 32. */
  readonly leaves: number;
  /** Index of the object that the tree was made for; −1 where none is. */
  readonly object: number;
}

/**
 * The trees of a space, ascending. Objects of traces may share a 64 KiB block: the first one takes it, and what lies
 * before the next object bounds the rounding. Leaves of no object become trees of their own.
 */
export function layOutTrees(objects: readonly ObjectSpec[], spaceLeaves: number): Tree[] {
  const trees: Tree[] = [];
  let next = 0;
  const upTo = (outer: number): void => {
    for (; next < outer; next++) trees.push({ first: next, leaves: 1, object: -1 });
  };
  objects.forEach((object, index) => {
    upTo(Math.min(spaceLeaves, Math.floor(object.offset / LEAF_BYTES)));
    const follower = objects[index + 1];
    const limit = follower ? Math.max(next, Math.floor(follower.offset / LEAF_BYTES)) : spaceLeaves;
    const end = Math.min(spaceLeaves, Math.ceil((object.offset + object.bytes) / LEAF_BYTES));
    while (next < end) {
      let leaves = Math.min(LEAVES_PER_TREE, roundUp(end - next));
      while (next + leaves > Math.max(limit, end)) leaves /= 2;
      trees.push({ first: next, leaves, object: index });
      next += leaves;
    }
  });
  upTo(spaceLeaves);
  return trees;
}
