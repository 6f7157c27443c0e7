import { assert } from '../../base/assert';
import { addLane, endGroup, fitsGroup, type AccessBatch } from '../../contracts/access-stream';
import type { Plain } from '../../base/plain';
import type { ByteSource } from '../../model/byte-source';
import { processorName, type ProcessorIndex, NO_PROCESSOR } from '../../model/processor';
import { Refusal } from '../../model/refusal';
import type { SpaceSpec } from '../../model/space';
import { Replay } from '../shared/replay';
import { Locator } from '../shared/trace-space';
import type { SortedRows } from './order';
import { emptyRow, leaps, type Row, type RowReader } from './rows';

export interface CsvPlan {
  readonly space: SpaceSpec;
  /** true: rows say object and offset; object i of the rows is object i of the space. */
  readonly byObject: boolean;
  /** Earliest time, in units of the column, or null where times are not replayed. */
  readonly timeFrom: number | null;
  readonly timeUnitPs: number;
}

type RowPosition = {
  readonly row: { readonly [K in keyof Row]: Row[K] } | null;
  readonly written: number;
  readonly processor: ProcessorIndex;
  readonly time: number;
  readonly rows: number;
};

/** Turns rows into steps, instants and groups; where the rows come from is the subclasses' business. */
abstract class RowReplay extends Replay {
  private readonly locator: Locator;
  private row: Row | null = null;
  /** Accesses of a leaping row that are written already. */
  private written = 0;
  private processor: ProcessorIndex = NO_PROCESSOR;
  private time = -1;

  constructor(
    source: ByteSource | null,
    private readonly name: string,
    private readonly plan: CsvPlan,
  ) {
    super(source);
    this.locator = new Locator(plan.space, name);
  }

  /** The next row, or null when everything loaded is used up. Valid until the next call. */
  protected abstract nextRow(): Row | null;
  /** A number that says, together with the place in the text, which row comes next; `seekRows` puts it back. */
  protected abstract rowsPosition(): number;
  protected abstract seekRows(position: number): void;

  protected override consume(batch: AccessBatch): boolean {
    if (!this.row) {
      this.row = this.nextRow();
      if (!this.row) return false;
      this.announce(this.row);
      if (this.queue.length > 0) return true;
    }
    this.write(this.row, batch);
    return true;
  }

  protected override finish(): void {
    this.row = null;
  }

  protected override ownPosition(): RowPosition {
    const { row, written, processor, time } = this;
    return { row: row && { ...row }, written, processor, time, rows: this.rowsPosition() };
  }

  protected override seekOwn(position: Plain): void {
    const { row, written, processor, time, rows } = position as RowPosition;
    this.row = row && { ...row };
    this.written = written;
    this.processor = processor;
    this.time = time;
    this.seekRows(rows);
  }

  private announce(row: Row): void {
    if (row.processor !== this.processor) {
      this.processor = row.processor;
      this.beginStep(processorName(row.processor), row.processor);
    }
    const { timeFrom, timeUnitPs } = this.plan;
    if (timeFrom === null || row.time <= this.time) return;
    this.time = row.time;
    this.queue.push({ kind: 'not-before', timePs: Math.round((row.time - timeFrom) * timeUnitPs) });
  }

  private write(row: Row, batch: AccessBatch): void {
    if (!leaps(row)) {
      this.group(row, row.start, row.count, batch);
      this.row = null;
      return;
    }
    while (this.written < row.count && fitsGroup(batch, 1)) {
      this.group(row, row.start + this.written * row.stride, 1, batch);
      this.written++;
    }
    if (this.written < row.count) return;
    this.written = 0;
    this.row = null;
  }

  private group(row: Row, start: number, count: number, batch: AccessBatch): void {
    const { byObject, space } = this.plan;
    const object = byObject ? space.objects[row.object] : undefined;
    if (byObject && !object)
      throw new Refusal(
        `${this.name}: the file changed after it was first read: a new object appeared. Open it again when no program writes to it`,
      );
    const offset = object ? object.offset + start : this.locator.locate(start);
    addLane(
      batch,
      0,
      row.op,
      byObject ? row.object : this.locator.object,
      offset,
      count > 1 ? row.stride : 0,
      row.bytes,
    );
    endGroup(batch, 1, count);
  }
}

/** Replays rows in the order of the file, reading it again. */
export class FileOrderReplay extends RowReplay {
  constructor(
    source: ByteSource,
    plan: CsvPlan,
    private readonly reader: RowReader,
    /** Where the first row begins, found in pass one: blocks differ between passes, bytes do not. */
    private bytesToSkip: number,
  ) {
    super(source, source.name, plan);
  }

  protected override load(block: Uint8Array): void {
    const skipped = Math.min(this.bytesToSkip, block.length);
    this.bytesToSkip -= skipped;
    this.reader.load(block, skipped);
  }

  protected override nextRow(): Row | null {
    return this.reader.next() ? this.reader.row : null;
  }

  protected override used(): number {
    return this.reader.used;
  }

  protected override rowsPosition(): number {
    return this.bytesToSkip;
  }

  protected override seekRows(position: number): void {
    this.bytesToSkip = position;
  }
}

/** Replays rows in time order, from memory. */
export class TimeOrderReplay extends RowReplay {
  private readonly buffer = emptyRow();
  private rowNumber = 0;

  constructor(
    name: string,
    plan: CsvPlan,
    private readonly sorted: SortedRows,
  ) {
    super(null, name, plan);
  }

  protected override load(): void {
    assert(false, 'a replay from memory loads no bytes');
  }

  override progress(): number {
    return this.sorted.length > 0 ? Math.min(1, this.rowNumber / this.sorted.length) : 1;
  }

  protected override nextRow(): Row | null {
    return this.sorted.read(this.rowNumber++, this.buffer) ? this.buffer : null;
  }

  protected override used(): number {
    return 0;
  }

  protected override rowsPosition(): number {
    return this.rowNumber;
  }

  protected override seekRows(position: number): void {
    this.rowNumber = position;
  }
}
