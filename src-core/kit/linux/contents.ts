/**
 * Contents: every access writes or reads real bytes, and every read is compared with a flat memory without pages. A
 * lost or stale write shows up as data. The flat memory holds one byte array per page of a process; shared memory has
 * one for all.
 */
import type { LinuxHost } from './backend';
import type { PageContents } from './host-parts';
import { CPU, type AccessOp, type ProcessorIndex } from '../../model/processor';
import { vmaAt, type Process } from '../../kernel/mm';
import { PAGE_BYTES, type Page } from '../../kernel/page';
import { entryAt, pageOf } from '../../kernel/page-table';
import { type Granule, asGranule } from '../../base/indices';
import type { Piece } from './space-map';

const READ = 0;
const WRITE = 1;

export class Contents implements PageContents {
  /** Reads that gave other bytes than were written last. */
  mismatches = 0;
  reads = 0;
  private readonly flat = new Map<string, Uint8Array>();
  /** Device buffers of explicit copies: granule → bytes, by device. */
  private readonly buffers: (Map<number, Uint8Array> | undefined)[] = [];
  /** Granules under MADV_FREE. */
  private readonly lazy = new Set<number>();
  private stamp = 0;

  constructor(private readonly memory: LinuxHost) {}

  /** Bytes of one page by its key; zeros until the first write. */
  private bytesOf(key: string): Uint8Array {
    let bytes = this.flat.get(key);
    if (!bytes) this.flat.set(key, (bytes = new Uint8Array(PAGE_BYTES)));
    return bytes;
  }

  /** The page of a file that a mapping shows; null for anonymous memory. */
  private fileKey(granule: Granule): { readonly key: string; readonly shared: boolean } | null {
    const process = this.memory.processes.of(granule);
    const vpn = this.memory.map.vpn(granule);
    const vma = process ? vmaAt(process.mm, vpn) : null;
    if (!vma?.file) return null;
    return { key: `f${vma.file.id}/${vma.fileOffset + vpn - vma.start}`, shared: vma.shared };
  }

  /** The bytes that a read has to return. A private mapping shows the file until the page is the process's own. */
  private expected(granule: Granule): Uint8Array {
    const file = this.fileKey(granule);
    if (file && (file.shared || !this.flat.has(ownKey(granule)))) return this.bytesOf(file.key);
    return this.bytesOf(ownKey(granule));
  }

  /**
   * An own page took the place of a file's page (COW, a write-protecting call): later changes of the file are no longer
   * visible here.
   */
  entryChanged(granule: Granule, page: Page | null): void {
    if (page?.head.anon !== true || this.flat.has(ownKey(granule))) return;
    const file = this.fileKey(granule);
    if (file && !file.shared) this.flat.set(ownKey(granule), this.bytesOf(file.key).slice());
  }

  /** Memory under MADV_FREE was dropped: it now reads as zeros. */
  private reconcile(granule: Granule, actual: Uint8Array | null): void {
    if (!this.lazy.has(granule) || actual?.some((byte) => byte !== 0) === true) return;
    this.lazy.delete(granule);
    this.expected(granule).fill(0);
  }

  /** Private memory of the child starts as a copy of the parent's. */
  forked(parent: number, child: number): void {
    const { map } = this.memory;
    for (const piece of map.pieces) {
      if (piece.process !== child) continue;
      for (let i = 0; i < piece.pages; i++) {
        const from = map.granule(parent, map.vpn(asGranule(piece.granule + i)));
        const bytes = from >= 0 ? this.flat.get(ownKey(from)) : undefined;
        if (bytes) this.flat.set(ownKey(asGranule(piece.granule + i)), bytes.slice());
        if (this.lazy.has(from)) this.lazy.add(piece.granule + i);
      }
    }
  }

  private actual(processor: ProcessorIndex, granule: Granule): { page: Page | null; buffer: Uint8Array | null } {
    const buffer = processor === CPU ? undefined : this.buffers[processor]?.get(granule);
    if (buffer) return { page: null, buffer };
    const process = this.memory.processes.of(granule);
    const vpn = this.memory.map.vpn(granule);
    const found = process ? entryAt(process.mm, vpn) : null;
    return { page: found ? pageOf(found.entry, found.huge, vpn) : null, buffer: null };
  }

