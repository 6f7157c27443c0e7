/**
 * Which pages, leaves and trees can be chosen for eviction, in the order of their last use: the list of valid pages of the
 * simulator, kept at all three granularities so that the eviction scheme may change during the run.
 */
import type { Residency } from '../../../kit/residency';
import { GPU0 } from '../../../model/processor';
import type { Granule } from '../../../base/indices';
import type { Tree } from '../decisions/trees';
import { RecencyList } from './recency';
import { LEAF_PAGES } from '../decisions/units';

/** The device: UVMSmart simulates one. */
export const DEVICE = GPU0;

export class ResidentPages {
  listedPages = 0;
  listedLeaves = 0;
  listedTrees = 0;
  readonly treesByUse: RecencyList;
  readonly treeOfLeaf: Int32Array;
  private readonly ofLeaf: Uint8Array;
  private readonly ofTree: Uint16Array;
  private readonly leafUsed: Float64Array;
  private readonly pageUsed: Float64Array;
  private readonly isListed: Uint8Array;
  private readonly reservedOfLeaf: Uint8Array;
  private readonly reservedOfTree: Uint16Array;
  private uses = 0;

  constructor(
    private readonly residency: Residency,
    readonly trees: readonly Tree[],
    leaves: number,
  ) {
    this.treesByUse = new RecencyList(trees.length);
    this.treeOfLeaf = new Int32Array(leaves);
    trees.forEach((tree, index) => this.treeOfLeaf.fill(index, tree.first, tree.first + tree.leaves));
    this.ofLeaf = new Uint8Array(leaves);
    this.ofTree = new Uint16Array(trees.length);
    this.reservedOfLeaf = new Uint8Array(leaves);
    this.reservedOfTree = new Uint16Array(trees.length);
    this.leafUsed = new Float64Array(leaves);
    this.pageUsed = new Float64Array(leaves * LEAF_PAGES);
    this.isListed = new Uint8Array(leaves * LEAF_PAGES);
  }

  treeOf(page: Granule): number {
    return this.treeOfLeaf[Math.floor(page / LEAF_PAGES)]!;
  }

  /** A resident page was used. */
  touch(page: Granule): void {
    const leaf = Math.floor(page / LEAF_PAGES);
    this.residency.recency.touch(page, DEVICE);
    this.leafUsed[leaf] = ++this.uses;
    this.pageUsed[page] = this.uses;
    this.treesByUse.touch(this.treeOfLeaf[leaf]!);
  }

  /** A page arrived, or was taken back from the queue of write-backs: it may be chosen, and counts as used. */
  list(page: Granule): void {
    const leaf = Math.floor(page / LEAF_PAGES);
    const tree = this.treeOfLeaf[leaf]!;
    this.listedPages++;
    this.isListed[page] = 1;
    this.ofLeaf[leaf] = this.ofLeaf[leaf]! + 1;
    if (this.ofLeaf[leaf] === 1) this.listedLeaves++;
    this.ofTree[tree] = this.ofTree[tree]! + 1;
    if (this.ofTree[tree] === 1) this.listedTrees++;
    this.touch(page);
  }

  /** An access waits for the page, here or on its way. */
  reserve(page: Granule, by: 1 | -1): void {
    const leaf = Math.floor(page / LEAF_PAGES);
    this.reservedOfLeaf[leaf] = this.reservedOfLeaf[leaf]! + by;
    const tree = this.treeOfLeaf[leaf]!;
    this.reservedOfTree[tree] = this.reservedOfTree[tree]! + by;
  }

  /** All pages are here and none is chosen; no access waits for one, unless that is to be ignored. */
  isLeafWhole(leaf: number, ignoresWaiters: boolean): boolean {
    return this.ofLeaf[leaf] === LEAF_PAGES && (ignoresWaiters || this.reservedOfLeaf[leaf] === 0);
  }
  isTreeWhole(tree: number, ignoresWaiters: boolean): boolean {
    const pages = this.trees[tree]!.leaves * LEAF_PAGES;
    return this.ofTree[tree] === pages && (ignoresWaiters || this.reservedOfTree[tree] === 0);
  }

  /** A page was chosen. */
  unlist(page: Granule): void {
    const leaf = Math.floor(page / LEAF_PAGES);
    const tree = this.treeOfLeaf[leaf]!;
    this.listedPages--;
    this.isListed[page] = 0;
    this.ofLeaf[leaf] = this.ofLeaf[leaf]! - 1;
    if (this.ofLeaf[leaf] === 0) this.listedLeaves--;
    this.ofTree[tree] = this.ofTree[tree]! - 1;
    if (this.ofTree[tree] !== 0) return;
    this.listedTrees--;
    this.treesByUse.remove(tree);
  }

  /** Leaves of a tree of which something is listed, least recently used first. */
  leavesByUse(tree: number): readonly number[] {
    const { first, leaves } = this.trees[tree]!;
    const found: number[] = [];
    for (let leaf = first; leaf < first + leaves; leaf++) if (this.ofLeaf[leaf]! > 0) found.push(leaf);
    return found.sort((a, b) => this.leafUsed[a]! - this.leafUsed[b]!);
  }

  /** The same of its pages. */
  pagesByUse(tree: number): readonly number[] {
    const { first, leaves } = this.trees[tree]!;
    const found: number[] = [];
    for (let page = first * LEAF_PAGES; page < (first + leaves) * LEAF_PAGES; page++)
      if (this.isListed[page] === 1) found.push(page);
    return found.sort((a, b) => this.pageUsed[a]! - this.pageUsed[b]!);
  }
}
