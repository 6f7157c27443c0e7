/** fork, exit and exec (kernel/fork.c dup_mmap, mm/memory.c copy_page_range; rules A1, A7, X6). */
import { newAnon } from './anon';
import { restoreExclusive } from './exclusive';
import type { Kernel } from './kernel';
import { Mm, Process, type Vma } from './mm';
import { munmap } from './mmap';
import { invalidate } from './notifier';
import { copyData, pagesOf } from './page';
import { pmdStart, pte, setPmd, setPte, type Pte, type Pmd } from './page-table';
import { changeEntry, mapHuge, mapPage, splitPmd } from './rmap';
import { swapDup } from './swap';
import { insertVma } from './vma-ops';

/** A child with a copy of the address space: private memory is shared until somebody writes, shared memory is shared. */
export function fork(kernel: Kernel, parent: Process, name: string): Process {
  const mm = new Mm(kernel, kernel.id(), parent.mm.memcg);
  const child = new Process(kernel.id(), name, mm, parent);
  kernel.processes.push(child);
  kernel.hooks.forked?.(parent, child);
  for (const vma of parent.mm.vmas) {
    if (vma.dontfork) continue;
    insertVma(mm, { ...vma, locked: false, uffdMissing: false });
    if (vma.file) vma.file.references++;
    if (vma.wipeonfork) continue;
    // Only a mapping with pages of its own needs its tables copied; a file mapping faults them in again (vma_needs_copy).
    if (vma.shared && !vma.hugetlb && !vma.mixedmap) continue;
    invalidate(parent.mm, vma.start, vma.end, 'PROTECTION_PAGE', () => {
      copyRange(kernel, parent.mm, mm, vma);
    });
  }
  return child;
}

function copyRange(kernel: Kernel, from: Mm, to: Mm, vma: Vma): void {
  for (const [at, pmd] of [...from.pmds]) {
    const first = at * 512;
    if (first >= vma.end || first + 512 <= vma.start) continue;
    if (pmd.kind === 'huge') {
      copyHuge(kernel, from, to, vma, first, pmd.entry);
      continue;
    }
    copyTable(kernel, from, to, vma, first, pmd);
  }
}

function copyTable(
  kernel: Kernel,
  from: Mm,
  to: Mm,
  vma: Vma,
  first: number,
  pmd: Extract<Pmd, { kind: 'table' }>,
): void {
  for (let i = 0; i < 512; i++) {
    const vpn = first + i;
    if (vpn < vma.start || vpn >= vma.end) continue;
    let entry = pmd.entries[i];
    if (!entry) continue;
    if (entry.state === 'exclusive') {
      restoreExclusive(from, vpn); // X6: the parent's entry is an ordinary one again, and is copied as such
      entry = pmd.entries[i]!;
    }
    copyEntry(kernel, from, to, vma, vpn, entry);
  }
}

function copyEntry(kernel: Kernel, from: Mm, to: Mm, vma: Vma, vpn: number, entry: Pte): void {
  switch (entry.state) {
    case 'migration':
      throw new Error('fork met a migration entry: migrate_vma holds the mmap lock of its address space');
    case 'swap':
      swapDup(kernel, entry.slot);
      to.rss.swap++;
      setPte(to, vpn, { ...entry, exclusive: false });
      if (entry.exclusive) setPte(from, vpn, { ...entry, exclusive: false });
      return;
    case 'uffd-marker':
      return;
    case 'present':
    case 'private':
    case 'exclusive':
      copyMapped(kernel, from, to, vma, vpn, entry);
      return;
    case 'zero':
    case 'poison':
    case 'special':
      setPte(to, vpn, entry);
  }
}

function copyMapped(kernel: Kernel, from: Mm, to: Mm, vma: Vma, vpn: number, entry: Pte): void {
  const page = entry.page!;
  if (vma.shared) {
    mapPage(to, vpn, entry);
    return;
  }
  // A page that somebody pinned stays the parent's alone: the child gets its copy at once (copy_present_page).
  if (page.head.anon && page.head.pins > 0 && page.anonExclusive && page.kind !== 'device-private') {
    const copy = newAnon(kernel, to, vma, 0);
    if (copy) {
      copyData(page, copy);
      kernel.hooks.copied?.(page, copy, 1, 'fork-pinned');
      mapPage(to, vpn, pte('present', copy, { write: entry.write, dirty: true, young: true }));
      kernel.lruAdd(copy);
      kernel.put(copy);
      return;
    }
  }
  page.anonExclusive = false;
  if (entry.write) changeEntry(from, vpn, false, { ...entry, write: false });
  mapPage(to, vpn, { ...entry, write: false, protnone: false });
}

/** A PMD entry is shared whole (profile-cur also for device folios); a pinned folio is split and copied by pages. */
function copyHuge(kernel: Kernel, from: Mm, to: Mm, vma: Vma, first: number, entry: Pte): void {
  if (!entry.page) {
    setPmd(to, first, entry);
    return;
  }
  const { head } = entry.page;
  if (entry.state === 'migration') throw new Error('fork met a migration entry');
  if (vma.hugetlb && vma.shared) {
    mapHuge(to, first, entry);
    return;
  }
  if (head.anon && head.pins > 0 && !vma.hugetlb) {
    splitPmd(from, first);
    const pmd = from.pmds.get(first / 512);
    if (pmd?.kind === 'table') copyTable(kernel, from, to, vma, first, pmd);
    return;
  }
  for (const page of pagesOf(head)) page.anonExclusive = false;
  if (entry.write) changeEntry(from, pmdStart(first), true, { ...entry, write: false });
  mapHuge(to, first, { ...entry, write: false, protnone: false });
}

/**
 * exit_mmap (A7): RELEASE to the mirrors, then UNMAP of everything; device pages are freed without being copied.
 * @param signal what killed it, where it did not leave by itself
 */
export function exit(kernel: Kernel, process: Process, status: number, signal?: string): void {
  if (process.exited) return;
  teardown(kernel, process.mm);
  process.exited = true;
  process.status = status;
  process.signal = signal ?? null;
  process.mm.alive = false;
}

function teardown(kernel: Kernel, mm: Mm): void {
  invalidate(mm, 0, Number.MAX_SAFE_INTEGER, 'RELEASE', () => undefined);
  for (const vma of [...mm.vmas]) munmap(kernel, mm, vma.start, vma.end);
  mm.notifiers.length = 0;
}

/** execve: a new, empty address space takes the place of the old one. */
export function exec(kernel: Kernel, process: Process): void {
  teardown(kernel, process.mm);
  process.mm.alive = false;
  process.mm = new Mm(kernel, kernel.id(), process.mm.memcg);
}