  /** `count` accesses inside one page that were made. */
  accessed(
    processor: ProcessorIndex,
    granule: Granule,
    op: AccessOp,
    start: number,
    stride: number,
    count: number,
    bytes: number,
  ): void {
    const { page, buffer } = this.actual(processor, granule);
    this.reconcile(granule, buffer ?? page?.data ?? null);
    if (op !== READ) this.lazy.delete(granule);
    const flat = this.expected(granule);
    for (let i = 0; i < count; i++) {
      const at = start + i * stride;
      if (op !== WRITE) this.compare(buffer ?? page?.data ?? null, flat, at, bytes);
      if (op === READ) continue;
      const value = (this.stamp = (this.stamp + 1) & 0xff) || 1;
      flat.fill(value, at, at + bytes);
      if (buffer) buffer.fill(value, at, at + bytes);
      else if (page) (page.data ??= new Uint8Array(PAGE_BYTES)).fill(value, at, at + bytes);
    }
  }

  private compare(actual: Uint8Array | null, flat: Uint8Array, at: number, bytes: number): void {
    this.reads++;
    for (let i = at; i < at + bytes; i++)
      if ((actual?.[i] ?? 0) !== flat[i]) {
        this.mismatches++;
        return;
      }
  }

  // --- explicit copies ---
  private pageAt(granule: Granule, process: Process): Page | null {
    const vpn = this.memory.map.vpn(granule);
    const found = entryAt(process.mm, vpn);
    return found ? pageOf(found.entry, found.huge, vpn) : null;
  }
  copiedIn(device: ProcessorIndex, piece: Piece, process: Process): void {
    const buffers = (this.buffers[device] ??= new Map());
    for (let i = 0; i < piece.pages; i++) {
      const data = this.pageAt(asGranule(piece.granule + i), process)?.data;
      this.reconcile(asGranule(piece.granule + i), data ?? null);
      buffers.set(piece.granule + i, data ? data.slice() : new Uint8Array(PAGE_BYTES));
    }
  }
  copiedOut(device: ProcessorIndex, piece: Piece, process: Process): void {
    for (let i = 0; i < piece.pages; i++) {
      const page = this.pageAt(asGranule(piece.granule + i), process);
      const buffer = this.buffers[device]?.get(piece.granule + i);
      if (page && buffer) (page.data ??= new Uint8Array(PAGE_BYTES)).set(buffer);
    }
  }
  /** The buffer was freed; device writes that were not copied back are lost, and reads will show it. */
  dropped(device: ProcessorIndex, piece: Piece): void {
    for (let i = 0; i < piece.pages; i++) this.buffers[device]?.delete(piece.granule + i);
  }

  // --- read() and write() ---
  fileRead(start: number, end: number, process: Process, data: Uint8Array | null): void {
    for (let vpn = start; vpn < end && data; vpn++) {
      const file = this.fileKey(this.memory.processes.granule(process.mm, vpn));
      if (!file) continue;
      const from = (vpn - start) * PAGE_BYTES;
      this.compare(data.subarray(from), this.bytesOf(file.key), 0, Math.min(PAGE_BYTES, data.length - from));
    }
  }
  fileWrite(start: number, end: number, process: Process): Uint8Array {
    const data = new Uint8Array((end - start) * PAGE_BYTES).fill((this.stamp = (this.stamp + 1) & 0xff) || 1);
    for (let vpn = start; vpn < end; vpn++) {
      const file = this.fileKey(this.memory.processes.granule(process.mm, vpn));
      if (file) this.bytesOf(file.key).set(data.subarray(0, PAGE_BYTES));
    }
    return data;
  }

  // --- memory that goes ---
  cleared(process: Process, start: number, end: number): void {
    const index = this.memory.processes.all.indexOf(process);
    for (let vpn = start; vpn < end; vpn++) {
      const granule = this.memory.map.granule(index, vpn);
      if (granule < 0) continue;
      this.flat.delete(ownKey(granule));
      this.lazy.delete(granule);
    }
  }
  cut(process: Process, start: number, end: number): void {
    for (let vpn = start; vpn < end; vpn++) {
      const file = this.fileKey(this.memory.processes.granule(process.mm, vpn));
      if (file) this.flat.delete(file.key);
    }
    for (const each of this.memory.processes.all) if (each) this.cleared(each, start, end);
  }
  freed(process: Process, start: number, end: number): void {
    for (let vpn = start; vpn < end; vpn++) {
      const granule = this.memory.processes.granule(process.mm, vpn);
      if (granule >= 0) this.lazy.add(granule);
    }
  }
}

/** Private memory is known by its granule: one page of one process, wherever mremap puts it. */
const ownKey = (granule: Granule): string => `p${granule}`;
