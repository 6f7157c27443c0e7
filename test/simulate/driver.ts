/**
 * A driver for the simulation: one device that mirrors address spaces (hmm.ts), moves pages to its memory and back
 * (migrate-vma.ts) and does atomics (exclusive.ts). It loads and stores only through its own table, as hardware would.
 */
import { outOfMemory } from '../../src-core/kernel/anon';
import { copyFolio } from '../../src-core/kernel/migrate-entries';
import { DeviceMemory } from '../../src-core/kernel/device-chunks';
import type { DeviceFault } from '../../src-core/kernel/device-memory';
import type { FaultResult } from '../../src-core/kernel/errno';
import { makeDeviceExclusive } from '../../src-core/kernel/exclusive';
import { handleFault } from '../../src-core/kernel/fault';
import { mirrorRange, type HmmPfn } from '../../src-core/kernel/hmm';
import type { Kernel } from '../../src-core/kernel/kernel';
import {
  migrateArgs,
  migrateVmaFinalize,
  migrateVmaPages,
  migrateVmaSetup,
  type MigrateVmaArgs,
} from '../../src-core/kernel/migrate-vma';
import type { Mm } from '../../src-core/kernel/mm';
import {
  readBegin,
  readRetry,
  subscribe,
  type IntervalNotifier,
  type NotifyRange,
} from '../../src-core/kernel/notifier';
import { PMD_ORDER, PMD_PAGES, type Page } from '../../src-core/kernel/page';
import { entryAt, pageOf } from '../../src-core/kernel/page-table';

/** One entry of a device's page table. */
export interface DevicePte {
  /** null: zeros. */
  readonly page: Page | null;
  readonly write: boolean;
  /** Device-exclusive access: the CPU has no entry meanwhile. */
  readonly atomic: boolean;
  /** Number of the last notifier event before it was written. */
  readonly stamp: number;
}

/** The device's view of one address space. */
export interface Mirror {
  readonly mm: Mm;
  readonly notifier: IntervalNotifier;
  readonly table: Map<number, DevicePte>;
}

/** How an access of the device ended; `blocked`: a page is in flight, held or exclusive, later it may work. */
type Reached =
  | { readonly result: 'ok'; readonly page: Page | null }
  | { readonly result: 'blocked' | 'fault' | 'oom' | 'refused'; readonly page: null };

/** Exclusive access that is held over several steps: the page is locked and referenced until `release`. */
export interface Hold {
  readonly mm: Mm;
  readonly vpn: number;
  readonly page: Page;
}

const MOST_TRIES = 6;
/** Rounds of the retry protocol for one access: a page that comes back, is split and then copied collides three times. */
const MOST_ROUNDS = 8;

export class SimDevice {
  readonly mirrors = new Map<Mm, Mirror>();
  readonly memory: DeviceMemory;
  /** Happens once, between the walk of an access and the lock of the driver. */
  meanwhile: (() => void) | null = null;
  /** Folios that CPU faults brought back. */
  broughtBack = 0;

  constructor(
    readonly kernel: Kernel,
    readonly name: string,
    kind: 'device-private' | 'device-coherent',
    capacity: number,
    private readonly now: () => number,
  ) {
    this.memory = new DeviceMemory(kernel, { name, kind, node: 0, owner: this, capacity });
    this.memory.onCpuFault = (fault) => this.cpuFault(fault);
  }

  mirrorOf(mm: Mm): Mirror {
    const known = this.mirrors.get(mm);
    if (known) return known;
    const table = new Map<number, DevicePte>();
    const notifier: IntervalNotifier = {
      mm,
      start: 0,
      end: Number.MAX_SAFE_INTEGER,
      sequence: 0,
      invalidate: (range, sequence) => this.invalidate(notifier, table, range, sequence),
    };
    subscribe(notifier);
    const mirror = { mm, notifier, table };
    this.mirrors.set(mm, mirror);
    return mirror;
  }

