/** mmap, munmap and mprotect (mm/mmap.c, mm/mprotect.c). Ranges are pages; what Linux refuses is an errno. */
import type { Ret } from './errno';
import type { FileInode } from './file';
import type { Kernel } from './kernel';
import { createFile } from './page-cache';
import { canWrite, vmaAt, type Mm, type Process, type Prot, type Vma } from './mm';
import { invalidate } from './notifier';
import { PAGE_BYTES, PMD_PAGES, type Page } from './page';
import { entryAt, pmdKind, pmdStart, pte, setPte, type Pte } from './page-table';
import { changeEntry, mapPage } from './rmap';
import { canIsolate, insertVma, isolateRange, makeVma, mergeVmas, vmasIn } from './vma-ops';
import { zapRange } from './zap';

export interface MmapOptions {
  /** First page, or null: the kernel chooses. An existing mapping is replaced (MAP_FIXED). */
  readonly start: number | null;
  readonly pages: number;
  readonly prot: Prot;
  readonly shared: boolean;
  /** null: anonymous; shared anonymous memory gets a shmem file of its own. */
  readonly file?: FileInode | null;
  readonly fileOffset?: number;
  readonly hugetlb?: boolean;
  readonly io?: boolean;
  readonly mixedmap?: boolean;
  readonly dax?: boolean;
  /** Pages that a driver inserts at mmap (vm_insert_page), one per page of the mapping; makes it MIXEDMAP. */
  readonly driverPages?: readonly Page[];
  /** Alignment of a start that the kernel chooses, in pages. */
  readonly align?: number;
}

/** Start of the area for mappings without a given address. */
const MMAP_BASE = 0x7000_0000_0000 / PAGE_BYTES;

/** A free range at or above MMAP_BASE. */
export function freeRange(mm: Mm, pages: number, align = 1): number {
  let at = MMAP_BASE;
  for (const vma of mm.vmas) {
    if (vma.end <= at) continue;
    if (vma.start >= at + pages) break;
    at = Math.ceil(vma.end / align) * align;
  }
  return Math.ceil(at / align) * align;
}

export function mmap(
  kernel: Kernel,
  process: Process,
  options: MmapOptions,
): { readonly ret: Ret; readonly start: number } {
  const { mm } = process;
  const { pages, shared } = options;
  const hugetlb = options.hugetlb ?? false;
  if (pages <= 0 || (hugetlb && pages % PMD_PAGES !== 0)) return { ret: 'EINVAL', start: -1 };
  const start = options.start ?? freeRange(mm, pages, hugetlb ? PMD_PAGES : (options.align ?? 1));
  if (hugetlb && start % PMD_PAGES !== 0) return { ret: 'EINVAL', start: -1 };
  if (hugetlb && kernel.hugetlbFree * PMD_PAGES < pages) return { ret: 'ENOMEM', start: -1 };
  const unmapped = munmap(kernel, mm, start, start + pages);
  if (unmapped) return { ret: unmapped, start: -1 };
  let file = options.file ?? null;
  if (!file && shared && !options.io && !options.driverPages)
    file = createFile(kernel, ANON_SHARED, hugetlb ? 'hugetlb' : 'shmem', pages * PAGE_BYTES);
  if (file) file.references++;
  const io = options.io ?? false;
  const mixedmap = options.mixedmap ?? options.driverPages !== undefined;
  const vma = makeVma(start, start + pages, {
    prot: options.prot,
    shared,
    file,
    fileOffset: options.fileOffset ?? 0,
    hugetlb,
    io,
    mixedmap,
    dontexpand: io || mixedmap,
    dax: options.dax ?? (file?.kind === 'fs-dax' || file?.kind === 'device-dax'),
  });
  insertVma(mm, vma);
  if (io || options.driverPages) populateByDriver(mm, vma, options.driverPages ?? []);
  mergeVmas(mm, start, start + pages);
  return { ret: null, start };
}

/**
 * What the mmap of a device file puts into the page table at once: frames of the driver (vm_insert_page), or device
 * registers without struct pages (remap_pfn_range). A private mapping sees them read-only and copies at the first write.
 */
