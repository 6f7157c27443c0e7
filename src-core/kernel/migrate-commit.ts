/** migrate_vma_pages: metadata goes over, page by page, or the slot is refused (G15 to G20; __migrate_device_pages). */
import type { Kernel } from './kernel';
import { moveMetadata } from './migrate-entries';
import {
  isFaultFolio,
  knownReferences,
  type MigrateBatch,
  type MigrateSlot,
  type MigrateVmaArgs,
} from './migrate-slots';
import { canWrite, isAnonymous, vmaAt, type Mm, type Vma } from './mm';
import { beginInvalidate, endInvalidate, invalidate, type Invalidation } from './notifier';
import { isDevicePage, isZoneDevice, PMD_PAGES, pagesOf, type Page } from './page';
import { pmdEntry, pmdKind, pmdStart, pte, pteAt, setPmd, setPte } from './page-table';
import { mapHuge, mapPage, splitPmd } from './rmap';
import { swapFree } from './swap';

/** @param vma the call with its address space; null for frames without one (G23) */
export function commit(kernel: Kernel, batch: MigrateBatch, vma: MigrateVmaArgs | null): void {
  let notified: Invalidation | null = null;
  for (let i = 0; i < batch.slots.length; i++) {
    const slot = batch.slots[i];
    if (!slot) continue;
    const to = batch.dst[i] ?? null;
    if (to && !to.head.locked) throw new Error('a destination of migrate_vma is not locked (rule G15)');
    if (!to && !(slot.compound && hasSmallDestination(batch, i))) {
      slot.migrate = false; // G16
      continue;
    }
    if (slot.compound && (to?.order ?? 0) === 0) {
      if (spread(kernel, batch, i, slot, vma)) i--; // G20, L6: now page by page, from this slot on
      continue;
    }
    if (!slot.page && vma) {
      notified ??= notifyHoles(vma, vma.start + i);
      slot.migrate = insertPage(kernel, vma, vma.start + i, to!, slot.compound);
    } else slot.migrate = slot.migrate && movePage(kernel, batch, slot.page!.head, to!, vma?.fileBacked ?? false);
  }
  if (notified) endInvalidate(notified);
}

/** A driver that found no large folio fills the 512 slots one by one; the first of them may be missing too. */
function hasSmallDestination(batch: MigrateBatch, at: number): boolean {
  for (let i = at; i < at + PMD_PAGES; i++) if (batch.dst[i]) return true;
  return false;
}

/**
 * The notifier event for inserting device pages into holes spans from the first hole to the end of the call (MIGRATE in
 * section 3 of the rules).
 */
const notifyHoles = ({ mm, end, owner }: MigrateVmaArgs, start: number): Invalidation =>
  beginInvalidate({ mm, start, end, event: 'MIGRATE', owner, blockable: true })!;

/**
 * Makes a compound slot 512 slots of base pages. A large source is split in flight, which needs a VMA (G20) and fails
 * if other references exist; the whole slot is then refused. false: refused.
 */
function spread(
  kernel: Kernel,
  batch: MigrateBatch,
  at: number,
  slot: MigrateSlot,
  vma: MigrateVmaArgs | null,
): boolean {
  const pages = slot.page ? pagesOf(slot.page.head) : null;
  if (!vma || (slot.page && !splitInFlight(kernel, batch, slot.page.head))) {
    slot.migrate = false;
    return false;
  }
  for (let i = 0; i < PMD_PAGES; i++)
    batch.slots[at + i] = { page: pages?.[i] ?? null, migrate: true, write: slot.write, compound: false };
  return true;
}