  /** N1: its own MIGRATE and EXCLUSIVE events are no news; on anything else the device drops the range (M15). */
  private invalidate(
    notifier: IntervalNotifier,
    table: Map<number, DevicePte>,
    range: NotifyRange,
    sequence: number,
  ): boolean {
    if ((range.event === 'MIGRATE' || range.event === 'EXCLUSIVE') && range.owner === this) return true;
    notifier.sequence = sequence;
    drop(table, range.start, range.end);
    if (range.event === 'RELEASE') this.mirrors.delete(range.mm);
    return true;
  }

  /** The page that an access of the device reaches, through the device's table. */
  reach(mm: Mm, vpn: number, write: boolean): Reached {
    const mirror = this.mirrorOf(mm);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const entry = mirror.table.get(vpn);
      if (entry && (!write || entry.write)) return { result: 'ok', page: entry.page };
      const ooms = this.kernel.counters.oomKills;
      const defaults = { fault: true, write };
      const range = { start: vpn, end: vpn + 1, defaults, owner: this };
      const program = ([pfn]: readonly HmmPfn[]): void => {
        if (pfn!.valid) this.program(mirror, vpn, pfn!.page, pfn!.write, false);
      };
      const between = (): void => {
        const run = this.meanwhile;
        this.meanwhile = null;
        run?.();
      };
      const { ret } = mirrorRange(this.kernel, mirror.notifier, range, MOST_ROUNDS, program, between);
      if (ret === 'EBUSY') return { result: 'blocked', page: null };
      if (ret !== null) return { result: this.kernel.counters.oomKills > ooms ? 'oom' : 'fault', page: null };
      if (write && mirror.table.get(vpn)?.write === false) {
        const result = this.breakCow(mm, vpn);
        if (result) return { result, page: null };
      }
    }
    return { result: 'blocked', page: null };
  }

  /** M8: an own device page is never faulted, so one that is shared after a fork comes back and is copied there. */
  private breakCow(mm: Mm, vpn: number): 'blocked' | 'fault' | 'oom' | null {
    const result = handleFault(this.kernel, mm, vpn, { write: true, remote: true });
    if (result === 'ok') return null;
    if (result === 'oom') return 'oom';
    return result === 'blocked' ? 'blocked' : 'fault';
  }

  /** Maps a whole range at once, as far as it is there; a snapshot that changes nothing. Returns the pages mapped. */
  snapshot(mm: Mm, start: number, end: number): number {
    const mirror = this.mirrorOf(mm);
    const defaults = { fault: false, write: false };
    let mapped = 0;
    mirrorRange(this.kernel, mirror.notifier, { start, end, defaults, owner: this }, 2, (out) => {
      for (const [i, pfn] of out.entries()) {
        if (!pfn.valid || mirror.table.get(start + i)?.atomic === true) continue;
        this.program(mirror, start + i, pfn.page, pfn.write, false);
        mapped++;
      }
    });
    return mapped;
  }

  private program(mirror: Mirror, vpn: number, page: Page | null, write: boolean, atomic: boolean): void {
    mirror.table.set(vpn, { page, write, atomic, stamp: this.now() });
  }

  /** X3: the page is exclusive and locked until `release`; 'refused': this page cannot be had. */
  makeExclusive(mm: Mm, vpn: number): Hold | 'blocked' | 'refused' {
    const mirror = this.mirrorOf(mm);
    const sequence = readBegin(mirror.notifier);
    if (sequence < 0) return 'blocked';
    mirror.table.delete(vpn); // what was mapped before is replaced
    const { ret, page } = makeDeviceExclusive(this.kernel, mm, vpn, this);
    if (ret === 'EBUSY') return 'blocked';
    if (ret !== null || !page) return 'refused';
    if (readRetry(mirror.notifier, sequence)) {
      this.release({ mm, vpn, page });
      return 'blocked';
    }
    this.program(mirror, vpn, page, true, true);
    return { mm, vpn, page };
  }

  release({ page }: Hold): void {
    page.head.locked = false;
    this.kernel.put(page);
  }

  /** Phase 1 of a migration to this device (G3 to G14); null: EINVAL, nothing happened. */
  begin(mm: Mm, start: number, end: number, toDevice: boolean, faultPage: Page | null = null): MigrateVmaArgs | null {
    const isPrivate = this.memory.kind === 'device-private';
    this.forget(mm, start, end);
    const args = migrateArgs({
      mm,
      start,
      end,
      owner: this,
      faultPage,
      select: {
        system: toDevice,
        devicePrivate: !toDevice && isPrivate,
        coherent: !toDevice && !isPrivate,
        compound: this.kernel.config.profile === 'cur',
      },
    });
    return migrateVmaSetup(this.kernel, args) === null ? args : null;
  }

  /** Phase 2: destinations and copies, then the commit (G15 to G19). Returns the slots that found no room. */
  commit(args: MigrateVmaArgs, toDevice: boolean): number {
    let full = 0;
    for (const [i, slot] of args.slots.entries()) {
      if (!slot?.migrate || (!toDevice && !slot.page)) continue;
      const order = slot.compound ? PMD_ORDER : 0;
      const to = toDevice ? this.memory.alloc(order) : this.kernel.allocRam(order, 0);
      if (!to) {
        full++;
        if (order > 0) this.fillSmall(args, i, toDevice);
        continue;
      }
      to.locked = true;
      if (slot.page) copyFolio(this.kernel, slot.page.head, to, 'migrate');
      args.dst[i] = to;
    }
    migrateVmaPages(this.kernel, args);
    this.forget(args.mm, args.start, args.end);
    return full;
  }

  /** No large destination: base pages instead (G20, L6). */
  private fillSmall(args: MigrateVmaArgs, at: number, toDevice: boolean): void {
    const pages = args.slots[at]!.page?.head.pages ?? null;
    if (toDevice && this.memory.freePages() === 0) return;
    for (let i = 0; i < PMD_PAGES; i++) {
      const to = toDevice ? this.memory.alloc(0) : this.kernel.allocRam(0, 0);
      if (!to) return;
      to.locked = true;
      if (pages) copyFolioPage(pages[i]!, to);
      args.dst[at + i] = to;
    }
  }

  /** Phase 3: everybody may go on; what moved here is mapped at once. Returns the slots that moved. */
  finish(args: MigrateVmaArgs, toDevice: boolean): number {
    migrateVmaFinalize(this.kernel, args);
    this.forget(args.mm, args.start, args.end);
    if (toDevice && args.mm.alive) this.snapshot(args.mm, args.start, args.end);
    return args.slots.filter((slot) => slot?.migrate === true).length;
  }

  /** F1 to F7: the faulting page, or its folio where the fault came through a PMD entry. */
  private cpuFault({ mm, vpn, page, huge }: DeviceFault): FaultResult {
    const start = huge ? vpn - (vpn % PMD_PAGES) : vpn;
    const args = this.begin(mm, start, start + (huge ? PMD_PAGES : 1), false, page);
    if (!args) return 'sigbus';
    const full = this.commit(args, false);
    const moved = this.finish(args, false);
    this.broughtBack += moved;
    if (moved > 0 || full === 0) return 'ok';
    return outOfMemory(this.kernel);
  }

  /** The device stops using a range of its own accord. */
  forget(mm: Mm, start: number, end: number): void {
    const mirror = this.mirrors.get(mm);
    if (mirror) drop(mirror.table, start, end);
  }
}

function copyFolioPage(from: Page, to: Page): void {
  to.data = from.data ? from.data.slice() : null;
}

function drop(table: Map<number, DevicePte>, start: number, end: number): void {
  if (end - start < table.size) for (let vpn = start; vpn < end; vpn++) table.delete(vpn);
  else for (const vpn of [...table.keys()]) if (vpn >= start && vpn < end) table.delete(vpn);
}

/** What the CPU's page table gives for a page; used by comparisons. */
export function cpuPage(mm: Mm, vpn: number): Page | null {
  const found = entryAt(mm, vpn);
  return found ? pageOf(found.entry, found.huge, vpn) : null;
}
