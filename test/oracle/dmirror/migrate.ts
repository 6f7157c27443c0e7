/** The driver's half of migrate_vma: allocate, copy, program; both directions, and the CPU fault (test_hmm.c). */
import type { DeviceFault } from '../../../src-core/kernel/device-memory';
import type { FaultResult, Ret } from '../../../src-core/kernel/errno';
import type { Kernel } from '../../../src-core/kernel/kernel';
import {
  migrateArgs,
  migratedSlots,
  migrateVmaFinalize,
  migrateVmaPages,
  migrateVmaSetup,
  type MigrateVmaArgs,
} from '../../../src-core/kernel/migrate-vma';
import { canRead, canWrite, vmaAt } from '../../../src-core/kernel/mm';
import { copyData, folioPages, PMD_ORDER, PMD_PAGES, pagesOf, type Page } from '../../../src-core/kernel/page';
import { pmdStart } from '../../../src-core/kernel/page-table';
import type { DmirrorDevice, DmirrorFile } from './device';

/** Pages of one migrate_vma call: 64 in 6.12, one page-table page in current trees. */
const batchPages = (kernel: Kernel): number => (kernel.config.profile === 'cur' ? PMD_PAGES : 64);

interface Walk {
  readonly ret: Ret;
  readonly moved: number;
}

/** VMA by VMA, batch by batch; EINVAL where an address has no readable VMA. */
function walk(
  file: DmirrorFile,
  start: number,
  end: number,
  batch: (from: number, to: number) => { ret: Ret; moved: number },
): Walk {
  const { kernel } = file.device;
  let moved = 0;
  for (let at = start; at < end;) {
    const vma = vmaAt(file.mm, at);
    if (!vma || !canRead(vma)) return { ret: 'EINVAL', moved };
    const next = Math.min(end, at + batchPages(kernel), vma.end);
    const done = batch(at, next);
    moved += done.moved;
    if (done.ret) return { ret: done.ret, moved };
    at = next;
  }
  return { ret: null, moved };
}

export function migrateToDevice(file: DmirrorFile, start: number, end: number): Walk {
  const { device } = file;
  const { kernel } = device;
  return walk(file, start, end, (from, to) => {
    const args = migrateArgs({
      mm: file.mm,
      start: from,
      end: to,
      select: { system: true, devicePrivate: false, coherent: false, compound: true },
      owner: device,
    });
    const ret = migrateVmaSetup(kernel, args);
    if (ret) return { ret, moved: 0 };
    copyToDevice(file, args);
    migrateVmaPages(kernel, args);
    program(file, args);
    migrateVmaFinalize(kernel, args);
    return { ret: null, moved: migratedSlots(args) };
  });
}

function copyToDevice(file: DmirrorFile, args: MigrateVmaArgs): void {
  for (const [i, slot] of args.slots.entries()) {
    if (!slot?.migrate) continue;
    const large = slot.compound ? allocate(file, PMD_ORDER) : null;
    if (large) {
      args.dst[i] = large;
      if (slot.page) copyAll(file.device, slot.page.head, large, true);
      continue;
    }
    const sources = slot.page ? pagesOf(slot.compound ? slot.page.head : slot.page) : [];
    for (let k = 0; k < (slot.compound ? PMD_PAGES : 1); k++) {
      const page = allocate(file, 0);
      if (!page) return;
      const source = sources[k];
      if (source) copyAll(file.device, slot.compound ? source : slot.page!, page, true);
      args.dst[i + k] = page;
    }
  }
}

function allocate(file: DmirrorFile, order: number): Page | null {
  if (order > 0 && file.failAlloc) {
    file.failAlloc = false;
    return null;
  }
  const page = file.device.memory.alloc(order);
  if (page) for (const each of pagesOf(page)) file.device.broughtBy.set(each, file);
  return page;
}

