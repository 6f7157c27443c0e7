/** Reads recordings of formats 1 to 3, which had a record batch per chunk and kind, and gives them as format 4. */
import type { RecordBatch } from 'apache-arrow';
import type { HashSink } from '../model/byte-source';
import { END, EVENT_KINDS, MIGRATION, STORED_NO_PROCESSOR } from '../model/events';
import { Refusal } from '../model/refusal';
import { DETAIL } from './arrow-schema';
import { hashChunk } from './chunk-hash';
import { COLUMN_NAMES, COLUMNS_OF_KIND, ColumnBlock, HAS_DETAIL, type ColumnArray, type EventChunk } from './columns';
import { CHUNK_EVENTS } from './recorder';

/** No event of this number was saved. */
const MISSING = 255;

/** The chunks of such a recording; each is hashed as it was written, and then upgraded. */
export async function* formerChunks(
  batches: AsyncIterable<RecordBatch>,
  hash: HashSink | null,
  granuleBytes: number,
): AsyncIterable<EventChunk> {
  let blocks = new Map<number, ColumnBlock>();
  let number = -1;
  const finished = (): EventChunk => {
    const chunk = ordered(blocks);
    if (hash) hashChunk(hash, chunk);
    for (const block of chunk.blocks) sizeArrivals(block, granuleBytes);
    return chunk;
  };
  try {
    for await (const batch of batches) {
      const kind = Number(batch.getChild('kind')?.get(0) ?? -1);
      if (kind < 0 || kind >= EVENT_KINDS.length || batch.numRows === 0) continue;
      // Chunks have a fixed number of events; only the last row of a run stands after a chunk that is not full.
      const ordinal = Number(batch.getChild('ordinal')?.get(0) ?? 0);
      const chunkNumber = kind === END ? Infinity : Math.floor(ordinal / CHUNK_EVENTS);
      if (chunkNumber !== number && blocks.size > 0) {
        const chunk = finished();
        blocks = new Map();
        yield chunk;
      }
      blocks.set(kind, blockOf(batch, kind));
      number = chunkNumber;
    }
  } catch (cause) {
    if (blocks.size > 0) yield finished(); // chunks that were complete before the damage
    throw cause;
  }
  if (blocks.size > 0) yield finished();
}

/** Memory that came into being under the ideal system had no size: a row was one granule. */
function sizeArrivals({ kind, count, columns }: ColumnBlock, granuleBytes: number): void {
  if (kind !== MIGRATION) return;
  const { source, bytes } = columns;
  for (let row = 0; row < count; row++)
    if (source[row] === STORED_NO_PROCESSOR && bytes[row] === 0) bytes[row] = granuleBytes;
}

function blockOf(batch: RecordBatch, kind: number): ColumnBlock {
  const block = new ColumnBlock(kind, batch.numRows);
  for (const column of COLUMN_NAMES) {
    const values: unknown = COLUMNS_OF_KIND[kind]!.includes(column) ? batch.getChild(column)?.toArray() : undefined;
    if (ArrayBuffer.isView(values)) block.columns[column] = values as ColumnArray;
  }
  if (HAS_DETAIL[kind]) {
    const details = batch.getChild(DETAIL);
    for (let row = 0; row < batch.numRows; row++) block.details.push(String(details?.get(row) ?? ''));
  }
  return block;
}

/** Puts the rows of a chunk back into the order of their ordinals; a chunk that was cut has gaps where a kind is missing. */
function ordered(found: ReadonlyMap<number, ColumnBlock>): EventChunk {
  let first = Infinity;
  let last = 0;
  for (const block of found.values()) {
    first = Math.min(first, block.columns.ordinal[0]!);
    last = Math.max(last, block.columns.ordinal[block.count - 1]!);
  }
  // Chunks that share no kind are read as one, so there are at most as many of them as kinds.
  if (last - first >= EVENT_KINDS.length * CHUNK_EVENTS)
    throw new Refusal(`the numbers of its events jump from ${first} to ${last}`);
  const places = new Uint8Array(last - first + 1).fill(MISSING);
  for (const [kind, block] of found)
    for (let row = 0; row < block.count; row++) places[block.columns.ordinal[row]! - first] = kind;
  const order = places.filter((kind) => kind !== MISSING);
  const blocks = EVENT_KINDS.map((_, kind) => found.get(kind) ?? new ColumnBlock(kind));
  return { firstOrdinal: first, order, count: order.length, blocks };
}
