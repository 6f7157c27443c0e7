/** The small machine of one seed: a kernel with its processes, files and devices, and what the reference knows of them. */
import { createKernel } from '../../src-core/kernel/create-kernel';
import type { FileInode } from '../../src-core/kernel/file';
import type { GupFlags } from '../../src-core/kernel/gup';
import type { Kernel } from '../../src-core/kernel/kernel';
import type { MigrateBatch, MigrateVmaArgs } from '../../src-core/kernel/migrate-vma';
import { Memcg, type Mm, type Process } from '../../src-core/kernel/mm';
import type { NotifyRange } from '../../src-core/kernel/notifier';
import { pagesOf, type Page } from '../../src-core/kernel/page';
import { setTiering } from '../../src-core/kernel/numa';
import { createFile } from '../../src-core/kernel/page-cache';
import { randomStream, type Random } from '../../src-core/base/random';
import { SimDevice, type Hold } from './driver';
import { RefFile, RefSpace, type PageValue } from './reference';

export interface SimProcess {
  readonly process: Process;
  space: RefSpace;
}

export interface SimFile {
  readonly inode: FileInode;
  readonly ref: RefFile;
}

/** A migration between its phases. `args` is null for one by frame, which has no address space (G23). */
export interface OpenMigration {
  readonly device: SimDevice;
  readonly owner: SimProcess | null;
  readonly batch: MigrateBatch;
  readonly args: MigrateVmaArgs | null;
  readonly toDevice: boolean;
  committed: boolean;
}

interface Pin {
  readonly page: Page;
  readonly flags: GupFlags;
  /**
   * What the pinned page must hold: the reference's object stays the page's, whatever is mapped later. null: a reference
   * without FOLL_PIN, which copy-on-write may part from its process.
   */
  readonly value: PageValue | null;
}

/** What a step may do to populated anonymous pages (property 6). */
interface Licence {
  /** Pages may go or move anywhere: unmapping, exit, MADV_DONTNEED. */
  destroys: boolean;
  /** New ones may appear: faults, and migrations into holes. */
  adds: boolean;
  /** KSM: a page may turn into one of another cgroup. Else charges stay with their pages (property 8). */
  recharges: boolean;
  /** fork: exclusive entries of the parent are ordinary again, locked or not (X6). */
  restores: boolean;
}

export class World {
  readonly kernel: Kernel;
  readonly random: Random;
  /** Areas of 2 MiB and devices that take them. */
  readonly isLarge: boolean;
  readonly processes: SimProcess[] = [];
  readonly files: SimFile[] = [];
  readonly devices: SimDevice[] = [];
  readonly memcgs: Memcg[];
  readonly pins: Pin[] = [];
  /** Exclusive access that devices keep for a while; `lost`: the mapping went, or a fork took it (X6). */
  readonly holds: { readonly device: SimDevice; readonly hold: Hold; lost: boolean }[] = [];
  /** Device pages that a job of the driver holds, so that unplug has to wait. */
  readonly jobs: Page[] = [];
  readonly open: OpenMigration[] = [];
  /** Devices that are unplugged, with the pages that were still in use then. */
  readonly leaving = new Map<SimDevice, ReadonlySet<Page>>();
  /** Frames that are given out, by the kernel's own account of allocations. */
  readonly live = new Set<Page>();
  /** Notifier events of this step, in order. */
  readonly events: { readonly range: NotifyRange; readonly stamp: number }[] = [];
  /** Accesses of this step that saw or answered what they must not (property 7). */
  readonly observations: string[] = [];
  readonly counts = new Map<string, number>();
  /** The last unplug, for property 9. */
  unplugged: { readonly device: SimDevice; readonly stayed: readonly Page[]; readonly ramFull: boolean } | null = null;
  licence: Licence = { destroys: false, adds: true, recharges: false, restores: false };
  /** Where the last operation was. */
  lastPage: number | null = null;
  /** Time of the NUMA scans, ps. */
  nowPs = 0;
  private stamps = 0;
  private values = 0;
  private names = 0;

