/** The hash of format 5: defined in record/FORMATS.md, computed here a second time from the bytes of the file. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RecordBatchReader } from 'apache-arrow';
import { RecordingHash } from '../../../src-core/record/chunk-hash';
import { openRecording } from '../../../src-core/record/arrow-reader';
import { StateKeeper } from '../../../src-core/base/snapshot';
import { END } from '../../../src-core/model/events';
import { CHUNK_EVENTS } from '../../../src-core/record/recorder';
import { makeHash } from '../../property/drive';
import { bouncing, record, sourceOfBytes } from './recordings';

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** A cell of an Arrow batch: a number, bytes, a text or nothing. */
const bytesOf = (cell: unknown): Uint8Array => (cell instanceof Uint8Array ? cell : new Uint8Array(0));

/** The chunks of a file as the bytes that FORMATS.md says are hashed. */
function hashedBytes(file: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (const batch of RecordBatchReader.from(file)) {
    const kinds = Array.from({ length: batch.numRows }, (_, row) => Number(batch.getChild('kind')!.get(row)));
    if (kinds[0] === END) continue;
    const parts: Uint8Array[] = [];
    kinds.forEach((kind, row) => {
      const head = Buffer.alloc(5);
      head.writeUInt8(kind);
      head.writeUInt32LE(Number(batch.getChild('count')!.get(row)), 1);
      parts.push(head);
    });
    for (const { name } of batch.schema.fields)
      if (!['kind', 'count', 'detail'].includes(name))
        kinds.forEach((_, row) => parts.push(bytesOf(batch.getChild(name)!.get(row))));
    kinds.forEach((_, row) => {
      const text: unknown = batch.getChild('detail')!.get(row);
      if (typeof text === 'string') parts.push(Buffer.from(`${text}\n`));
    });
    chunks.push(Buffer.concat(parts));
  }
  return chunks;
}

describe('the hash of a recording', () => {
  it('is the chain of the digests of its chunks', async () => {
    const { bytes, rows } = await record(bouncing(160));
    expect(rows.length).toBeGreaterThan(CHUNK_EVENTS);
    let expected = '';
    const chunks = hashedBytes(bytes);
    expect(chunks.length).toBe(2);
    for (const chunk of chunks) expected = sha256(expected + sha256(chunk));
    const { hash } = JSON.parse(rows.at(-1)!.detail) as { hash: string };
    expect(hash).toBe(expected);
  });

  it('is found again by reading the file', async () => {
    const { bytes, rows } = await record(bouncing(160));
    const opened = await openRecording(sourceOfBytes(bytes));
    for await (const chunk of opened.chunks(makeHash)) expect(chunk.count).toBeGreaterThan(0);
    expect(JSON.parse(rows.at(-1)!.detail)).toEqual({ hash: opened.digest() });
  });

  const chunk = (kind: number, part: number) => ({
    kinds: Uint8Array.of(kind),
    counts: Uint32Array.of(1),
    texts: [null],
    parts: [Uint8Array.of(part)],
  });

  it('depends on each chunk and on their order', () => {
    const of = (...parts: number[]): string => {
      const hash = new RecordingHash(makeHash);
      for (const part of parts) hash.add(chunk(0, part));
      return hash.digest();
    };
    const digests = [of(), of(1), of(2), of(1, 2), of(2, 1), of(1, 1)];
    expect(new Set(digests).size).toBe(digests.length);
    expect(of(1, 2)).toBe(of(1, 2));
  });

  it('does not cover the last row, which holds it', () => {
    const hash = new RecordingHash(makeHash);
    hash.add(chunk(0, 1));
    const before = hash.digest();
    hash.add(chunk(END, 2));
    expect(hash.digest()).toBe(before);
  });

  it('goes on from a saved state', () => {
    const hash = new RecordingHash(makeHash);
    const keeper = new StateKeeper([hash], []);
    hash.add(chunk(0, 1));
    const saved = keeper.take();
    hash.add(chunk(0, 2));
    const whole = hash.digest();
    hash.add(chunk(0, 3));
    keeper.restore(saved);
    hash.add(chunk(0, 2));
    expect(hash.digest()).toBe(whole);
  });
});
