/**
 * hmm_range_fault: a mirror of CPU page tables for a device that holds no references (mm/hmm.c; M1 to M14, M19). Without
 * requests it is a snapshot and changes nothing; with requests it takes the ordinary fault path on behalf of the device.
 */
import type { Ret } from './errno';
import { handleFault } from './fault';
import { NONE, readEntry, type HmmPfn, type Seen } from './hmm-entry';
import type { Kernel } from './kernel';
import { canRead, canWrite, vmaAt, type Vma } from './mm';
import { readBegin, readRetry, type IntervalNotifier, type Owner } from './notifier';
import { PMD_PAGES } from './page';
import { pmdStart } from './page-table';

export type { HmmPfn } from './hmm-entry';

/** Input of one page: HMM_PFN_REQ_FAULT, HMM_PFN_REQ_WRITE (only together with fault), and a bit to be kept (M1, M3). */
export interface HmmRequest {
  readonly fault: boolean;
  readonly write: boolean;
  readonly dmaMapped?: boolean;
}

export interface HmmRange {
  readonly notifier: IntervalNotifier;
  /** From readBegin. */
  readonly sequence: number;
  /** Pages [start, end). */
  readonly start: number;
  readonly end: number;
  /** Input by page, of which only what `mask` lets through counts (pfn_flags_mask, M2). */
  readonly requests?: readonly HmmRequest[];
  readonly mask?: HmmRequest;
  /** Input of every page (default_flags): the style that faults a whole range in (M2). */
  readonly defaults: HmmRequest;
  /** dev_private_owner: device-private pages of this owner are reported, not faulted (M8). */
  readonly owner: Owner;
  /** Output by page. Entries at or above an unfinished walk are still NONE; no meaning after an error (M7). */
  readonly out: HmmPfn[];
}

/** One entry may fault several times: swap-in, migration back from a device, then COW. More faults mean no progress. */
const MOST_FAULTS = 32;

/** The reason why a walk stopped before the end of the range. */
type Stop =
  | { readonly kind: 'again' | 'userfault'; readonly at: number }
  | { readonly kind: 'error'; readonly ret: Exclude<Ret, null> };

const failed = (ret: Exclude<Ret, null>): Stop => ({ kind: 'error', ret });

/**
 * Fills range.out. Errors as in M14; EBUSY: invalidated, or a page is in flight, try again from readBegin. The caller holds
 * the mmap lock all the time, so a userfaultfd handler cannot answer: EFAULT (M13).
 */
export function rangeFault(kernel: Kernel, range: HmmRange): Ret {
  const stop = walkRange(kernel, range);
  if (!stop) return null;
  return stop.kind === 'error' ? stop.ret : 'EFAULT';
}

/**
 * The second entry point of profile-cur (M13): takes the lock itself and drops it while a fault handler answers.
 * `answer` is that handler; it returns true when the page is present. `budget` counts rounds as in `mirrorRange`; it
 * starts anew whenever the lock was dropped. EINTR where `interrupted` says that a fatal signal is pending.
 */
export function rangeFaultUnlocked(
  kernel: Kernel,
  range: Omit<HmmRange, 'sequence'>,
  budget: number,
  answer: (vpn: number) => boolean,
  interrupted: () => boolean = () => false,
): { readonly ret: Ret; readonly sequence: number } {
  for (let left = budget; left > 0; left--) {
    if (interrupted()) return { ret: 'EINTR', sequence: -1 };
    const sequence = readBegin(range.notifier);
    if (sequence < 0) continue;
    const stop = walkRange(kernel, { ...range, sequence });
    if (!stop) return { ret: null, sequence };
    if (stop.kind === 'userfault' && answer(stop.at)) left = budget + 1;
    else if (stop.kind === 'error' && stop.ret !== 'EBUSY') return { ret: stop.ret, sequence };
  }
  return { ret: 'EBUSY', sequence: -1 };
}

function walkRange(kernel: Kernel, range: HmmRange): Stop | null {
  range.out.length = 0;
  for (let i = range.start; i < range.end; i++) range.out.push(NONE);
  let at = range.start;
  for (let tries = 0; tries < MOST_FAULTS; tries++) {
    if (readRetry(range.notifier, range.sequence)) return failed('EBUSY'); // M7
    const stop = walkFrom(kernel, range, at);
    if (stop?.kind !== 'again') return stop;
    if (stop.at > at) tries = 0;
    at = stop.at; // what lies below is final output (M7)
  }
  return failed('EBUSY');
}

function walkFrom(kernel: Kernel, range: HmmRange, from: number): Stop | null {
  const { mm } = range.notifier;
  for (let at = from; at < range.end;) {
    const vma = vmaAt(mm, at);
    const vmaEnd = vma?.end ?? mm.vmas.find((each) => each.start > at)?.start ?? range.end;
    const end = Math.min(range.end, vmaEnd);
    if (vma && !vma.io && canRead(vma)) {
      const next = Math.min(end, pmdStart(at) + PMD_PAGES);
      const stop = walkPiece(kernel, range, vma, at, next);
      if (stop) return stop;
      at = next;
      continue;
    }
    // M4: nothing mapped, device registers, or unreadable. A request fails; a snapshot reports it and continues.
    for (let vpn = at; vpn < end; vpn++) if (requestOf(range, vpn).fault) return failed('EFAULT');
    for (; at < end; at++) write(kernel, range, at, { ...NONE, error: true });
  }
  return null;
}

