/**
 * migrate_vma: setup (collect, unmap), the driver's copy, pages, finalize (mm/migrate_device.c; G1 to G23). The phases are
 * separate functions, so that something else can happen in between: a CPU that touches a page in flight is blocked by its
 * migration entry until finalize (G14). Setup has an errno; what refuses a single page later only clears its slot.
 */
import type { Ret } from './errno';
import type { Kernel } from './kernel';
import { collect } from './migrate-collect';
import { commit } from './migrate-commit';
import { removeMigrationEntries, tryToMigrate } from './migrate-entries';
import {
  lockSource,
  looksUnpinned,
  releaseDestination,
  unlockSource,
  type MigrateBatch,
  type MigrateVmaArgs,
} from './migrate-slots';
import { isSpecial, vmaAt } from './mm';
import { invalidate } from './notifier';
import { isZoneDevice, PMD_ORDER, type Page } from './page';

export {
  migrateArgs,
  type MigrateBatch,
  type MigrateSelect,
  type MigrateSlot,
  type MigrateVmaArgs,
} from './migrate-slots';

/**
 * Collects and unmaps. EINVAL touches nothing (G1); 0 is success even when nothing was collected (G2), and then
 * `migrateVmaFinalize` has to follow. All mirrors but the owner's drop the whole range (N1).
 */
export function migrateVmaSetup(kernel: Kernel, args: MigrateVmaArgs): Ret {
  const { mm, start, end, owner, faultPage } = args;
  const vma = vmaAt(mm, start);
  if (!vma || end <= start || end > vma.end || vma.hugetlb || isSpecial(vma) || vma.dax) return 'EINVAL';
  if (faultPage && (faultPage.kind !== 'device-private' || (kernel.config.profile === 'cur' && !faultPage.head.locked)))
    return 'EINVAL';
  clear(args, end - start);
  invalidate(
    mm,
    start,
    end,
    'MIGRATE',
    () => {
      collect(kernel, args, vma);
    },
    owner,
  );
  unmapCandidates(kernel, args);
  return null;
}

function clear(batch: MigrateBatch, pages: number): void {
  batch.cpages = 0;
  batch.slots.length = 0;
  batch.dst.length = 0;
  for (let i = 0; i < pages; i++) {
    batch.slots.push(null);
    batch.dst.push(null);
  }
}

/**
 * Unmaps every candidate everywhere (G11 to G14); pages that cannot be moved get their mappings back, and their slots
 * are cleared. The global LRU drain of the kernel has no counterpart: the model has no per-CPU lists, a page is on the
 * LRU or not.
 */
function unmapCandidates(kernel: Kernel, batch: MigrateBatch): void {
  const refused: number[] = [];
  for (const [i, slot] of batch.slots.entries()) {
    if (!slot?.page) continue;
    const { head } = slot.page;
    if (!isolateSource(kernel, head)) {
      refused.push(i); // G11
      continue;
    }
    if (head.mappings > 0) tryToMigrate(kernel, head); // G12
    if (looksUnpinned(batch, head)) continue;
    refused.push(i); // G13
    rejoin(kernel, head);
  }
  for (const i of refused) {
    const { head } = batch.slots[i]!.page!;
    removeMigrationEntries(head, head);
    unlockSource(kernel, batch, head);
    kernel.put(head);
    batch.slots[i] = null;
  }
  batch.cpages -= refused.length; // G22
}

/** G11: RAM leaves the LRU, whose reference replaces ours; device pages are on no list (R1). */
function isolateSource(kernel: Kernel, head: Page): boolean {
  if (isZoneDevice(head)) return true;
  if (!kernel.isolate(head)) return false;
  kernel.put(head);
  return true;
}

/** Back on the LRU, with a reference of our own again. */
function rejoin(kernel: Kernel, head: Page): void {
  if (isZoneDevice(head)) return;
  kernel.get(head);
  kernel.putback(head);
}

/** Commits: destinations take over mapping, flags and charge, or their slot loses `migrate` (G15 to G20). */
export function migrateVmaPages(kernel: Kernel, args: MigrateVmaArgs): void {
  commit(kernel, args, args);
}

/** Ends all waits for the pages (G21). Always called after a successful setup, with or without a commit. */
export function migrateVmaFinalize(kernel: Kernel, batch: MigrateBatch): void {
  for (const [i, slot] of batch.slots.entries()) {
    const to = batch.dst[i] ?? null;
    // A page in a hole has its mapping's reference besides ours; what was not inserted goes now.
    if (slot?.page) finalizeSlot(kernel, batch, slot.page.head, to, slot.migrate);
    else if (to) releaseDestination(kernel, to);
  }
}

function finalizeSlot(kernel: Kernel, batch: MigrateBatch, head: Page, to: Page | null, migrate: boolean): void {
  const moved = migrate && to !== null;
  if (moved) kernel.lruAdd(to);
  removeMigrationEntries(head, moved ? to : head);
  unlockSource(kernel, batch, head);
  if (moved || isZoneDevice(head)) {
    head.isolated = false;
    kernel.put(head);
  } else kernel.putback(head);
  if (to) releaseDestination(kernel, to);
}

/** Pages that moved: what drivers count after the commit (G22). A compound slot counts once. */
export const migratedSlots = (batch: MigrateBatch): number =>
  batch.slots.filter((slot) => slot?.migrate === true).length;

/** migrate_device_range, first phase (G23): device folios by frame, no VMA, across processes. Free and locked ones are left. */
export function migrateDeviceRange(kernel: Kernel, heads: readonly Page[]): MigrateBatch {
  const batch: MigrateBatch = { slots: [], dst: [], cpages: 0 };
  for (const head of heads) {
    const taken = !head.free && isZoneDevice(head) && lockSource(kernel, batch, head);
    if (taken) batch.cpages++;
    batch.slots.push(taken ? { page: head, migrate: true, write: false, compound: head.order === PMD_ORDER } : null);
    batch.dst.push(null);
  }
  unmapCandidates(kernel, batch);
  return batch;
}

/** Commit of a migrateDeviceRange batch. Without a VMA a large folio needs a large destination (G20). */
export function migrateDevicePages(kernel: Kernel, batch: MigrateBatch): void {
  commit(kernel, batch, null);
}

/**
 * All phases for device folios by frame (E1): `move` gives a locked destination with the bytes in it, or null to leave
 * the folio. Returns the folios that stayed.
 */
export function migrateDeviceFolios(
  kernel: Kernel,
  heads: readonly Page[],
  move: (source: Page) => Page | null,
): readonly Page[] {
  const batch = migrateDeviceRange(kernel, heads);
  for (const [i, slot] of batch.slots.entries()) if (slot?.page) batch.dst[i] = move(slot.page);
  migrateDevicePages(kernel, batch);
  migrateVmaFinalize(kernel, batch);
  return heads.filter((head, i) => batch.slots[i]?.migrate !== true && !head.free);
}
