/**
 * The ioctls of the test driver (docs/rules/drivers.md). `mirror` is the user buffer that a command reads or
 * fills. On an error the command struct is not copied back, so cpages and faults are null and the buffer is untouched.
 */
import { evictFolios, unplug } from '../../../src-core/kernel/device-evict';
import type { Ret } from '../../../src-core/kernel/errno';
import { makeDeviceExclusive } from '../../../src-core/kernel/exclusive';
import { mirrorRange, rangeFault, rangeFaultUnlocked, type HmmPfn } from '../../../src-core/kernel/hmm';
import { readBegin, readRetry, subscribe, unsubscribe, type IntervalNotifier } from '../../../src-core/kernel/notifier';
import { PAGE_BYTES, PMD_ORDER, type Page } from '../../../src-core/kernel/page';
import { loadPage, storePage, type DmirrorDevice, type DmirrorFile } from './device';
import { migrateToDevice, migrateToSystem } from './migrate';

export interface Outcome {
  readonly ret: Ret;
  readonly cpages: number | null;
  readonly faults: number | null;
}

const done = (cpages: number, faults = 0): Outcome => ({ ret: null, cpages, faults });
const failed = (ret: Ret): Outcome => ({ ret, cpages: null, faults: null });

/** HMM_RANGE_DEFAULT_TIMEOUT is 1000 ms: one round of the model stands for one of them. */
const BUDGET = 1000;
/** Pages of one hmm_range_fault of a device fault. */
export const FAULT_BATCH = 64;

/** Something that happens while a device fault is between its walk and the driver's lock; `round` counts from 0. */
export type Interleave = (round: number) => void;

/** Copies through the device page table until an entry is missing; answers the pages that went through. */
function copyThrough(
  file: DmirrorFile,
  start: number,
  end: number,
  write: boolean,
  buffer: Uint8Array,
  at: number,
): number {
  for (let vpn = start; vpn < end; vpn++) {
    const entry = file.reach(vpn, write);
    if (!entry) return vpn - start;
    const offset = (at + vpn - start) * PAGE_BYTES;
    if (write) storePage(entry.page!, buffer, offset);
    else loadPage(entry.page, buffer, offset);
  }
  return end - start;
}

/** READ and WRITE: on a missing entry the whole rest of the range is faulted. */
export function access(
  file: DmirrorFile,
  start: number,
  end: number,
  write: boolean,
  mirror: Uint8Array,
  fault: (from: number) => Ret,
): Outcome {
  const buffer = write ? mirror : new Uint8Array((end - start) * PAGE_BYTES);
  let pages = 0;
  let faults = 0;
  for (;;) {
    pages += copyThrough(file, start + pages, end, write, buffer, pages);
    if (start + pages === end) break;
    const ret = fault(start + pages);
    if (ret) return failed(ret);
    faults++;
  }
  if (!write) mirror.set(buffer);
  return done(pages, faults);
}

/** dmirror_fault: piece by piece, each by the retry protocol. */
export function deviceFault(file: DmirrorFile, start: number, end: number, write: boolean, between?: Interleave): Ret {
  const { kernel } = file.device;
  let round = 0;
  for (let at = start; at < end; at += FAULT_BATCH) {
    const to = Math.min(end, at + FAULT_BATCH);
    let programmed: Ret = null;
    const { ret } = mirrorRange(
      kernel,
      file.mirror,
      { start: at, end: to, defaults: { fault: true, write }, owner: file.device },
      BUDGET,
      (out) => {
        programmed = program(file, at, out, write);
      },
      () => between?.(round++),
    );
    if (ret ?? programmed) return ret ?? programmed;
  }
  return null;
}

/** READ_UNLOCKABLE's fault: the entry point that lets a userfaultfd handler answer. */
export function unlockedFault(file: DmirrorFile, start: number, end: number, answer: (vpn: number) => boolean): Ret {
  const { kernel } = file.device;
  for (let at = start; at < end; at += FAULT_BATCH) {
    const to = Math.min(end, at + FAULT_BATCH);
    const out: HmmPfn[] = [];
    const range = {
      notifier: file.mirror,
      start: at,
      end: to,
      defaults: { fault: true, write: false },
      owner: file.device,
      out,
    };
    const { ret, sequence } = rangeFaultUnlocked(kernel, range, BUDGET, answer);
    if (ret) return ret;
    if (readRetry(file.mirror, sequence)) return 'EBUSY';
    const programmed = program(file, at, out, false);
    if (programmed) return programmed;
  }
  return null;
}

/** dmirror_do_fault: a page that came without the write that was asked for is an own device page that is read-only (M8). */
function program(file: DmirrorFile, start: number, out: readonly HmmPfn[], write: boolean): Ret {
  for (const [i, pfn] of out.entries()) {
    if (!pfn.valid) throw new Error(`page ${start + i} was asked for and came out invalid (rule M1)`);
    if (write && !pfn.write) return 'EFAULT';
    file.set(start + i, pfn.page, pfn.write ? 'write' : 'none');
  }
  return null;
}

