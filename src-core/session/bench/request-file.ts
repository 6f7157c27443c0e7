/**
 * A file of cache requests in the shape of libCacheSim's oracleGeneral traces, and a source that reads it: 24 bytes per
 * request, little-endian { u32 time, u64 object, u32 size, i64 next access }. An object is a 4 KiB row of one array.
 */
import type { Plain } from '../../base/plain';
import type { AccessBatch, AccessSource, AccessStream, StreamItem } from '../../contracts/access-stream';
import { BATCH_POINTS, createBatch } from '../../contracts/access-stream';
import { GPU0 } from '../../model/processor';

export const REQUEST_BYTES = 24;
const SIZE_AT = 12;
const NEXT_AT = 16;
const OBJECT_BYTES = 4096;
/** oracleGeneral's word for "not looked up". */
const UNKNOWN_NEXT = -2n;

/** The points of a source as requests, in pieces. */
export async function* encodeRequests(source: AccessSource): AsyncGenerator<Uint8Array> {
  const stream = source.open();
  const batch = createBatch();
  let time = 0;
  for (let item = await stream.next(batch); item.kind !== 'end'; item = await stream.next(batch)) {
    if (item.kind !== 'accesses' || batch.kind !== 'points') continue;
    const view = new DataView(new ArrayBuffer(batch.points * REQUEST_BYTES));
    for (let i = 0; i < batch.points; i++) {
      const at = i * REQUEST_BYTES;
      view.setUint32(at, time++, true);
      view.setBigUint64(at + 4, BigInt(batch.index[i]!), true);
      view.setUint32(at + SIZE_AT, OBJECT_BYTES, true);
      view.setBigInt64(at + NEXT_AT, UNKNOWN_NEXT, true);
    }
    yield new Uint8Array(view.buffer);
  }
  stream.close();
}

/** Reads from a place of the file into `into`; returns the bytes read, 0 at its end. */
export type ReadAt = (into: Uint8Array, position: number) => number;

class RequestStream implements AccessStream {
  private readonly buffer = new Uint8Array(BATCH_POINTS * REQUEST_BYTES);
  /** Each record has six words; the object's lower half is the second. */
  private readonly words = new Uint32Array(this.buffer.buffer);
  /** Byte of the file that is read next. */
  private at = 0;
  private state: 'before' | 'inside' | 'after' = 'before';

  constructor(private readonly read: ReadAt) {}

  next(batch: AccessBatch): StreamItem {
    if (this.state === 'before') {
      this.state = 'inside';
      return { kind: 'step-begin', step: { phase: 'requests', iteration: 1, name: 'requests', processor: GPU0 } };
    }
    if (this.state === 'after') return { kind: 'end' };
    const points = Math.floor(this.read(this.buffer, this.at) / REQUEST_BYTES);
    if (points === 0) {
      this.state = 'after';
      return { kind: 'step-end' };
    }
    this.at += points * REQUEST_BYTES;
    this.fill(batch, points);
    return { kind: 'accesses' };
  }

  private fill(batch: AccessBatch, points: number): void {
    batch.kind = 'points';
    batch.dependent = false;
    batch.groups = 0;
    batch.points = points;
    batch.base = 0;
    batch.pitch = OBJECT_BYTES;
    batch.pointBytes = OBJECT_BYTES;
    batch.pointOp = 0;
    batch.pointObject = 0;
    const { index } = batch;
    const { words } = this;
    for (let i = 0; i < points; i++) index[i] = words[6 * i + 1]!;
  }

  position(): Plain {
    return [this.state, this.at];
  }
  seek(position: Plain): void {
    [this.state, this.at] = position as readonly [RequestStream['state'], number];
  }
  progress(): null {
    return null;
  }
  close(): void {
    this.state = 'after';
  }
}

/** The requests of a file as accesses of `objects` (a source whose first object has a row for each). */
export const requestSource = (objects: AccessSource, read: ReadAt): AccessSource => ({
  ...objects,
  findings: () => [],
  open: () => new RequestStream(read),
});
