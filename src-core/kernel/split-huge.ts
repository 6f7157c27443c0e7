/** Splits a PMD mapping when an operation covers only a part of it: first its entries, then its folio (L3). */
import type { Kernel } from './kernel';
import type { Mm } from './mm';
import { invalidate } from './notifier';
import { PMD_PAGES, type Page } from './page';
import { pmdKind, pmdStart } from './page-table';
import { splitFolio, splitPmd } from './rmap';

/** PTEs take the place of the PMD entry around vpn, under a CLEAR event although no page moves. */
export function splitHuge(mm: Mm, vpn: number): void {
  const start = pmdStart(vpn);
  if (pmdKind(mm, vpn) !== 'huge') return;
  invalidate(mm, start, start + PMD_PAGES, 'CLEAR', () => {
    splitPmd(mm, start);
  });
}

/**
 * A large folio lost some of its mappings. The kernel queues it for a deferred split, and splits a device folio right away
 * (L3); here both are split at once. A folio that is locked, held or still mapped by a PMD elsewhere stays whole.
 */
export function splitPartlyMapped(kernel: Kernel, head: Page): void {
  if (head.order === 0 || head.free) return;
  if (!head.locked && head.entireMapcount === 0 && head.anon && !head.hugetlb) splitFolio(kernel, head, 0);
}
