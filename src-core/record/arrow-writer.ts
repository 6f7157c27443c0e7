/** Writes chunks of events as an Arrow IPC stream to a sink, as they are sealed. */
import {
  Binary,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Struct,
  Uint32,
  Uint8,
  Utf8,
  vectorFromArray,
  type Data,
  type Schema,
} from 'apache-arrow';
import { assert } from '../base/assert';
import type { Plain, Positioned } from '../base/plain';
import type { ByteSink } from '../model/byte-source';
import type { RecordingHeader } from '../model/recording';
import { recordingSchema } from './arrow-schema';
import type { EventChunk } from './columns';
import { PACKED_COLUMNS, type PackedChunk } from './packed-chunk';
import type { ChunkWriter } from './recorder';

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

  /** The bytes written since the last call, in one piece that is valid until the next call. */
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

/** Its state is the length of the stream: batches do not depend on those before them. */
export class ArrowWriter implements ChunkWriter, Positioned {
  private readonly schema: Schema;
  private writer: StreamBytes;
  private length = 0;

  constructor(
    header: RecordingHeader,
    private readonly sink: ByteSink,
  ) {
    this.schema = recordingSchema(header);
    this.writer = this.begun();
    this.flush();
  }

  position(): number {
    return this.length;
  }

  /** Cuts the stream to this length, also after its end. */
  seek(position: Plain): void {
    assert(typeof position === 'number', 'a stream goes back to a length');
    this.writer = this.begun();
    this.writer.take(); // the schema is there already
    this.length = position;
    this.sink.truncate(position);
  }

  chunk(_chunk: EventChunk, packed: PackedChunk): void {
    this.writer.write(this.batch(packed));
    this.flush();
  }

  /** Ends the stream; nothing may follow. */
  close(): void {
    this.writer.finish();
    this.flush();
    this.sink.close();
  }

  private begun(): StreamBytes {
    const writer = new StreamBytes();
    writer.reset(undefined, this.schema);
    return writer;
  }

  private flush(): void {
    const bytes = this.writer.take();
    this.length += bytes.length;
    if (bytes.length > 0) this.sink.write(bytes);
  }

  private batch(packed: PackedChunk): RecordBatch {
    const length = packed.kinds.length;
    const children: Data[] = [
      makeData({ type: new Uint8(), length, data: packed.kinds }),
      makeData({ type: new Uint32(), length, data: packed.counts }),
      ...PACKED_COLUMNS.map((_, column) => cells(packed, column)),
      vectorFromArray(packed.texts, new Utf8()).data[0]!,
    ];
    return new RecordBatch(
      this.schema,
      makeData({ type: new Struct(this.schema.fields), length, nullCount: 0, children }),
    );
  }
}

/** One column: the cells of all kinds, which lie side by side. No copy: `take` makes one before the bytes change. */
function cells({ kinds, bytes, offsets }: PackedChunk, column: number): Data {
  const length = kinds.length;
  const from = column * length;
  const start = offsets[from]!;
  const valueOffsets = offsets.slice(from, from + length + 1).map((offset) => offset - start);
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  let nullCount = length;
  for (let row = 0; row < length; row++)
    if (valueOffsets[row] !== valueOffsets[row + 1]) {
      nullBitmap[row >> 3] = nullBitmap[row >> 3]! | (1 << (row & 7));
      nullCount--;
    }
  const data = bytes.subarray(start, offsets[from + length]);
  return makeData({ type: new Binary(), length, nullCount, nullBitmap, valueOffsets, data });
}
