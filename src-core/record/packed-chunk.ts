/**
 * A sealed chunk as bytes: what is hashed and what is written. Column by column, in the order of EVENT_COLUMNS, and in each
 * column kind by kind: see FORMATS.md, format 4 and later.
 */
import type { Positioned } from '../base/plain';
import { EVENT_KINDS } from '../model/events';
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

/** Keeps nothing from one chunk to the next: a snapshot passes over its buffers. */
export class ChunkPacker implements Positioned {
  private readonly buffer = new PackBuffer();
  private readonly offsets = new Int32Array(PACKED_COLUMNS.length * EVENT_KINDS.length + 1);

  pack({ blocks }: Pick<EventChunk, 'blocks'>): PackedChunk {
    const { buffer, offsets } = this;
    const present = blocks.filter(({ count }) => count > 0);
    buffer.length = 0;
    let cell = 0;
    for (const name of PACKED_COLUMNS)
      for (const { kind, count, columns, even } of present) {
        offsets[cell++] = buffer.length;
        if (COLUMNS_OF_KIND[kind]!.includes(name)) pack(columns[name], count, buffer, even[name]);
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

  position(): null {
    return null;
  }

  seek(): void {
    // nothing to go back to
  }
}
