/** What recordingHash covers, by format: see record/FORMATS.md. The same code hashes a run and checks a file. */
import type { HashSink } from '../model/byte-source';
import { END, EVENT_COLUMNS } from '../model/events';
import { COLUMNS_OF_KIND, HAS_DETAIL, type ColumnBlock, type EventChunk } from './columns';
import type { PackedChunk } from './packed-chunk';

const WIDTH = { u8: 1, u16: 2, u32: 4, f64: 8 } as const;

/** Makes an empty hash; the platform's. */
export type CreateHash = () => HashSink;

/**
 * The hash of a recording that grows: SHA-256 of the digest so far and the digest of the next chunk. Its state is one text,
 * so that a run can be saved with it and put back; hashes of the platform cannot be copied.
 */
export class RecordingHash {
  private soFar = '';

  constructor(private readonly createHash: CreateHash) {}

  add(chunk: HashedChunk): void {
    // The last row holds the hash, so that it cannot be covered.
    if (chunk.kinds[0] === END) return;
    const own = this.createHash();
    hashPacked(own, chunk);
    const next = this.createHash();
    next.update(new TextEncoder().encode(this.soFar + own.digest()));
    this.soFar = next.digest();
  }

  /** Of the chunks so far, hexadecimal; empty before the first. */
  digest(): string {
    return this.soFar;
  }
}

/** The hashed part of a chunk; `parts` are the bytes of its columns in their order. */
export type HashedChunk = Pick<PackedChunk, 'kinds' | 'counts' | 'texts'> & { readonly parts: readonly Uint8Array[] };

/** Adds a packed chunk without the last row to a hash. */
export function hashPacked(hash: HashSink, { kinds, counts, parts, texts }: HashedChunk): void {
  if (kinds[0] === END) return;
  const head = new Uint8Array(5 * kinds.length);
  kinds.forEach((kind, i) => {
    head[5 * i] = kind;
    for (let b = 0; b < 4; b++) head[5 * i + 1 + b] = counts[i]! >>> (8 * b);
  });
  hash.update(head);
  for (const part of parts) hash.update(part);
  for (const text of texts) if (text !== null) hash.update(new TextEncoder().encode(`${text}\n`));
}

/** Formats 1 to 3: hashes the blocks of a chunk, kinds ascending, columns in the order of EVENT_COLUMNS, without the last row. */
export function hashChunk(hash: HashSink, chunk: Pick<EventChunk, 'blocks'>): void {
  for (const block of chunk.blocks) if (block.kind !== END) hashBlock(hash, block);
}

function hashBlock(hash: HashSink, block: ColumnBlock): void {
  if (block.count === 0) return;
  for (const name of COLUMNS_OF_KIND[block.kind]!) {
    const column = block.columns[name];
    const size = block.count * WIDTH[EVENT_COLUMNS[name]];
    // A column that the file leaves out (times of a machine without a clock) was zeros in the run.
    if (column.byteLength < size) hash.update(new Uint8Array(size));
    else hash.update(new Uint8Array(column.buffer, column.byteOffset, size));
  }
  if (HAS_DETAIL[block.kind]) hash.update(new TextEncoder().encode(block.details.join('\n')));
}