/** MIGRATE_TO_DEV, then the whole range is read back through the device page table without faulting. */
export function toDevice(file: DmirrorFile, start: number, end: number, mirror: Uint8Array): Outcome {
  const { ret } = migrateToDevice(file, start, end);
  return ret ? failed(ret) : readBack(file, start, end, mirror);
}

function readBack(file: DmirrorFile, start: number, end: number, mirror: Uint8Array): Outcome {
  for (let vpn = start; vpn < end; vpn++) if (!file.reach(vpn, false)) return failed('ENOENT');
  return done(copyThrough(file, start, end, false, mirror, 0));
}

export function toSystem(file: DmirrorFile, start: number, end: number): Outcome {
  const { ret, moved } = migrateToSystem(file, start, end);
  return ret ? failed(ret) : done(moved);
}

/** SNAPSHOT: one byte per page, under a notifier of its own, 64 pages at a time in 6.12 and 32 now. */
export function snapshot(file: DmirrorFile, start: number, end: number, mirror: Uint8Array): Outcome {
  const { kernel } = file.device;
  const batch = kernel.config.profile === 'cur' ? 32 : 64;
  for (let at = start; at < end; at += batch) {
    const to = Math.min(end, at + batch);
    const notifier: IntervalNotifier = {
      mm: file.mm,
      start: at,
      end: to,
      sequence: 0,
      invalidate: (_range, sequence) => {
        notifier.sequence = sequence;
        return true;
      },
    };
    subscribe(notifier);
    const out: HmmPfn[] = [];
    const sequence = readBegin(notifier);
    const ret =
      sequence < 0
        ? 'EBUSY'
        : rangeFault(kernel, {
            notifier,
            sequence,
            start: at,
            end: to,
            defaults: { fault: false, write: false },
            owner: file.device,
            out,
          });
    unsubscribe(notifier);
    if (ret) return failed(ret);
    for (const [i, pfn] of out.entries()) mirror[at - start + i] = snapshotByte(file.device, pfn);
  }
  return done(end - start);
}

/** dmirror_mkentry. */
function snapshotByte(device: DmirrorDevice, pfn: HmmPfn): number {
  if (pfn.error) return 0xff;
  if (!pfn.valid) return 0;
  return deviceBits(device, pfn) | (pfn.write ? 0x02 : 0x01) | (pfn.order === PMD_ORDER ? 0x04 : 0);
}

function deviceBits(device: DmirrorDevice, { page, order }: HmmPfn): number {
  if (!page) return order === 0 ? 0x10 : 0; // the huge zero page is another page than the small one
  const isLocal = page.head.pagemap?.owner === device;
  if (page.kind === 'device-private') return isLocal ? 0x20 : 0x30;
  if (page.kind === 'device-coherent') return isLocal ? 0x40 : 0x50;
  return 0;
}

/** EXCLUSIVE: each page exclusive to the device, tagged ATOMIC, then the range read back. */
export function exclusive(file: DmirrorFile, start: number, end: number, mirror: Uint8Array): Outcome {
  const { kernel } = file.device;
  const batch = kernel.config.profile === 'cur' ? 1 : 64;
  for (let at = start; at < end; at += batch) {
    const held: Page[] = [];
    let ret: Ret = null;
    for (let vpn = at; vpn < Math.min(end, at + batch) && !ret; vpn++) {
      const got = makeDeviceExclusive(kernel, file.mm, vpn, null);
      if (got.page) held.push(got.page);
      // 612 maps nothing of a batch in which one page refused, and answers EBUSY.
      ret = got.ret ?? (got.page ? null : 'EBUSY');
    }
    if (!ret) for (const [i, page] of held.entries()) file.set(at + i, page, 'atomic');
    for (const page of held) {
      page.head.locked = false;
      kernel.put(page);
    }
    if (ret) return failed(ret);
  }
  return readBack(file, start, end, mirror);
}

/** 0: no entry of the range is ATOMIC any more. */
export function checkExclusive(file: DmirrorFile, start: number, end: number): Outcome {
  for (let vpn = start; vpn < end; vpn++) if (file.table.get(vpn)?.tag === 'atomic') return failed('EPERM');
  return done(0);
}

/** RELEASE: the chunks go, with everything in them evicted; the device may register new ones later. */
export function release(device: DmirrorDevice): Outcome {
  const stayed = unplug(device.kernel, device.memory);
  if (stayed.length > 0) throw new Error(`${stayed.length} folios keep the device from going (rule E2)`);
  device.memory.closing = false;
  return done(0);
}

/** The last close of a file evicts all chunks of the device, pages of other processes included. */
export function close(file: DmirrorFile): Outcome {
  file.close();
  const heads = Array.from(file.device.memory.inUse, ({ pfn }) => pfn);
  const stayed = evictFolios(file.device.kernel, heads);
  if (stayed.length > 0) throw new Error(`${stayed.length} folios stay on a device that was closed (rule E1)`);
  return done(0);
}