/** Pages of one VMA inside one PMD. */
function walkPiece(kernel: Kernel, range: HmmRange, vma: Vma, from: number, to: number): Stop | null {
  // M12: one entry decides for the whole huge page, by the request of the piece's first page.
  const first = vma.hugetlb ? requestOf(range, from) : null;
  for (let vpn = from; vpn < to; vpn++) {
    const request = first ?? requestOf(range, vpn);
    const seen = readEntry(kernel, range, vpn);
    const need = needOf(request, seen);
    if (need !== 'nothing') return handleNeed(kernel, range, vma, vpn, to, seen);
    write(kernel, range, vpn, seen.pfn);
  }
  return null;
}

function handleNeed(kernel: Kernel, range: HmmRange, vma: Vma, at: number, to: number, seen: Seen): Stop {
  if (seen.kind === 'unreachable') return failed('EFAULT'); // M9, M10, M11
  if (seen.kind === 'in-flight') return failed('EBUSY'); // waits for the migration, then starts again
  return faultPiece(kernel, range, vma, at, to);
}

/**
 * Faults in the requested pages of the rest of the piece, then restarts the walk at its first page (M7). Linux faults
 * every page of the piece with the request of the first one. Here only requested pages fault, so an own device page in
 * between stays in place (M8) and other pages are not touched (M2).
 */
function faultPiece(kernel: Kernel, range: HmmRange, vma: Vma, at: number, to: number): Stop {
  for (let vpn = at; vpn < to; vpn++) {
    const seen = readEntry(kernel, range, vpn);
    const need = needOf(requestOf(range, vma.hugetlb ? at : vpn), seen);
    if (need === 'nothing' || (vpn > at && seen.kind !== 'faultable')) continue;
    if (need === 'write' && !canWrite(vma)) return failed('EPERM'); // M5: pages before it are faulted in already
    const result = handleFault(kernel, range.notifier.mm, vpn, { write: need === 'write', remote: true });
    if (result === 'uffd') return { kind: 'userfault', at: vpn };
    if (result === 'blocked') return failed('EBUSY');
    if (result === 'oom' && kernel.config.profile === 'cur') return failed('ENOMEM'); // M6: cur translates the code
    if (result !== 'ok') return failed('EFAULT');
  }
  return { kind: 'again', at };
}

/** M1: (input & mask) | defaults; write only counts together with fault. */
function requestOf(range: HmmRange, vpn: number): HmmRequest {
  const { mask, defaults } = range;
  const own = range.requests?.[vpn - range.start];
  const fault = defaults.fault || (own?.fault === true && mask?.fault === true);
  return { fault, write: fault && (defaults.write || (own?.write === true && mask?.write === true)) };
}

function needOf(request: HmmRequest, seen: Seen): 'nothing' | 'read' | 'write' {
  if (!request.fault || seen.kind === 'own-device') return 'nothing'; // M8: never faulted, even for a write
  if (request.write && !seen.pfn.write) return 'write';
  return seen.pfn.valid && seen.kind !== 'unreachable' ? 'nothing' : 'read';
}

/** Output of one page; profile-cur keeps the bit of a page that the driver has mapped for DMA (M3). */
function write(kernel: Kernel, range: HmmRange, vpn: number, pfn: HmmPfn): void {
  const at = vpn - range.start;
  const isKept = kernel.config.profile === 'cur' && range.requests?.[at]?.dmaMapped === true;
  range.out[at] = isKept ? { ...pfn, dmaMapped: true } : pfn;
}

/** The result of the retry protocol. */
export interface MirrorResult {
  readonly ret: Ret;
  /** Rounds that it took; at most the budget. */
  readonly rounds: number;
}

/**
 * The retry protocol of section 2.1: read_begin, range_fault, and under the driver's lock read_retry, then `program`,
 * which writes the device's table. `budget` rounds stand for the 1000 ms of HMM_RANGE_DEFAULT_TIMEOUT: the model has no
 * time of its own, so every collision and every wait costs one round. EBUSY when it is spent.
 * @param between called between the walk and the driver's lock; for callers that run other work there
 */
export function mirrorRange(
  kernel: Kernel,
  notifier: IntervalNotifier,
  range: Omit<HmmRange, 'notifier' | 'sequence' | 'out'>,
  budget: number,
  program: (out: readonly HmmPfn[]) => void,
  between: (() => void) | null = null,
): MirrorResult {
  for (let rounds = 1; rounds <= budget; rounds++) {
    const sequence = readBegin(notifier);
    if (sequence < 0) continue; // an invalidation of this interval is in flight
    const out: HmmPfn[] = [];
    const ret = rangeFault(kernel, { ...range, notifier, sequence, out });
    if (ret === 'EBUSY') continue;
    if (ret !== null) return { ret, rounds };
    between?.();
    if (readRetry(notifier, sequence)) continue;
    program(out);
    return { ret: null, rounds };
  }
  return { ret: 'EBUSY', rounds: budget };
}
