/**
 * The one page-fault path (handle_mm_fault): for CPUs, and as a remote fault for devices (M6), GUP and device-exclusive
 * access. Returns the result of one attempt. After 'ok' the access is retried and may fault again.
 */
import { anonymousFault, copyOnWrite, hugeCopyOnWrite } from './anon';
import { basePagesOf, faultRest } from './base-page';
import type { FaultResult } from './errno';
import { hugetlbFault } from './hugetlb';
import type { Kernel } from './kernel';
import { canWrite, isAnonymous, vmaAt, type Mm, type Vma } from './mm';
import { hintFault } from './numa';
import { fileFault, pageMkwrite } from './page-cache';
import { entryAt, pageOf, pmdStart, type Pte } from './page-table';
import { revokeExclusive } from './revoke-exclusive';
import { changeEntry } from './rmap';
import { swapIn } from './swap';

export interface FaultAccess {
  readonly write: boolean;
  /** On behalf of a device, a debugger or GUP. */
  readonly remote?: boolean;
}

export function handleFault(kernel: Kernel, mm: Mm, vpn: number, access: FaultAccess): FaultResult {
  const result = faultSmallPage(kernel, mm, vpn, access);
  if (result === 'ok' && basePagesOf(kernel) > 1)
    faultRest(kernel, mm, vpn, access.write, (at) => faultSmallPage(kernel, mm, at, access));
  return result;
}

function faultSmallPage(kernel: Kernel, mm: Mm, vpn: number, access: FaultAccess): FaultResult {
  const vma = vmaAt(mm, vpn);
  if (!vma || vma.prot === 'none' || (access.write && !canWrite(vma))) return 'sigsegv';
  const found = entryAt(mm, vpn);
  kernel.hooks.faulted?.(mm, vpn, access.write, access.remote === true, found?.entry.state ?? 'none');
  if (vma.hugetlb) return hugetlbFault(kernel, mm, vma, vpn, access.write);
  if (!found) return missingFault(kernel, mm, vma, vpn, access.write);
  const { entry, huge } = found;
  switch (entry.state) {
    case 'present':
    case 'zero':
      return presentFault(kernel, mm, vma, vpn, entry, huge, access.write);
    case 'swap':
      return swapIn(kernel, mm, vma, vpn, entry, access.write);
    case 'migration':
      return 'blocked';
    case 'private':
      return devicePrivateFault(kernel, mm, vma, vpn, entry, huge);
    case 'exclusive':
      return revokeExclusive(kernel, mm, vpn);
    case 'poison':
      return 'hwpoison';
    case 'special':
      return access.write && !entry.write ? copyOnWrite(kernel, mm, vma, vpn, entry) : 'ok';
    case 'uffd-marker':
      return 'uffd';
  }
}

function missingFault(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, write: boolean): FaultResult {
  if (vma.uffdMissing) return 'uffd';
  if (isAnonymous(vma)) return anonymousFault(kernel, mm, vma, vpn, write);
  return vma.file ? fileFault(kernel, mm, vma, vpn, write) : 'sigbus';
}

function presentFault(
  kernel: Kernel,
  mm: Mm,
  vma: Vma,
  vpn: number,
  entry: Pte,
  huge: boolean,
  write: boolean,
): FaultResult {
  if (entry.protnone) return hintFault(kernel, mm, vma, vpn);
  const page = pageOf(entry, huge, vpn);
  if (page?.poisoned) return 'hwpoison';
  if (!write || entry.write) {
    if (!entry.young || (write && !entry.dirty))
      changeEntry(mm, huge ? pmdStart(vpn) : vpn, huge, { ...entry, young: true, dirty: entry.dirty || write });
    return 'ok';
  }
  if (huge) return hugeCopyOnWrite(kernel, mm, vma, vpn, entry);
  if (vma.shared && page && !page.head.anon) return pageMkwrite(kernel, mm, vma, vpn, entry);
  return copyOnWrite(kernel, mm, vma, vpn, entry);
}

/**
 * CPU fault on a device-private page (F1 to F7): the driver brings it back. In profile-cur the page is locked during
 * the callback; if the lock is held elsewhere, the fault waits.
 */
function devicePrivateFault(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, entry: Pte, huge: boolean): FaultResult {
  const page = pageOf(entry, huge, vpn)!;
  const { head } = page;
  const locks = kernel.config.profile === 'cur';
  if (locks && head.locked) return 'blocked';
  kernel.get(head);
  if (locks) head.locked = true;
  const result = head.pagemap!.migrateToRam({ mm, vma, vpn, page, huge });
  // The folio may have been split meanwhile: the lock and the reference are those of the page's folio now.
  if (locks) page.head.locked = false;
  kernel.put(page);
  return result;
}
