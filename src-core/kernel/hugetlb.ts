/** hugetlb mappings: folios of 2 MiB from a pool, one PMD entry each; mirrored with their order, never migrated (B6). */
import { newHugetlb } from './hugetlb-pool';
import type { FaultResult } from './errno';
import type { Kernel } from './kernel';
import { canWrite, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { copyData, PMD_PAGES, type Page } from './page';
import { entryAt, pmdStart, pte } from './page-table';
import { changeEntry, mapHuge, unmapHuge } from './rmap';

export function hugetlbFault(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, write: boolean): FaultResult {
  const start = pmdStart(vpn);
  const found = entryAt(mm, start);
  if (!found) {
    const shared = sharedFolio(vma, start);
    const head = shared ?? newHugetlb(kernel);
    if (!head) return 'sigbus'; // an empty pool is SIGBUS, not OOM
    kernel.counters.minorFaults++;
    head.anonExclusive = !vma.shared;
    mapHuge(mm, start, pte('present', head, { write: canWrite(vma), dirty: write, young: true }));
    if (shared) return 'ok';
    if (vma.shared) keepInFile(vma, start, head);
    else kernel.put(head);
    return 'ok';
  }
  const { entry } = found;
  if (!write || entry.write) return 'ok';
  const { head } = entry.page!;
  // Shared mappings write to the one page; a private one keeps a page that is its own, a pinned one too.
  if (vma.shared || head.anonExclusive || (head.mappings === 1 && head.refcount === 1)) {
    head.anonExclusive = !vma.shared;
    changeEntry(mm, start, true, { ...entry, write: true, dirty: true });
    return 'ok';
  }
  const copy = newHugetlb(kernel);
  if (!copy) return 'sigbus';
  for (const [i, page] of head.pages!.entries()) copyData(page, copy.sibling(i));
  copy.anonExclusive = true;
  kernel.counters.cowBreaks++;
  kernel.hooks.copied?.(head.pfn, copy.pfn, PMD_PAGES, 'cow');
  invalidate(mm, start, start + PMD_PAGES, 'CLEAR', () => {
    unmapHuge(kernel, mm, start, head, null);
    mapHuge(mm, start, pte('present', copy, { write: true, dirty: true, young: true }));
  });
  kernel.put(copy);
  return 'ok';
}

const indexOf = (vma: Vma, start: number): number => vma.fileOffset + (start - vma.start);

/** The folio of a shared mapping; the first fault put it into the hugetlbfs file. */
const sharedFolio = (vma: Vma, start: number): Page | null =>
  vma.shared ? (vma.file?.cache.get(indexOf(vma, start)) ?? null) : null;

/** Our reference becomes the file's, one for the whole folio. */
function keepInFile(vma: Vma, start: number, head: Page): void {
  head.anon = false;
  head.file = vma.file;
  head.index = indexOf(vma, start);
  vma.file!.cache.set(head.index, head);
}
