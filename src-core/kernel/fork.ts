/** fork, exit and exec (kernel/fork.c dup_mmap, mm/memory.c copy_page_range; rules A1, A7, X6). */
import { newAnon } from './anon';
import { newHugetlb } from './hugetlb-pool';
import type { Kernel } from './kernel';
import { Mm, Process, type Vma } from './mm';
import { munmap } from './mmap';
import { invalidate } from './notifier';
import { copyData, folioPages, PMD_PAGES, pagesOf, type Page } from './page';
import { pmdEntry, pmdKind, pmdStart, pte, pteAt, setPmd, setPte, type Pte } from './page-table';
import { restoreExclusive } from './revoke-exclusive';
import { changeEntry, mapHuge, mapPage, splitPmd } from './rmap';
import { swapDup } from './swap';
import { insertVma } from './vma-ops';

/** Status of a child whose fork failed: -ENOMEM. */
export const FORK_FAILED = -12;

/** One copy of a VMA's entries: from the parent's page table to the child's. */
interface Copy {
  readonly kernel: Kernel;
  readonly from: Mm;
  readonly to: Mm;
  readonly vma: Vma;
}

/**
 * A child with a copy of the address space: private memory is shared until the first write; shared memory stays shared.
 * Where memory runs out for the early copies of pinned pages, the fork fails: the returned process has exited with
 * FORK_FAILED and never ran.
 */
export function fork(kernel: Kernel, parent: Process, name: string): Process {
  const mm = new Mm(kernel, kernel.id(), parent.mm.memcg);
  const child = new Process(kernel.id(), name, mm, parent);
  kernel.processes.push(child);
  kernel.hooks.forked?.(parent, child);
  for (const vma of parent.mm.vmas) {
    if (vma.dontfork) continue;
    // Locks and userfaultfd registrations are not inherited.
    insertVma(mm, { ...vma, locked: false, uffdMissing: false, hasAnon: vma.hasAnon && !vma.wipeonfork });
    if (vma.file) vma.file.references++;
    if (vma.wipeonfork || !needsCopy(vma)) continue;
    if (copyVma({ kernel, from: parent.mm, to: mm, vma })) continue;
    exit(kernel, child, FORK_FAILED);
    return child;
  }
  return child;
}

/**
 * Only copy-on-write memory is write-protected in the parent, so only those ranges notify its mirrors (section 3 of the
 * rules).
 */
function copyVma(copy: Copy): boolean {
  const { from, vma } = copy;
  if (vma.shared) return copyRange(copy);
  let done = true;
  invalidate(from, vma.start, vma.end, vma.hugetlb ? 'CLEAR' : 'PROTECTION_PAGE', () => {
    done = copyRange(copy);
  });
  return done;
}

/** vma_needs_copy: entries that a later fault could not rebuild, which is everything but pages of a file. */
const needsCopy = (vma: Vma): boolean =>
  vma.hugetlb || vma.io || vma.mixedmap || (!vma.shared && (vma.file === null || vma.hasAnon));

/** Copies the entries of a VMA; false: out of memory. */
function copyRange(copy: Copy): boolean {
  const { from, vma } = copy;
  for (let vpn = vma.start; vpn < vma.end;) {
    const huge = pmdEntry(from, vpn);
    const next = pmdStart(vpn) + PMD_PAGES;
    if (huge) {
      const done = copyHuge(copy, pmdStart(vpn), huge);
      if (done === false) return false;
      if (done === null) continue; // split: the PTEs that took its place are copied
    } else if (pmdKind(from, vpn) === 'table' && !copyTable(copy, vpn, Math.min(next, vma.end))) return false;
    vpn = next;
  }
  return true;
}

function copyTable(copy: Copy, start: number, end: number): boolean {
  const { from } = copy;
  for (let vpn = start; vpn < end; vpn++) {
    // X6: an exclusive entry of the parent is an ordinary one again, and is copied as such.
    restoreExclusive(from, vpn);
    const entry = pteAt(from, vpn);
    if (entry && !copyEntry(copy, vpn, entry)) return false;
  }
  return true;
}

function copyEntry(copy: Copy, vpn: number, entry: Pte): boolean {
  const { kernel, from, to, vma } = copy;
  switch (entry.state) {
    case 'migration':
      copyMigration(from, to, vma, vpn, false, entry);
      return true;
    case 'swap':
      swapDup(kernel, entry.slot);
      to.rss.swap++;
      setPte(to, vpn, { ...entry, exclusive: false });
      if (entry.exclusive) setPte(from, vpn, { ...entry, exclusive: false });
      return true;
    case 'uffd-marker':
      return true; // the registration is not inherited either
    case 'zero':
    case 'poison':
    case 'special':
      setPte(to, vpn, entry);
      return true;
    case 'present':
    case 'private':
    case 'exclusive':
      return copyMapped(copy, vpn, entry);
  }
}

