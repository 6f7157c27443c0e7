/**
 * A sealed chunk as bytes: what is hashed and what is written. Column by column, in the order of EVENT_COLUMNS, and in each
 * column kind by kind: see FORMATS.md, format 4.
 */
import { END, EVENT_KINDS } from '../model/events';
import type { HashSink } from '../model/byte-source';
import { COLUMN_NAMES, COLUMNS_OF_KIND, HAS_DETAIL, type EventChunk } from './columns';
import { pack, PackBuffer } from './pack';

/** Stored once per kind, not as a column. */
export const PACKED_COLUMNS = COLUMN_NAMES.filter((name) => name !== 'kind');

/** Valid until the next chunk is packed. */
export interface PackedChunk {
  /** Kinds that occur, ascending. */
  readonly kinds: Uint8Array;
  /** Events of each. */
  readonly counts: Uint32Array;
  readonly bytes: Uint8Array;
  /** Where each column of each kind begins in `bytes`, in the order in which they lie there, and where the last ends. */
  readonly offsets: Int32Array;
  /** JSON texts of each kind, joined by line feeds; null for a kind that has none. */
  readonly texts: readonly (string | null)[];
}

export class ChunkPacker {
  private readonly buffer = new PackBuffer();
  private readonly offsets = new Int32Array(PACKED_COLUMNS.length * EVENT_KINDS.length + 1);

  pack({ blocks }: Pick<EventChunk, 'blocks'>): PackedChunk {
    const { buffer, offsets } = this;
    const present = blocks.filter(({ count }) => count > 0);
    buffer.length = 0;
    let cell = 0;
    for (const name of PACKED_COLUMNS)
      for (const { kind, count, columns } of present) {
        offsets[cell++] = buffer.length;
        if (COLUMNS_OF_KIND[kind]!.includes(name)) pack(columns[name], count, buffer);
      }
    offsets[cell] = buffer.length;
    return {
      kinds: Uint8Array.from(present, ({ kind }) => kind),
      counts: Uint32Array.from(present, ({ count }) => count),
      bytes: buffer.bytes.subarray(0, buffer.length),
      offsets: offsets.subarray(0, cell + 1),
      texts: present.map(({ kind, details }) => (HAS_DETAIL[kind] ? details.join('\n') : null)),
    };
  }
}

/** What of a chunk is hashed; `parts` are the bytes of its columns in their order. */
type HashedChunk = Pick<PackedChunk, 'kinds' | 'counts' | 'texts'> & { readonly parts: readonly Uint8Array[] };

/** Adds a chunk to the hash of its recording. The last row is not covered: it holds the hash. */
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
