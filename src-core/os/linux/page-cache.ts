/**
 * Files in memory: page cache, faults on file mappings, writeback with write protection (B2), truncate, read() and
 * write(). shmem (anon-shared) has no disk and may be swapped; fs-dax and device-dax pages are what the file itself is.
 */
import { newAnon, outOfMemory } from './anon';
import type { FaultResult, Ret } from './errno';
import { FileInode, type FileKind } from './file';
import type { Kernel } from './kernel';
import { canWrite, vmaAt, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { copyData, PAGE_BYTES, type Page } from './page';
import { entryAt, pageOf, pte, type Pte } from './page-table';
import { changeEntry, mapPage, mappingsOf, unmapPage } from './rmap';
import { mapAnon } from './anon';
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
  const frames = kernel.deviceFrames(
    { name: file.name, kind, node: 0, owner: null, migrateToRam: () => 'sigbus', folioFree: () => undefined },
    pagesIn(file),
  );
  for (const [index, page] of frames.entries()) {
    kernel.setAllocated(page);
    page.file = file;
    page.index = index;
    file.cache.set(index, page);
  }
}

/** The page-cache page of a file, read in where it is missing; null: out of memory. No reference is taken. */
export function cachePage(kernel: Kernel, file: FileInode, index: number): Page | null {
  const cached = file.cache.get(index);
  if (cached) return file.kind === 'hugetlb' ? cached : (cached.pages?.[index - cached.index] ?? cached);
  if (file.kind === 'fs-dax' || file.kind === 'device-dax') return null;
  const page = kernel.allocRam(0, kernel.localNode);
  if (!page) return null;
  if (!kernel.charge(page, kernel.rootMemcg)) {
    kernel.put(page);
    return null;
  }
  page.file = file;
  page.index = index;
  const slot = file.swapped.get(index);
  if (slot !== undefined) {
    const used = kernel.swap.get(slot)!;
    if (used.data) page.data = used.data.slice();
    kernel.swap.delete(slot);
    file.swapped.delete(index);
    page.dirty = true;
    kernel.counters.swapIns++;
    kernel.counters.majorFaults++;
  } else if (file.kind === 'regular') {
    const stored = file.disk.get(index);
    if (stored) page.data = stored.slice();
    kernel.counters.majorFaults++;
  } else page.dirty = true;
  file.cache.set(index, page); // the allocation's reference is the page cache's
  kernel.lruAdd(page);
  return page;
}

const pageIndex = (vma: Vma, vpn: number): number => vma.fileOffset + (vpn - vma.start);
const pagesIn = (file: FileInode): number => Math.ceil(file.bytes / PAGE_BYTES);

/** First fault on a file mapping (do_read_fault, do_cow_fault, do_shared_fault). */
export function fileFault(kernel: Kernel, mm: Mm, vma: Vma, vpn: number, write: boolean): FaultResult {
  const file = vma.file!;
  const index = pageIndex(vma, vpn);
  if (index >= pagesIn(file)) return 'sigbus';
  const cached = cachePage(kernel, file, index);
  if (!cached) return file.kind === 'fs-dax' || file.kind === 'device-dax' ? 'sigbus' : outOfMemory(kernel);
  if (cached.head.locked) return 'blocked';
  kernel.counters.minorFaults++;
  if (write && !vma.shared) {
    vma.hasAnon = true;
    kernel.get(cached);
    const page = newAnon(kernel, mm, vma, 0);
    if (page) {
      copyData(cached, page);
      kernel.counters.cowBreaks++;
      kernel.hooks.copied?.(cached, page, 1, 'cow');
      mapAnon(kernel, mm, vpn, page, true);
    }
    kernel.put(cached);
    return page ? 'ok' : outOfMemory(kernel);
  }
  // Only shared memory without dirty tracking is writable at once; a filesystem wants to hear of the first write.
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

/** Takes every mapping of a page-cache page away (CLEAR). */
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

/** ftruncate: pages beyond the new end are unmapped and go; private copies of them too (truncate_pagecache). */
export function truncate(kernel: Kernel, file: FileInode, bytes: number): void {
  const keep = Math.ceil(bytes / PAGE_BYTES);
  file.bytes = bytes;
  for (const [index, page] of [...file.cache]) {
    if (index < keep || file.kind === 'driver') continue;
    unmapEverywhere(kernel, page.head);
    dropCached(kernel, file, index);
  }
  for (const index of [...file.disk.keys()]) if (index >= keep) file.disk.delete(index);
  for (const [index, slot] of [...file.swapped])
    if (index >= keep) {
      kernel.swap.delete(slot);
      file.swapped.delete(index);
    }
  zeroTail(file, bytes);
  dropPrivateCopies(kernel, file, keep);
}

/** Bytes after the end of the last page read as zeros. */
function zeroTail(file: FileInode, bytes: number): void {
  const rest = bytes % PAGE_BYTES;
  if (rest > 0) file.cache.get(Math.floor(bytes / PAGE_BYTES))?.data?.fill(0, rest);
}

/** Even COWed pages of a private mapping beyond the end are gone (unmap_mapping_range with even_cows). */
function dropPrivateCopies(kernel: Kernel, file: FileInode, keep: number): void {
  for (const mm of kernel.mms())
    for (const vma of mm.vmas) {
      if (vma.file !== file || vma.shared) continue;
      const first = Math.max(vma.start, vma.start + keep - vma.fileOffset);
      if (first < vma.end)
        invalidate(mm, first, vma.end, 'CLEAR', () => {
          zapRange(kernel, mm, vma, first, vma.end);
        });
    }
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
    done += count;
  }
  return out;
}

/** write(): through the page cache, dirty; grows the file. */
export function fileWrite(kernel: Kernel, file: FileInode, at: number, data: Uint8Array): Ret {
  file.bytes = Math.max(file.bytes, at + data.length);
  for (let done = 0; done < data.length;) {
    const index = Math.floor((at + done) / PAGE_BYTES);
    const from = (at + done) % PAGE_BYTES;
    const count = Math.min(PAGE_BYTES - from, data.length - done);
    const page = cachePage(kernel, file, index);
    if (!page) return 'ENOMEM';
    if (kernel.config.contents) (page.data ??= new Uint8Array(PAGE_BYTES)).set(data.subarray(done, done + count), from);
    page.head.dirty = true;
    done += count;
  }
  return null;
}

/** Swaps a shmem page out: unmapped everywhere, its bytes in a slot that the file remembers. */
export function shmemSwapOut(kernel: Kernel, page: Page): boolean {
  const file = page.file!;
  if (page.longPins > 0 || page.refcount !== page.rmap.length + 2) return false;
  const slot = takeSlot(kernel);
  if (slot < 0) return false;
  unmapEverywhere(kernel, page);
  kernel.swap.set(slot, { data: page.data ? page.data.slice() : null, references: 1, cached: null, memcg: null });
  file.swapped.set(page.index, slot);
  dropCached(kernel, file, page.index);
  kernel.counters.swapOuts++;
  return true;
}
