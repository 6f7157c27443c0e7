/**
 * KSM as the rules describe it: anonymous pages of MADV_MERGEABLE areas with equal bytes become one read-only page; a
 * write breaks it by an ordinary copy. Device pages are ignored (A9). Needs contents: pages without bytes are equal.
 */
import type { Kernel } from './kernel';
import type { Mm } from './mm';
import { invalidate } from './notifier';
import { PAGE_BYTES, type Page } from './page';
import { entryAt, pte } from './page-table';
import { changeEntry, mapPage, unmapPage } from './rmap';

interface Candidate {
  readonly mm: Mm;
  readonly vpn: number;
  readonly page: Page;
}

/** One full scan; returns the pages that were merged away. */
export function ksmScan(kernel: Kernel): number {
  if (!kernel.config.contents) return 0;
  const stable = new Map<string, Page>();
  let merged = 0;
  for (const { mm, vpn, page } of candidates(kernel)) {
    const key = keyOf(page);
    const kept = stable.get(key);
    if (!kept || kept.free) {
      stable.set(key, page);
      continue;
    }
    if (kept === page) continue;
    merge(kernel, mm, vpn, page, kept);
    merged++;
  }
  return merged;
}

function* candidates(kernel: Kernel): Generator<Candidate> {
  for (const mm of kernel.mms())
    for (const vma of mm.vmas) {
      if (!vma.mergeable) continue;
      for (let vpn = vma.start; vpn < vma.end; vpn++) {
        const found = entryAt(mm, vpn);
        const page = found?.entry.state === 'present' && !found.huge ? found.entry.page : null;
        if (!page?.head.anon || page.kind !== 'ram' || page.head.order > 0 || found?.entry.protnone) continue;
        // Any reference beyond the mappings is a pin or a migration: leave it.
        if (page.locked || page.refcount !== page.mappings || page.swapSlot >= 0) continue;
        yield { mm, vpn, page };
      }
    }
}

function keyOf(page: Page): string {
  let key = '';
  const data = page.data ?? new Uint8Array(PAGE_BYTES);
  for (let i = 0; i < PAGE_BYTES; i += 1024) key += String.fromCharCode(...data.subarray(i, i + 1024));
  return key;
}

/** Write-protect, compare, replace: both steps tell the mirrors (CLEAR). */
function merge(kernel: Kernel, mm: Mm, vpn: number, page: Page, kept: Page): void {
  protect(page);
  protect(kept);
  kept.ksm = true;
  // Other owners now share its bytes, so the MADV_FREE of one of them no longer allows reclaim to drop them.
  kept.lazyFree = false;
  kept.dirty = true;
  kept.anonExclusive = false;
  invalidate(mm, vpn, vpn + 1, 'CLEAR', () => {
    unmapPage(kernel, mm, vpn, page, null);
    mapPage(mm, vpn, pte('present', kept, { write: false, young: true }));
  });
}

function protect(page: Page): void {
  for (const { mm, vpn } of page.rmap) {
    const found = entryAt(mm, vpn)!;
    if (!found.entry.write) continue;
    invalidate(mm, vpn, vpn + 1, 'CLEAR', () => {
      changeEntry(mm, vpn, false, { ...found.entry, write: false });
    });
  }
}
