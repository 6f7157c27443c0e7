/** What one page-table entry says to a mirror that does not fault (hmm_vma_handle_pte, hmm_vma_handle_absent_pmd). */
import type { Kernel } from './kernel';
import type { IntervalNotifier, Owner } from './notifier';
import { PMD_ORDER, type Page } from './page';
import { entryAt, pageOf, type Pte } from './page-table';

/** One page of output (M3). */
export interface HmmPfn {
  readonly valid: boolean;
  /** Writable; only with valid. */
  readonly write: boolean;
  /** Access is impossible. */
  readonly error: boolean;
  /** log2 pages of the CPU mapping, which may reach beyond the range. */
  readonly order: number;
  /** null: the shared zero page where valid, else nothing. */
  readonly page: Page | null;
  /** Kept from input to output (profile-cur): the driver has this page mapped for DMA. */
  readonly dmaMapped?: boolean;
}

export const NONE: HmmPfn = { valid: false, write: false, error: false, order: 0, page: null };
const ERROR: HmmPfn = { ...NONE, error: true };

/**
 * The entry as output, and what a request for more may do about it. `own-device`: never faulted (M8). `in-flight`: a
 * migration entry, to be waited for. `unreachable`: asked for, it fails (M9 to M11). Else an ordinary fault may help.
 */
export interface Seen {
  readonly kind: 'faultable' | 'own-device' | 'in-flight' | 'unreachable';
  readonly pfn: HmmPfn;
}

const HOLE: Seen = { kind: 'faultable', pfn: NONE };

export function readEntry(
  kernel: Kernel,
  { notifier, owner }: { readonly notifier: IntervalNotifier; readonly owner: Owner },
  vpn: number,
): Seen {
  const found = entryAt(notifier.mm, vpn);
  if (!found) return HOLE;
  const { entry, huge } = found;
  const order = huge ? PMD_ORDER : 0;
  switch (entry.state) {
    case 'present':
      // A NUMA hint is not valid and has to be faulted; a poisoned page can never be reached.
      if (entry.protnone) return HOLE;
      if (entry.page?.poisoned) return { kind: 'unreachable', pfn: NONE };
      return { kind: 'faultable', pfn: valid(entry, huge, vpn, order) };
    case 'zero':
      return { kind: 'faultable', pfn: { ...valid(entry, huge, vpn, order), write: false } };
    case 'private':
      return readPrivate(kernel, entry, huge, vpn, owner);
    case 'migration':
      return { kind: 'in-flight', pfn: NONE };
    case 'swap':
    case 'exclusive':
    case 'uffd-marker':
      return HOLE;
    case 'poison':
      return { kind: 'unreachable', pfn: NONE }; // M9: not present
    case 'special':
      return { kind: 'unreachable', pfn: ERROR }; // M10: present, without struct page
  }
}

const valid = (entry: Pte, huge: boolean, vpn: number, order: number): HmmPfn => ({
  valid: true,
  write: entry.write,
  error: false,
  order,
  page: pageOf(entry, huge, vpn),
});

/** T3, M8, M11. */
function readPrivate(kernel: Kernel, entry: Pte, huge: boolean, vpn: number, owner: Owner): Seen {
  const isOwn = entry.page!.head.pagemap!.owner === owner;
  if (huge && kernel.config.profile === '612') return { kind: 'unreachable', pfn: ERROR };
  if (isOwn) return { kind: 'own-device', pfn: valid(entry, huge, vpn, huge ? PMD_ORDER : 0) };
  // A page of another owner appears as a hole; a whole PMD of it is reported as an error unless a fault is requested.
  return huge ? { kind: 'faultable', pfn: ERROR } : HOLE;
}
