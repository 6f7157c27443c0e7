/** userfaultfd MISSING: a handler fills a hole in a registered range with UFFDIO_COPY. */
import { newAnon, mapAnon } from './anon';
import type { Ret } from './errno';
import type { Kernel } from './kernel';
import { canWrite, isAnonymous, vmaAt, type Mm } from './mm';
import { PAGE_BYTES } from './page';
import { entryAt } from './page-table';
import { isCovered, isolateRange, vmasIn } from './vma-ops';

/** UFFDIO_REGISTER with MODE_MISSING; this model supports anonymous memory only. */
export function registerUffd(_kernel: Kernel, mm: Mm, start: number, end: number): Ret {
  if (!isCovered(mm, start, end)) return 'EINVAL';
  if (!vmasIn(mm, start, end).every((vma) => isAnonymous(vma) && !vma.hugetlb)) return 'EINVAL';
  for (const vma of isolateRange(mm, start, end)) vma.uffdMissing = true;
  return null;
}

/** UFFDIO_COPY of one page; `data` null is UFFDIO_ZEROPAGE with a page of its own. */
export function uffdCopy(kernel: Kernel, mm: Mm, vpn: number, data: Uint8Array | null): Ret {
  const vma = vmaAt(mm, vpn);
  if (!vma?.uffdMissing) return 'ENOENT';
  if (entryAt(mm, vpn)) return 'EEXIST';
  const page = newAnon(kernel, mm, vma, 0);
  if (!page) return 'ENOMEM';
  if (data && kernel.config.contents) (page.data = new Uint8Array(PAGE_BYTES)).set(data.subarray(0, PAGE_BYTES));
  vma.hasAnon = true;
  mapAnon(kernel, mm, vpn, page, canWrite(vma));
  return null;
}
