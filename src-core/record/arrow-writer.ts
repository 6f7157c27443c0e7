/** Writes chunks of events as an Arrow IPC stream to a sink, as they are sealed. */
import {
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Struct,
  Utf8,
  vectorFromArray,
  type Data,
  type Schema,
} from 'apache-arrow';
import type { ByteSink } from '../model/byte-source';
import type { RecordingHeader } from '../model/recording';
import { columnType, recordingSchema } from './arrow-schema';
import {
  COLUMN_NAMES,
  COLUMNS_OF_KIND,
  HAS_DETAIL,
  type ColumnArray,
  type ColumnBlock,
  type EventChunk,
} from './columns';
import type { ChunkWriter } from './recorder';

/** Columns that a machine without timing does not have. */
const TIMED = new Set(['time', 'duration']);

/**
 * The library's stream writer with its output taken synchronously and once: its own queue is asynchronous, and
 * toUint8Array() answers everything written since the beginning.
 */
class StreamBytes extends RecordBatchStreamWriter {
  private parts: Uint8Array[] = [];
  private whole = new Uint8Array(0);

  protected override _write(chunk: ArrayBufferView): this {
    if (chunk.byteLength > 0) this.parts.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this._position += chunk.byteLength;
    return this;
  }

  /** What was written since the last call, in one piece that is valid until the next. */
  take(): Uint8Array {
    const { parts } = this;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length > this.whole.length) this.whole = new Uint8Array(2 * length);
    let at = 0;
    for (const part of parts) {
      this.whole.set(part, at);
      at += part.length;
    }
    this.parts = [];
    return this.whole.subarray(0, length);
  }
}

interface ColumnMaker<A = ColumnArray> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
}

export class ArrowWriter implements ChunkWriter {
  private readonly schema: Schema;
  private readonly writer = new StreamBytes();
  private readonly timed: boolean;
  private zeroBytes = new ArrayBuffer(0);

  constructor(
    header: RecordingHeader,
    private readonly sink: ByteSink,
  ) {
    this.schema = recordingSchema(header);
    this.timed = header.axis === 'time';
    this.writer.reset(undefined, this.schema);
    this.flush();
  }

  chunk(chunk: EventChunk): void {
    for (const block of chunk.blocks) if (block.count > 0) this.writer.write(this.batch(block));
    this.flush();
  }

  /** Ends the stream; nothing may follow. */
  close(): void {
    this.writer.finish();
    this.flush();
    this.sink.close();
  }

  private flush(): void {
    const bytes = this.writer.take();
    if (bytes.length > 0) this.sink.write(bytes);
  }

  private batch(block: ColumnBlock): RecordBatch {
    const length = block.count;
    const children: Data[] = COLUMN_NAMES.map((name) => {
      const type = columnType(name);
      const present = COLUMNS_OF_KIND[block.kind]!.includes(name) && (this.timed || !TIMED.has(name));
      const column = block.columns[name];
      // No copy: `take` makes one before the block is filled anew.
      const data = present ? column.subarray(0, length) : this.zeros(column.constructor as ColumnMaker, length);
      const nulls = present ? {} : { nullCount: length, nullBitmap: this.zeros(Uint8Array, (length + 7) >> 3) };
      return makeData({ type, length, data, ...nulls } as never);
    });
    children.push(HAS_DETAIL[block.kind] ? vectorFromArray(block.details, new Utf8()).data[0]! : this.noTexts(length));
    return new RecordBatch(
      this.schema,
      makeData({ type: new Struct(this.schema.fields), length, nullCount: 0, children }),
    );
  }

  /** A text column of nothing but nulls. */
  private noTexts(length: number): Data {
    return makeData({
      type: new Utf8(),
      length,
      nullCount: length,
      nullBitmap: this.zeros(Uint8Array, (length + 7) >> 3),
      valueOffsets: this.zeros(Int32Array, length + 1),
      data: this.zeros(Uint8Array, 0),
    });
  }

  /** An array of zeros; nobody writes to it, so that all share their memory. */
  private zeros<A>(Column: ColumnMaker<A>, length: number): A {
    const bytes = length * Column.BYTES_PER_ELEMENT;
    if (this.zeroBytes.byteLength < bytes) this.zeroBytes = new ArrayBuffer(bytes);
    return new Column(this.zeroBytes, 0, length);
  }
}
