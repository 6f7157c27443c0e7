/**
 * Full binary trees that count, per node, how many pages below it are on the device or on their way. Leaves are basic
 * blocks of 64 KiB. Both walks go from the bottom up, so that what a small node decides counts for the node above.
 * Source: UVMSmart, gpu-sim.cc: update_basic_block, traverse_and_fill_lp_tree, traverse_and_remove_lp_tree.
 */
import type { Tree } from './trees';
import { LEAF_PAGES } from './units';

export class ValidTrees {
  /** Heap order per tree: the root at 1, children of k at 2 × k and 2 × k + 1, leaf i at leaves + i. */
  private readonly valid: Int32Array;
  private readonly base: Int32Array;

  constructor(private readonly trees: readonly Tree[]) {
    this.base = new Int32Array(trees.length);
    let nodes = 0;
    trees.forEach(({ leaves }, tree) => {
      this.base[tree] = nodes;
      nodes += 2 * leaves;
    });
    this.valid = new Int32Array(nodes);
  }

  /** Pages that the root counts. */
  validPages(tree: number): number {
    return this.valid[this.base[tree]! + 1]!;
  }
  leafPages(tree: number, leaf: number): number {
    const { first, leaves } = this.trees[tree]!;
    return this.valid[this.base[tree]! + leaves + leaf - first]!;
  }

  /**
   * Pages of a leaf are on their way: counted on the path from the root, except by nodes that are exactly full. A leaf that
   * lost single pages counts beyond its size when it is brought again as a whole, as in the simulator.
   */
  add(tree: number, leaf: number, pages: number): void {
    this.path(tree, leaf, (node, size) => (this.valid[node] === size ? 0 : pages));
  }
  /** Pages of a leaf leave. */
  subtract(tree: number, leaf: number, pages: number): void {
    this.path(tree, leaf, (node) => -Math.min(pages, this.valid[node]!));
  }

  private path(tree: number, leaf: number, change: (node: number, size: number) => number): void {
    const { first, leaves } = this.trees[tree]!;
    const base = this.base[tree]!;
    let at = leaves + leaf - first;
    let size = LEAF_PAGES;
    for (; at >= 1; at >>= 1, size *= 2) this.valid[base + at] = this.valid[base + at]! + change(base + at, size);
  }

  /** The whole tree leaves. */
  clear(tree: number): void {
    const base = this.base[tree]!;
    this.valid.fill(0, base, base + 2 * this.trees[tree]!.leaves);
  }

  /**
   * Tree-based neighbourhood prefetch: a node of which strictly more than half is valid is filled. Returns the leaves that
   * were empty and are filled now, ascending.
   */
  fill(tree: number): number[] {
    const { first, leaves } = this.trees[tree]!;
    const filled: number[] = [];
    this.walk(
      tree,
      (valid, size) => valid !== size && valid > size / 2,
      (leaf, valid) => {
        if (valid !== 0) return valid;
        filled.push(first + leaf - leaves);
        return LEAF_PAGES;
      },
    );
    return filled.sort((a, b) => a - b);
  }

  /**
   * Tree-based pre-eviction: a node of which strictly less than half is valid is emptied. Returns the full leaves that may
   * go, ascending; they count as empty from here on.
   */
  empty(tree: number, mayGo: (leaf: number) => boolean): number[] {
    const { first, leaves } = this.trees[tree]!;
    const emptied: number[] = [];
    this.walk(
      tree,
      (valid, size) => valid !== 0 && valid < size / 2,
      (at, valid) => {
        const leaf = first + at - leaves;
        if (valid !== LEAF_PAGES || !mayGo(leaf)) return valid;
        emptied.push(leaf);
        return 0;
      },
    );
    return emptied.sort((a, b) => a - b);
  }

  /** Inner nodes from the bottom up; where `chosen`, every leaf below gets what `change` answers. */
  private walk(
    tree: number,
    chosen: (valid: number, size: number) => boolean,
    change: (leaf: number, valid: number) => number,
  ): void {
    const { leaves } = this.trees[tree]!;
    const base = this.base[tree]!;
    const { valid } = this;
    const sum = (node: number): number => {
      const total = valid[base + 2 * node]! + valid[base + 2 * node + 1]!;
      valid[base + node] = total;
      return total;
    };
    const apply = (node: number): void => {
      if (node >= leaves) {
        valid[base + node] = change(node, valid[base + node]!);
        return;
      }
      apply(2 * node);
      apply(2 * node + 1);
      sum(node);
    };
    const visit = (node: number, size: number): void => {
      if (node >= leaves) return;
      visit(2 * node, size / 2);
      visit(2 * node + 1, size / 2);
      if (chosen(sum(node), size)) apply(node);
    };
    visit(1, leaves * LEAF_PAGES);
  }
}
