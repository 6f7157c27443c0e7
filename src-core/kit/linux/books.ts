/** Checks the kernel's accounts at the end of a run: recomputes them from the page tables. */
import { F, KINDS } from '../../kernel/frame-flags';
import type { Frames } from '../../kernel/frames';
import type { Kernel } from '../../kernel/kernel';
import type { Mm } from '../../kernel/mm';
import { PMD_PAGES } from '../../kernel/page';
import { eachEntry } from '../../kernel/page-table';
import { HOLE, MIGRATION, P } from '../../kernel/pte-tables';

const DRIVER = KINDS.indexOf('driver');

/** R3: sum of RSS over processes = pages that entries map. R4: charges = pages that are charged. */
export function booksOf(kernel: Kernel): { readonly rss: boolean; readonly memcg: boolean } {
  const { frames } = kernel;
  /** A byte per frame: 1 for the head of a folio that an entry maps or a cache holds. */
  const seen = new Uint8Array(frames.flags.length);
  let rss = true;
  for (const mm of kernel.mms())
    if (mappedPages(mm, frames, seen) !== mm.rss.anon + mm.rss.file + mm.rss.shmem) rss = false;
  for (const file of kernel.files) for (const page of file.cache.values()) seen[page.head.pfn] = 1;
  for (const slot of kernel.swap.values()) if (slot.cached) seen[slot.cached.pfn] = 1;
  const charged = chargedPages(frames, seen);
  let memcg = true;
  for (const mm of kernel.mms()) {
    const index = frames.memcgs.indexOf(mm.memcg);
    if ((index < 0 ? 0 : charged[index]!) !== mm.memcg.charged) memcg = false;
  }
  return { rss, memcg };
}

/** Pages that entries of the address space map and RSS counts; marks the heads of all that they map. */
function mappedPages(mm: Mm, frames: Frames, seen: Uint8Array): number {
  const { flags } = frames;
  let mapped = 0;
  for (const at of mm.pmds.keys())
    eachEntry(mm, at * PMD_PAGES, (at + 1) * PMD_PAGES, (_vpn, bits, frame) => {
      const state = bits & P.state;
      if (frame < 0 || state === HOLE || state === MIGRATION) return;
      const head = frames.head(frame);
      seen[head] = 1;
      if ((flags[head]! & F.kind) !== DRIVER && (flags[head]! & F.hugetlb) === 0) mapped++;
    });
  return mapped;
}

/** Pages of the marked folios by the cgroup that they are charged to: index into `Frames.memcgs`. */
function chargedPages(frames: Frames, seen: Uint8Array): Float64Array {
  const { flags, memcg } = frames;
  const charged = new Float64Array(frames.memcgs.length);
  for (let head = 0; head < seen.length; head++) {
    if (seen[head] === 0 || memcg[head] === 0) continue;
    const at = memcg[head]! - 1;
    charged[at] = charged[at]! + ((flags[head]! & F.large) !== 0 ? PMD_PAGES : 1);
  }
  return charged;
}
