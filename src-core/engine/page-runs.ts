/** One page as runs of bytes that the same processors have: most pages have one run or a handful. */
export const PAGE = 4096;

export class PageRuns {
  /** Outer ends of the runs, ascending; the last is PAGE. */
  private ends: number[];
  /** Bit per processor. */
  private has: number[];

  constructor(has: number) {
    this.ends = [PAGE];
    this.has = [has];
  }

  get count(): number {
    return this.ends.length;
  }
  /** Of a page of one run: who has it. */
  get first(): number {
    return this.has[0]!;
  }

  /** The run that holds this byte. */
  private find(at: number): number {
    const { ends } = this;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** From now on these processors have bytes [from, to). */
  fill(from: number, to: number, has: number): void {
    this.replace(from, to, () => has);
  }

  /** Calls `missing` for each run of [from, to) that lacks the bit, and gives it to it. */
  add(from: number, to: number, bit: number, missing: (has: number, from: number, to: number) => void): void {
    let lacks = false;
    for (let run = this.find(from), at = from; at < to; run++) {
      const end = Math.min(to, this.ends[run]!);
      const has = this.has[run]!;
      if ((has & bit) === 0) {
        lacks = true;
        missing(has, at, end);
      }
      at = end;
    }
    if (lacks) this.replace(from, to, (has) => has | bit);
  }

  private replace(from: number, to: number, change: (has: number) => number): void {
    const ends: number[] = [];
    const has: number[] = [];
    const push = (end: number, value: number): void => {
      const last = has.length - 1;
      if (last >= 0 && has[last] === value) ends[last] = end;
      else {
        ends.push(end);
        has.push(value);
      }
    };
    let start = 0;
    for (let run = 0; run < this.ends.length; run++) {
      const end = this.ends[run]!;
      const value = this.has[run]!;
      if (start < from) push(Math.min(end, from), value);
      if (end > from && start < to) push(Math.min(end, to), change(value));
      if (end > to) push(end, value);
      start = end;
    }
    this.ends = ends;
    this.has = has;
  }
}
