/**
 * Device-exclusive access, for atomics of a device on memory that stays in RAM (X1 to X7; mm/rmap.c
 * make_device_exclusive). The CPU's entry becomes an exclusive one; any CPU, GUP or HMM access takes it back.
 */
import type { Ret } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { canWrite, vmaAt, type Mm } from './mm';
import { invalidate, type Owner } from './notifier';
import { PMD_PAGES, type Page } from './page';
import { entryAt, pageOf, pmdStart, type Pte } from './page-table';
import { changeEntry, splitPmd } from './rmap';

/** A fault may have to break COW, bring the page from a device or from swap, and take back an exclusive entry. */
const MOST_FAULTS = 16;

/**
 * Makes one page exclusive to a device. On success the page is locked and referenced: exclusivity holds until the
 * caller unlocks it. The caller therefore programs its entry inside a notifier read section before, and drops the page
 * after (X3). A page that cannot be made exclusive is `EOPNOTSUPP` (not anonymous, hugetlb) or `EBUSY` (locked) in
 * profile-cur, and in 612, whose range API goes on with the others, a null page without an error (X2). Earlier
 * references are not excluded (X5).
 */
export function makeDeviceExclusive(kernel: Kernel, mm: Mm, vpn: number, owner: Owner): Outcome {
  const refused = (ret: 'EOPNOTSUPP' | 'EBUSY'): Outcome => ({
    ret: kernel.config.profile === 'cur' ? ret : null,
    page: null,
  });
  for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
    const vma = vmaAt(mm, vpn);
    if (!vma || !canWrite(vma)) return { ret: 'EFAULT', page: null };
    const found = entryAt(mm, vpn);
    // X2: the page is faulted in writable first, so that COW is broken and an earlier exclusivity revoked.
    if (found?.entry.state !== 'present' || !found.entry.write || found.entry.protnone) {
      const result = handleFault(kernel, mm, vpn, { write: true, remote: true });
      if (result === 'ok') continue;
      if (result === 'blocked') return refused('EBUSY');
      return { ret: result === 'oom' ? 'ENOMEM' : 'EFAULT', page: null };
    }
    const page = pageOf(found.entry, found.huge, vpn);
    if (!page?.head.anon || vma.hugetlb) return refused('EOPNOTSUPP');
    if (kernel.config.profile === '612' && page !== page.head) return refused('EBUSY'); // tails of a THP are passed over
    if (page.head.locked) return refused('EBUSY'); // 612: trylock; cur: would sleep, which the model leaves to the caller
    if (!found.huge) {
      grant(kernel, mm, vpn, found.entry, owner);
      return { ret: null, page };
    }
    const start = pmdStart(vpn); // a PMD is remapped by PTEs first (X2)
    invalidate(mm, start, start + PMD_PAGES, 'CLEAR', () => {
      splitPmd(mm, vpn);
    });
  }
  return refused('EBUSY');
}

interface Outcome {
  readonly ret: Ret;
  readonly page: Page | null;
}

function grant(kernel: Kernel, mm: Mm, vpn: number, entry: Pte, owner: Owner): void {
  const { head } = entry.page!;
  kernel.get(head);
  head.locked = true;
  invalidate(
    mm,
    vpn,
    vpn + 1,
    'EXCLUSIVE',
    () => {
      // The core treats the entry as clean and old from now on (X5): what was dirty goes to the folio.
      if (entry.dirty) head.dirty = true;
      changeEntry(mm, vpn, false, { ...entry, state: 'exclusive', dirty: false, young: false });
    },
    owner,
  );
}
