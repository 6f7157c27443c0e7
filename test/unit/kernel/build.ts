/** Small builders for tests of the Linux model: a kernel with contents, processes, and devices with a one-page driver. */
import { accessRead, accessWrite } from '../../../src-core/kernel/access';
import { createKernel } from '../../../src-core/kernel/create-kernel';
import { DeviceMemory } from '../../../src-core/kernel/device-chunks';
import type { Kernel, KernelConfig, NodeSpec } from '../../../src-core/kernel/kernel';
import { copyFolio } from '../../../src-core/kernel/migrate-entries';
import {
  migrateArgs,
  migrateVmaFinalize,
  migrateVmaPages,
  migrateVmaSetup,
  type MigrateVmaArgs,
} from '../../../src-core/kernel/migrate-vma';
import type { Memcg, Mm, Process } from '../../../src-core/kernel/mm';
import { mmap, type MmapOptions } from '../../../src-core/kernel/mmap';
import { subscribe, type NotifyRange } from '../../../src-core/kernel/notifier';
import { PAGE_BYTES, PMD_ORDER, type Page } from '../../../src-core/kernel/page';
import { entryAt, pageOf, type Pte } from '../../../src-core/kernel/page-table';

export const node = (pages: number, rest: Partial<NodeSpec> = {}): NodeSpec => ({
  name: 'node',
  pages,
  fallback: false,
  kernelAllocations: true,
  movable: false,
  ...rest,
});

export function makeKernel(rest: Partial<KernelConfig> = {}): Kernel {
  return createKernel({
    profile: 'cur',
    contents: true,
    nodes: [node(8192)],
    swapPages: 1024,
    thp: 'madvise',
    hugetlbPages: 4,
    ...rest,
  });
}

/** Where the tests map: aligned to 2 MiB. */
export const BASE = 512 * 64;

/** Maps private anonymous memory at BASE, by default. */
export function map(kernel: Kernel, process: Process, pages: number, rest: Partial<MmapOptions> = {}): number {
  const { ret, start } = mmap(kernel, process, { start: BASE, pages, prot: 'rw', shared: false, ...rest });
  if (ret !== null) throw new Error(`mmap answered ${ret}`);
  return start;
}

/** A kernel with one process and `pages` of private anonymous memory at BASE. */
export function stage(
  pages = 8,
  rest: Partial<KernelConfig> = {},
  memcg?: Memcg,
): { readonly kernel: Kernel; readonly process: Process; readonly mm: Mm } {
  const kernel = makeKernel(rest);
  const process = kernel.spawn('main', memcg);
  map(kernel, process, pages);
  return { kernel, process, mm: process.mm };
}

/** Stores one byte at the start of a page; answers how it ended. */
export const poke = (kernel: Kernel, mm: Mm, vpn: number, value: number): string =>
  accessWrite(kernel, mm, vpn * PAGE_BYTES, Uint8Array.of(value)).result;

/** Loads it; the outcome's name where the load failed. */
export function peek(kernel: Kernel, mm: Mm, vpn: number): number | string {
  const { result, data } = accessRead(kernel, mm, vpn * PAGE_BYTES, 1);
  return data ? data[0]! : result;
}

/** Writes `from + i` to page `start + i`. */
export function fill(kernel: Kernel, mm: Mm, start: number, pages: number, from = 1): void {
  for (let i = 0; i < pages; i++)
    if (poke(kernel, mm, start + i, (from + i) % 256) !== 'ok') throw new Error(`page ${start + i} cannot be written`);
}

export const peeks = (kernel: Kernel, mm: Mm, start: number, pages: number): (number | string)[] =>
  Array.from({ length: pages }, (_, i) => peek(kernel, mm, start + i));

export const entry = (mm: Mm, vpn: number): Pte | null => entryAt(mm, vpn)?.entry ?? null;
export const isHuge = (mm: Mm, vpn: number): boolean => entryAt(mm, vpn)?.huge === true;
export function pageAt(mm: Mm, vpn: number): Page {
  const found = entryAt(mm, vpn);
  const page = found && pageOf(found.entry, found.huge, vpn);
  if (!page) throw new Error(`no page is mapped at ${vpn}`);
  return page;
}

