/**
 * Which pages a fault brings, and in which transfers. Source: UVMSmart, gpu-sim.cc, do_hardware_prefetch (lines
 * 3557-3750). A fault is decided alone; faults of one clock cycle, which the simulator groups, do not exist here.
 */
import type { Random } from '../../../base/random';
import { type Granule, asGranule } from '../../../base/indices';
import type { Tree } from './trees';
import type { UvmsmartParams } from '../params';
import { LEAF_PAGES } from './units';
import type { ValidTrees } from './valid-tree';

export interface PrefetchView {
  readonly trees: ValidTrees;
  /** Number of the tree that holds the page. */
  treeOf(page: Granule): number;
  tree(index: number): Tree;
  /** true: not on the device, and not on its way. */
  isAbsent(page: Granule): boolean;
  readonly random: Random;
}

/** The pages that come, the faulted one among them, ascending but for a random neighbour, which is last. */
export function choosePages(
  prefetcher: UvmsmartParams['hardware_prefetch'],
  page: Granule,
  view: PrefetchView,
): number[] {
  const { trees } = view;
  const leaf = Math.floor(page / LEAF_PAGES);
  const tree = view.treeOf(page);
  switch (prefetcher) {
    case 'disabled':
      trees.add(tree, leaf, 1);
      return [page];
    case 'random': {
      trees.add(tree, leaf, 1);
      const { first, leaves } = view.tree(tree);
      const other = asGranule(first * LEAF_PAGES + view.random.below(leaves * LEAF_PAGES));
      if (other === page || !view.isAbsent(other)) return [page];
      trees.add(tree, Math.floor(other / LEAF_PAGES), 1);
      return [page, other];
    }
    case 'sequential-local':
      trees.add(tree, leaf, LEAF_PAGES);
      return absentOf([leaf], view);
    case 'tree': {
      trees.add(tree, leaf, LEAF_PAGES);
      return absentOf(
        [...trees.fill(tree), leaf].sort((a, b) => a - b),
        view,
      );
    }
  }
}

function absentOf(leaves: readonly number[], view: PrefetchView): number[] {
  const pages: number[] = [];
  for (const leaf of leaves)
    for (let page = asGranule(leaf * LEAF_PAGES); page < (leaf + 1) * LEAF_PAGES; page++)
      if (view.isAbsent(page)) pages.push(page);
  return pages;
}

/** Pages [first, first + count) in one transfer. */
export interface PageRun {
  readonly first: Granule;
  readonly count: number;
}

/**
 * Contiguous pages travel together, and a transfer ends with the page that faulted, so that it arrives before what follows.
 * @param longest pages that one transfer may have
 */
export function cutTransfers(pages: readonly number[], faulted: number, longest: number): PageRun[] {
  const runs: PageRun[] = [];
  let start = 0;
  for (let i = 0; i < pages.length; i++) {
    const ends = i + 1 === pages.length || pages[i + 1] !== pages[i]! + 1;
    if (!ends && pages[i] !== faulted && i + 1 - start < longest) continue;
    runs.push({ first: asGranule(pages[start]!), count: i + 1 - start });
    start = i + 1;
  }
  return runs;
}
