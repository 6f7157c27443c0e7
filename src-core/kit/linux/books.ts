/** Do the kernel's accounts add up? Recomputed from the page tables, at the end of a run. */
import type { Kernel } from '../../kernel/kernel';
import { folioPages, type Page } from '../../kernel/page';
import { entriesOf } from '../../kernel/page-table';

/** R3: sum of RSS over processes = pages that entries map. R4: charges = pages that are charged. */
export function booksOf(kernel: Kernel): { readonly rss: boolean; readonly memcg: boolean } {
  const charged = new Map<object, number>();
  const seen = new Set<Page>();
  let rss = true;
  for (const mm of kernel.mms()) {
    let mapped = 0;
    const note = (page: Page, pages: number): void => {
      const { head } = page;
      if (head.kind !== 'driver' && !head.hugetlb) mapped += pages;
      seen.add(head);
    };
    for (const { huge, entry } of entriesOf(mm))
      if (entry.page && entry.state !== 'migration') note(entry.page, huge ? folioPages(entry.page.head) : 1);
    if (mapped !== mm.rss.anon + mm.rss.file + mm.rss.shmem) rss = false;
  }
  for (const file of kernel.files) for (const page of file.cache.values()) seen.add(page.head);
  for (const slot of kernel.swap.values()) if (slot.cached) seen.add(slot.cached);
  for (const head of seen) if (head.memcg) charged.set(head.memcg, (charged.get(head.memcg) ?? 0) + folioPages(head));
  let memcg = true;
  for (const mm of kernel.mms()) if ((charged.get(mm.memcg) ?? 0) !== mm.memcg.charged) memcg = false;
  return { rss, memcg };
}
