/** The end of device-exclusive access (X4, X6). Apart from exclusive.ts, which faults, because the fault path needs it. */
import type { FaultResult } from './errno';
import type { Kernel } from './kernel';
import type { Mm } from './mm';
import { invalidate } from './notifier';
import { entryAt } from './page-table';
import { changeEntry } from './rmap';

/**
 * Rule X4: another access ends exclusivity. All mirrors, the holder's too, drop the page; then the old entry is
 * restored.
 */
export function revokeExclusive(_kernel: Kernel, mm: Mm, vpn: number): FaultResult {
  const found = entryAt(mm, vpn);
  if (found?.entry.state !== 'exclusive') return 'ok';
  if (found.entry.page!.head.locked) return 'blocked';
  invalidate(mm, vpn, vpn + 1, 'EXCLUSIVE', () => {
    restoreExclusive(mm, vpn);
  });
  return 'ok';
}

/**
 * The entry as a present one; the caller sends the notifier events (fork restores in the parent under its own event,
 * X6).
 */
export function restoreExclusive(mm: Mm, vpn: number): void {
  const found = entryAt(mm, vpn);
  if (found?.entry.state !== 'exclusive') return;
  const { write } = found.entry; // mprotect may have taken it away meanwhile (A3)
  changeEntry(mm, vpn, false, { ...found.entry, state: 'present', young: true, dirty: write });
}
