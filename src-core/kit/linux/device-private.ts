/**
 * Device-private memory of the devices of a run, and migrate_vma in both directions: the common part of drivers on HMM.
 * Each driver decides what to move and when.
 */
import { CPU, type ProcessorIndex, asProcessor } from '../../model/processor';
import { DeviceMemory } from '../../kernel/device-chunks';
import { evictFolios, unplug } from '../../kernel/device-evict';
import type { DeviceFault } from '../../kernel/device-memory';
import type { FaultResult } from '../../kernel/errno';
import { F } from '../../kernel/frame-flags';
import type { Kernel } from '../../kernel/kernel';
import { copyFolio } from '../../kernel/migrate-entries';
import {
  migrateArgs,
  migrateVmaFinalize,
  migrateVmaPages,
  migrateVmaSetup,
  type MigrateVmaArgs,
} from '../../kernel/migrate-vma';
import { migratePlain } from '../../kernel/migrate-plain';
import { releaseDestination } from '../../kernel/migrate-slots';
import type { Mm } from '../../kernel/mm';
import type { Owner } from '../../kernel/notifier';
import { folioPages, PAGE_BYTES, PMD_PAGES, type Page } from '../../kernel/page';
import { eachEntry } from '../../kernel/page-table';
import { P, PRIVATE } from '../../kernel/pte-tables';
import type { LinuxHost, PageOrigin } from './backend';
import { localBits } from '../access-table';

/** How a driver calls migrate_vma. */
export interface MigrateOptions {
  /** MIGRATE_VMA_SELECT_COMPOUND: huge pages move whole (L1). */
  readonly compound: boolean;
  /** All pages of the range, or none: of what setup collected (EBUSY), and of the destinations (ENOMEM). */
  readonly whole?: 'collected' | 'destinations';
  /** Of the pages that setup collected, those that the driver moves; absent: all. */
  readonly picks?: (frame: number) => boolean;
  /** Beyond Linux: see MigrateVmaArgs. */
  readonly fileBacked?: boolean;
}

/** What a migration did. `ret`: null is success, also where not one page moved (G2). */
export interface Migrated {
  readonly ret: 'EINVAL' | 'EBUSY' | 'ENOMEM' | null;
  /** Base pages that are where they were asked to be now, and were not before. */
  readonly pages: number;
  /** A base page found no memory at its destination. */
  readonly short: boolean;
}

const REFUSED: Migrated = { ret: 'EINVAL', pages: 0, short: false };

export class DevicePrivate {
  /** By processor; that of the CPU is empty. */
  readonly devices: readonly DeviceMemory[];
  private readonly kernel: Kernel;

  /**
   * @param owner dev_pagemap.owner of a device; devices with the same one see each other's pages (T3)
   * @param cpuFault brings the page of a CPU fault back
   */
  constructor(
    private readonly memory: LinuxHost,
    readonly owner: (device: ProcessorIndex) => Owner,
    cpuFault: (device: ProcessorIndex, fault: DeviceFault) => FaultResult,
  ) {
    const { config, kernel } = memory;
    this.kernel = kernel;
    const capacity = Math.floor(config.deviceMemoryBytes / PAGE_BYTES);
    this.devices = Array.from({ length: config.devices + 1 }, (_, device) => {
      const pages = new DeviceMemory(kernel, {
        name: `gpu${device - 1}`,
        kind: 'device-private',
        node: device,
        owner: owner(asProcessor(device)),
        capacity: device === CPU ? 0 : capacity,
      });
      pages.onCpuFault = (fault) => cpuFault(asProcessor(device), fault);
      return pages;
    });
  }

  ownerOfPage(page: PageOrigin): ProcessorIndex {
    return page.kind === 'device-private' ? asProcessor(page.node) : CPU;
  }
  capacity(device: ProcessorIndex): number {
    return this.devices[device]!.capacity;
  }
  free(device: ProcessorIndex): number {
    return this.capacity(device) - this.devices[device]!.usedPages;
  }

  /** migrate_vma of pages [start, end) of one VMA from host memory to the device. */
  toDevice(
    device: ProcessorIndex,
    mm: Mm,
    start: number,
    end: number,
    { compound, whole, fileBacked = false }: MigrateOptions,
  ): Migrated {
    const plain = migratePlain(this.kernel, {
      ...{ mm, start, end, compound, direction: 'to-device', device: this.devices[device]!, owner: this.owner(device) },
      ...{ faultFrame: -1, whole: whole !== undefined, picks: null },
    });
    if (plain !== null) return { ret: null, pages: plain, short: false };
    const args = migrateArgs({
      mm,
      start,
      end,
      select: { system: true, devicePrivate: false, coherent: false, compound },
      owner: this.owner(device),
      fileBacked,
    });
    if (migrateVmaSetup(this.kernel, args) !== null) return REFUSED;
    if (whole && collected(args) !== end - start) return this.abandon(args, 'EBUSY');
    return this.commit(args, whole, (order) => this.devices[device]!.alloc(order));
  }

