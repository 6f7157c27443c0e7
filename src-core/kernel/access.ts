/** Loads and stores of a CPU. An access that the page table does not allow faults first, several times if needed. */
import type { FaultResult } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { canRead, canWrite, vmaAt, type Mm } from './mm';
import { PAGE_BYTES, type Page } from './page';
import { entryAt, pageOf, pmdStart } from './page-table';
import { changeEntry } from './rmap';

/**
 * Faults of one access before it is given up as 'blocked'. A driver of 6.12 may answer "handled" and leave the page
 * where it is (F4); a real CPU would fault endlessly.
 */
const MOST_FAULTS = 32;

interface Reached {
  readonly result: FaultResult;
  /** null with 'ok': the shared zero page, or device registers without struct page. */
  readonly page: Page | null;
}

/** Makes one page accessible to the CPU: walk, fault, walk again. With 'blocked' and 'uffd' the caller has to wait. */
export function reachPage(kernel: Kernel, mm: Mm, vpn: number, write: boolean): Reached {
  for (let faults = 0; faults < MOST_FAULTS; faults++) {
    const page = walk(mm, vpn, write);
    if (page !== undefined) return page?.poisoned ? { result: 'hwpoison', page: null } : { result: 'ok', page };
    const result = handleFault(kernel, mm, vpn, { write });
    if (result !== 'ok') return { result, page: null };
  }
  return { result: 'blocked', page: null };
}

/** The MMU: undefined = page fault. It sets the accessed and dirty bits by itself. */
function walk(mm: Mm, vpn: number, write: boolean): Page | null | undefined {
  const vma = vmaAt(mm, vpn);
  const found = entryAt(mm, vpn);
  if (!vma || !found || !canRead(vma) || (write && !canWrite(vma))) return undefined;
  const { entry, huge } = found;
  const isPresent = entry.state === 'present' || entry.state === 'zero' || entry.state === 'special';
  if (!isPresent || entry.protnone || (write && !entry.write)) return undefined;
  if (!entry.young || (write && !entry.dirty))
    changeEntry(mm, huge ? pmdStart(vpn) : vpn, huge, { ...entry, young: true, dirty: entry.dirty || write });
  return pageOf(entry, huge, vpn);
}

/** Runs `each` over the pieces of [address, address + bytes) that lie in one page, until one cannot be accessed. */
function overPages(
  kernel: Kernel,
  mm: Mm,
  address: number,
  bytes: number,
  write: boolean,
  each: (page: Page | null, from: number, done: number, count: number) => void,
): FaultResult {
  for (let done = 0; done < bytes;) {
    const vpn = Math.floor((address + done) / PAGE_BYTES);
    const from = (address + done) % PAGE_BYTES;
    const count = Math.min(PAGE_BYTES - from, bytes - done);
    const { result, page } = reachPage(kernel, mm, vpn, write);
    if (result !== 'ok') return result;
    each(page, from, done, count);
    done += count;
  }
  return 'ok';
}

/**
 * Loads `bytes` from a virtual address. `data` is null where an access failed, and all zeros where the kernel runs
 * without contents.
 */
export function accessRead(
  kernel: Kernel,
  mm: Mm,
  address: number,
  bytes: number,
): { readonly result: FaultResult; readonly data: Uint8Array | null } {
  const out = new Uint8Array(bytes);
  const result = overPages(kernel, mm, address, bytes, false, (page, from, done, count) => {
    if (page?.data) out.set(page.data.subarray(from, from + count), done);
  });
  return { result, data: result === 'ok' ? out : null };
}

/** Stores bytes; pages before the one that failed have been written, as with a real sequence of stores. */
export function accessWrite(
  kernel: Kernel,
  mm: Mm,
  address: number,
  data: Uint8Array,
): { readonly result: FaultResult } {
  const result = overPages(kernel, mm, address, data.length, true, (page, from, done, count) => {
    if (page && kernel.config.contents)
      (page.data ??= new Uint8Array(PAGE_BYTES)).set(data.subarray(done, done + count), from);
  });
  return { result };
}