/** Subscribes to everything that happens in the address space and writes it down. */
export function listen(mm: Mm): NotifyRange[] {
  const notified: NotifyRange[] = [];
  subscribe({
    mm,
    start: 0,
    end: Number.MAX_SAFE_INTEGER,
    sequence: 0,
    invalidate(range, sequence) {
      this.sequence = sequence;
      notified.push(range);
      return true;
    },
  });
  return notified;
}

/** Events as `CLEAR 3..5`, pages relative to BASE. */
export const words = (notified: readonly NotifyRange[]): string[] =>
  notified.map(({ event, start, end }) => `${event} ${start - BASE}..${end - BASE}`);

/** A device whose CPU faults bring back the faulting page, or the folio where the fault came through a PMD entry (F2). */
export function makeDevice(
  kernel: Kernel,
  kind: 'device-private' | 'device-coherent' = 'device-private',
  capacity = 2048,
): DeviceMemory {
  const owner = { kind };
  const device = new DeviceMemory(kernel, { name: 'device', kind, node: 0, owner, capacity });
  device.onCpuFault = ({ mm, vpn, page, huge }) => {
    const first = huge ? vpn - (vpn % 512) : vpn;
    const args = argsOf(device, mm, first, first + (huge ? 512 : 1), false, page);
    if (migrateVmaSetup(kernel, args) !== null) return 'sigbus';
    const full = !fillDestinations(kernel, args, (order) => kernel.allocRam(order, 0));
    migrateVmaPages(kernel, args);
    migrateVmaFinalize(kernel, args);
    return full ? 'oom' : 'ok';
  };
  return device;
}

function argsOf(
  device: DeviceMemory,
  mm: Mm,
  start: number,
  end: number,
  toDevice: boolean,
  faultPage: Page | null,
): MigrateVmaArgs {
  const isPrivate = device.kind === 'device-private';
  return migrateArgs({
    mm,
    start,
    end,
    owner: device.owner,
    faultPage,
    select: {
      system: toDevice,
      devicePrivate: !toDevice && isPrivate,
      coherent: !toDevice && !isPrivate,
      compound: true,
    },
  });
}

/** The driver's step: allocates, copies, leaves out what finds no room (G15). */
function fillDestinations(kernel: Kernel, args: MigrateVmaArgs, alloc: (order: number) => Page | null): boolean {
  let all = true;
  for (const [i, slot] of args.slots.entries()) {
    if (!slot?.migrate) continue;
    const to = alloc(slot.compound ? PMD_ORDER : 0);
    all &&= to !== null;
    if (!to) continue;
    to.locked = true;
    if (slot.page) copyFolio(kernel, slot.page.head, to, 'migrate');
    args.dst[i] = to;
  }
  return all;
}

/** The first half of a migration to the device; `finish` does the rest. */
export function startMigration(
  kernel: Kernel,
  device: DeviceMemory,
  mm: Mm,
  start: number,
  end: number,
): { readonly args: MigrateVmaArgs; readonly finish: () => void } {
  const args = argsOf(device, mm, start, end, true, null);
  const ret = migrateVmaSetup(kernel, args);
  if (ret !== null) throw new Error(`migrate_vma_setup answered ${ret}`);
  return {
    args,
    finish: () => {
      fillDestinations(kernel, args, (order) => device.alloc(order));
      migrateVmaPages(kernel, args);
      migrateVmaFinalize(kernel, args);
    },
  };
}

/** Moves [start, end) to the device. */
export function toDevice(kernel: Kernel, device: DeviceMemory, mm: Mm, start: number, end: number): void {
  startMigration(kernel, device, mm, start, end).finish();
}

/** A kernel whose NUMA nodes have so many pages each, and its first process. */
export function withNodes(
  pages: readonly number[],
  rest: Partial<KernelConfig> = {},
): { readonly kernel: Kernel; readonly process: Process } {
  const kernel = makeKernel({ nodes: pages.map((each) => node(each)), ...rest });
  return { kernel, process: kernel.spawn('main') };
}