/** Copies a whole folio, or one base page of a large one into a small one. */
function copyAll(device: DmirrorDevice, from: Page, to: Page, toDevice: boolean): void {
  const target = pagesOf(to);
  const source = to.order > 0 ? pagesOf(from) : [from];
  for (const [k, page] of source.entries()) {
    const into = target[k]!;
    if (toDevice) into.data = device.backing.get(into) ?? null;
    copyData(page, into);
    if (toDevice && into.data) device.backing.set(into, into.data);
  }
  device.transfers.push({ toDevice, pages: folioPages(to) });
}

/** dmirror_migrate_finalize_and_map: what moved enters the device page table, writable where the source was (M20). */
function program(file: DmirrorFile, args: MigrateVmaArgs): void {
  const vma = vmaAt(args.mm, args.start)!;
  for (const [i, slot] of args.slots.entries()) {
    const to = args.dst[i];
    if (!slot?.migrate || !to) continue;
    const write = slot.write || (!slot.page && canWrite(vma));
    for (const [k, page] of pagesOf(to).entries()) file.set(args.start + i + k, page, write ? 'write' : 'none');
  }
}

export function migrateToSystem(file: DmirrorFile, start: number, end: number): Walk {
  const { device } = file;
  const { kernel } = device;
  return walk(file, start, end, (from, to) => {
    const args = migrateArgs({ mm: file.mm, start: from, end: to, select: selectOf(device, true), owner: device });
    const ret = migrateVmaSetup(kernel, args);
    if (ret) return { ret, moved: 0 };
    const enough = copyToSystem(device, args);
    if (enough || kernel.config.profile === '612') migrateVmaPages(kernel, args);
    const moved = migratedSlots(args);
    migrateVmaFinalize(kernel, args);
    return { ret: enough || kernel.config.profile === '612' ? null : 'ENOMEM', moved };
  });
}

const selectOf = (device: DmirrorDevice, compound: boolean): MigrateVmaArgs['select'] => ({
  system: false,
  devicePrivate: device.kind === 'device-private',
  coherent: device.kind === 'device-coherent',
  compound,
});

/** Copies home and erases the mirror's entries. false: RAM ran out for some page. */
function copyToSystem(device: DmirrorDevice, args: MigrateVmaArgs): boolean {
  let enough = true;
  for (const [i, slot] of args.slots.entries()) {
    const source = slot?.migrate ? slot.page : null;
    if (!slot || !source) continue; // a hole that only came along (G3)
    const large = slot.compound ? allocateRam(device, source, PMD_ORDER) : null;
    const pieces = large ? [source.head] : slot.compound ? pagesOf(source.head) : [source];
    for (const [k, piece] of pieces.entries()) {
      const to = large ?? allocateRam(device, piece, 0);
      if (!to) {
        enough = false;
        continue;
      }
      for (const [n, page] of (to.order > 0 ? pagesOf(piece) : [piece]).entries())
        device.broughtBy.get(page)?.table.delete(args.start + i + k + n);
      copyAll(device, piece, to, false);
      args.dst[i + k] = to;
    }
  }
  return enough;
}

function allocateRam(device: DmirrorDevice, source: Page, order: number): Page | null {
  const file = device.broughtBy.get(source);
  if (order > 0 && file?.failAlloc) {
    file.failAlloc = false;
    return null;
  }
  const to = device.kernel.allocRam(order, 0);
  if (to) to.locked = true;
  return to;
}

/** migrate_to_ram: one page, or the whole folio where the fault came through a PMD entry (F2, F7). */
export function faultToRam(device: DmirrorDevice, fault: DeviceFault): FaultResult {
  const { kernel } = device;
  const start = fault.huge ? pmdStart(fault.vpn) : fault.vpn;
  const args = migrateArgs({
    mm: fault.mm,
    start,
    end: start + (fault.huge ? PMD_PAGES : 1),
    select: selectOf(device, fault.huge),
    owner: device,
    faultPage: fault.page,
  });
  if (migrateVmaSetup(kernel, args)) return 'sigbus';
  const enough = copyToSystem(device, args);
  if (enough || kernel.config.profile === '612') migrateVmaPages(kernel, args);
  migrateVmaFinalize(kernel, args);
  return enough || kernel.config.profile === '612' ? 'ok' : 'oom';
}
