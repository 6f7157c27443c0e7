/**
 * Sums per bucket of an axis that grows: a fixed number of buckets, whose width doubles (neighbours are added) when the
 * axis outgrows them. Rows may be added in any order of the axis.
 */
import type { Plain, Positioned } from '../base/plain';

export interface BucketRange {
  readonly firstBucket: number;
  readonly outerBucket: number;
  /** Ends of the range on the axis: whole buckets. */
  readonly from: number;
  readonly to: number;
  readonly bins: number;
}

/** The state in a snapshot. The rows are shared with the collection until it writes to them. */
type SavedBuckets = { readonly bucket: number; readonly last: number; readonly rows: readonly (Float64Array | null)[] };

/** Saves its own state: a snapshot shares the rows, and a row is copied before it is written again. */
export class Buckets implements Positioned {
  /** Width of one bucket on the axis. */
  private bucket = 1;
  /** 1 / bucket, which is exact: the width is a power of two. */
  private perUnit = 1;
  /** Row per bucket; made when first written. */
  private readonly rows: (Float64Array | undefined)[];
  /** 1 where a snapshot has the row as well. */
  private readonly shared: Uint8Array;
  private last = -1;
  /** Rows that merging left over, to be used again. */
  private readonly spare: Float64Array[] = [];
  /** Ends on the axis of the bucket whose row was asked for last. */
  private from = 0;
  private outer = 0;

  constructor(
    private readonly buckets: number,
    /** Numbers per row. */
    readonly width: number,
  ) {
    this.rows = new Array<Float64Array | undefined>(buckets);
    this.shared = new Uint8Array(buckets);
  }

  position(): SavedBuckets {
    this.outer = 0; // so that the row in use is asked for, and copied, before it is written again
    this.shared.fill(1, 0, this.last + 1);
    const rows = Array.from({ length: this.last + 1 }, (_, index) => this.rows[index] ?? null);
    return { bucket: this.bucket, last: this.last, rows };
  }

  seek(position: Plain): void {
    const { bucket, last, rows } = position as SavedBuckets;
    this.outer = 0;
    this.bucket = bucket;
    this.perUnit = 1 / bucket;
    this.last = last;
    this.rows.fill(undefined);
    rows.forEach((row, index) => {
      if (row) this.rows[index] = row;
    });
    this.shared.fill(1, 0, last + 1);
  }

  /** The row of x, to add to; valid until the next call. */
  row(x: number): Float64Array {
    let index = Math.floor(x * this.perUnit);
    while (index >= this.buckets) {
      this.merge();
      index = Math.floor(x * this.perUnit);
    }
    if (index > this.last) this.last = index;
    this.from = index * this.bucket;
    this.outer = this.from + this.bucket;
    return this.own(index);
  }

  private own(index: number): Float64Array {
    const row = this.rows[index];
    if (row && this.shared[index] === 0) return row;
    this.shared[index] = 0;
    return (this.rows[index] = row?.slice() ?? this.spare.pop()?.fill(0) ?? new Float64Array(this.width));
  }

  /** x lies in the bucket whose row was asked for last: that row is its row. */
  holds(x: number): boolean {
    return x >= this.from && x < this.outer;
  }

  add(x: number, column: number, amount: number): void {
    const row = this.row(x);
    row[column] = row[column]! + amount;
  }

  /** Makes the axis reach at least to x, although nothing happened there. */
  cover(x: number): void {
    while (x > this.buckets * this.bucket) this.merge();
  }

  /** The buckets that cover [from, to), in at most `bins` bins of equal or nearly equal numbers of buckets. */
  range(from: number, to: number, bins: number): BucketRange {
    const firstBucket = Math.max(0, Math.min(this.buckets - 1, Math.floor(from / this.bucket)));
    const outerBucket = Math.max(firstBucket + 1, Math.min(this.buckets, Math.ceil(to / this.bucket)));
    return {
      firstBucket,
      outerBucket,
      from: firstBucket * this.bucket,
      to: outerBucket * this.bucket,
      bins: Math.max(1, Math.min(Math.floor(bins), outerBucket - firstBucket)),
    };
  }

  /** Per column, the sums per bin. */
  sums(range: BucketRange): Float64Array[] {
    const answers = Array.from({ length: this.width }, () => new Float64Array(range.bins));
    const count = range.outerBucket - range.firstBucket;
    for (let i = 0; i < count; i++) {
      const row = this.rows[range.firstBucket + i];
      if (!row) continue;
      const bin = Math.floor((i * range.bins) / count);
      for (let column = 0; column < this.width; column++) answers[column]![bin]! += row[column]!;
    }
    return answers;
  }

  /** Adds the rows of [first, outer) to `into`. */
  addUp(first: number, outer: number, into: Float64Array): void {
    const end = Math.min(outer, this.last + 1);
    for (let i = first; i < end; i++) {
      const row = this.rows[i];
      if (!row) continue;
      for (let column = 0; column < this.width; column++) into[column] = into[column]! + row[column]!;
    }
  }

  /**
   * Columns that hold changes of a level: its last and its highest value in each bin of another collection's range (the
   * two may have different bucket widths).
   */
  level(columns: readonly number[], range: BucketRange): { values: Float64Array; peak: Float64Array } {
    const values = new Float64Array(range.bins);
    const peak = new Float64Array(range.bins);
    const span = range.to - range.from;
    let level = 0;
    let bucket = 0;
    const step = (): void => {
      const row = this.rows[bucket++];
      if (row) for (const column of columns) level += row[column]!;
    };
    while (bucket <= this.last && bucket * this.bucket < range.from) step();
    for (let bin = 0; bin < range.bins; bin++) {
      const end = range.from + (span * (bin + 1)) / range.bins;
      let highest = level;
      while (bucket <= this.last && bucket * this.bucket < end) {
        step();
        if (level > highest) highest = level;
      }
      values[bin] = level;
      peak[bin] = highest;
    }
    return { values, peak };
  }

  private merge(): void {
    this.outer = 0; // earlier rows are no longer valid
    this.bucket *= 2;
    this.perUnit /= 2;
    for (let i = 0; i < this.buckets / 2; i++) {
      const b = this.rows[2 * i + 1];
      const a = b && this.rows[2 * i] ? this.own(2 * i) : this.rows[2 * i];
      if (a && b) {
        for (let column = 0; column < this.width; column++) a[column] = a[column]! + b[column]!;
        if (this.shared[2 * i + 1] === 0) this.spare.push(b);
      }
      this.rows[i] = a ?? b;
      this.shared[i] = this.shared[a ? 2 * i : 2 * i + 1]!;
    }
    this.rows.fill(undefined, this.buckets / 2);
    this.shared.fill(0, this.buckets / 2);
    this.last = this.last >> 1;
  }
}
