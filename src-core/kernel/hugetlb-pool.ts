/** The pool of 2 MiB pages that hugetlb mappings take from; never on the LRU, not in RSS, not charged to memory.max. */
import type { Kernel } from './kernel';
import { PMD_ORDER, type Page } from './page';

/** A huge page from the pool, refcount 1; null: the pool is empty. */
export function newHugetlb(kernel: Kernel): Page | null {
  if (kernel.hugetlbFree <= 0) return null;
  const head = kernel.allocRam(PMD_ORDER, 0);
  if (!head) return null;
  kernel.hugetlbFree--;
  head.hugetlb = true;
  head.anon = true;
  return head;
}
