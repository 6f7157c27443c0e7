/**
 * The PTE tables of all address spaces as two columns: 512 rows are one table (a leaf), which covers 2 MiB. A row is a
 * value (a frame number, or a swap slot) and bits. Leaves are reused; an empty leaf holds only holes.
 */
import { PMD_PAGES } from './page';

/** Bits of an entry. */
export const P = {
  /** Index into PTE_STATES; 0 is a hole. */
  state: 0b1111,
  write: 1 << 4,
  dirty: 1 << 5,
  young: 1 << 6,
  protnone: 1 << 7,
  exclusive: 1 << 8,
} as const;

export const HOLE = 0;
export const PRESENT = 1;
export const ZERO = 2;
export const SWAP = 3;
export const MIGRATION = 4;
export const PRIVATE = 5;
export const EXCLUSIVE = 6;
export const POISON = 7;
export const SPECIAL = 8;
export const UFFD_MARKER = 9;
/** By index. */
export const PTE_STATES = [
  ...(['hole', 'present', 'zero', 'swap', 'migration', 'private', 'exclusive', 'poison', 'special'] as const),
  'uffd-marker',
] as const;

export class PteTables {
  /** Frame number of states with a page, slot of a swap entry, else −1. */
  value = new Int32Array(0);
  bits = new Uint16Array(0);
  /** By leaf: rows that are no holes. */
  used = new Uint16Array(0);
  private readonly free: number[] = [];
  private made = 0;

  /** An empty leaf. */
  make(): number {
    const again = this.free.pop();
    if (again !== undefined) return again;
    if ((this.made + 1) * PMD_PAGES > this.bits.length) this.grow(Math.max(8, Math.ceil(this.made * 1.5)));
    return this.made++;
  }

  /** The leaf is empty, and no address space has it any more. */
  release(leaf: number): void {
    this.free.push(leaf);
  }

  private grow(leaves: number): void {
    const value = new Int32Array(leaves * PMD_PAGES);
    const bits = new Uint16Array(leaves * PMD_PAGES);
    const used = new Uint16Array(leaves);
    value.set(this.value);
    bits.set(this.bits);
    used.set(this.used);
    this.value = value;
    this.bits = bits;
    this.used = used;
  }
}
