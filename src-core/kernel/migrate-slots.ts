/** What a migration carries from phase to phase: one slot per page (migrate->src, migrate->dst of migrate_vma). */
import type { Kernel } from './kernel';
import { cacheReferences } from './migrate-entries';
import type { Mm } from './mm';
import type { Owner } from './notifier';
import { isZoneDevice, type Page } from './page';

/** Which pages setup picks up (MIGRATE_VMA_SELECT_*). Holes of anonymous memory are always candidates (G3). */
export interface MigrateSelect {
  readonly system: boolean;
  readonly devicePrivate: boolean;
  readonly coherent: boolean;
  /** PMD-sized folios and holes may move whole (L1); profile-cur only. */
  readonly compound: boolean;
}

/** A page that may move. A compound slot stands for 512 pages (G10); the 511 slots after it are null. */
export interface MigrateSlot {
  /** Still to be moved, after the commit: moved (MIGRATE_PFN_MIGRATE, G22). Cleared when the page is refused. */
  migrate: boolean;
  /** null: a hole or the zero page, which the driver clears instead of copying (G4). */
  readonly page: Page | null;
  /** The CPU could write it; for the driver's own table. */
  readonly write: boolean;
  readonly compound: boolean;
}

/** Slots by page. `null` in `slots` is nothing to do, `null` in `dst` means that the driver skips the slot (G15). */
export interface MigrateBatch {
  readonly slots: (MigrateSlot | null)[];
  /** Filled by the driver between setup and pages: locked destinations; a compound slot may have a large folio's head. */
  readonly dst: (Page | null)[];
  /** The device-private page whose CPU fault is served; held, and in profile-cur locked, by the fault path. */
  readonly faultPage?: Page | null;
  /** Slots that survived setup; a compound one counts once (G10, G22). */
  cpages: number;
}

export interface MigrateVmaArgs extends MigrateBatch {
  readonly mm: Mm;
  /** Pages [start, end), inside one VMA. */
  readonly start: number;
  readonly end: number;
  readonly select: MigrateSelect;
  /** pgmap_owner: the driver whose device pages are collected and which may ignore the MIGRATE events (N1). */
  readonly owner: Owner;
  /**
   * Beyond Linux, which refuses page-cache pages at the commit (B3): pages of regular and shmem files may move to a device.
   * The caller keeps read(), write() and writeback coherent with them.
   */
  readonly fileBacked?: boolean;
}

export function migrateArgs(args: Omit<MigrateVmaArgs, 'slots' | 'dst' | 'cpages'>): MigrateVmaArgs {
  return { ...args, slots: [], dst: [], cpages: 0 };
}

/** The folio of the page whose fault is served. */
export const isFaultFolio = (batch: MigrateBatch, head: Page): boolean => batch.faultPage?.head === head;

/**
 * Takes the lock of a source and a reference with it (G7: a trylock, so that two migrations never wait for each other). In
 * profile-cur the fault path has locked the faulting folio already, and unlocks it.
 */
export function lockSource(kernel: Kernel, batch: MigrateBatch, head: Page): boolean {
  const isLockedForUs = isFaultFolio(batch, head) && kernel.config.profile === 'cur';
  if (head.locked && !isLockedForUs) return false;
  head.locked = true;
  kernel.get(head);
  return true;
}

export function unlockSource(kernel: Kernel, batch: MigrateBatch, head: Page): void {
  if (!isFaultFolio(batch, head) || kernel.config.profile !== 'cur') head.locked = false;
}

/** References that are explained: ours, that of the fault path, those of the caches. Beyond them are pins. */
export const knownReferences = (batch: MigrateBatch, head: Page): number =>
  1 + (isFaultFolio(batch, head) ? 1 : 0) + cacheReferences(head);

/**
 * G13, the pin test of setup. Linux still allows a device page one reference more than is explained (the extra one that
 * free ZONE_DEVICE pages used to have); such a page is refused by the commit instead (G19).
 */
export const looksUnpinned = (batch: MigrateBatch, head: Page): boolean =>
  head.mappings === 0 && head.refcount <= knownReferences(batch, head) + (isZoneDevice(head) ? 1 : 0);

/** Unlocks and drops a destination; with no mapping of it, this frees it. */
export function releaseDestination(kernel: Kernel, to: Page): void {
  to.head.locked = false;
  kernel.put(to);
}
