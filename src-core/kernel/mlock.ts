/** mlock: pages are faulted in and leave reclaim's lists; device pages are ignored (A9). */
import type { Ret } from './errno';
import { handleFault } from './fault';
import type { Kernel } from './kernel';
import { canWrite, isAnonymous, type Mm } from './mm';
import { entryAt, pageOf } from './page-table';
import { canIsolate, isCovered, isolateRange, mergeVmas } from './vma-ops';

export function mlock(kernel: Kernel, mm: Mm, start: number, end: number): Ret {
  if (!isCovered(mm, start, end)) return 'ENOMEM';
  if (!canIsolate(mm, start, end)) return 'EINVAL';
  for (const vma of isolateRange(mm, start, end)) vma.locked = true;
  for (const vma of isolateRange(mm, start, end)) {
    if (vma.prot === 'none') continue;
    for (let vpn = vma.start; vpn < vma.end; vpn++) {
      // Populating breaks COW of writable private memory, so that no later write has to allocate.
      const state = entryAt(mm, vpn)?.entry.state;
      if (state !== 'present' && state !== 'private') {
        const result = handleFault(kernel, mm, vpn, { write: canWrite(vma) && isAnonymous(vma) });
        if (result !== 'ok') return result === 'oom' ? 'ENOMEM' : 'EAGAIN';
      }
      setLocked(kernel, mm, vpn, true);
    }
  }
  return null;
}

export function munlock(kernel: Kernel, mm: Mm, start: number, end: number): Ret {
  if (!isCovered(mm, start, end)) return 'ENOMEM';
  if (!canIsolate(mm, start, end)) return 'EINVAL';
  for (const vma of isolateRange(mm, start, end)) vma.locked = false;
  for (let vpn = start; vpn < end; vpn++) setLocked(kernel, mm, vpn, false);
  mergeVmas(mm, start, end);
  return null;
}

function setLocked(kernel: Kernel, mm: Mm, vpn: number, locked: boolean): void {
  const found = entryAt(mm, vpn);
  const page = found?.entry.state === 'present' ? pageOf(found.entry, found.huge, vpn) : null;
  if (page?.kind !== 'ram' || page.head.mlocked === locked) return;
  const { head } = page;
  const listed = head.onLru;
  kernel.lruRemove(head);
  head.mlocked = locked;
  if (listed) kernel.lruAdd(head);
}
