/** mremap: entries move as they are (A6), the old range gets UNMAP; DONTUNMAP leaves the old VMA behind, empty. */
import type { Ret } from './errno';
import type { Kernel } from './kernel';
import { vmaAt, type Mm, type Vma } from './mm';
import { freeRange, munmap, removeVma } from './mmap';
import { invalidate } from './notifier';
import { PMD_PAGES, type Page } from './page';
import { movePlace } from './places';
import { entryAt, pmdEntry, pmdKind, pmdStart, setPmd, setPte, type Pte } from './page-table';
import { splitPmd } from './rmap';
import { insertVma, isolateRange, makeVma, mergeVmas } from './vma-ops';

export interface MremapFlags {
  readonly mayMove: boolean;
  readonly fixed: boolean;
  readonly dontUnmap: boolean;
}

export function mremap(
  kernel: Kernel,
  mm: Mm,
  start: number,
  pages: number,
  newStart: number | null,
  flags: MremapFlags,
  newPages = pages,
): { readonly ret: Ret; readonly start: number } {
  const failed = (ret: Ret): { ret: Ret; start: number } => ({ ret, start: -1 });
  if (pages <= 0 || newPages <= 0) return failed('EINVAL');
  const vma = vmaAt(mm, start);
  if (!vma || start + pages > vma.end) return failed('EFAULT');
  if (vma.dontexpand && newPages > pages) return failed('EFAULT');
  if (flags.fixed && !flags.mayMove) return failed('EINVAL');
  if (flags.dontUnmap && (!flags.mayMove || newPages !== pages || vma.dontexpand)) return failed('EINVAL');
  if (vma.hugetlb && (start % PMD_PAGES !== 0 || pages % PMD_PAGES !== 0 || newPages !== pages))
    return failed('EINVAL');
  if (!flags.fixed && !flags.dontUnmap && newPages <= pages) return shrink(kernel, mm, start, pages, newPages);
  if (!flags.fixed && !flags.dontUnmap && growInPlace(mm, vma, start + pages, newPages - pages))
    return { ret: null, start };
  if (!flags.mayMove) return failed('ENOMEM');
  const to = flags.fixed && newStart !== null ? newStart : freeRange(mm, newPages, vma.hugetlb ? PMD_PAGES : 1);
  if (to < start + pages && start < to + newPages) return failed('EINVAL');
  if (vma.hugetlb && to % PMD_PAGES !== 0) return failed('EINVAL');
  const unmapped = munmap(kernel, mm, to, to + newPages);
  if (unmapped) return failed(unmapped);
  if (newPages < pages) munmap(kernel, mm, start + newPages, start + pages);
  move(kernel, mm, start, Math.min(pages, newPages), to, newPages, flags.dontUnmap);
  return { ret: null, start: to };
}

function shrink(kernel: Kernel, mm: Mm, start: number, pages: number, newPages: number): { ret: Ret; start: number } {
  if (newPages < pages) munmap(kernel, mm, start + newPages, start + pages);
  return { ret: null, start };
}

function growInPlace(mm: Mm, vma: Vma, end: number, more: number): boolean {
  if (vma.hugetlb || vma.end !== end || mm.vmas.some((each) => each.start < end + more && each.end > end)) return false;
  vma.end += more;
  return true;
}

function move(kernel: Kernel, mm: Mm, start: number, pages: number, to: number, newPages: number, keep: boolean): void {
  const [old] = isolateRange(mm, start, start + pages);
  const vma = old!;
  insertVma(mm, makeVma(to, to + newPages, { ...vma, uffdMissing: false }));
  if (vma.file) vma.file.references++;
  invalidate(mm, start, start + pages, 'UNMAP', () => {
    moveEntries(kernel, mm, start, pages, to);
  });
  if (keep) {
    vma.hasAnon = false;
    vma.locked = false;
  } else removeVma(kernel, mm, vma);
  mergeVmas(mm, start, start + pages);
  mergeVmas(mm, to, to + newPages);
}

/** PMD entries move whole where both sides are aligned, else their folio becomes PTE-mapped (A6). */
function moveEntries(_kernel: Kernel, mm: Mm, start: number, pages: number, to: number): void {
  for (let i = 0; i < pages;) {
    const vpn = start + i;
    if (pmdKind(mm, vpn) === 'none') {
      i += pmdStart(vpn) + PMD_PAGES - vpn;
      continue;
    }
    const huge = pmdEntry(mm, vpn);
    if (huge) {
      const whole = vpn === pmdStart(vpn) && i + PMD_PAGES <= pages;
      if (whole && (to + i) % PMD_PAGES === 0 && pmdKind(mm, to + i) === 'none') {
        setPmd(mm, vpn, null);
        if (huge.state !== 'migration') moveMapping(huge.page, mm, vpn, to + i, true);
        setPmd(mm, to + i, huge);
        i += PMD_PAGES;
        continue;
      }
      splitPmd(mm, vpn);
    }
    const found = entryAt(mm, vpn);
    if (found) moveEntry(mm, vpn, to + i, found.entry);
    i++;
  }
}

function moveEntry(mm: Mm, from: number, to: number, entry: Pte): void {
  setPte(mm, from, null);
  if (entry.state !== 'migration') moveMapping(entry.page, mm, from, to, false);
  setPte(mm, to, entry);
}

/** The reverse map follows. */
function moveMapping(page: Page | null, mm: Mm, from: number, to: number, huge: boolean): void {
  if (page && !movePlace(mm.kernel.frames, page.head.pfn, { mm, vpn: from, huge }, to))
    throw new Error(`frame ${page.pfn} is not mapped at page ${from}`);
}
