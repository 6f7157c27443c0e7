/**
 * What leaves the device when room is needed: one decision of the eviction procedure, as write-back requests. Source:
 * UVMSmart, gpu-sim.cc, page_eviction_procedure and sort_valid_pages (lines 2166-2416). The recency order counts every
 * access, hits too. It is hierarchical (large pages by their latest use, inside one its parts by theirs) for single pages
 * as well: the source sorts these alone, but only this order gives the published run (test/oracle/DEVIATIONS.md).
 */
import type { Random } from '../../../base/random';
import { asGranule, type Granule, NO_GRANULE } from '../../../base/indices';
import type { Tree } from './trees';
import type { UvmsmartParams } from '../params';
import type { PageRun } from './prefetch';
import { LEAF_PAGES } from './units';
import type { ValidTrees } from './valid-tree';

/** How a tree was used: what LFU sorts by. */
export interface TreeUse {
  readonly accesses: number;
  /** Bits: 1 read, 2 written. */
  readonly kinds: number;
}

export interface EvictionView {
  readonly trees: ValidTrees;
  readonly random: Random;
  treeOf(page: Granule): number;
  tree(index: number): Tree;
  use(tree: number): TreeUse;
  /** Trees of which something is listed, in the order of their last use; −1 ends. */
  oldestTree(): number;
  youngerTree(tree: number): number;
  /** Listed leaves, and listed pages, of a tree in the order of their last use. */
  leavesByUse(tree: number): readonly number[];
  pagesByUse(tree: number): readonly number[];
  /** Sizes of these lists. */
  readonly listedPages: number;
  readonly listedLeaves: number;
  readonly listedTrees: number;
  /** Pages on the device in some fixed order. */
  pageAt(index: number): Granule;
  readonly pages: number;
  /** On the device, not chosen for write-back already, and no access in flight needs it. */
  isEvictable(page: Granule): boolean;
  /** The same of every page of a leaf, or of a tree. */
  isLeafEvictable(leaf: number): boolean;
  isTreeEvictable(tree: number): boolean;
}

const NONE: readonly PageRun[] = [];

/** @param reservedShare of the list, from its oldest end, that is passed over */
export function chooseVictims(
  scheme: UvmsmartParams['eviction_policy'],
  reservedShare: number,
  view: EvictionView,
): readonly PageRun[] {
  switch (scheme) {
    case 'lru-4k':
      return single(firstPage(view, Math.floor(view.listedPages * reservedShare)), view);
    case 'random':
      return single(randomPage(view, reservedShare), view);
    case 'lru-2mb':
      return whole(treesByUse(view), reservedShare, view);
    case 'lfu':
      return whole(treesByFrequency(view), reservedShare, view);
    case 'sequential-local': {
      const leaf = oldestLeaf(view, reservedShare);
      if (leaf < 0) return NONE;
      view.trees.subtract(view.treeOf(asGranule(leaf * LEAF_PAGES)), leaf, LEAF_PAGES);
      return [{ first: asGranule(leaf * LEAF_PAGES), count: LEAF_PAGES }];
    }
    case 'tree': {
      const leaf = oldestLeaf(view, reservedShare);
      if (leaf < 0) return NONE;
      const tree = view.treeOf(asGranule(leaf * LEAF_PAGES));
      view.trees.subtract(tree, leaf, LEAF_PAGES);
      const more = view.trees.empty(tree, (other) => view.isLeafEvictable(other));
      return contiguous([leaf, ...more].sort((a, b) => a - b));
    }
  }
}

function single(page: Granule, view: EvictionView): readonly PageRun[] {
  if (page < 0) return NONE;
  view.trees.subtract(view.treeOf(page), Math.floor(page / LEAF_PAGES), 1);
  return [{ first: page, count: 1 }];
}

/** Trees by their latest use, inside a tree pages by theirs: the first that may go behind the `skipped` first, or −1. */
function firstPage(view: EvictionView, skipped: number): Granule {
  let passed = 0;
  for (const tree of treesByUse(view))
    for (const page of view.pagesByUse(tree))
      if (passed++ >= skipped && view.isEvictable(asGranule(page))) return asGranule(page);
  return NO_GRANULE;
}

/** Uniform over the list behind its reserved part; where that page may not go, the next one that may. */
function randomPage(view: EvictionView, reservedShare: number): Granule {
  const { pages } = view;
  if (pages === 0) return NO_GRANULE;
  if (reservedShare > 0) {
    const skipped = Math.floor(view.listedPages * reservedShare);
    return firstPage(view, skipped + view.random.below(Math.max(1, view.listedPages - skipped)));
  }
  const start = view.random.below(pages);
  for (let i = 0; i < pages; i++) {
    const page = view.pageAt((start + i) % pages);
    if (view.isEvictable(page)) return page;
  }
  return NO_GRANULE;
}

function* treesByUse(view: EvictionView): Generator<number> {
  for (let tree = view.oldestTree(); tree >= 0; tree = view.youngerTree(tree)) yield tree;
}

/** Least often used first; of equals those only read, then the least recently used. */
const treesByFrequency = (view: EvictionView): number[] =>
  [...treesByUse(view)]
    .map((tree) => ({ tree, ...view.use(tree) }))
    .sort((a, b) => a.accesses - b.accesses || a.kinds - b.kinds)
    .map(({ tree }) => tree);

/** The first tree of which every page may go. */
function whole(trees: Iterable<number>, reservedShare: number, view: EvictionView): readonly PageRun[] {
  const skipped = Math.floor(view.listedTrees * reservedShare);
  let passed = 0;
  for (const index of trees) {
    if (passed++ < skipped) continue;
    if (!view.isTreeEvictable(index)) continue;
    const { first, leaves } = view.tree(index);
    view.trees.clear(index);
    return [{ first: asGranule(first * LEAF_PAGES), count: leaves * LEAF_PAGES }];
  }
  return NONE;
}

/** Trees by their latest use, inside a tree leaves by theirs: the first leaf of which every page may go, or −1. */
function oldestLeaf(view: EvictionView, reservedShare: number): number {
  const skipped = Math.floor(view.listedLeaves * reservedShare);
  let passed = 0;
  for (const tree of treesByUse(view))
    for (const leaf of view.leavesByUse(tree)) if (passed++ >= skipped && view.isLeafEvictable(leaf)) return leaf;
  return -1;
}

/** Neighbouring leaves are one request. */
function contiguous(leaves: readonly number[]): PageRun[] {
  const runs: PageRun[] = [];
  for (const leaf of leaves) {
    const last = runs.at(-1);
    if (last && last.first + last.count === leaf * LEAF_PAGES)
      runs[runs.length - 1] = { first: last.first, count: last.count + LEAF_PAGES };
    else runs.push({ first: asGranule(leaf * LEAF_PAGES), count: LEAF_PAGES });
  }
  return runs;
}