  /** migrate_vma of the device's pages among [start, end) of one VMA to host memory. */
  toHost(
    device: ProcessorIndex,
    mm: Mm,
    start: number,
    end: number,
    { compound, whole, picks }: MigrateOptions,
    faultPage: Page | null = null,
  ): Migrated {
    const plain = migratePlain(this.kernel, {
      ...{ mm, start, end, compound, direction: 'to-host', device: this.devices[device]!, owner: this.owner(device) },
      ...{ faultFrame: faultPage?.pfn ?? -1, whole: false, picks: picks ?? null },
    });
    if (plain !== null) return { ret: null, pages: plain, short: false };
    const args = migrateArgs({
      mm,
      start,
      end,
      select: { system: false, devicePrivate: true, coherent: false, compound },
      owner: this.owner(device),
      faultPage,
    });
    if (migrateVmaSetup(this.kernel, args) !== null) return REFUSED;
    if (picks) for (const slot of args.slots) if (slot?.page && !picks(slot.page.pfn)) slot.migrate = false;
    return this.commit(args, whole, (order) => {
      const ram = this.kernel.allocRam(order, 0);
      if (ram) ram.locked = true;
      return ram;
    });
  }

  private commit(
    args: MigrateVmaArgs,
    whole: MigrateOptions['whole'],
    alloc: (order: number) => Page | null,
  ): Migrated {
    const short = this.fill(args, alloc);
    if (short && whole) return this.abandon(args, 'ENOMEM');
    migrateVmaPages(this.kernel, args);
    const pages = collected(args);
    migrateVmaFinalize(this.kernel, args);
    return { ret: null, pages, short };
  }

  /** Nothing is moved. */
  private abandon(args: MigrateVmaArgs, ret: 'EBUSY' | 'ENOMEM'): Migrated {
    for (const [i, page] of args.dst.entries())
      if (page) {
        releaseDestination(this.kernel, page);
        args.dst[i] = null;
      }
    migrateVmaPages(this.kernel, args);
    migrateVmaFinalize(this.kernel, args);
    return { ret, pages: 0, short: ret === 'ENOMEM' };
  }

  /** Destinations and copies: large where the source or hole is, else base pages (L6). true: one found no memory. */
  private fill(args: MigrateVmaArgs, alloc: (order: number) => Page | null): boolean {
    let short = false;
    for (const [i, slot] of args.slots.entries()) {
      if (!slot?.migrate) continue;
      const large = slot.compound ? alloc(9) : null;
      if (large) {
        if (slot.page) copyFolio(this.kernel, slot.page.head, large, 'migrate');
        args.dst[i] = large;
        continue;
      }
      const count = slot.compound ? PMD_PAGES : 1;
      for (let k = 0; k < count; k++) {
        const page = alloc(0);
        short ||= page === null;
        if (!page) break;
        const source = slot.compound ? (slot.page?.head.pages?.[k] ?? null) : slot.page;
        if (source) page.data = source.data ? source.data.slice() : null;
        args.dst[i + k] = page;
      }
    }
    return short;
  }

  /**
   * The device's page table after a migration: never more than the CPU's entry grants (M20). Returns the pages of the
   * range that are on the device.
   */
  program(device: ProcessorIndex, mm: Mm, start: number, end: number): number {
    const { memory } = this;
    let pages = 0;
    this.eachOn(device, mm, start, end, (vpn, write, frame) => {
      const granule = memory.processes.granule(mm, vpn);
      if (granule < 0) return;
      if (write) this.markDirty(frame); // HMM tracks no dirty bits: the driver does (rule M22)
      memory.access.set(device, granule, localBits(write));
      pages++;
    });
    return pages;
  }

  /** Pages of the range that are in the device's memory, with their base page's frame and whether the CPU could write. */
  eachOn(
    device: ProcessorIndex,
    mm: Mm,
    start: number,
    end: number,
    each: (vpn: number, write: boolean, frame: number) => void,
  ): void {
    const { frames } = this.kernel;
    eachEntry(mm, start, end, (vpn, bits, frame) => {
      if ((bits & P.state) === PRIVATE && this.ownerOfPage(frames.owner(frame)) === device)
        each(vpn, (bits & P.write) !== 0, frame);
    });
  }

  /** Marks the folio of a frame dirty. */
  markDirty(frame: number): void {
    const { frames } = this.kernel;
    const head = frames.head(frame);
    frames.flags[head] = frames.flags[head]! | F.dirty;
  }

  /** Head frames of folios of the range that are on some device. */
  foliosIn(mm: Mm, start: number, end: number): readonly number[] {
    const heads = new Set<number>();
    eachEntry(mm, start, end, (_vpn, bits, frame) => {
      if ((bits & P.state) === PRIVATE) heads.add(this.kernel.frames.head(frame));
    });
    return [...heads];
  }

  /** Evicts folios to RAM by frame, across processes (E1). Returns those that stayed. */
  evict(heads: readonly number[]): readonly Page[] {
    return evictFolios(this.kernel, heads);
  }

  /** Stops allocation and evicts all used pages (E2). Returns the pages that stay. */
  unplug(device: ProcessorIndex): number {
    return unplug(this.kernel, this.devices[device]!).reduce((sum, head) => sum + folioPages(head), 0);
  }
  replug(device: ProcessorIndex): void {
    this.devices[device]!.closing = false;
  }
}

/** Base pages of the slots that may still move, after the commit: that moved (G22). */
const collected = ({ slots }: MigrateVmaArgs): number =>
  slots.reduce((sum, slot) => sum + (slot?.migrate ? (slot.compound ? PMD_PAGES : 1) : 0), 0);
