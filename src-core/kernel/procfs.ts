/**
 * What /proc and mincore() report about an address space (fs/proc/task_mmu.c, mm/mincore.c; rule A10): a page on a
 * device looks swapped out to pagemap, resident to smaps and in core to mincore.
 */
import type { Ret } from './errno';
import type { Kernel } from './kernel';
import { vmaAt, type Mm, type Vma } from './mm';
import type { Page } from './page';
import { entryAt, pageOf, type Pte } from './page-table';
import { isCovered } from './vma-ops';

/** One entry of /proc/PID/pagemap; bits without a counterpart in this model are left out. */
export interface PagemapEntry {
  /** Bit 63. */
  readonly present: boolean;
  /** Bit 62, for every entry that is neither empty nor present, so device-private, exclusive and migration entries, too. */
  readonly swap: boolean;
  /** Bit 61: a page of a file, or of shared anonymous memory. */
  readonly file: boolean;
  /** Bit 56: present, and mapped by this one entry alone. */
  readonly mappedOnce: boolean;
  /** Frame number of a present page, else the swap slot; −1 where there is neither. */
  readonly frame: number;
}

const EMPTY: PagemapEntry = { present: false, swap: false, file: false, mappedOnce: false, frame: -1 };

const isPresent = (entry: Pte): boolean =>
  entry.state === 'present' || entry.state === 'zero' || entry.state === 'special';

export function pagemap(mm: Mm, vpn: number): PagemapEntry {
  const found = entryAt(mm, vpn);
  if (!found) return EMPTY;
  const { entry, huge } = found;
  const page = pageOf(entry, huge, vpn);
  const present = isPresent(entry);
  return {
    present,
    swap: !present,
    file: page !== null && !page.head.anon,
    mappedOnce: present && page !== null && mappings(page) === 1,
    frame: present ? (page?.pfn ?? -1) : entry.slot,
  };
}

/** Entries that map exactly this base page, by PTE or as a part of a PMD mapping. */
const mappings = (page: Page): number => page.mapcount + page.head.entireMapcount;

/** Counts of /proc/PID/smaps for one VMA, all in base pages (4 KiB); hugetlb is counted apart, as in the kernel. */
export interface Smaps {
  /** Device-private and device-coherent pages included (A10, R3). */
  rss: number;
  /** Each page divided by the number of its mappings. */
  pss: number;
  anonymous: number;
  sharedClean: number;
  sharedDirty: number;
  privateClean: number;
  privateDirty: number;
  referenced: number;
  lazyFree: number;
  ksm: number;
  anonHuge: number;
  swap: number;
  locked: number;
  hugetlb: number;
}

/** smaps of one VMA. */
export function smaps(mm: Mm, vma: Vma): Smaps {
  const sums: Smaps = {
    rss: 0,
    pss: 0,
    anonymous: 0,
    sharedClean: 0,
    sharedDirty: 0,
    privateClean: 0,
    privateDirty: 0,
    referenced: 0,
    lazyFree: 0,
    ksm: 0,
    anonHuge: 0,
    swap: 0,
    locked: 0,
    hugetlb: 0,
  };
  for (let vpn = vma.start; vpn < vma.end; vpn++) {
    const found = entryAt(mm, vpn);
    if (!found) {
      // A hole of shared memory may be a page that the file has in swap (smaps_pte_hole_lookup).
      if (vma.file?.swapped.has(vma.fileOffset + (vpn - vma.start)) === true) sums.swap++;
    } else if (found.entry.state === 'swap') sums.swap++;
    else {
      const page = pageOf(found.entry, found.huge, vpn);
      if (page) account(sums, vma, found.entry, found.huge, page);
    }
  }
  return sums;
}

/** smaps_account. Driver pages are not "normal" pages and count nowhere. */
function account(sums: Smaps, vma: Vma, entry: Pte, huge: boolean, page: Page): void {
  const { head } = page;
  if (head.kind === 'driver') return;
  if (head.hugetlb) {
    sums.hugetlb++;
    return;
  }
  sums.rss++;
  if (vma.locked) sums.locked++;
  if (entry.young || head.referenced) sums.referenced++;
  const dirty = entry.dirty || head.dirty;
  if (head.anon) {
    sums.anonymous++;
    if (head.lazyFree && !dirty) sums.lazyFree++;
    if (head.ksm) sums.ksm++;
    if (huge) sums.anonHuge++;
  }
  // What is in flight has no mappings to count: private. A private entry is a mapping like a present one.
  const mapped = entry.state === 'migration' ? 1 : Math.max(1, mappings(page));
  sums.pss += 1 / mapped;
  if (mapped > 1) sums[dirty ? 'sharedDirty' : 'sharedClean']++;
  else sums[dirty ? 'privateDirty' : 'privateClean']++;
}

/**
 * mincore: which pages of [start, end) are in core. Everything non-present that is not swap counts as in core, a page on a
 * device included (A10); a hole asks the page cache, a swap entry the swap cache. ENOMEM: part of the range is unmapped.
 */
export function mincore(
  kernel: Kernel,
  mm: Mm,
  start: number,
  end: number,
): { readonly ret: Ret; readonly inCore: readonly boolean[] } {
  if (!isCovered(mm, start, end)) return { ret: 'ENOMEM', inCore: [] };
  const inCore: boolean[] = [];
  for (let vpn = start; vpn < end; vpn++) {
    const found = entryAt(mm, vpn);
    if (!found) inCore.push(isCached(vmaAt(mm, vpn)!, vpn));
    else if (found.entry.state === 'swap') inCore.push(kernel.swap.get(found.entry.slot)!.cached !== null);
    else inCore.push(found.entry.state !== 'uffd-marker');
  }
  return { ret: null, inCore };
}

/** The page cache is asked for files; the entry alone decides for hugetlb. */
const isCached = (vma: Vma, vpn: number): boolean =>
  !vma.hugetlb && vma.file?.cache.has(vma.fileOffset + (vpn - vma.start)) === true;