function populateByDriver(mm: Mm, vma: Vma, pages: readonly Page[]): void {
  const write = vma.shared && canWrite(vma);
  if (vma.io) for (let vpn = vma.start; vpn < vma.end; vpn++) setPte(mm, vpn, pte('special', null, { write }));
  else for (const [i, page] of pages.entries()) mapPage(mm, vma.start + i, pte('present', page, { write }));
}

/** Unmaps what is mapped in the range; a range without mappings is no error. hugetlb only in whole huge pages. */
export function munmap(kernel: Kernel, mm: Mm, start: number, end: number): Ret {
  if (end <= start) return 'EINVAL';
  if (!canIsolate(mm, start, end)) return 'EINVAL';
  for (const vma of isolateRange(mm, start, end)) {
    invalidate(mm, vma.start, vma.end, 'UNMAP', () => {
      zapRange(kernel, mm, vma, vma.start, vma.end);
    });
    removeVma(kernel, mm, vma);
  }
  return null;
}

/** The file of shared anonymous memory: it has no name, so it is freed with its last mapping. */
const ANON_SHARED = 'anon-shared';

/** Removes an emptied VMA, and with the last one the file of shared anonymous memory. */
export function removeVma(kernel: Kernel, mm: Mm, vma: Vma): void {
  mm.vmas.splice(mm.vmas.indexOf(vma), 1);
  const { file } = vma;
  if (!file) return;
  file.references--;
  if (file.references > 0 || file.name !== ANON_SHARED) return;
  kernel.files.splice(kernel.files.indexOf(file), 1);
  for (const [index, page] of [...file.cache]) {
    file.cache.delete(index);
    page.head.file = null;
    kernel.put(page);
  }
  for (const slot of file.swapped.values()) kernel.swap.delete(slot);
  file.swapped.clear();
}

/**
 * mprotect (A3): entries lose what the VMA no longer grants. Making it writable again upgrades only present pages that
 * a write fault would keep anyway; device-private and exclusive entries wait for that fault. One PROTECTION_VMA event
 * per VMA. As in the kernel, VMAs before a hole have already changed when the hole returns ENOMEM.
 */
export function mprotect(_kernel: Kernel, mm: Mm, start: number, end: number, prot: Prot): Ret {
  if (end <= start) return end === start ? null : 'EINVAL';
  if (!vmaAt(mm, start)) return 'ENOMEM';
  let at = start;
  let ret: Ret = null;
  for (const each of vmasIn(mm, start, end)) {
    const to = Math.min(end, each.end);
    if (each.start > at) ret = 'ENOMEM';
    else if (!canIsolate(mm, at, to)) ret = 'EINVAL';
    if (ret) break;
    if (each.prot !== prot) for (const vma of isolateRange(mm, at, to)) protectVma(mm, vma, prot);
    at = to;
  }
  mergeVmas(mm, start, end);
  return ret ?? (at < end ? 'ENOMEM' : null);
}

function protectVma(mm: Mm, vma: Vma, prot: Prot): void {
  invalidate(mm, vma.start, vma.end, 'PROTECTION_VMA', () => {
    vma.prot = prot;
    for (let vpn = vma.start; vpn < vma.end;) {
      const found = entryAt(mm, vpn);
      const huge = found?.huge === true || pmdKind(mm, vpn) === 'none';
      if (found) protectEntry(mm, vma, vpn, found.entry, huge);
      vpn = huge ? pmdStart(vpn) + PMD_PAGES : vpn + 1;
    }
  });
}

function protectEntry(mm: Mm, vma: Vma, vpn: number, entry: Pte, huge: boolean): void {
  const write = vma.prot === 'rw' && (entry.write || upgrades(vma, entry));
  if (write !== entry.write) changeEntry(mm, vpn, huge, { ...entry, write });
}

/** can_change_pte_writable: a write fault would do nothing but set the bit. */
function upgrades(vma: Vma, entry: Pte): boolean {
  if (entry.state !== 'present' || entry.protnone || vma.hugetlb) return false;
  const page = entry.page!;
  if (!vma.shared) return page.head.anon && page.anonExclusive;
  return vma.file?.kind === 'regular' ? entry.dirty : true; // dirty tracking has to see the first write (B2)
}
