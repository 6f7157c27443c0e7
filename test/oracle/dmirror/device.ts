/**
 * The device of the kernel's HMM self-tests (lib/test_hmm.c), rebuilt on the model: memory of one kind, and per open file
 * a page table that mirrors the opener's address space. It holds no page references; it trusts its notifier (M19).
 */
import { DeviceMemory } from '../../../src-core/kernel/device-chunks';
import type { DeviceFault } from '../../../src-core/kernel/device-memory';
import type { FaultResult } from '../../../src-core/kernel/errno';
import type { Kernel } from '../../../src-core/kernel/kernel';
import type { Mm } from '../../../src-core/kernel/mm';
import { subscribe, unsubscribe, type IntervalNotifier, type NotifyRange } from '../../../src-core/kernel/notifier';
import { PAGE_BYTES, type Page } from '../../../src-core/kernel/page';
import { entryAt, pageOf } from '../../../src-core/kernel/page-table';
import { faultToRam } from './migrate';

/** Tag of an entry: none is read-only. */
type Tag = 'none' | 'write' | 'atomic';

interface Entry {
  /** null: the shared zero page. */
  readonly page: Page | null;
  readonly tag: Tag;
}

/** Copies that migrations made, for the benchmark's cost. */
export interface Transfer {
  readonly toDevice: boolean;
  /** Base pages of the folio that moved. */
  readonly pages: number;
}

/** One of the four devices; `owner` of its pages is the device itself. */
export class DmirrorDevice {
  readonly memory: DeviceMemory;
  readonly files = new Set<DmirrorFile>();
  /** Which open file brought a page: its entry goes when the page leaves (zone_device_data of the backing page). */
  readonly broughtBy = new Map<Page, DmirrorFile>();
  readonly transfers: Transfer[] = [];
  /** The bytes of a frame, kept while it is free: what plays the device's memory is not made anew for each page. */
  readonly backing = new Map<Page, Uint8Array>();

  constructor(
    readonly kernel: Kernel,
    readonly minor: number,
    readonly kind: 'device-private' | 'device-coherent',
    capacity: number,
  ) {
    this.memory = new DeviceMemory(kernel, { name: `dmirror${minor}`, kind, node: 0, owner: this, capacity });
    this.memory.onCpuFault = (fault: DeviceFault): FaultResult => faultToRam(this, fault);
  }

  open(mm: Mm): DmirrorFile {
    const file = new DmirrorFile(this, mm);
    this.files.add(file);
    return file;
  }
}

/** An open of the device, bound to the opener's address space: a forked child has to open its own. */
export class DmirrorFile {
  readonly table = new Map<number, Entry>();
  /** FLAGS command: the next large allocation fails, once (HMM_DMIRROR_FLAG_FAIL_ALLOC). */
  failAlloc = false;
  private readonly notifier: IntervalNotifier;

  constructor(
    readonly device: DmirrorDevice,
    readonly mm: Mm,
  ) {
    this.notifier = {
      mm,
      start: 0,
      end: Number.MAX_SAFE_INTEGER,
      sequence: 0,
      invalidate: (range, sequence) => this.invalidate(range, sequence),
    };
    subscribe(this.notifier);
  }

  get mirror(): IntervalNotifier {
    return this.notifier;
  }

  /** Own migrations are ignored (N1); everything else takes the range out of the table. */
  private invalidate(range: NotifyRange, sequence: number): boolean {
    if (range.event === 'MIGRATE' && range.owner === this.device) return true;
    this.notifier.sequence = sequence;
    for (const vpn of this.table.keys()) if (vpn >= range.start && vpn < range.end) this.table.delete(vpn);
    return true;
  }

  set(vpn: number, page: Page | null, tag: Tag): void {
    this.table.set(vpn, { page, tag });
  }

  /** Bytes behind an entry; null where there is none, or it lacks the tag that a write needs. */
  reach(vpn: number, write: boolean): { readonly page: Page | null } | null {
    const entry = this.table.get(vpn);
    if (!entry || (write && entry.tag !== 'write')) return null;
    if (entry.page?.free) throw new Error(`the mirror of page ${vpn} points to a page that was freed (rule M19)`);
    return entry;
  }

  /** M20: entries that grant what the CPU's table does not (any more); empty unless an invalidation was missed. */
  wrongEntries(): readonly string[] {
    const wrong: string[] = [];
    for (const [vpn, { page, tag }] of this.table) {
      const found = entryAt(this.mm, vpn);
      const has = found ? pageOf(found.entry, found.huge, vpn) : null;
      if (!found || has !== page || (tag === 'write' && !found.entry.write))
        wrong.push(`the mirror of page ${vpn} (${tag}) is not what the CPU has: ${found?.entry.state ?? 'nothing'}`);
      else if ((tag === 'atomic') !== (found.entry.state === 'exclusive'))
        wrong.push(`page ${vpn} is ${found.entry.state} and ${tag} in the mirror`);
    }
    return wrong;
  }

  close(): void {
    unsubscribe(this.notifier);
    this.table.clear();
    this.device.files.delete(this);
  }
}

/** Copies one page out of device reach. */
export function loadPage(page: Page | null, into: Uint8Array, at: number): void {
  if (page?.data) into.set(page.data, at);
  else into.fill(0, at, at + PAGE_BYTES);
}

export function storePage(page: Page, from: Uint8Array, at: number): void {
  (page.data ??= new Uint8Array(PAGE_BYTES)).set(from.subarray(at, at + PAGE_BYTES));
}
