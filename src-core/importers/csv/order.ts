/** Rows in time order, for a list whose times go back and forth: held in columns, sorted once. */
import { type AccessOp, asProcessor } from '../../model/processor';
import type { Row } from './rows';

/** Most rows that are sorted in memory: about 1 GB of columns. */
export const SORTED_ROWS_MAX = 20_000_000;

interface Columns {
  readonly time: Float64Array;
  readonly start: Float64Array;
  readonly bytes: Float64Array;
  readonly count: Float64Array;
  readonly stride: Float64Array;
  readonly object: Int32Array;
  readonly processor: Uint8Array;
  readonly op: Uint8Array;
}

export class SortedRows {
  private readonly columns: Columns;
  private order = new Uint32Array(0);
  private rows = 0;

  /** `most`: how many rows pass one counted. */
  constructor(most: number) {
    this.columns = {
      time: new Float64Array(most),
      start: new Float64Array(most),
      bytes: new Float64Array(most),
      count: new Float64Array(most),
      stride: new Float64Array(most),
      object: new Int32Array(most),
      processor: new Uint8Array(most),
      op: new Uint8Array(most),
    };
  }

  get length(): number {
    return this.rows;
  }

  /** false: there are more rows than announced. */
  add(row: Row): boolean {
    if (this.rows === this.columns.time.length) return false;
    const { columns, rows } = this;
    columns.time[rows] = row.time;
    columns.start[rows] = row.start;
    columns.bytes[rows] = row.bytes;
    columns.count[rows] = row.count;
    columns.stride[rows] = row.stride;
    columns.object[rows] = row.object;
    columns.processor[rows] = row.processor;
    columns.op[rows] = row.op;
    this.rows++;
    return true;
  }

  /** Stable: rows of one time keep the order of the file. */
  sort(): void {
    const { time } = this.columns;
    this.order = Uint32Array.from({ length: this.rows }, (_, row) => row).sort((a, b) => time[a]! - time[b]! || a - b);
  }

  /** Copies the row at a position in time order; false behind the last. */
  read(position: number, row: Row): boolean {
    const at = this.order[position];
    if (at === undefined) return false;
    const { columns } = this;
    row.time = columns.time[at]!;
    row.start = columns.start[at]!;
    row.bytes = columns.bytes[at]!;
    row.count = columns.count[at]!;
    row.stride = columns.stride[at]!;
    row.object = columns.object[at]!;
    row.processor = asProcessor(columns.processor[at]!);
    row.op = columns.op[at]! as AccessOp;
    return true;
  }
}
