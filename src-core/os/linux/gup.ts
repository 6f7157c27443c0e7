/**
 * get_user_pages and pin_user_pages (mm/gup.c; A11, section 4). The slow path faults like a CPU, so a device-private page
 * comes back to RAM; a device-coherent page may be held for a short time where it is, and has to move to RAM before it
 * is pinned for long.
 */
import type { Ret } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { migrateFolio } from './migrate-entries';
import { canWrite, vmaAt, type Mm } from './mm';
import type { Page } from './page';
import { entryAt, pageOf } from './page-table';

export interface GupFlags {
  readonly write: boolean;
  /** FOLL_PIN instead of FOLL_GET. */
  readonly pin: boolean;
  readonly longTerm: boolean;
  /** Fast path first: it backs off on anything that is not present, so the outcome is the same. */
  readonly fast: boolean;
}

const MOST_FAULTS = 32;

/** Takes a reference on one page; the answer's page is held until `ungup`. */
export function gup(
  kernel: Kernel,
  mm: Mm,
  vpn: number,
  flags: GupFlags,
): { readonly ret: Ret; readonly page: Page | null } {
  const failed = (ret: Ret): { ret: Ret; page: null } => ({ ret, page: null });
  const vma = vmaAt(mm, vpn);
  if (!vma || vma.prot === 'none' || vma.io || (flags.write && !canWrite(vma))) return failed('EFAULT');
  if (flags.longTerm && vma.file?.kind === 'fs-dax') return failed('EOPNOTSUPP');
  for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
    const found = entryAt(mm, vpn);
    const page =
      found?.entry.state === 'present' && !found.entry.protnone ? pageOf(found.entry, found.huge, vpn) : null;
    // A pin of an anonymous page that others share would lose its copy: it is unshared first (FAULT_FLAG_UNSHARE).
    const shared = flags.pin && page?.head.anon === true && !page.anonExclusive && !vma.hugetlb;
    if (!found || !page || (flags.write && !found.entry.write) || shared) {
      const write = flags.write || ((shared || found?.entry.state === 'zero' || !found) && canWrite(vma) && flags.pin);
      const result = handleFault(kernel, mm, vpn, { write, remote: true });
      if (result === 'oom') return failed('ENOMEM');
      if (result === 'blocked' || result === 'uffd') return failed('EAGAIN');
      if (result !== 'ok') return failed('EFAULT');
      if (entryAt(mm, vpn)?.entry.state === 'zero' && !write) return { ret: null, page: null };
      if (shared && !canWrite(vma)) return failed('EFAULT');
      continue;
    }
    const { head } = page;
    if (head.locked && head.isolated) return failed('EAGAIN');
    if (flags.longTerm && !isLongTermPinnable(kernel, head)) {
      if (!migrateFolio(kernel, head, 0)) return failed('EBUSY');
      continue;
    }
    head.refcount++;
    head.pins++;
    if (flags.longTerm) head.longPins++;
    return { ret: null, page };
  }
  return failed('EFAULT');
}

/** folio_is_longterm_pinnable: not device-coherent, not on a movable node (U2). */
function isLongTermPinnable(kernel: Kernel, head: Page): boolean {
  if (head.kind === 'device-coherent') return false;
  return head.kind !== 'ram' || !kernel.config.nodes[head.node]!.movable;
}

/** put_page or unpin_user_page. */
export function ungup(kernel: Kernel, page: Page, flags: Pick<GupFlags, 'longTerm'>): void {
  const { head } = page;
  head.pins--;
  if (flags.longTerm) head.longPins--;
  kernel.put(head);
}
