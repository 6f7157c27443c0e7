/**
 * Device-exclusive access, for atomics of a device on memory that stays in RAM (X1 to X7; mm/rmap.c
 * make_device_exclusive). The CPU's entry becomes an exclusive one; any CPU, GUP or HMM access takes it back.
 */
import type { FaultResult, Ret } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { canWrite, vmaAt, type Mm } from './mm';
import { invalidate, type Owner } from './notifier';
import type { Page } from './page';
import { entryAt, pageOf, pmdStart } from './page-table';
import { changeEntry, splitPmd } from './rmap';

/** A fault may have to break COW, bring the page from a device or from swap, and take back an exclusive entry. */
const MOST_FAULTS = 16;

/**
 * Makes one page exclusive to a device. On success the page is locked and referenced: the caller programs his entry
 * inside a notifier read section, then unlocks and puts it (X3). Errors by profile: EOPNOTSUPP where the memory is not
 * anonymous (cur), EBUSY where a page refused (612 answers a null page, which its drivers take for that).
 */
export function makeDeviceExclusive(
  kernel: Kernel,
  mm: Mm,
  vpn: number,
  owner: Owner,
): { readonly ret: Ret; readonly page: Page | null } {
  const vma = vmaAt(mm, vpn);
  const failed = (ret: Ret): { ret: Ret; page: null } => ({ ret, page: null });
  if (!vma || vma.prot === 'none') return failed('EFAULT');
  for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
    if (!canWrite(vma)) return failed('EFAULT');
    // X2: the page is faulted in writable first, so that COW is broken and an earlier exclusivity revoked.
    const found = entryAt(mm, vpn);
    if (!found?.entry.write || found.entry.state !== 'present' || found.entry.protnone) {
      const result = handleFault(kernel, mm, vpn, { write: true, remote: true });
      if (result === 'ok') continue;
      return failed(result === 'oom' ? 'ENOMEM' : result === 'blocked' || result === 'uffd' ? 'EBUSY' : 'EFAULT');
    }
    const page = pageOf(found.entry, found.huge, vpn);
    const isAnon = page?.head.anon === true && page.kind === 'ram';
    if (!isAnon || vma.hugetlb) return failed(kernel.config.profile === 'cur' ? 'EOPNOTSUPP' : 'EBUSY');
    if (page.head.locked) return failed('EBUSY');
    if (found.huge) {
      const start = pmdStart(vpn); // a PMD is remapped by PTEs first (X2)
      invalidate(mm, start, start + 512, 'CLEAR', () => {
        splitPmd(mm, vpn);
      });
      continue;
    }
    kernel.get(page.head);
    page.head.locked = true;
    invalidate(
      mm,
      vpn,
      vpn + 1,
      'EXCLUSIVE',
      () => {
        // The core treats the entry as clean and old; the driver marks the page dirty (X5).
        changeEntry(mm, vpn, false, { ...found.entry, state: 'exclusive', dirty: false, young: false });
      },
      owner,
    );
    page.head.dirty = true;
    return { ret: null, page };
  }
  return failed('EBUSY');
}

/** X4: an access by anybody else. Everyone, the holder too, drops the page; then the entry is what it was. */
export function revokeExclusive(_kernel: Kernel, mm: Mm, vpn: number): FaultResult {
  const found = entryAt(mm, vpn);
  if (found?.entry.state !== 'exclusive') return 'ok';
  if (found.entry.page!.head.locked) return 'blocked';
  invalidate(mm, vpn, vpn + 1, 'EXCLUSIVE', () => {
    restoreExclusive(mm, vpn);
  });
  return 'ok';
}

/** The entry as a present one; the bracket is the caller's (fork restores in the parent under its own event, X6). */
export function restoreExclusive(mm: Mm, vpn: number): void {
  const found = entryAt(mm, vpn);
  if (found?.entry.state !== 'exclusive') return;
  changeEntry(mm, vpn, false, { ...found.entry, state: 'present', young: true, dirty: true });
}
