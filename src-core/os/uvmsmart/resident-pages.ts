/**
 * Which pages, leaves and trees can be chosen for eviction, in the order of their last use: the list of valid pages of the
 * simulator, kept at all three granularities so that the eviction scheme may change in mid-run.
 */
import type { Residency } from '../residency';
import type { Tree } from './allocations';
import { RecencyList } from './recency';
import { LEAF_PAGES } from './units';

/** The device: UVMSmart simulates one. */
export const DEVICE = 1;

export class ResidentPages {
  listedPages = 0;
  listedLeaves = 0;
  listedTrees = 0;
  readonly treesByUse: RecencyList;
  readonly treeOfLeaf: Int32Array;
  private readonly ofLeaf: Uint8Array;
  private readonly ofTree: Uint16Array;
  private readonly leafUsed: Float64Array;
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
    this.leafUsed = new Float64Array(leaves);
  }

  treeOf(page: number): number {
    return this.treeOfLeaf[Math.floor(page / LEAF_PAGES)]!;
  }

  /** A resident page was used. */
  touch(page: number): void {
    const leaf = Math.floor(page / LEAF_PAGES);
    this.residency.touch(page, DEVICE);
    this.leafUsed[leaf] = ++this.uses;
    this.treesByUse.touch(this.treeOfLeaf[leaf]!);
  }

  /** A page arrived, or was taken back from the queue of write-backs: it may be chosen, and counts as used. */
  list(page: number): void {
    const leaf = Math.floor(page / LEAF_PAGES);
    const tree = this.treeOfLeaf[leaf]!;
    this.listedPages++;
    this.ofLeaf[leaf] = this.ofLeaf[leaf]! + 1;
    if (this.ofLeaf[leaf] === 1) this.listedLeaves++;
    this.ofTree[tree] = this.ofTree[tree]! + 1;
    if (this.ofTree[tree] === 1) this.listedTrees++;
    this.touch(page);
  }

  /** A page was chosen. */
  unlist(page: number): void {
    const leaf = Math.floor(page / LEAF_PAGES);
    const tree = this.treeOfLeaf[leaf]!;
    this.listedPages--;
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
}
