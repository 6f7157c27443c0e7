/**
 * MMU interval notifiers with sequence numbers: the collision detection of HMM mirrors (rules M15–M19, N1, N2; events of
 * section 3). One `Invalidation` spans begin to end; between the two no mirror may program the range (M21).
 */
import type { Mm } from './mm';

export type NotifyEvent =
  'UNMAP' | 'CLEAR' | 'PROTECTION_VMA' | 'PROTECTION_PAGE' | 'SOFT_DIRTY' | 'RELEASE' | 'MIGRATE' | 'EXCLUSIVE';

/** The owner of a MIGRATE or EXCLUSIVE event: a driver may ignore its own events (N1). */
export type Owner = object | null;

export interface NotifyRange {
  readonly mm: Mm;
  /** Pages [start, end). */
  readonly start: number;
  readonly end: number;
  readonly event: NotifyEvent;
  readonly owner: Owner;
  /** false: the callee may not sleep (OOM reaper); only then may it refuse. */
  readonly blockable: boolean;
}

export interface IntervalNotifier {
  readonly mm: Mm;
  readonly start: number;
  readonly end: number;
  /** Stored by `invalidate` under the driver's lock, unconditionally (M15). */
  sequence: number;
  /** false is legal only for non-blockable ranges (M18). */
  invalidate(range: NotifyRange, sequence: number): boolean;
}

/** A range between invalidate_range_start and _end. */
export interface Invalidation {
  readonly range: NotifyRange;
  readonly hits: boolean;
}

/** mmu_interval_notifier_insert. The caller subscribes outside of invalidations. */
export function subscribe(notifier: IntervalNotifier): void {
  const { mm } = notifier;
  notifier.sequence = mm.sequence;
  mm.notifiers.splice(firstFrom(mm.notifiers, notifier.start), 0, notifier);
  mm.notifierPagesMax = Math.max(mm.notifierPagesMax, notifier.end - notifier.start);
}

export function unsubscribe(notifier: IntervalNotifier): void {
  const { notifiers } = notifier.mm;
  for (let at = firstFrom(notifiers, notifier.start); notifiers[at]?.start === notifier.start; at++)
    if (notifiers[at] === notifier) {
      notifiers.splice(at, 1);
      return;
    }
}

/** Index of the first notifier that starts at `vpn` or above. */
function firstFrom(notifiers: readonly IntervalNotifier[], vpn: number): number {
  let low = 0;
  let high = notifiers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (notifiers[middle]!.start < vpn) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those that overlap [start, end). Drivers with a notifier per range have thousands of them. */
function overlapping({ notifiers, notifierPagesMax }: Mm, start: number, end: number): readonly IntervalNotifier[] {
  const hit: IntervalNotifier[] = [];
  for (let at = firstFrom(notifiers, start - notifierPagesMax + 1); at < notifiers.length; at++) {
    const each = notifiers[at]!;
    if (each.start >= end) break;
    if (each.end > start) hit.push(each);
  }
  return hit;
}

/** invalidate_range_start: tells every overlapping mirror; null when one that may refuse did (M18). */
export function beginInvalidate(range: NotifyRange): Invalidation | null {
  const { mm, start, end } = range;
  mm.kernel.hooks.notified?.(range);
  const hit = overlapping(mm, start, end);
  if (hit.length > 0 && mm.sequence % 2 === 0) mm.sequence++;
  const entry = { start, end, hits: hit.length > 0 };
  mm.invalidating.push(entry);
  let refused = false;
  for (const each of hit) if (!each.invalidate(range, mm.sequence)) refused = true;
  if (!refused) return { range, hits: entry.hits };
  mm.invalidating.splice(mm.invalidating.indexOf(entry), 1);
  settle(mm);
  if (range.blockable) throw new Error('a mirror refused a blockable invalidation (rule M18)');
  return null;
}

/** invalidate_range_end. The sequence becomes even when the last overlapping invalidation ends (M16). */
export function endInvalidate(invalidation: Invalidation): void {
  const { mm, start, end } = invalidation.range;
  const at = mm.invalidating.findIndex(
    (each) => each.start === start && each.end === end && each.hits === invalidation.hits,
  );
  if (at < 0) throw new Error('an invalidation ended that had not begun');
  mm.invalidating.splice(at, 1);
  settle(mm);
}

function settle(mm: Mm): void {
  if (mm.sequence % 2 === 1 && !mm.invalidating.some((each) => each.hits)) mm.sequence++;
}

/** Notifies the mirrors, changes the page tables and ends the invalidation. */
export function invalidate(
  mm: Mm,
  start: number,
  end: number,
  event: NotifyEvent,
  work: () => void,
  owner: Owner = null,
): void {
  const invalidation = beginInvalidate({ mm, start, end, event, owner, blockable: true })!;
  try {
    work();
  } finally {
    endInvalidate(invalidation);
  }
}

/**
 * mmu_interval_read_begin: −1 while an invalidation of this interval is in flight (the caller waits and asks again). One
 * that ended counts as in flight as long as another keeps the sequence odd: the next to hit this interval would store the
 * same number, and a reader could not tell the two apart (M16, M17).
 */
export function readBegin(notifier: IntervalNotifier): number {
  const { mm, start, end } = notifier;
  if (mm.invalidating.some((each) => each.start < end && each.end > start)) return -1;
  if (mm.sequence % 2 === 1 && notifier.sequence === mm.sequence) return -1;
  return notifier.sequence;
}

/** mmu_interval_read_retry: true = what was read may be stale (M17). */
export const readRetry = (notifier: IntervalNotifier, sequence: number): boolean => notifier.sequence !== sequence;
