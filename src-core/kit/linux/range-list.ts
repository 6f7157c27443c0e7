/** Ranges of pages that never overlap, in order: the counterpart of a driver's interval tree. */
export interface PageRange {
  /** Pages [start, end). */
  readonly start: number;
  readonly end: number;
}

export class RangeList<T extends PageRange> implements Iterable<T> {
  private readonly list: T[] = [];

  get length(): number {
    return this.list.length;
  }
  [Symbol.iterator](): Iterator<T> {
    return this.list[Symbol.iterator]();
  }

  /** The range that a page lies in. */
  find(vpn: number): T | null {
    const range = this.list[this.firstEndingAbove(vpn)];
    return range && range.start <= vpn ? range : null;
  }

  /** The ranges that overlap [start, end), ascending; a list of its own. */
  overlapping(start: number, end: number): readonly T[] {
    const found: T[] = [];
    for (let at = this.firstEndingAbove(start); at < this.list.length && this.list[at]!.start < end; at++)
      found.push(this.list[at]!);
    return found;
  }

  /** Borders of free space around a page that lies in no range: [below, above). */
  gapAround(vpn: number): { readonly below: number; readonly above: number } {
    const at = this.firstEndingAbove(vpn);
    return { below: this.list[at - 1]?.end ?? 0, above: this.list[at]?.start ?? Infinity };
  }

  /** The caller has seen that the place is free. */
  insert(range: T): void {
    this.list.splice(this.firstEndingAbove(range.start), 0, range);
  }
  remove(range: T): void {
    const at = this.firstEndingAbove(range.start);
    if (this.list[at] === range) this.list.splice(at, 1);
  }

  private firstEndingAbove(vpn: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list[middle]!.end <= vpn) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
