/**
 * A page of the Linux model: the handle of one row of `Frames`. Stands for `struct page` / `struct folio`
 * (include/linux/mm_types.h); a folio is its head page, as in the kernel before the split of the types. The handle has no
 * state of its own. Work on many pages goes to the columns directly.
 */
import type { DevicePagemap } from './device-memory';
import type { FileInode } from './file';
import { F, KINDS } from './frame-flags';
import type { Frames, Pins } from './frames';
import type { Memcg, Mm } from './mm';
import { countPlaces, MAPS, placesOf, WAITS } from './places';

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

/** Flags of a page that are bits of its row; frame-flags.ts says what each is. */
const BITS = [
  ...(['anonExclusive', 'poisoned', 'locked', 'onLru', 'countedAsFile', 'isolated', 'active', 'referenced'] as const),
  ...(['dirty', 'writeback', 'anon', 'mlocked', 'lazyFree', 'ksm', 'hugetlb', 'free'] as const),
];
type PageBits = Record<(typeof BITS)[number], boolean>;

class Row {
  constructor(
    protected readonly frames: Frames,
    readonly pfn: number,
  ) {}
}
for (const name of BITS) {
  const bit = F[name];
  Object.defineProperty(Row.prototype, name, {
    get(this: { frames: Frames; pfn: number }): boolean {
      return (this.frames.flags[this.pfn]! & bit) !== 0;
    },
    set(this: { frames: Frames; pfn: number }, on: boolean) {
      const { flags } = this.frames;
      flags[this.pfn] = on ? flags[this.pfn]! | bit : flags[this.pfn]! & ~bit;
    },
  });
}
const RowWithBits = Row as new (frames: Frames, pfn: number) => Row & PageBits;

export class Page extends RowWithBits {
  get kind(): PageKind {
    return KINDS[this.frames.flags[this.pfn]! & F.kind]!;
  }
  /** NUMA node of `ram` pages and of the device; 0 is the host. */
  get node(): number {
    return this.frames.owner(this.pfn).node;
  }
  get pagemap(): DevicePagemap | null {
    return this.frames.owner(this.pfn).pagemap;
  }

  // --- of the base page ---
  /** The folio's first page; itself for a folio of order 0. */
  get head(): Page {
    return (this.frames.flags[this.pfn]! & F.tail) !== 0 ? this.frames.page(this.frames.head(this.pfn)) : this;
  }
  /** The page at a position of the same folio. */
  sibling(position: number): Page {
    return this.frames.page(this.frames.head(this.pfn) + position);
  }
  /** Position in its folio. */
  get tail(): number {
    return this.pfn - this.frames.head(this.pfn);
  }
  /** Bytes when the kernel runs with contents; null = all zero. */
  get data(): Uint8Array | null {
    return this.frames.data.get(this.pfn) ?? null;
  }
  set data(bytes: Uint8Array | null) {
    if (bytes) this.frames.data.set(this.pfn, bytes);
    else this.frames.data.delete(this.pfn);
  }
  /** PTEs that map exactly this base page; migration entries do not count, as in the kernel. */
  get mapcount(): number {
    return this.frames.mapcount[this.pfn]!;
  }
  set mapcount(count: number) {
    this.frames.mapcount[this.pfn] = count;
  }
  /** Migration entries that stand for this page (a PMD entry: on the head), wherever fork and mremap put them. */
  get waiting(): readonly Mapping[] {
    return placesOf(this.frames, WAITS, this.pfn);
  }

  // --- of the folio: valid on the head ---
  /** 0 or PMD_ORDER. */
  get order(): number {
    return (this.frames.flags[this.pfn]! & F.large) !== 0 ? PMD_ORDER : 0;
  }
  /** All pages of a large folio, head first; null where order is 0. */
  get pages(): readonly Page[] | null {
    if (this.order === 0) return null;
    return Array.from({ length: PMD_PAGES }, (_, i) => this.frames.page(this.pfn + i));
  }
  /** Page-table entries of any kind (PTE or PMD, migration entries not) that map a part of the folio: a copy. */
  get rmap(): readonly Mapping[] {
    return placesOf(this.frames, MAPS, this.pfn);
  }
  /** How many these are. */
  get mappings(): number {
    return countPlaces(this.frames, MAPS, this.pfn);
  }
  /** PMD entries that map the whole folio. */
  get entireMapcount(): number {
    return this.frames.entire[this.pfn >>> 9]!;
  }
  set entireMapcount(count: number) {
    this.frames.entire[this.pfn >>> 9] = count;
  }
  /**
   * References: one per base-page mapping (a PMD mapping counts once), one per base page in the page cache, one for the
   * swap cache, one per pin and one per transient holder.
   */
  get refcount(): number {
    return this.frames.refs[this.pfn]!;
  }
  set refcount(count: number) {
    this.frames.refs[this.pfn] = count;
  }
  /** Page cache that the folio belongs to; null for anonymous and free pages. */
  get file(): FileInode | null {
    const id = this.frames.file.get(this.pfn);
    return id === 0 ? null : this.frames.files.get(id)!;
  }
  set file(file: FileInode | null) {
    if (file && !this.frames.files.has(file.id)) this.frames.files.set(file.id, file);
    this.frames.file.set(this.pfn, file?.id ?? 0);
  }
  /** Page number within the file. */
  get index(): number {
    return this.frames.index.get(this.pfn);
  }
  set index(index: number) {
    this.frames.index.set(this.pfn, index);
  }
  /** Slot while the folio is in the swap cache; −1 otherwise. */
  get swapSlot(): number {
    return this.frames.swapSlot.get(this.pfn);
  }
  set swapSlot(slot: number) {
    this.frames.swapSlot.set(this.pfn, slot);
  }
  get memcg(): Memcg | null {
    const index = this.frames.memcg[this.pfn]!;
    return index === 0 ? null : this.frames.memcgs[index - 1]!;
  }
  set memcg(memcg: Memcg | null) {
    this.frames.memcg[this.pfn] = memcg ? this.frames.memcgIndex(memcg) : 0;
  }
  /** GUP references taken with FOLL_PIN or FOLL_GET that are still held; part of refcount. */
  get pins(): number {
    return this.frames.pins.get(this.pfn)?.pins ?? 0;
  }
  /** Those of them that are FOLL_PIN: fork copies such pages early. */
  get dmaPins(): number {
    return this.frames.pins.get(this.pfn)?.dmaPins ?? 0;
  }
  /** Those of them that are FOLL_LONGTERM. */
  get longPins(): number {
    return this.frames.pins.get(this.pfn)?.longPins ?? 0;
  }

  /** GUP takes (1) or drops (−1) a reference; the caller changes the refcount. */
  pin(by: 1 | -1, dma: boolean, longTerm: boolean): void {
    const { pins } = this.frames;
    const held: Pins = pins.get(this.pfn) ?? { pins: 0, dmaPins: 0, longPins: 0 };
    held.pins += by;
    if (dma) held.dmaPins += by;
    if (longTerm) held.longPins += by;
    const { flags } = this.frames;
    if (held.pins === 0 && held.dmaPins === 0 && held.longPins === 0) {
      pins.delete(this.pfn);
      flags[this.pfn] = flags[this.pfn]! & ~F.pinned;
    } else {
      pins.set(this.pfn, held);
      flags[this.pfn] = flags[this.pfn]! | F.pinned;
    }
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
