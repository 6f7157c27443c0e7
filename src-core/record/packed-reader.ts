/** Chunks of a recording of format 4 and later: one record batch each, one row per kind of event. */
import type { RecordBatch } from 'apache-arrow';
import { assert } from '../base/assert';
import { EVENT_KINDS } from '../model/events';
import { COUNT, DETAIL } from './arrow-schema';
import type { HashedChunk } from './chunk-hash';
import { COLUMNS_OF_KIND, ColumnBlock, emptyBlocks, HAS_DETAIL, type EventChunk } from './columns';
import { unpack } from './pack';
import { PACKED_COLUMNS } from './packed-chunk';
import { CHUNK_EVENTS } from './recorder';

/** Called with the part of a chunk that the recording's hash covers. */
type Covered = (chunk: HashedChunk) => void;

/** Throws if a batch does not have the form that a recorder writes. */
export async function* packedChunks(
  batches: AsyncIterable<RecordBatch>,
  covered: Covered | null,
): AsyncIterable<EventChunk> {
  for await (const batch of batches) if (batch.numRows > 0) yield chunkOf(batch, covered);
}

function chunkOf(batch: RecordBatch, covered: Covered | null): EventChunk {
  const blocks = emptyBlocks();
  const kinds = Uint8Array.from({ length: batch.numRows }, (_, row) => Number(batch.getChild('kind')?.get(row) ?? 255));
  const counts = Uint32Array.from({ length: batch.numRows }, (_, row) => Number(batch.getChild(COUNT)?.get(row) ?? 0));
  const texts = Array.from(kinds, (_, row) => batch.getChild(DETAIL)?.get(row) as string | null);
  const total = counts.reduce((sum, count) => sum + count, 0);
  assert(total <= CHUNK_EVENTS, `a chunk of ${total} events, at most ${CHUNK_EVENTS} are written`);
  kinds.forEach((kind, row) => {
    assert(kind < EVENT_KINDS.length && (row === 0 || kind > kinds[row - 1]!), 'a chunk holds kinds that do not exist');
    assert(counts[row]! > 0, 'a chunk holds a kind without events');
    blocks[kind] = new ColumnBlock(kind, counts[row]);
    blocks[kind].details.push(...detailsOf(kind, counts[row]!, texts[row]!));
  });
  const parts: Uint8Array[] = [];
  for (const name of PACKED_COLUMNS)
    kinds.forEach((kind, row) => {
      if (!COLUMNS_OF_KIND[kind]!.includes(name)) return;
      const bytes: unknown = batch.getChild(name)?.get(row);
      assert(bytes instanceof Uint8Array, `the column ${name} is missing`);
      unpack(bytes, blocks[kind]!.columns[name]);
      parts.push(bytes);
    });
  covered?.({ kinds, counts, parts, texts });
  return inOrder(blocks, total);
}

function detailsOf(kind: number, count: number, text: string | null): string[] {
  if (!HAS_DETAIL[kind]) return [];
  const details = (text ?? '').split('\n');
  assert(details.length === count, `${details.length} texts for ${count} events`);
  return details;
}

/** The kinds in the order of their ordinals, which have no gaps. */
function inOrder(blocks: readonly ColumnBlock[], total: number): EventChunk {
  const order = new Uint8Array(total).fill(255);
  const firstOrdinal = Math.min(...blocks.filter(({ count }) => count > 0).map(({ columns }) => columns.ordinal[0]!));
  for (const { kind, count, columns } of blocks) {
    columns.kind.fill(kind);
    for (let row = 0; row < count; row++) {
      const at = columns.ordinal[row]! - firstOrdinal;
      assert(at < total && order[at] === 255, 'the numbers of the events are not consecutive');
      order[at] = kind;
    }
  }
  return { firstOrdinal, order, count: total, blocks };
}
