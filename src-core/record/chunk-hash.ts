/** What recordingHash covers: see record/FORMATS.md. The same code hashes a run and checks a file. */
import { END, EVENT_COLUMNS } from '../model/events';
import type { HashSink } from '../model/byte-source';
import { COLUMNS_OF_KIND, HAS_DETAIL, type ColumnBlock, type EventChunk } from './columns';

const WIDTH = { u8: 1, u16: 2, u32: 4, f64: 8 } as const;

/** Hashes the blocks of a sealed chunk, kinds ascending, columns in the order of EVENT_COLUMNS; the last row is not covered. */
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