  constructor(seed: number) {
    this.random = randomStream(seed, 'simulate');
    const below = (limit: number): number => this.random.below(limit);
    const large = below(10) === 0;
    this.isLarge = large;
    const ram = large ? 1100 + below(3500) : 90 + below(160);
    const host = { name: 'host', pages: ram, fallback: false, kernelAllocations: true, movable: false };
    const isMovable = below(2) === 0;
    const far = { name: 'far', pages: ram >> 1, fallback: true, kernelAllocations: false, movable: isMovable };
    const hasFar = below(4) === 0;
    this.kernel = createKernel({
      profile: below(2) === 0 ? '612' : 'cur',
      contents: true,
      nodes: hasFar ? [host, far] : [host],
      swapPages: [0, 40, 400][below(3)]!,
      thp: large ? (below(2) === 0 ? 'always' : 'madvise') : 'never',
      hugetlbPages: 0,
    });
    if (hasFar && below(2) === 0) setTiering(this.kernel, { demotion: true, hotThresholdMs: 1000, rateMbps: 65536 });
    this.kernel.hooks.notified = (range) => this.events.push({ range, stamp: ++this.stamps });
    this.kernel.hooks.allocated = (head) => {
      for (const page of pagesOf(head)) this.live.add(page);
    };
    this.kernel.hooks.freed = (head) => {
      for (const page of pagesOf(head)) this.live.delete(page);
    };
    for (const name of ['gpu0', 'gpu1']) {
      const kind = below(2) === 0 ? 'device-private' : 'device-coherent';
      const capacity = large ? 1100 + below(2000) : 8 + below(40);
      this.devices.push(new SimDevice(this.kernel, name, kind, capacity, () => this.stamps));
    }
    this.memcgs = [this.kernel.rootMemcg, new Memcg('limited', large ? 2500 : 40 + below(60))];
    for (const kind of ['regular', 'shmem'] as const) this.addFile(kind, (2 + below(10)) * 4096);
    this.spawn();
  }

  private addFile(kind: 'regular' | 'shmem', bytes: number): void {
    const inode = createFile(this.kernel, `file${this.files.length}`, kind, bytes);
    this.files.push({ inode, ref: new RefFile(inode.name, bytes) });
  }

  spawn(): SimProcess {
    const memcg = this.memcgs[this.random.below(this.memcgs.length)]!;
    const process = { process: this.kernel.spawn(this.name(), memcg), space: new RefSpace() };
    this.processes.push(process);
    return process;
  }

  name(): string {
    return `p${this.names++}`;
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  /** A value that was never written before. */
  value(): number {
    return ++this.values;
  }

  wrong(text: string): void {
    this.observations.push(text);
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : list[this.random.below(list.length)];
  }

  /** true with this many percent. */
  chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }

  /** Does somebody hold the page by right, so that what needs it waits? A lock alone is no answer: it may have leaked. */
  isHeld(page: Page): boolean {
    const { head } = page;
    return (
      this.pins.some((each) => each.page.head === head) ||
      this.jobs.some((each) => each.head === head) ||
      this.holds.some(({ hold }) => hold.page.head === head) ||
      this.open.some(
        ({ batch }) =>
          batch.slots.some((slot) => slot?.page?.head === head) || batch.dst.some((each) => each?.head === head),
      )
    );
  }

  processOf(mm: Mm): SimProcess | undefined {
    return this.processes.find((each) => each.process.mm === mm);
  }
}

/** One word of a page, as hardware would read it. */
export function readWord(page: Pick<Page, 'data'> | null, word: number): number {
  const data = page?.data;
  if (!data) return 0;
  const at = word === 0 ? 0 : 4088;
  return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
}

export function writeWord(page: Page, word: number, value: number): void {
  const data = (page.data ??= new Uint8Array(4096));
  data.set(wordBytes(value), word === 0 ? 0 : 4088);
}

export const wordAddress = (vpn: number, word: number): number => vpn * 4096 + (word === 0 ? 0 : 4088);
export const wordBytes = (value: number): Uint8Array => Uint8Array.of(value & 255, (value >> 8) & 255, value >> 16);
export const wordOf = (data: Uint8Array): number => data[0]! | (data[1]! << 8) | (data[2]! << 16);