/**
 * A page that processes share can be in flight for another one's migration: its entry is copied, and read-only in both
 * like the page will be. The end of the migration finds the new entry by `Page.waiting`.
 */
function copyMigration(from: Mm, to: Mm, vma: Vma, vpn: number, huge: boolean, entry: Pte): void {
  const set = huge ? setPmd : setPte;
  const now = vma.shared ? entry : { ...entry, write: false, exclusive: false };
  if (now.write !== entry.write || now.exclusive !== entry.exclusive) set(from, vpn, now);
  set(to, vpn, now);
}

function copyMapped({ kernel, from, to, vma }: Copy, vpn: number, entry: Pte): boolean {
  const page = entry.page!;
  if (vma.shared) {
    mapPage(to, vpn, { ...entry, dirty: false });
    return true;
  }
  if (mustCopyNow(page)) {
    // The child gets its copy at once (copy_present_page), so the pin keeps referring to the parent's page.
    const copy = newAnon(kernel, to, vma, 0);
    if (!copy) return false;
    copyData(page, copy);
    kernel.hooks.copied?.(page.pfn, copy.pfn, 1, 'fork-pinned');
    mapPage(to, vpn, pte('present', copy, { write: entry.write, dirty: true, young: true }));
    kernel.lruAdd(copy);
    kernel.put(copy);
    return true;
  }
  page.anonExclusive = false;
  if (entry.write) changeEntry(from, vpn, false, { ...entry, write: false });
  // A1: a device-private entry is duplicated like a present one; it cannot be pinned, so this never fails.
  mapPage(to, vpn, { ...entry, write: false });
  return true;
}

/** folio_needs_cow_for_dma: pinned with FOLL_PIN, and the process's alone. */
const mustCopyNow = (page: Page): boolean => page.head.anon && page.head.dmaPins > 0 && page.anonExclusive;

/** A PMD entry is shared whole (profile-cur: also that of a device folio). null: split instead, false: out of memory. */
function copyHuge(copy: Copy, first: number, entry: Pte): boolean | null {
  const { kernel, from, to, vma } = copy;
  if (!entry.page) {
    setPmd(to, first, entry);
    return true;
  }
  if (entry.state === 'migration') {
    copyMigration(from, to, vma, first, true, entry);
    return true;
  }
  const { head } = entry.page;
  if (vma.shared) {
    mapHuge(to, first, entry);
    return true;
  }
  if (vma.hugetlb && head.dmaPins > 0 && entry.write) return copyPinnedHugetlb(kernel, to, first, head);
  if (!vma.hugetlb && mustCopyNow(head)) {
    splitPmd(from, first);
    return null;
  }
  for (const page of pagesOf(head)) page.anonExclusive = false;
  if (entry.write) changeEntry(from, first, true, { ...entry, write: false });
  mapHuge(to, first, { ...entry, write: false });
  return true;
}

function copyPinnedHugetlb(kernel: Kernel, to: Mm, first: number, head: Page): boolean {
  const copy = newHugetlb(kernel);
  if (!copy) return false;
  for (const [i, page] of pagesOf(head).entries()) copyData(page, copy.sibling(i));
  kernel.hooks.copied?.(head.pfn, copy.pfn, folioPages(head), 'fork-pinned');
  mapHuge(to, first, pte('present', copy, { write: true, dirty: true, young: true }));
  kernel.put(copy);
  return true;
}

/**
 * exit_mmap (A7): RELEASE to the mirrors, then UNMAP of everything; device pages are freed without being copied.
 * @param signal the signal that ended it; absent after exit()
 */
export function exit(kernel: Kernel, process: Process, status: number, signal?: string): void {
  if (process.exited) return;
  teardown(kernel, process.mm);
  process.exited = true;
  process.status = status;
  process.signal = signal ?? null;
}

function teardown(kernel: Kernel, mm: Mm): void {
  mm.alive = false; // nothing is inserted into it any more (G17)
  invalidate(mm, 0, Number.MAX_SAFE_INTEGER, 'RELEASE', () => undefined);
  for (const vma of [...mm.vmas]) munmap(kernel, mm, vma.start, vma.end);
  mm.notifiers.length = 0;
}

/** execve: a new, empty address space takes the place of the old one. */
export function exec(kernel: Kernel, process: Process): void {
  teardown(kernel, process.mm);
  process.mm = new Mm(kernel, kernel.id(), process.mm.memcg);
}
