/** hugetlb mappings: folios of 2 MiB from a pool, one PMD entry each; mirrored with their order, never migrated (B6). */
import { newHugetlb } from './hugetlb-pool';
import type { FaultResult } from './errno';
import type { Kernel } from './kernel';
import { canWrite, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { copyData, PMD_PAGES } from './page';
import { entryAt, pmdStart, pte } from './page-table';
import { changeEntry, mapHuge, unmapHuge } from './rmap';

export function hugetlbFault(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, write: boolean): FaultResult {
  const start = pmdStart(vpn);
  const found = entryAt(mm, start);
  if (!found) {
    const head = newHugetlb(kernel);
    if (!head) return 'sigbus'; // an empty pool is SIGBUS, not OOM
    kernel.counters.minorFaults++;
    mapHuge(mm, start, pte('present', head, { write: canWrite(vma), dirty: write, young: true }));
    kernel.put(head);
    return 'ok';
  }
  const { entry } = found;
  if (!write || entry.write) return 'ok';
  const { head } = entry.page!;
  if (head.rmap.length === 1 && head.refcount === 1) {
    changeEntry(mm, start, true, { ...entry, write: true, dirty: true });
    return 'ok';
  }
  const copy = newHugetlb(kernel);
  if (!copy) return 'sigbus';
  for (const [i, page] of head.pages!.entries()) copyData(page, copy.pages![i]!);
  kernel.counters.cowBreaks++;
  kernel.hooks.copied?.(head, copy, PMD_PAGES, 'cow');
  invalidate(mm, start, start + PMD_PAGES, 'CLEAR', () => {
    unmapHuge(kernel, mm, start, head, null);
    mapHuge(mm, start, pte('present', copy, { write: true, dirty: true, young: true }));
  });
  kernel.put(copy);
  return 'ok';
}
