/** madvise (mm/madvise.c). What the advice does to device pages: A4, A5. */
import type { Advice } from '../../model/os-action';
import type { Ret } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { isAnonymous, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { PMD_PAGES } from './page';
import { entryAt, pmdStart } from './page-table';
import { splitEverywhere } from './migrate-entries';
import { shrinkPage } from './reclaim';
import { collapseRange } from './thp';
import { isCovered, isolateRange, mergeVmas, vmasIn } from './vma-ops';

export function madvise(kernel: Kernel, mm: Mm, start: number, end: number, advice: Advice): Ret {
  if (end <= start) return end === start ? null : 'EINVAL';
  if (!isCovered(mm, start, end)) return 'ENOMEM';
  switch (advice) {
    case 'hugepage':
    case 'nohugepage':
    case 'mergeable':
    case 'unmergeable':
      return mark(mm, start, end, advice);
    case 'collapse':
      return collapseRange(kernel, mm, start, end);
    case 'populate-write':
      return populate(kernel, mm, start, end);
    case 'dontneed':
    case 'free':
      return drop(kernel, mm, start, end, advice);
    case 'cold':
    case 'pageout':
      return age(kernel, mm, start, end, advice);
  }
}

function mark(
  mm: Mm,
  start: number,
  end: number,
  advice: 'hugepage' | 'nohugepage' | 'mergeable' | 'unmergeable',
): Ret {
  for (const vma of isolateRange(mm, start, end)) {
    if (advice === 'hugepage' || advice === 'nohugepage') {
      if (vma.hugetlb) return 'EINVAL';
      vma.thp = advice;
    } else vma.mergeable = advice === 'mergeable' && isAnonymous(vma);
  }
  mergeVmas(mm, start, end);
  return null;
}

function populate(kernel: Kernel, mm: Mm, start: number, end: number): Ret {
  for (let vpn = start; vpn < end; vpn++)
    for (let attempt = 0; ; attempt++) {
      const found = entryAt(mm, vpn);
      if (found?.entry.state === 'present' && found.entry.write) break;
      const result = handleFault(kernel, mm, vpn, { write: true });
      if (result === 'oom') return 'ENOMEM';
      if (result === 'sigbus' || result === 'hwpoison') return 'EFAULT';
      if (result === 'sigsegv') return 'EINVAL';
      if (result !== 'ok' || attempt > 32) return 'EAGAIN';
    }
  return null;
}

/**
 * DONTNEED clears entries at once (CLEAR); shared memory keeps its pages in the file. FREE lets clean anonymous pages go
 * later: here, as under pressure, at once where nobody else has them; device-private entries are left untouched (A5).
 */
function drop(kernel: Kernel, mm: Mm, start: number, end: number, advice: 'dontneed' | 'free'): Ret {
  for (const vma of vmasIn(mm, start, end))
    if (vma.hugetlb || vma.io || vma.mixedmap || vma.locked || (advice === 'free' && !isAnonymous(vma)))
      return 'EINVAL';
  for (const vma of vmasIn(mm, start, end)) {
    const from = Math.max(start, vma.start);
    const to = Math.min(end, vma.end);
    invalidate(mm, from, to, 'CLEAR', () => {
      if (advice === 'dontneed') kernel.zap(mm, vma, from, to);
      else freeLazily(kernel, mm, vma, from, to);
    });
  }
  return null;
}

/** MADV_FREE: the pages stay readable until memory is short or they are written again; their dirty bits go. */
function freeLazily(kernel: Kernel, mm: Mm, _vma: Vma, start: number, end: number): void {
  for (let vpn = start; vpn < end; vpn++) {
    const found = entryAt(mm, vpn);
    if (found?.entry.state !== 'present' || found.entry.page?.head.kind !== 'ram') continue;
    const { head } = found.entry.page;
    if (found.huge || head.order > 0 || head.rmap.length > 1 || head.pins > 0 || head.locked) continue;
    head.lazyFree = true;
    mm.kernel.lruRemove(head);
    head.active = false;
    kernel.lruAdd(head);
  }
}

/** COLD puts pages at the old end, PAGEOUT reclaims them now; device pages are skipped (A5). */
function age(kernel: Kernel, mm: Mm, start: number, end: number, advice: 'cold' | 'pageout'): Ret {
  for (const vma of vmasIn(mm, start, end)) if (vma.locked || vma.hugetlb || vma.io || vma.mixedmap) return 'EINVAL';
  for (let vpn = start; vpn < end; vpn++) {
    const found = entryAt(mm, vpn);
    const page = found?.entry.state === 'present' ? found.entry.page : null;
    if (!found || page?.head.kind !== 'ram') continue;
    if (found.huge && advice === 'pageout' && !splitEverywhere(kernel, page.head, 0)) {
      vpn = pmdStart(vpn) + PMD_PAGES - 1;
      continue;
    }
    const target = entryAt(mm, vpn)?.entry.page;
    if (!target || target.head.rmap.length > 1) continue;
    if (advice === 'pageout') shrinkPage(kernel, target.head);
    else {
      target.head.active = false;
      target.head.referenced = false;
      kernel.lruRemove(target.head);
      kernel.lruAdd(target.head);
    }
  }
  return null;
}
