/**
 * get_user_pages and pin_user_pages (mm/gup.c): references to the pages behind an address, for DMA and for debuggers.
 * The slow path faults. The fast path takes only present pages and otherwise falls back to the slow one (A11). A
 * long-term pin first moves the page out of coherent device memory and movable zones (section 4).
 */
import { unshare } from './anon';
import type { FaultResult, Ret } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { migrateFolio } from './migrate-entries';
import { canRead, canWrite, isCow, vmaAt, type Mm, type Vma } from './mm';
import type { Page } from './page';
import { entryAt, pageOf, type Pte } from './page-table';

export interface GupFlags {
  /** FOLL_WRITE. */
  readonly write: boolean;
  /** FOLL_PIN; else FOLL_GET. */
  readonly pin: boolean;
  readonly longTerm: boolean;
  /** gup_fast: no walk through the VMA where the page table already answers. */
  readonly fast: boolean;
}

/** Breaking COW, swap-in, a page on a device, then a move for a long-term pin: each needs a round. */
const MOST_ROUNDS = 16;

/**
 * A reference to one page, dropped by `ungup`. `page` is null with `ret` null for the shared zero page, which is not
 * counted. EAGAIN: a migration or a userfaultfd handler blocks the access; the kernel would sleep, here the caller
 * retries.
 */
export function gup(
  kernel: Kernel,
  mm: Mm,
  vpn: number,
  flags: GupFlags,
): { readonly ret: Ret; readonly page: Page | null } {
  const failed = (ret: Ret): { ret: Ret; page: null } => ({ ret, page: null });
  const vma = vmaAt(mm, vpn);
  if (!vma) return failed('EFAULT');
  const refused = checkVma(vma, flags);
  if (refused) return failed(refused);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const found = entryAt(mm, vpn);
    if (!found || !isUsable(found.entry, flags.write)) {
      const result = handleFault(kernel, mm, vpn, { write: flags.write, remote: true });
      if (result !== 'ok') return failed(errnoOf(result));
      continue;
    }
    const { entry, huge } = found;
    if (entry.state === 'special') return failed('EFAULT');
    const page = pageOf(entry, huge, vpn);
    if (page?.poisoned) return failed('EFAULT');
    if (mustUnshare(vma, page, flags)) {
      const result = unshare(kernel, mm, vma, vpn);
      if (result !== 'ok') return failed(errnoOf(result));
      continue;
    }
    if (!page) return { ret: null, page: null };
    if (flags.longTerm && !isLongTermPinnable(kernel, page)) {
      const ret = moveForPin(kernel, page);
      if (ret) return failed(ret);
      continue;
    }
    take(page, flags);
    return { ret: null, page };
  }
  return failed('EBUSY');
}

/** Drops what `gup` took, with the same flags. A page that was taken for writing becomes dirty. */
export function ungup(kernel: Kernel, page: Page, flags: Omit<GupFlags, 'fast'>): void {
  const { head } = page;
  if (flags.write) head.dirty = true;
  head.pin(-1, flags.pin, flags.longTerm);
  kernel.put(head);
}

function take(page: Page, flags: GupFlags): void {
  const { head } = page;
  head.refcount++;
  head.pin(1, flags.pin, flags.longTerm);
  if (flags.write) head.dirty = true;
}

/** check_vma_flags. */
function checkVma(vma: Vma, flags: GupFlags): Ret {
  if (vma.io || !canRead(vma) || (flags.write && !canWrite(vma))) return 'EFAULT';
  if (!flags.longTerm) return null;
  if (vma.file?.kind === 'fs-dax') return 'EOPNOTSUPP';
  // Rule B2: writes through a long-term pin would bypass the dirty tracking of the file.
  if (flags.pin && flags.write && vma.shared && vma.file?.kind === 'regular') return 'EFAULT';
  return null;
}

/** follow_page_pte: present, and writable where that is asked for. */
const isUsable = (entry: Pte, write: boolean): boolean =>
  (entry.state === 'present' || entry.state === 'zero' || entry.state === 'special') &&
  !entry.protnone &&
  (!write || entry.write);

/**
 * gup_must_unshare: a pin for reading has to see later writes of its process, so the page must be exclusive to that
 * process first. A long-term pin in a private mapping also leaves page cache and zero page.
 */
function mustUnshare(vma: Vma, page: Page | null, flags: GupFlags): boolean {
  if (!flags.pin || flags.write) return false;
  if (!page?.head.anon) return flags.longTerm && isCow(vma) && !vma.hugetlb;
  return !page.anonExclusive && !vma.hugetlb;
}

/** folio_is_longterm_pinnable: not on a coherent device (T, section 4), not on a node that has to stay empty (U2). */
const isLongTermPinnable = (kernel: Kernel, page: Page): boolean =>
  page.kind !== 'device-coherent' && (page.kind !== 'ram' || !kernel.config.nodes[page.head.node]!.movable);

/** migrate_longterm_unpinnable_folios: EBUSY for a device page that cannot leave, ENOMEM for an ordinary one. */
function moveForPin(kernel: Kernel, page: Page): Ret {
  const failed: Ret = page.kind === 'device-coherent' ? 'EBUSY' : 'ENOMEM';
  const node = kernel.config.nodes.findIndex((each) => !each.movable);
  if (node < 0) return failed;
  return migrateFolio(kernel, page.head, node) ? null : failed;
}

function errnoOf(result: FaultResult): Ret {
  if (result === 'oom') return 'ENOMEM';
  return result === 'blocked' || result === 'uffd' ? 'EAGAIN' : 'EFAULT';
}
