/**
 * Page frames and folios of the Linux model. Stands for `struct page` / `struct folio` (include/linux/mm_types.h); a folio
 * is its head page, as in the kernel before the split of the types. What the kernel packs into bits is spelled out here.
 */
import type { FileInode } from './file';
import type { DevicePagemap } from './device-memory';
import type { Memcg, Mm } from './mm';

export const PAGE_BYTES = 4096;
/** Base pages of one PMD-sized folio on x86-64 with 4 KiB pages (HPAGE_PMD_NR). */
export const PMD_PAGES = 512;
export const PMD_ORDER = 9;

/**
 * Where a frame comes from. `ram` is ordinary memory of a NUMA node (a device that is a node included); the others are
 * ZONE_DEVICE kinds of semantics section 4. `driver` is a kernel page that a driver inserts into a MIXEDMAP VMA.
 */
export type PageKind = 'ram' | 'device-private' | 'device-coherent' | 'fs-dax' | 'device-dax' | 'driver';

/** One place where a page is mapped. `huge`: one PMD entry maps the whole folio, and vpn is that of its first page. */
export interface Mapping {
  readonly mm: Mm;
  readonly vpn: number;
  readonly huge: boolean;
}

export class Page {
  /** The folio's first page; itself for a folio of order 0. */
  head: Page = this;
  /** Of the folio; valid on the head: 0 or PMD_ORDER. */
  order = 0;
  /** All pages of a large folio, head first; null where order is 0. Valid on the head. */
  pages: Page[] | null = null;

  // --- of the base page ---
  /** Bytes when the kernel runs with contents; null = all zero. */
  data: Uint8Array | null = null;
  /** PTEs that map exactly this base page; migration entries do not count, as in the kernel. */
  mapcount = 0;
  /** PageAnonExclusive: no other process can map it, so a write fault reuses it. */
  anonExclusive = false;
  poisoned = false;
  /** Migration entries that stand for this page (a PMD entry: on the head), wherever fork and mremap put them. */
  readonly waiting: Mapping[] = [];

  // --- of the folio: valid on the head ---
  /** Page-table entries of any kind (PTE or PMD, migration entries not) that map a part of the folio. */
  readonly rmap: Mapping[] = [];
  /** PMD entries that map the whole folio. */
  entireMapcount = 0;
  /**
   * References: one per base-page mapping (a PMD mapping counts once), one per base page in the page cache, one for the
   * swap cache, one per pin and one per transient holder.
   */
  refcount = 0;
  /** GUP references taken with FOLL_PIN or FOLL_GET that are still held; part of refcount. */
  pins = 0;
  /** Those of them that are FOLL_PIN: fork copies such pages early. */
  dmaPins = 0;
  /** Those of them that are FOLL_LONGTERM. */
  longPins = 0;
  locked = false;
  onLru = false;
  /** It was a page-cache folio when it came onto the LRU. */
  countedAsFile = false;
  /** Taken off the LRU by somebody (migration, reclaim), who gives it back. */
  isolated = false;
  active = false;
  referenced = false;
  dirty = false;
  writeback = false;
  anon = false;
  /** Page cache that the folio belongs to; null for anonymous and free pages. */
  file: FileInode | null = null;
  /** Page number within the file. */
  index = 0;
  /** Slot while the folio is in the swap cache; −1 otherwise. */
  swapSlot = -1;
  memcg: Memcg | null = null;
  mlocked = false;
  /** MADV_FREE: reclaim may drop the bytes instead of swapping them, unless a mapping is dirty again (A5). */
  lazyFree = false;
  ksm = false;
  hugetlb = false;
  free = true;

  constructor(
    readonly pfn: number,
    readonly kind: PageKind,
    /** NUMA node of `ram` pages and of the device; 0 is the host. */
    readonly node: number,
    readonly pagemap: DevicePagemap | null,
  ) {}

  /** Position in its folio. */
  get tail(): number {
    return this.pfn - this.head.pfn;
  }
}

/** Base pages of a folio. */
export const folioPages = (head: Page): number => 1 << head.order;
export const isZoneDevice = (page: Page): boolean => page.kind !== 'ram' && page.kind !== 'driver';
/** Device-private or device-coherent: what migrate_vma moves to and from. */
export const isDevicePage = (page: Page): boolean => page.kind === 'device-private' || page.kind === 'device-coherent';

/** Every base page of the folio, head first. */
export function pagesOf(head: Page): readonly Page[] {
  return head.pages ?? [head];
}

/** Copies bytes of one base page; the destination takes zeros where the source has none. */
export function copyData(from: Page, to: Page): void {
  if (from.data && to.data) to.data.set(from.data);
  else to.data = from.data ? from.data.slice() : null;
}
