/**
 * The page tables of all processors as bytes, for the hot path: rewritten from a block's masks wherever they change. The
 * bits of os/residency.ts (TRACKED, PENDING) share the byte.
 */
import { nextSet, type PageMask } from '../../base/page-mask';
import type { AccessOp, ProcessorIndex } from '../../model/processor';
import type { HotMasks } from '../memory-system';
import { PENDING, TRACKED } from '../residency';
import type { VaBlock } from './va-block';

const READ_LOCAL = 0b0000_0001;
const WRITE_LOCAL = 0b0000_0010;
const READ_REMOTE = 0b0000_0100;
const WRITE_REMOTE = 0b0010_0000;
const KEPT = TRACKED | PENDING;

/** By AccessOp: read, write, read-write, atomic. Device atomics need no more than write permission (ATOMIC_WEAK). */
const LOCAL_NEED = Uint8Array.of(READ_LOCAL, WRITE_LOCAL, WRITE_LOCAL, WRITE_LOCAL);
const REMOTE_NEED = Uint8Array.of(READ_REMOTE, WRITE_REMOTE, WRITE_REMOTE, WRITE_REMOTE);
export const UVM_MASKS: HotMasks = { mask: LOCAL_NEED.map((bit) => bit | TRACKED | PENDING), want: LOCAL_NEED };

export class AccessBytes {
  private readonly bytes: readonly Uint8Array[];

  constructor(
    processors: number,
    granules: number,
    private readonly pagesPerBlock: number,
  ) {
    this.bytes = Array.from({ length: processors }, () => new Uint8Array(granules));
  }

  of(processor: ProcessorIndex): Uint8Array {
    return this.bytes[processor]!;
  }

  isLocal(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return (this.bytes[processor]![granule]! & LOCAL_NEED[op]!) !== 0;
  }
  isRemote(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return (this.bytes[processor]![granule]! & REMOTE_NEED[op]!) !== 0;
  }

  setPending(processor: ProcessorIndex, granule: number, on: boolean): void {
    const bytes = this.bytes[processor]!;
    bytes[granule] = on ? bytes[granule]! | PENDING : bytes[granule]! & ~PENDING;
  }
  isPending(processor: ProcessorIndex, granule: number): boolean {
    return (this.bytes[processor]![granule]! & PENDING) !== 0;
  }

  track(granule: number, on: boolean): void {
    for (const bytes of this.bytes) bytes[granule] = on ? bytes[granule]! | TRACKED : bytes[granule]! & ~TRACKED;
  }

  /**
   * Rewrites the bytes of some pages for one processor.
   * @param answered called for granules with a pending fault that have a mapping now
   */
  refresh(block: VaBlock, processor: ProcessorIndex, pages: PageMask, answered: (granule: number) => void): void {
    const bytes = this.bytes[processor]!;
    const base = block.index * this.pagesPerBlock;
    const resident = block.resident[processor]!;
    const readable = block.readable[processor]!;
    const writable = block.writable[processor]!;
    const { outer } = block;
    for (let page = nextSet(pages, block.first, outer); page < outer; page = nextSet(pages, page + 1, outer)) {
      const word = page >>> 5;
      const bit = page & 31;
      const read = (readable[word]! >>> bit) & 1;
      const write = (writable[word]! >>> bit) & 1;
      const here = (resident[word]! >>> bit) & 1;
      const before = bytes[base + page]!;
      const bits = here === 1 ? read | (write << 1) : (read << 2) | (write << 5);
      bytes[base + page] = (before & KEPT) | bits;
      if ((before & PENDING) !== 0 && bits !== 0) answered(base + page);
    }
  }
}
