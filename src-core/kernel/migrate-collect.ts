/** First half of migrate_vma_setup: which pages of the range are candidates (G3 to G10; migrate_vma_collect_pmd). */
import type { Kernel } from './kernel';
import { installMigrationEntry, splitEverywhere } from './migrate-entries';
import { isFaultFolio, lockSource, unlockSource, type MigrateVmaArgs } from './migrate-slots';
import { isAnonymous, type Vma } from './mm';
import { invalidate } from './notifier';
import { PMD_PAGES, type Page } from './page';
import { pmdEntry, pmdKind, pmdStart, pteAt, type Pte } from './page-table';
import { splitPmd } from './rmap';

/** Fills args.slots; the caller brackets it with the MIGRATE event. */
export function collect(kernel: Kernel, args: MigrateVmaArgs, vma: Vma): void {
  for (let vpn = args.start; vpn < args.end;) {
    const next = Math.min(args.end, pmdStart(vpn) + PMD_PAGES);
    collectPmd(kernel, args, vma, vpn, next);
    vpn = next;
  }
}

interface Candidate {
  readonly page: Page | null;
  readonly write: boolean;
  readonly compound: boolean;
}

function take(args: MigrateVmaArgs, vpn: number, candidate: Candidate): void {
  args.slots[vpn - args.start] = { ...candidate, migrate: true };
  args.cpages++;
}

/** L1: whole PMDs move as one only in profile-cur, with SELECT_COMPOUND, where the walked piece is the whole of it. */
const mayCompound = (kernel: Kernel, args: MigrateVmaArgs, vpn: number, next: number): boolean =>
  kernel.config.profile === 'cur' && args.select.compound && next - vpn === PMD_PAGES;

function collectPmd(kernel: Kernel, args: MigrateVmaArgs, vma: Vma, vpn: number, next: number): void {
  const { mm } = args;
  if (pmdKind(mm, vpn) === 'none') {
    collectHole(kernel, args, vma, vpn, next);
    return;
  }
  const huge = pmdEntry(mm, vpn);
  if (huge && !collectHuge(kernel, args, vma, vpn, next, huge)) return;
  for (let at = vpn; at < next; at++) if (!collectPte(kernel, args, vma, at)) return;
}

/** G3: holes of anonymous VMAs only, whatever is selected; a whole PMD of them counts once (G10, L4). */
function collectHole(kernel: Kernel, args: MigrateVmaArgs, vma: Vma, vpn: number, next: number): void {
  if (!isAnonymous(vma)) return;
  const hole = { page: null, write: false };
  if (mayCompound(kernel, args, vpn, next)) take(args, vpn, { ...hole, compound: true });
  else for (let at = vpn; at < next; at++) take(args, at, { ...hole, compound: false });
}

/** G9 for a PMD entry. true: PTEs stand there now, and are to be looked at one by one. */
function collectHuge(kernel: Kernel, args: MigrateVmaArgs, vma: Vma, vpn: number, next: number, entry: Pte): boolean {
  const isCurrent = kernel.config.profile === 'cur';
  if (!entry.page) return collectHugeZero(kernel, args, vma, vpn, next);
  const { head } = entry.page;
  if (entry.state === 'migration' || (isCurrent && !isSelected(args, head, entry))) return false;
  if (!lockSource(kernel, args, head)) return false; // G7
  if (mayCompound(kernel, args, vpn, next) && installMigrationEntry(kernel, args.mm, vpn, true, entry)) {
    take(args, vpn, { page: head, write: entry.write, compound: true });
    return false;
  }
  return splitSource(kernel, args, head);
}

/** The huge zero page is a hole in profile-cur (G9); 612 makes it 512 entries of the small zero page. */
function collectHugeZero(kernel: Kernel, args: MigrateVmaArgs, vma: Vma, vpn: number, next: number): boolean {
  if (kernel.config.profile === 'cur') {
    if (args.select.system) collectHole(kernel, args, vma, vpn, next);
    return false;
  }
  const start = pmdStart(vpn);
  invalidate(args.mm, start, start + PMD_PAGES, 'CLEAR', () => {
    splitPmd(args.mm, start);
  });
  return true;
}

/** Splits a source that lockSource took, and lets it go; the fault page keeps the fault path's reference and lock. */
function splitSource(kernel: Kernel, args: MigrateVmaArgs, head: Page): boolean {
  const isFault = isFaultFolio(args, head);
  const done = splitEverywhere(kernel, head, isFault ? 2 : 1, isFault ? args.faultPage! : head);
  const holder = isFault ? args.faultPage!.head : head;
  unlockSource(kernel, args, holder);
  kernel.put(holder);
  return done;
}

/** G5, G6: what the flags pick. Other zone-device pages pass here and are refused by the commit. */
function isSelected({ select, owner }: MigrateVmaArgs, page: Page, entry: Pte): boolean {
  if (entry.state === 'private') return select.devicePrivate && page.head.pagemap!.owner === owner;
  if (entry.state !== 'present') return false; // swap, migration, exclusive, poison and markers: silently left (G5)
  if (page.kind === 'ram' || page.kind === 'driver') return select.system;
  return page.kind !== 'device-coherent' || (select.coherent && page.head.pagemap!.owner === owner);
}

/** One PTE. false: a large folio could not be split, so the rest of its PMD is left out (G9). */
function collectPte(kernel: Kernel, args: MigrateVmaArgs, vma: Vma, vpn: number): boolean {
  const entry = pteAt(args.mm, vpn);
  const none = { page: null, write: false, compound: false };
  if (!entry) {
    if (isAnonymous(vma)) take(args, vpn, none);
    return true;
  }
  if (entry.state === 'zero') {
    if (args.select.system) take(args, vpn, none); // G4
    return true;
  }
  const { page } = entry;
  if (!page || !isSelected(args, page, entry)) return true;
  const { head } = page;
  if (!head.anon && !head.file) return true; // G6: inserted by a driver, belongs to no mapping
  if (head.order > 0) {
    if (kernel.config.profile === '612') return true; // G9: PTE-mapped tails are skipped
    if (!lockSource(kernel, args, head) || !splitSource(kernel, args, head)) return false;
    return collectPte(kernel, args, vma, vpn);
  }
  if (!lockSource(kernel, args, head)) return true; // G7
  if (installMigrationEntry(kernel, args.mm, vpn, false, entry)) {
    take(args, vpn, { page, write: entry.write, compound: false });
    return true;
  }
  unlockSource(kernel, args, head); // G8: pinned
  kernel.put(head);
  return true;
}
