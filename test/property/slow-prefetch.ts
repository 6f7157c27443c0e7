/**
 * The prefetcher of the NVIDIA UVM driver page by page, from sections 1.1 to 1.6 of the policy reference, in sets of numbers:
 * leaf to root for every faulted page, as the driver walks. Obvious and slow.
 */
import { CPU, NO_PROCESSOR } from '../../src-core/model/processor';
import { hasPage, PAGE_MASK_PAGES, type PageMask } from '../../src-core/base/page-mask';
import { BLOCK_KIND, type PrefetchQuestion } from '../../src-core/systems/nvidia-uvm/decisions/questions';

export const pagesOf = (mask: PageMask | null): Set<number> =>
  new Set(
    Array.from({ length: PAGE_MASK_PAGES }, (_, page) => page).filter((page) => mask !== null && hasPage(mask, page)),
  );
const range = (first: number, outer: number): number[] =>
  Array.from({ length: Math.max(outer - first, 0) }, (_, index) => first + index);

/** Units of growth: the whole 64 KiB pages, what is before and behind them; the whole region if there is none. */
function units({ first, outer, pagesPerBigPage, startOffsetPages }: PrefetchQuestion): (readonly [number, number])[] {
  const starts = range(first, outer).filter((page) => (page + startOffsetPages) % pagesPerBigPage === 0);
  const whole = starts.filter((page) => page + pagesPerBigPage <= outer);
  if (whole.length === 0) return [[first, outer]];
  return [
    [first, whole[0]!],
    ...whole.map((page) => [page, page + pagesPerBigPage] as const),
    [whole.at(-1)! + pagesPerBigPage, outer],
  ];
}

function treePages(question: PrefetchQuestion): Set<number> {
  const { first, outer, kind, threshold, pagesPerBigPage } = question;
  const faulted = pagesOf(question.faulted);
  const thrashing = pagesOf(question.thrashing);
  const isAts = kind === BLOCK_KIND.ats;
  const inTree = new Set([...faulted, ...pagesOf(question.resident)]);
  const cuts = units(question);
  let offset = 0;
  if (!isAts) {
    if (cuts.length > 1 && cuts[0]![1] > first) offset = pagesPerBigPage - (cuts[0]![1] - first);
    for (const [from, to] of cuts) {
      const unit = range(from, to);
      if (unit.some((page) => faulted.has(page)) && !unit.some((page) => thrashing.has(page)))
        unit.forEach((page) => inTree.add(page));
    }
  }
  const leaves = outer - first + offset;
  const levels = Math.ceil(Math.log2(leaves)) + 1;
  const wanted = new Set<number>();
  for (const page of [...faulted].sort((a, b) => a - b)) {
    if (!isAts && thrashing.has(page)) continue;
    const leaf = page - first + offset;
    let best: readonly [number, number] | null = null;
    for (let level = 0; level < levels; level++) {
      const a = Math.floor(leaf / 2 ** level) * 2 ** level;
      const b = Math.min(a + 2 ** level, leaves);
      const filled = range(a, b).filter((bit) => bit >= offset && inTree.has(bit - offset + first)).length;
      if (filled * 100 > (b - a) * threshold) best = [a, b];
    }
    if (best === null) continue;
    const [a, b] = [best[0] + first, best[1] + first];
    const from = a < offset ? offset : Math.max(a - offset, first);
    const to = b < offset ? offset : Math.min(b - offset, outer);
    range(from, to).forEach((each) => wanted.add(each));
    if (to === outer) break;
  }
  return wanted;
}

/** The mask and the answer of the driver, and its counter after the call. */
export function slowPrefetch(question: PrefetchQuestion): { mask: Set<number>; taken: boolean; faultsToLast: number } {
  const { kind, destination, preferred } = question;
  const faulted = pagesOf(question.faulted);
  let mask = new Set<number>();
  const fromCpu = [...pagesOf(question.cpuResident)].some((page) => faulted.has(page));
  if (kind !== BLOCK_KIND.ats && !question.blockResidentAnywhere && destination === preferred)
    mask = new Set(range(question.first, question.outer));
  else if (
    kind === BLOCK_KIND.ats ||
    preferred === NO_PROCESSOR ||
    preferred === destination ||
    (question.confidentialComputing && (destination === CPU || fromCpu))
  )
    mask = treePages(question);
  if (kind !== BLOCK_KIND.ats) {
    for (const page of [...faulted, ...pagesOf(question.thrashing)]) mask.delete(page);
    if (destination === CPU && kind === BLOCK_KIND.managed)
      for (const page of pagesOf(question.cpuMapped)) mask.delete(page);
  }
  const before = question.lastMigrationProcessor === destination ? question.faultMigrationsToLast : 0;
  const faultsToLast = before + faulted.size;
  if (faultsToLast < question.minFaults || mask.size === 0) return { mask, taken: false, faultsToLast };
  for (let group = 0; group < question.rangeGroups; group++) {
    const pages = range(question.rangeGroupBounds![2 * group]!, question.rangeGroupBounds![2 * group + 1]!);
    if (!pages.some((page) => faulted.has(page))) pages.forEach((page) => mask.delete(page));
  }
  return { mask, taken: mask.size > 0, faultsToLast };
}
