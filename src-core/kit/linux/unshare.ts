/**
 * Device pages that are shared since a fork, and may be written only after a copy. hmm_range_fault reports a driver's own
 * device pages as they are, also where it was asked for writing (M8). AMD's and Intel's drivers map them for writing all the
 * same, and parent and child would see each other's bytes; here they are copied first, as pages in host memory are.
 */
import type { FaultResult } from '../../kernel/errno';
import { handleFault } from '../../kernel/fault';
import type { Kernel } from '../../kernel/kernel';
import { canWrite, vmaAt, type Mm } from '../../kernel/mm';
import { entryAt } from '../../kernel/page-table';

/** The most faults until a page is a copy of its own: home from the device, then copy on write. */
const COPY_FAULTS = 4;

/** The driver brings home only the page that is asked for while this goes on. */
export function unshare(kernel: Kernel, mm: Mm, start: number, end: number): FaultResult {
  for (let vpn = start; vpn < end; vpn++) {
    if (!isShared(mm, vpn)) continue;
    for (let faults = 0; faults < COPY_FAULTS && entryAt(mm, vpn)?.entry.write !== true; faults++) {
      const result = handleFault(kernel, mm, vpn, { write: true, remote: true });
      if (result !== 'ok') return result;
    }
  }
  return 'ok';
}

/** A page of [start, end) is on a device, and may be written only after a copy. */
export function hasShared(mm: Mm, start: number, end: number): boolean {
  for (let vpn = start; vpn < end; vpn++) if (isShared(mm, vpn)) return true;
  return false;
}

function isShared(mm: Mm, vpn: number): boolean {
  const found = entryAt(mm, vpn);
  if (found?.entry.state !== 'private' || found.entry.write) return false;
  const vma = vmaAt(mm, vpn);
  return vma !== null && canWrite(vma);
}
