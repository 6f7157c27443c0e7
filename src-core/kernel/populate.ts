/**
 * migrate_vma on a hole of private anonymous memory: no page is copied, a page of zeros is created on the node that the
 * caller names (mm/migrate_device.c: migrate_vma_collect_hole, migrate_vma_insert_page). The shared zero page is a
 * hole, too. Base pages only, whatever transparent_hugepage says.
 */
import { mapAnon, mapZeroed, newAnon } from './anon';
import type { Kernel } from './kernel';
import { canRead, canWrite, isAnonymous, vmaAt, type Mm } from './mm';
import { invalidate } from './notifier';
import { entryAt, setPte } from './page-table';
import { splitHuge } from './split-huge';

/** true: migrate_vma has nothing to move here: no entry, or the zero page; private anonymous, no userfaultfd. */
export function isHole(mm: Mm, vpn: number): boolean {
  const vma = vmaAt(mm, vpn);
  if (!vma || !canRead(vma) || !isAnonymous(vma) || vma.hugetlb || vma.uffdMissing) return false;
  const found = entryAt(mm, vpn);
  return found === null || found.entry.state === 'zero';
}

/** Fills a hole with a page of zeros of exactly this node (__GFP_THISNODE); false: it has none left. */
export function populateHole(kernel: Kernel, mm: Mm, vpn: number, node: number): boolean {
  const vma = vmaAt(mm, vpn)!;
  if (entryAt(mm, vpn) === null) {
    if (!mapZeroed(kernel, mm, vma, vpn, canWrite(vma), node)) return false;
    vma.hasAnon = true;
    return true;
  }
  const page = newAnon(kernel, mm, vma, 0, mm.memcg, node);
  if (!page) return false;
  vma.hasAnon = true;
  splitHuge(mm, vpn); // the huge zero page
  invalidate(mm, vpn, vpn + 1, 'CLEAR', () => {
    setPte(mm, vpn, null);
  });
  mapAnon(kernel, mm, vpn, page, canWrite(vma));
  return true;
}
