/** mmap, munmap and mprotect (mm/mmap.c, mm/mprotect.c). Ranges are pages; what Linux refuses is an errno. */
import type { Ret } from './errno';
import type { FileInode } from './file';
import type { Kernel } from './kernel';
import { createFile } from './page-cache';
import { type Mm, type Process, type Prot, type Vma } from './mm';
import { invalidate } from './notifier';
import { PAGE_BYTES, PMD_PAGES } from './page';
import { entryAt, pmdStart } from './page-table';
import { changeEntry, splitPmd } from './rmap';
import { insertVma, isCovered, isolateRange, makeVma, mergeVmas, vmasIn } from './vma-ops';

export interface MmapOptions {
  /** First page, or null: the kernel chooses. A mapping that is there is replaced (MAP_FIXED). */
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
  /** Alignment of a start that the kernel chooses, in pages. */
  readonly align?: number;
}

/** Where mappings go when nobody says where. */
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
  if (vmasIn(mm, start, start + pages).length > 0) munmap(kernel, mm, start, start + pages);
  let file = options.file ?? null;
  if (!file && shared && !hugetlb) file = createFile(kernel, 'anon-shared', 'shmem', pages * PAGE_BYTES);
  if (file) file.references++;
  insertVma(
    mm,
    makeVma(start, start + pages, {
      prot: options.prot,
      shared,
      file,
      fileOffset: options.fileOffset ?? 0,
      hugetlb,
      io: options.io ?? false,
      mixedmap: options.mixedmap ?? false,
      dontexpand: (options.io ?? false) || (options.mixedmap ?? false),
      dax: options.dax ?? (file?.kind === 'fs-dax' || file?.kind === 'device-dax'),
    }),
  );
  mergeVmas(mm, start, start + pages);
  return { ret: null, start };
}

/** Unmaps what is mapped in the range; a range without mappings is no error. hugetlb only in whole huge pages. */
export function munmap(kernel: Kernel, mm: Mm, start: number, end: number): Ret {
  if (end <= start) return 'EINVAL';
  const overlapped = vmasIn(mm, start, end);
  for (const vma of overlapped)
    if (vma.hugetlb && (Math.max(start, vma.start) % PMD_PAGES !== 0 || Math.min(end, vma.end) % PMD_PAGES !== 0))
      return 'EINVAL';
  for (const vma of isolateRange(mm, start, end)) {
    invalidate(mm, vma.start, vma.end, 'UNMAP', () => {
      kernel.zap(mm, vma, vma.start, vma.end);
    });
    removeVma(kernel, mm, vma);
  }
  return null;
}

/** Takes an emptied VMA away; a shmem file that nobody maps any more goes with its pages. */
export function removeVma(kernel: Kernel, mm: Mm, vma: Vma): void {
  mm.vmas.splice(mm.vmas.indexOf(vma), 1);
  const { file } = vma;
  if (!file) return;
  file.references--;
  if (file.references > 0 || file.kind !== 'shmem' || file.name !== 'anon-shared') return;
  for (const [index, page] of [...file.cache]) {
    file.cache.delete(index);
    page.head.file = null;
    kernel.put(page);
  }
  for (const slot of file.swapped.values()) kernel.swap.delete(slot);
  file.swapped.clear();
}

/**
 * mprotect (A3): entries lose what the VMA no longer grants; making it writable again upgrades nothing, the next write
 * fault does. One PROTECTION_VMA event per VMA.
 */
export function mprotect(kernel: Kernel, mm: Mm, start: number, end: number, prot: Prot): Ret {
  if (end <= start) return 'EINVAL';
  if (!isCovered(mm, start, end)) return 'ENOMEM';
  for (const vma of isolateRange(mm, start, end)) {
    if (vma.prot === prot) continue;
    invalidate(mm, vma.start, vma.end, 'PROTECTION_VMA', () => {
      vma.prot = prot;
      protectRange(kernel, mm, vma);
    });
  }
  mergeVmas(mm, start, end);
  return null;
}

function protectRange(_kernel: Kernel, mm: Mm, vma: Vma): void {
  for (let vpn = vma.start; vpn < vma.end;) {
    const found = entryAt(mm, vpn);
    if (!found) {
      vpn = mm.pmds.has(Math.floor(vpn / PMD_PAGES)) ? vpn + 1 : pmdStart(vpn) + PMD_PAGES;
      continue;
    }
    const next = pmdStart(vpn) + PMD_PAGES;
    if (found.huge && !vma.hugetlb && (vpn > pmdStart(vpn) || vma.end < next)) {
      splitPmd(mm, vpn); // inside the bracket of this call
      continue;
    }
    const write = found.entry.write && vma.prot === 'rw';
    if (write !== found.entry.write)
      changeEntry(mm, found.huge ? pmdStart(vpn) : vpn, found.huge, { ...found.entry, write });
    vpn = found.huge ? next : vpn + 1;
  }
}
