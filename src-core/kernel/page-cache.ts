/**
 * Files in memory: page cache, faults on file mappings, writeback with write protection (B2), truncate, read() and
 * write(). shmem (anon-shared) has no disk and may be swapped; fs-dax and device-dax pages are the file itself.
 */
import { mapAnon, newAnon, outOfMemory } from './anon';
import type { FaultResult, Ret } from './errno';
import { FileInode, type FileKind } from './file';
import { NO_FRAME } from './frames';
import type { Kernel } from './kernel';
import { canWrite, vmaAt, type Memcg, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { copyData, PAGE_BYTES, type Page } from './page';
import { entryAt, pageOf, pte, type Pte } from './page-table';
import { changeEntry, mapPage, mappingsOf, unmapPage } from './rmap';
import { takeSlot } from './swap';
import { zapRange } from './zap';

export function createFile(kernel: Kernel, name: string, kind: FileKind, bytes: number): FileInode {
  const file = new FileInode(kernel.id(), name, kind, bytes);
  kernel.files.push(file);
  if (kind === 'fs-dax' || kind === 'device-dax') ownPages(kernel, file, kind);
  return file;
}

/** A DAX file is its memory: every page is there from the start, and no page cache stands before it. */
function ownPages(kernel: Kernel, file: FileInode, kind: 'fs-dax' | 'device-dax'): void {
  const pages = pagesIn(file);
  const first = kernel.deviceFrames(
    { name: file.name, kind, node: 0, owner: null, migrateToRam: () => 'sigbus', folioFree: () => undefined },
    pages,
  );
  for (let index = 0; index < pages; index++) {
    kernel.setAllocated(first + index);
    const page = kernel.frames.page(first + index);
    page.file = file;
    page.index = index;
    file.cache.set(index, page);
  }
}

/**
 * The page-cache page of a file, read in from the disk or from swap where it is missing; null: out of memory. No
 * reference is taken.
 * @param memcg charged for a new page: that of the process that faults or reads first
 */
export function cachePage(
  kernel: Kernel,
  file: FileInode,
  index: number,
  memcg: Memcg = kernel.rootMemcg,
): Page | null {
  const cached = file.cache.get(index);
  if (cached) return file.kind === 'hugetlb' ? cached : cached.sibling(cached.order > 0 ? index - cached.index : 0);
  if (file.kind === 'fs-dax' || file.kind === 'device-dax') return null;
  const slot = file.swapped.get(index);
  const page = kernel.allocRam(0, kernel.localNode);
  if (!page) return null;
  if (!kernel.charge(page, (slot === undefined ? null : kernel.swap.get(slot)!.memcg) ?? memcg)) {
    kernel.put(page);
    return null;
  }
  page.file = file;
  page.index = index;
  if (slot !== undefined) swapInShmem(kernel, page, slot);
  else if (file.kind === 'regular') page.data = file.disk.get(index)?.slice() ?? null;
  else page.dirty = true;
  file.cache.set(index, page); // the allocation's reference is the page cache's
  kernel.lruAdd(page);
  return page;
}

function swapInShmem(kernel: Kernel, page: Page, slot: number): void {
  page.data = kernel.swap.get(slot)!.data;
  kernel.swap.delete(slot);
  page.file!.swapped.delete(page.index);
  page.dirty = true;
  kernel.counters.swapIns++;
  kernel.hooks.copied?.(NO_FRAME, page.pfn, 1, 'swap-in');
}

/** folio_mark_accessed: what read() and write() tell reclaim, which sees no accessed bit of theirs. */
function markAccessed(kernel: Kernel, { head }: Page): void {
  if (!head.active && head.referenced) {
    const isListed = head.onLru;
    kernel.lruRemove(head);
    head.active = true;
    head.referenced = false;
    if (isListed) kernel.lruAdd(head);
  } else head.referenced = true;
}

const pageIndex = (vma: Vma, vpn: number): number => vma.fileOffset + (vpn - vma.start);
const pagesIn = (file: FileInode): number => Math.ceil(file.bytes / PAGE_BYTES);

/** First fault on a file mapping (do_read_fault, do_cow_fault, do_shared_fault). */
export function fileFault(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, write: boolean): FaultResult {
  const file = vma.file!;
  const index = pageIndex(vma, vpn);
  if (index >= pagesIn(file)) return 'sigbus';
  // A major fault waits for a disk; a new page of shmem needs no disk.
  const isMajor = !file.cache.has(index) && (file.kind === 'regular' || file.swapped.has(index));
  const cached = cachePage(kernel, file, index, mm.memcg);
  if (!cached) return file.kind === 'fs-dax' || file.kind === 'device-dax' ? 'sigbus' : outOfMemory(kernel);
  if (cached.head.locked) return 'blocked';
  if (isMajor) kernel.counters.majorFaults++;
  else kernel.counters.minorFaults++;
  if (write && !vma.shared) {
    vma.hasAnon = true;
    kernel.get(cached);
    const page = newAnon(kernel, mm, vma, 0);
    if (page) {
      copyData(cached, page);
      kernel.counters.cowBreaks++;
      kernel.hooks.copied?.(cached.pfn, page.pfn, 1, 'cow');
      mapAnon(kernel, mm, vpn, page, true);
    }
    kernel.put(cached);
    return page ? 'ok' : outOfMemory(kernel);
  }
  // Only shared memory without dirty tracking is writable at once; a filesystem has to see the first write.
  const free = vma.shared && canWrite(vma) && file.kind !== 'regular';
  if (write) cached.head.dirty = true;
  const state = cached.kind === 'device-private' ? 'private' : 'present';
  mapPage(mm, vpn, pte(state, cached, { write: free || (write && vma.shared), dirty: write, young: true }));
  return 'ok';
}

/** First write to a clean page of a shared file mapping (page_mkwrite): dirty, then writable. */
export function pageMkwrite(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, entry: Pte): FaultResult {
  const page = pageOf(entry, false, vpn)!;
  const file = vma.file!;
  if (pageIndex(vma, vpn) >= pagesIn(file)) return 'sigbus';
  if (page.head.writeback || page.head.locked) return 'blocked';
  page.head.dirty = true;
  kernel.counters.minorFaults++;
  changeEntry(mm, vpn, false, { ...entry, write: true, dirty: true, young: true });
  return 'ok';
}

/**
 * Writes dirty pages [from, to) to the disk. Each is write-protected in every mapping first (PROTECTION_PAGE), so that
 * the next write, a device's too, faults again (B2). Pages on a device are copied from there (beyond Linux).
 */
export function writeback(kernel: Kernel, file: FileInode, from: number, to: number): number {
  let written = 0;
  if (file.kind !== 'regular') return 0;
  for (const [index, page] of file.cache) {
    if (index < from || index >= to || (page.locked && !page.isolated)) continue;
    const mapped = mappingsOf(page.head);
    const dirtyEntry = mapped.some(({ mm, vpn }) => entryAt(mm, vpn)?.entry.dirty === true);
    if (!page.dirty && !dirtyEntry) continue;
    for (const { mm, vpn } of mapped) cleanEntry(mm, vpn);
    page.dirty = false;
    file.disk.set(index, page.data ? page.data.slice() : null);
    kernel.counters.writebacks++;
    written++;
  }
  return written;
}

/** page_mkclean of one mapping. */
function cleanEntry(mm: Mm, vpn: number): void {
  const found = entryAt(mm, vpn);
  if (!found || (!found.entry.write && !found.entry.dirty) || !vmaAt(mm, vpn)?.shared) return;
  invalidate(mm, vpn, vpn + 1, 'PROTECTION_PAGE', () => {
    changeEntry(mm, vpn, false, { ...found.entry, write: false, dirty: false });
  });
}

/** Takes every mapping of a page-cache page away (CLEAR); the page is not in flight. */
export function unmapEverywhere(kernel: Kernel, head: Page): void {
  for (const { mm, vpn } of mappingsOf(head)) {
    const entry = entryAt(mm, vpn)!.entry;
    invalidate(mm, vpn, vpn + 1, 'CLEAR', () => {
      if (entry.dirty) head.dirty = true;
      unmapPage(kernel, mm, vpn, entry.page!, null);
    });
  }
}

/** Removes a page from the page cache; its last reference frees it. */
export function dropCached(kernel: Kernel, file: FileInode, index: number): void {
  const page = file.cache.get(index);
  if (!page) return;
  file.cache.delete(index);
  page.file = null;
  kernel.put(page);
}

/**
 * ftruncate. What is mapped beyond the new end is unmapped first, by a CLEAR per VMA: by the page tables and not by the
 * reverse map, so that pages in flight (truncate would wait for them; here their migration finds no entry to restore) and COWed pages of private mappings go as well (unmap_mapping_range, even_cows).
 */
export function truncate(kernel: Kernel, file: FileInode, bytes: number): void {
  const keep = Math.ceil(bytes / PAGE_BYTES);
  file.bytes = bytes;
  for (const mm of kernel.mms())
    for (const vma of mm.vmas) {
      const first = vma.start + Math.max(0, keep - vma.fileOffset);
      if (vma.file !== file || first >= vma.end) continue;
      invalidate(mm, first, vma.end, 'CLEAR', () => {
        zapRange(kernel, mm, vma, first, vma.end);
      });
    }
  for (const index of [...file.cache.keys()])
    if (index >= keep && file.kind !== 'driver') dropCached(kernel, file, index);
  for (const index of [...file.disk.keys()]) if (index >= keep) file.disk.delete(index);
  for (const [index, slot] of [...file.swapped])
    if (index >= keep) {
      kernel.swap.delete(slot);
      file.swapped.delete(index);
    }
  zeroTail(kernel, file, bytes);
}

/** Bytes of the last page after the new end read as zeros if the file grows again, wherever the page is. */
function zeroTail(kernel: Kernel, file: FileInode, bytes: number): void {
  const rest = bytes % PAGE_BYTES;
  if (rest === 0) return;
  const index = Math.floor(bytes / PAGE_BYTES);
  const slot = file.swapped.get(index);
  file.cache.get(index)?.data?.fill(0, rest);
  file.disk.get(index)?.fill(0, rest);
  if (slot !== undefined) kernel.swap.get(slot)!.data?.fill(0, rest);
}

/** read(): the file's bytes, through the page cache; null: out of memory. */
export function fileRead(kernel: Kernel, file: FileInode, at: number, bytes: number): Uint8Array | null {
  const out = new Uint8Array(Math.max(0, Math.min(bytes, file.bytes - at)));
  for (let done = 0; done < out.length;) {
    const index = Math.floor((at + done) / PAGE_BYTES);
    const from = (at + done) % PAGE_BYTES;
    const count = Math.min(PAGE_BYTES - from, out.length - done);
    const page = cachePage(kernel, file, index);
    if (!page) return null;
    if (page.data) out.set(page.data.subarray(from, from + count), done);
    markAccessed(kernel, page);
    done += count;
  }
  return out;
}

/**
 * write(): through the page cache, dirty; grows the file. What was written before an error stays written. EAGAIN: a
 * page is locked because it is in flight to somewhere else; write() would sleep, here the caller retries.
 */
export function fileWrite(kernel: Kernel, file: FileInode, at: number, data: Uint8Array): Ret {
  for (let done = 0; done < data.length;) {
    const index = Math.floor((at + done) / PAGE_BYTES);
    const from = (at + done) % PAGE_BYTES;
    const count = Math.min(PAGE_BYTES - from, data.length - done);
    const page = cachePage(kernel, file, index);
    if (!page) return 'ENOMEM';
    if (page.head.locked) return 'EAGAIN';
    if (kernel.config.contents) (page.data ??= new Uint8Array(PAGE_BYTES)).set(data.subarray(done, done + count), from);
    page.head.dirty = true;
    markAccessed(kernel, page);
    done += count;
    file.bytes = Math.max(file.bytes, at + done);
  }
  return null;
}

/** Swaps a shmem page out: unmaps it everywhere and stores its bytes in a slot that the file refers to. */
export function shmemSwapOut(kernel: Kernel, page: Page): boolean {
  const file = page.file!;
  if (page.longPins > 0 || page.refcount !== page.mappings + 2) return false;
  const slot = takeSlot(kernel);
  if (slot < 0) return false;
  unmapEverywhere(kernel, page);
  kernel.swap.set(slot, { data: page.data?.slice() ?? null, references: 1, cached: null, memcg: page.memcg });
  file.swapped.set(page.index, slot);
  dropCached(kernel, file, page.index);
  kernel.counters.swapOuts++;
  return true;
}