/** Splits an unmapped large folio that the migration holds: every base page is locked and held as the whole was. */
function splitInFlight(kernel: Kernel, batch: MigrateBatch, head: Page): boolean {
  if (head.refcount !== 1 + (isFaultFolio(batch, head) ? 1 : 0) || head.file) return false;
  const pages = pagesOf(head);
  for (const { mm, vpn } of head.waiting)
    if (pmdKind(mm, vpn) === 'huge')
      invalidate(mm, pmdStart(vpn), pmdStart(vpn) + PMD_PAGES, 'CLEAR', () => {
        splitPmd(mm, vpn);
      });
  const { anon, dirty, active, referenced, mlocked, memcg, isolated, locked } = head;
  kernel.frames.uncompound(head.pfn);
  for (const page of pages) {
    page.refcount = 1 + (page === batch.faultPage ? 1 : 0);
    Object.assign(page, { anon, dirty, active, referenced, mlocked, memcg, isolated, locked });
  }
  if (isZoneDevice(head)) head.pagemap!.folioSplit?.(head.pfn); // L2
  return true;
}

/** G18, G19: source to destination of the same size. */
function movePage(kernel: Kernel, batch: MigrateBatch, head: Page, to: Page, fileBacked: boolean): boolean {
  if (to.order !== head.order) return false; // G20: small sources have no large destination
  if (isDevicePage(to)) {
    if (head.swapSlot >= 0 && !leaveSwapCache(kernel, head)) return false;
    if (!head.anon && !(fileBacked && (head.file?.kind === 'regular' || head.file?.kind === 'shmem'))) return false; // B3
  } else if (isZoneDevice(to)) return false;
  // G19: the reference count is frozen at what is explained; a reference taken since setup makes it fail.
  if (head.writeback || head.refcount !== knownReferences(batch, head)) return false;
  moveMetadata(kernel, head, to);
  return true;
}

/** folio_free_swap: the slot goes where no swap entry refers to it any more. */
function leaveSwapCache(kernel: Kernel, head: Page): boolean {
  if (kernel.swap.get(head.swapSlot)!.references > 0) return false;
  swapFree(kernel, head.swapSlot, 0);
  return true;
}

/** G17: a new anonymous page where a hole or the zero page is; false if a CPU fault mapped a page first. */
function insertPage(kernel: Kernel, args: MigrateVmaArgs, vpn: number, to: Page, compound: boolean): boolean {
  const { mm } = args;
  const vma = vmaAt(mm, vpn);
  if (!vma || !isAnonymous(vma) || (isZoneDevice(to) && !isDevicePage(to)) || to.order > 0 !== compound) return false;
  if (compound && vpn + PMD_PAGES > vma.end) return false; // the VMA became smaller meanwhile
  if (!kernel.charge(to, mm.memcg)) return false; // uncharged when the unused page is freed
  if (!mm.alive || vma.uffdMissing || !isEmpty(mm, vpn, compound)) return false;
  vma.hasAnon = true;
  to.anon = true;
  for (const page of pagesOf(to)) page.anonExclusive = true;
  mapInserted(mm, vpn, to, vma, compound);
  kernel.lruAdd(to);
  return true;
}

/** Still nothing there but, at most, the zero page. */
function isEmpty(mm: Mm, vpn: number, compound: boolean): boolean {
  if (pmdKind(mm, vpn) === 'none') return true;
  const huge = pmdEntry(mm, vpn);
  if (huge) return huge.state === 'zero';
  const entry = pteAt(mm, vpn);
  return !compound && (!entry || entry.state === 'zero');
}

/** The entry is writable where the VMA is (G17); a base page inside the huge zero page splits that first. */
function mapInserted(mm: Mm, vpn: number, to: Page, vma: Vma, compound: boolean): void {
  const write = canWrite(vma);
  const entry =
    to.kind === 'device-private'
      ? pte('private', to, { write, exclusive: true })
      : pte('present', to, { write, dirty: write, young: true });
  if (compound) {
    setPmd(mm, vpn, null);
    mapHuge(mm, vpn, entry);
    return;
  }
  if (pmdKind(mm, vpn) === 'huge')
    invalidate(mm, pmdStart(vpn), pmdStart(vpn) + PMD_PAGES, 'CLEAR', () => {
      splitPmd(mm, vpn);
    });
  setPte(mm, vpn, null);
  mapPage(mm, vpn, entry);
}
