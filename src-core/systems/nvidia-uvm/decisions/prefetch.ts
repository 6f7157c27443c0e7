/**
 * The density-tree prefetcher (uvm_perf_prefetch.c of driver 595.45.04). A binary tree over the pages of a block counts pages
 * that are resident on the destination or faulted; for each faulted page the largest subtree that is filled to more than the
 * threshold is brought in whole. Quirks are kept and marked.
 */
import { CPU, NO_PROCESSOR } from '../../../model/processor';
import {
  andNotMask,
  clearMask,
  clearRange,
  copyMask,
  countRange,
  createPageMask,
  fillRange,
  intersects,
  isEmpty,
  isRangeEmpty,
  keepRange,
  nextSet,
  orMask,
  PAGE_MASK_PAGES,
  PAGE_MASK_WORDS,
  popcount,
  shiftMask,
  type PageMask,
} from '../../../base/page-mask';
import { assert } from '../../../base/assert';
import { BLOCK_KIND, type PrefetchQuestion } from './questions';

/** When a share of a subtree counts as dense; the driver compares strictly (uvm_perf_prefetch.c:128). */
export type Dense = (filled: number, pages: number, thresholdPercent: number) => boolean;
const denserThan: Dense = (filled, pages, thresholdPercent) => filled * 100 > pages * thresholdPercent;

/** The question's region cut at 64 KiB boundaries, and the tree over it. Scratch of one prefetcher. */
interface Tree {
  /** Bit i: page first + i − offset is resident or faulted. */
  readonly bits: PageMask;
  /** filled[w]: bits set in the words below w. */
  readonly filled: Int32Array;
  /** Pages that the region starts past a 64 KiB boundary, where it is aligned. */
  offset: number;
  leaves: number;
  /** Pages of the root: a power of two. */
  rootPages: number;
}

/** First 64 KiB boundary at or after `page`, in pages of the block. */
const nextBigPage = (page: number, question: PrefetchQuestion): number =>
  page +
  (question.pagesPerBigPage -
    1 -
    ((page + question.startOffsetPages + question.pagesPerBigPage - 1) % question.pagesPerBigPage));

/** Last 64 KiB boundary at or before `page`. */
const lastBigPage = (page: number, question: PrefetchQuestion): number =>
  page - ((page + question.startOffsetPages) % question.pagesPerBigPage);

/** Adds the 64 KiB pages that have a faulted page and no thrashing one (uvm_perf_prefetch.c:164-219), in pages of the block. */
function growToBigPages(pages: PageMask, question: PrefetchQuestion, bigFirst: number, bigOuter: number): void {
  const { first, outer, faulted, thrashing, pagesPerBigPage } = question;
  for (let page = nextSet(faulted, first, outer); page < outer;) {
    let from = first;
    let to = outer;
    if (bigFirst < bigOuter) {
      if (page < bigFirst) to = bigFirst;
      else if (page >= bigOuter) from = bigOuter;
      else {
        from = page - ((page - bigFirst) % pagesPerBigPage);
        to = from + pagesPerBigPage;
      }
    }
    if (thrashing === null || isRangeEmpty(thrashing, from, to)) fillRange(pages, from, to);
    page = nextSet(faulted, to, outer);
  }
}

/** Moves page `first` of the block to bit `offset` of the tree, and counts. */
function shiftIntoTree(tree: Tree, pages: PageMask, first: number): void {
  const { bits, filled } = tree;
  shiftMask(bits, pages, tree.offset - first);
  for (let word = 0; word < PAGE_MASK_WORDS; word++) filled[word + 1] = filled[word]! + popcount(bits[word]!);
}

/** Bits set in [a, b) of the tree; a subtree of 32 pages and more starts on a word. */
function filledIn(tree: Tree, a: number, b: number): number {
  const from = a >>> 5;
  if (b - a < 32 && from === (b - 1) >>> 5) return popcount((tree.bits[from]! >>> (a & 31)) & (-1 >>> (32 - (b - a))));
  const to = b >>> 5;
  const rest = b & 31;
  const tail = rest === 0 ? 0 : popcount(tree.bits[to]! & ~(-1 << rest));
  return tree.filled[to]! - tree.filled[from]! + tail;
}

/** Builds the tree (uvm_perf_prefetch.c:221-281). */
function buildTree(tree: Tree, question: PrefetchQuestion, pages: PageMask): void {
  const { first, outer, resident, faulted, kind } = question;
  copyMask(pages, faulted);
  if (resident !== null) orMask(pages, resident);
  tree.offset = 0;
  if (kind !== BLOCK_KIND.ats) {
    const bigFirst = nextBigPage(first, question);
    const bigOuter = lastBigPage(outer, question);
    if (bigFirst < bigOuter && bigFirst > first) tree.offset = question.pagesPerBigPage - (bigFirst - first);
    growToBigPages(pages, question, bigFirst, bigOuter);
  }
  keepRange(pages, first, outer);
  tree.leaves = outer - first + tree.offset;
  assert(tree.leaves <= PAGE_MASK_PAGES, 'a block lies inside one 2 MiB window');
  tree.rootPages = 1;
  while (tree.rootPages < tree.leaves) tree.rootPages *= 2;
  shiftIntoTree(tree, pages, first);
}

