/** The density tree of the NVIDIA UVM driver (uvm_perf_prefetch.c), page by page, from the notes in the policy reference. */
export interface TreeInput {
  /** Pages of the VA block that the object has; the block starts on a 64 KiB boundary, so the tree needs no offset. */
  readonly pages: number;
  readonly pagesPerBig: number;
  /** On the processor that faulted. */
  readonly isResident: (page: number) => boolean;
  /** Ascending. */
  readonly faulted: readonly number[];
  readonly threshold: number;
}

/** Pages to bring along, ascending; residents may be among them, faulted pages are not. */
export function treePrefetch({ pages, pagesPerBig, isResident, faulted, threshold }: TreeInput): number[] {
  const tree = new Set<number>();
  for (let page = 0; page < pages; page++) if (isResident(page) || faulted.includes(page)) tree.add(page);
  // Growth: a 64 KiB page with a fault counts whole; the pages behind the last whole one are a unit of their own.
  for (const page of faulted) {
    const first = Math.floor(page / pagesPerBig) * pagesPerBig;
    for (let other = first; other < Math.min(first + pagesPerBig, pages); other++) tree.add(other);
  }
  const levels = Math.ceil(Math.log2(pages)) + 1;
  const mask = new Set<number>();
  for (const page of faulted) {
    let best: readonly [number, number] | null = null;
    for (let level = 0; level < levels; level++) {
      const first = Math.floor(page / 2 ** level) * 2 ** level;
      const outer = Math.min(first + 2 ** level, pages);
      let set = 0;
      for (let other = first; other < outer; other++) if (tree.has(other)) set++;
      if (set * 100 > (outer - first) * threshold) best = [first, outer];
    }
    if (best) for (let other = best[0]; other < best[1]; other++) mask.add(other);
    if (best?.[1] === pages) break;
  }
  for (const page of faulted) mask.delete(page);
  return [...mask].sort((a, b) => a - b);
}
