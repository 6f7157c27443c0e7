/** Loads and stores of a CPU: page by page, faulting until the access works. Bytes are there only with contents. */
import type { FaultResult } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { canWrite, vmaAt, type Mm } from './mm';
import { PAGE_BYTES, type Page } from './page';
import { entryAt, pageOf } from './page-table';

/** COW after a swap-in after a revoked exclusive entry …: more is a livelock, and a bug of ours. */
const MOST_FAULTS = 32;

interface Reached {
  readonly result: FaultResult;
  /** null with 'ok': the shared zero page. */
  readonly page: Page | null;
}

/** Makes one page accessible to the CPU; 'blocked' and 'uffd' are for the caller to wait for. */
export function reachPage(kernel: Kernel, mm: Mm, vpn: number, write: boolean): Reached {
  for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
    const vma = vmaAt(mm, vpn);
    if (!vma || vma.prot === 'none' || (write && !canWrite(vma))) return { result: 'sigsegv', page: null };
    const found = entryAt(mm, vpn);
    if (found && !found.entry.protnone) {
      const { entry, huge } = found;
      const page = pageOf(entry, huge, vpn);
      if (page?.poisoned) return { result: 'hwpoison', page: null };
      if (entry.state === 'zero' && !write) return { result: 'ok', page: null };
      if (entry.state === 'present' && (!write || (entry.write && entry.dirty))) return { result: 'ok', page };
    }
    const result = handleFault(kernel, mm, vpn, { write });
    if (result !== 'ok') return { result, page: null };
  }
  throw new Error(`page ${vpn} stays out of reach although its faults are handled`);
}

export function accessRead(
  kernel: Kernel,
  mm: Mm,
  address: number,
  bytes: number,
): { readonly result: FaultResult; readonly data: Uint8Array | null } {
  const data = new Uint8Array(bytes);
  for (let done = 0; done < bytes;) {
    const vpn = Math.floor((address + done) / PAGE_BYTES);
    const from = (address + done) % PAGE_BYTES;
    const count = Math.min(PAGE_BYTES - from, bytes - done);
    const { result, page } = reachPage(kernel, mm, vpn, false);
    if (result !== 'ok') return { result, data: null };
    if (page?.data) data.set(page.data.subarray(from, from + count), done);
    done += count;
  }
  return { result: 'ok', data };
}

/** Bytes before the first page that cannot be written are written, as a CPU would. */
export function accessWrite(
  kernel: Kernel,
  mm: Mm,
  address: number,
  data: Uint8Array,
): { readonly result: FaultResult } {
  for (let done = 0; done < data.length;) {
    const vpn = Math.floor((address + done) / PAGE_BYTES);
    const from = (address + done) % PAGE_BYTES;
    const count = Math.min(PAGE_BYTES - from, data.length - done);
    const { result, page } = reachPage(kernel, mm, vpn, true);
    if (result !== 'ok') return { result };
    if (page) (page.data ??= new Uint8Array(PAGE_BYTES)).set(data.subarray(done, done + count), from);
    done += count;
  }
  return { result: 'ok' };
}
