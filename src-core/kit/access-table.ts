/**
 * Whether a processor may access a page, and whether over the link. One byte per granule and processor: the part of its
 * page table that the hot path needs. Memory systems with page tables of their own rewrite the bytes wherever their
 * tables change. TRACKED and PENDING have the same bits as in kit/residency.ts, so the ledger and the fault buffer
 * share the byte.
 */
import { createByteColumn, rewrite, type ByteColumn } from '../base/byte-column';
import { PENDING, TRACKED, type HotMasks } from '../contracts/accessed-memory';
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { Granule } from '../base/indices';

/** Reads and writes that find the page in the processor's own memory. */
export const READ_LOCAL = 0b0000_0001;
const WRITE_LOCAL = 0b0000_0010;
/** Reads and writes that go over the link. */
const READ_REMOTE = 0b0000_0100;
const WRITE_REMOTE = 0b0010_0000;
/** A device's own page that it has not used yet: its first use is not a plain hit, so the memory system sees it. */
export const FRESH = 0b0100_0000;
export const ACCESS_BITS = READ_LOCAL | WRITE_LOCAL | READ_REMOTE | WRITE_REMOTE;

export const localBits = (write: boolean): number => (write ? READ_LOCAL | WRITE_LOCAL : READ_LOCAL);
export const remoteBits = (write: boolean): number => (write ? READ_REMOTE | WRITE_REMOTE : READ_REMOTE);
/** Of a mapping whose reads and writes are permitted one by one. */
export const permissionBits = (reads: boolean, writes: boolean, isLocal: boolean): number =>
  isLocal
    ? (reads ? READ_LOCAL : 0) | (writes ? WRITE_LOCAL : 0)
    : (reads ? READ_REMOTE : 0) | (writes ? WRITE_REMOTE : 0);

/** By AccessOp: read, write, read-write, atomic. Atomics need no more than write permission. */
const need = (read: number, write: number): Uint8Array => Uint8Array.of(read, write, write, write);
const LOCAL_NEED = need(READ_LOCAL, WRITE_LOCAL);
const REMOTE_NEED = need(READ_REMOTE, WRITE_REMOTE);
export const ACCESS_MASKS: HotMasks = {
  mask: LOCAL_NEED.map((bit) => bit | TRACKED | PENDING | FRESH),
  want: LOCAL_NEED,
};

export class AccessTable {
  protected readonly columns: readonly ByteColumn[];
  protected readonly bytes: readonly Uint8Array[];

  constructor(processors: number, granules: number) {
    this.columns = Array.from({ length: processors }, () => createByteColumn(granules));
    this.bytes = this.columns.map(({ bytes }) => bytes);
  }

  /** The bytes of a processor by granule. The array stays the same for the whole run. */
  of(processor: ProcessorIndex): Uint8Array {
    return this.bytes[processor]!;
  }

  isLocal(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    return (this.bytes[processor]![granule]! & LOCAL_NEED[op]!) !== 0;
  }
  isRemote(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    return (this.bytes[processor]![granule]! & REMOTE_NEED[op]!) !== 0;
  }
  /** The access needs no fault. */
  isMapped(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    return this.isLocal(processor, granule, op) || this.isRemote(processor, granule, op);
  }

  /** A fault of the processor on the granule waits for its batch, or waits no longer. */
  setPending(processor: ProcessorIndex, granule: Granule, on: boolean): void {
    const bytes = this.bytes[processor]!;
    bytes[granule] = on ? bytes[granule]! | PENDING : bytes[granule]! & ~PENDING;
  }
  isPending(processor: ProcessorIndex, granule: Granule): boolean {
    return (this.bytes[processor]![granule]! & PENDING) !== 0;
  }

  /** The ledger follows the bytes of `count` granules in a row, or no longer. */
  track(granule: Granule, on: boolean, count: number): void {
    if (count === 1) {
      for (let p = 0; p < this.bytes.length; p++) {
        const bytes = this.bytes[p]!;
        bytes[granule] = on ? bytes[granule]! | TRACKED : bytes[granule]! & ~TRACKED;
      }
      return;
    }
    for (const column of this.columns) rewrite(column, granule, count, ~TRACKED, on ? TRACKED : 0);
  }
}