/**
 * Adds the regions of all pages of `source` to `prefetch` (uvm_perf_prefetch.c:102-146, 283-303). The region of a page is its
 * largest dense subtree, so all source pages inside one have the same region, and one walk from the root serves them all.
 * The driver's stop at a region that ends with the block is the same observation.
 */
function addRegions(tree: Tree, question: PrefetchQuestion, source: PageMask, prefetch: PageMask, dense: Dense): void {
  const { first, outer, faultedFirst, faultedOuter, threshold } = question;
  const { offset, leaves } = tree;
  for (let page = nextSet(source, faultedFirst, faultedOuter); page < faultedOuter;) {
    const leaf = page - first + offset;
    let next = page + 1;
    for (let size = tree.rootPages; size >= 1; size >>= 1) {
      const a = leaf - (leaf & (size - 1));
      const b = Math.min(a + size, leaves);
      if (!dense(filledIn(tree, a, b), b - a, threshold)) continue;
      // Quirk: a region that starts left of the shift begins at page `offset` of the block, not at its first page.
      const from = a + first < offset ? offset : Math.max(a + first - offset, first);
      const to = b + first < offset ? offset : Math.min(b + first - offset, outer);
      fillRange(prefetch, from, to);
      next = Math.max(next, b + first - offset);
      break;
    }
    page = nextSet(source, next, faultedOuter);
  }
}

/** Whether the tree decides; else nothing is prefetched away from the preferred location (uvm_perf_prefetch.c:324-357). */
function treeApplies(question: PrefetchQuestion): boolean {
  const { preferred, destination, confidentialComputing, cpuResident, faulted, kind } = question;
  if (kind === BLOCK_KIND.ats || preferred === NO_PROCESSOR || preferred === destination) return true;
  if (!confidentialComputing) return false;
  return destination === CPU || (cpuResident !== null && intersects(faulted, cpuResident));
}

/** Takes out range groups' ranges in which nothing faulted (uvm_perf_prefetch.c:525-535). */
function clearIdleRangeGroups(question: PrefetchQuestion, prefetch: PageMask): void {
  const { rangeGroupBounds, rangeGroups, faulted } = question;
  if (rangeGroupBounds === null) return;
  for (let i = 0; i < rangeGroups; i++) {
    const from = rangeGroupBounds[2 * i]!;
    const to = rangeGroupBounds[2 * i + 1]!;
    if (isRangeEmpty(faulted, from, to)) clearRange(prefetch, from, to);
  }
}

/** A prefetcher with scratch of its own; `dense` is a parameter so that a test can plant a wrong comparison. */
export function createPrefetcher(
  dense: Dense = denserThan,
): (question: PrefetchQuestion, prefetch: PageMask) => boolean {
  const tree: Tree = {
    bits: createPageMask(),
    filled: new Int32Array(PAGE_MASK_WORDS + 1),
    offset: 0,
    leaves: 0,
    rootPages: 1,
  };
  const pages = createPageMask();

  /** uvm_perf_prefetch.c:404-449. */
  const computeMask = (question: PrefetchQuestion, prefetch: PageMask): void => {
    const { kind, thrashing, faulted, cpuMapped, destination } = question;
    clearMask(prefetch);
    if (kind !== BLOCK_KIND.ats && !question.blockResidentAnywhere && destination === question.preferred)
      fillRange(prefetch, question.first, question.outer);
    else if (treeApplies(question)) {
      buildTree(tree, question, pages);
      copyMask(pages, faulted);
      if (kind !== BLOCK_KIND.ats && thrashing !== null) andNotMask(pages, thrashing);
      addRegions(tree, question, pages, prefetch, dense);
    }
    if (kind === BLOCK_KIND.ats) return;
    andNotMask(prefetch, faulted);
    if (destination === CPU && kind === BLOCK_KIND.managed && cpuMapped !== null) andNotMask(prefetch, cpuMapped);
    if (thrashing !== null) andNotMask(prefetch, thrashing);
  };

  return (question, prefetch) => {
    if (question.lastMigrationProcessor !== question.destination) {
      question.lastMigrationProcessor = question.destination;
      question.faultMigrationsToLast = 0;
    }
    computeMask(question, prefetch);
    question.faultMigrationsToLast += countRange(question.faulted, question.faultedFirst, question.faultedOuter);
    if (question.faultMigrationsToLast < question.minFaults || isEmpty(prefetch)) return false;
    clearIdleRangeGroups(question, prefetch);
    return !isEmpty(prefetch);
  };
}

/**
 * Which pages come along. Writes them into `prefetch`, and the two state fields of the question. True: the driver takes the
 * hint; false: too few faults in a row, or an empty mask. Kinds managed and hmm leave the computed mask in `prefetch` even
 * when the answer is false.
 */
export const prefetchHint = createPrefetcher();
