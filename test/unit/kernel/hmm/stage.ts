/** What the tests of HMM share: a mirror that listens, a device beside it, a driver's step that can be told to stop. */
import type { DeviceMemory } from '../../../../src-core/kernel/device-chunks';
import { rangeFault, type HmmPfn, type HmmRange, type HmmRequest } from '../../../../src-core/kernel/hmm';
import type { Kernel } from '../../../../src-core/kernel/kernel';
import { copyFolio } from '../../../../src-core/kernel/migrate-entries';
import {
  migrateArgs,
  migrateVmaFinalize,
  migrateVmaPages,
  migrateVmaSetup,
  type MigrateSelect,
  type MigrateVmaArgs,
} from '../../../../src-core/kernel/migrate-vma';
import type { Mm } from '../../../../src-core/kernel/mm';
import { readBegin, subscribe, type IntervalNotifier, type Owner } from '../../../../src-core/kernel/notifier';
import { PMD_ORDER, type Page } from '../../../../src-core/kernel/page';
import { checkBooks } from '../books';
import { makeDevice, stage } from '../build';
import { expect } from 'vitest';

/** A subscription that remembers the notifications it received, as `EVENT start..end`, and by default drops nothing. */
export interface Mirror extends IntervalNotifier {
  readonly notified: string[];
}

export function mirrorOf(mm: Mm, start = 0, end = Number.MAX_SAFE_INTEGER): Mirror {
  const mirror: Mirror = {
    mm,
    start,
    end,
    sequence: 0,
    notified: [],
    invalidate: (range, sequence) => {
      mirror.sequence = sequence;
      mirror.notified.push(`${range.event} ${range.start}..${range.end}`);
      return true;
    },
  };
  subscribe(mirror);
  return mirror;
}

export const READ: HmmRequest = { fault: true, write: false };
export const WRITE: HmmRequest = { fault: true, write: true };
export const LOOK: HmmRequest = { fault: false, write: false };

/** A process as made by unit/kernel/build.ts, with a device. */
export function deviceStage(
  ...how: Parameters<typeof stage>
): ReturnType<typeof stage> & { readonly device: DeviceMemory } {
  const all = stage(...how);
  return { ...all, device: makeDevice(all.kernel) };
}

/** One hmm_range_fault with a fresh sequence. */
export function walk(
  kernel: Kernel,
  notifier: IntervalNotifier,
  start: number,
  end: number,
  defaults: HmmRequest,
  rest: Partial<Pick<HmmRange, 'requests' | 'mask' | 'owner'>> = {},
): { readonly ret: string | null; readonly out: readonly HmmPfn[] } {
  const out: HmmPfn[] = [];
  const sequence = readBegin(notifier);
  const ret = rangeFault(kernel, { notifier, sequence, start, end, defaults, owner: null, out, ...rest });
  return { ret, out };
}

/** The same, again until it is not EBUSY any more; a driver's loop without its page table. */
export function walkUntilDone(...args: Parameters<typeof walk>): ReturnType<typeof walk> {
  for (let round = 0; round < 8; round++) {
    const done = walk(...args);
    if (done.ret !== 'EBUSY') return done;
  }
  return { ret: 'EBUSY', out: [] };
}

/** Output as letters: E error, - nothing, r or w, P in front of a PMD mapping. */
export const letters = (out: readonly HmmPfn[]): string =>
  out
    .map((pfn) => (pfn.error ? 'E' : pfn.valid ? `${pfn.order === PMD_ORDER ? 'P' : ''}${pfn.write ? 'w' : 'r'}` : '-'))
    .join('');

export const SYSTEM: MigrateSelect = { system: true, devicePrivate: false, coherent: false, compound: false };

export function setup(
  kernel: Kernel,
  mm: Mm,
  start: number,
  end: number,
  rest: Partial<Pick<MigrateVmaArgs, 'owner' | 'faultPage' | 'fileBacked'>> & { select?: Partial<MigrateSelect> } = {},
): { readonly ret: string | null; readonly args: MigrateVmaArgs } {
  const { select, ...more } = rest;
  const owner: Owner = more.owner ?? null;
  const args = migrateArgs({ mm, start, end, owner, ...more, select: { ...SYSTEM, ...select } });
  return { ret: migrateVmaSetup(kernel, args), args };
}

/** Slots as letters: . nothing, h a hole, p a page, H and C the compound ones, lower case once refused gone. */
export const slots = (args: MigrateVmaArgs): string =>
  args.slots
    .map((slot) => {
      if (!slot?.migrate) return slot ? 'x' : '.';
      if (!slot.page) return slot.compound ? 'H' : 'h';
      return slot.compound ? 'C' : 'p';
    })
    .join('');

/** Allocates and copies what the setup collected. */
export function fillWith(kernel: Kernel, args: MigrateVmaArgs, alloc: (order: number, i: number) => Page | null): void {
  for (const [i, slot] of args.slots.entries()) {
    if (!slot?.migrate) continue;
    const to = alloc(slot.compound ? PMD_ORDER : 0, i);
    if (!to) continue;
    to.locked = true;
    if (slot.page) copyFolio(kernel, slot.page.head, to, 'migrate');
    args.dst[i] = to;
  }
}

export function commitAndFinish(kernel: Kernel, args: MigrateVmaArgs): void {
  migrateVmaPages(kernel, args);
  migrateVmaFinalize(kernel, args);
  expect(checkBooks(kernel)).toEqual([]);
}
