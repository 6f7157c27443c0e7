/** A list of numbers in the order of their last use; every operation takes constant time. */
const NONE = -1;

export class RecencyList {
  oldest = NONE;
  private newest = NONE;
  private readonly older: Int32Array;
  private readonly newer: Int32Array;
  private readonly listed: Uint8Array;

  constructor(size: number) {
    this.older = new Int32Array(size).fill(NONE);
    this.newer = new Int32Array(size).fill(NONE);
    this.listed = new Uint8Array(size);
  }

  /** The next one that was used later, or −1. */
  younger(item: number): number {
    return this.newer[item]!;
  }

  /** Makes it the newest. */
  touch(item: number): void {
    if (this.newest === item) return;
    this.remove(item);
    this.older[item] = this.newest;
    this.newer[item] = NONE;
    if (this.newest === NONE) this.oldest = item;
    else this.newer[this.newest] = item;
    this.newest = item;
    this.listed[item] = 1;
  }

  remove(item: number): void {
    if (this.listed[item] === 0) return;
    const before = this.older[item]!;
    const after = this.newer[item]!;
    if (before === NONE) this.oldest = after;
    else this.newer[before] = after;
    if (after === NONE) this.newest = before;
    else this.older[after] = before;
    this.listed[item] = 0;
  }
}
