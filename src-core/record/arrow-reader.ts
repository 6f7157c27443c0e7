/** Reads a recording back, chunk by chunk, in the order in which the events happened. */
import { RecordBatchReader, type RecordBatch } from 'apache-arrow';
import type { ByteSource } from '../model/byte-source';
import { END, EVENT_KINDS, FORMAT_VERSION } from '../model/events';
import type { Finding } from '../model/finding';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import { DETAIL, HEADER_KEY } from './arrow-schema';
import { COLUMN_NAMES, COLUMNS_OF_KIND, ColumnBlock, HAS_DETAIL, type ColumnArray, type EventChunk } from './columns';
import { CHUNK_EVENTS } from './recorder';

/** No event of this number was saved. */
const MISSING = 255;

/** First bytes of an Arrow IPC stream: the continuation marker before the schema message. */
export const looksLikeRecording = (head: Uint8Array): boolean =>
  head.length >= 8 && head[0] === 0xff && head[1] === 0xff && head[2] === 0xff && head[3] === 0xff;

export interface OpenRecording {
  readonly header: RecordingHeader;
  /** Gives every chunk once; afterwards `findings` says what was missing. */
  chunks(): AsyncIterable<EventChunk>;
  readonly findings: Finding[];
}

export async function openRecording(source: ByteSource): Promise<OpenRecording> {
  const damaged = (what: string): Refusal =>
    new Refusal(`${source.name}: ${what}; expected a recording made by Faultline (run --record)`);
  let reader;
  try {
    reader = await RecordBatchReader.from(source.chunks());
    await reader.open({ autoDestroy: true });
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw damaged(`not a readable Arrow stream (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  const text = (reader.schema as { metadata: Map<string, string> } | undefined)?.metadata.get(HEADER_KEY);
  if (text === undefined) throw damaged('an Arrow stream without a Faultline header');
  let header: RecordingHeader;
  try {
    header = JSON.parse(text) as RecordingHeader;
  } catch {
    throw damaged('the header is not JSON');
  }
  if (header.format > FORMAT_VERSION)
    throw new Refusal(
      `${source.name}: recorded in format ${header.format}; this version reads up to format ${FORMAT_VERSION}. Open it with a newer Faultline.`,
    );
  const findings: Finding[] = [];
  return {
    header,
    findings,
    chunks: () => readChunks(reader, source.name, findings),
  };
}

async function* readChunks(
  batches: AsyncIterable<RecordBatch>,
  name: string,
  findings: Finding[],
): AsyncIterable<EventChunk> {
  let blocks = new Map<number, ColumnBlock>();
  let number = -1;
  const cut = (cause: unknown): void => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${name} ends before its end (${reason}); what was saved is shown`;
    findings.push({ kind: 'recording-cut', severity: 'warning', count: 1, message });
  };
  try {
    for await (const batch of batches) {
      const kind = Number(batch.getChild('kind')?.get(0) ?? -1);
      if (kind < 0 || kind >= EVENT_KINDS.length || batch.numRows === 0) continue;
      // Chunks have a fixed number of events; only the last row of a run stands after a chunk that is not full.
      const ordinal = Number(batch.getChild('ordinal')?.get(0) ?? 0);
      const chunkNumber = kind === END ? Infinity : Math.floor(ordinal / CHUNK_EVENTS);
      if (chunkNumber !== number && blocks.size > 0) {
        const chunk = ordered(blocks);
        blocks = new Map();
        yield chunk;
      }
      blocks.set(kind, blockOf(batch, kind));
      number = chunkNumber;
    }
  } catch (cause) {
    cut(cause);
  }
  if (blocks.size === 0) return;
  let rest: EventChunk;
  try {
    rest = ordered(blocks);
  } catch (cause) {
    cut(cause);
    return;
  }
  yield rest;
}

function blockOf(batch: RecordBatch, kind: number): ColumnBlock {
  const block = new ColumnBlock(kind);
  block.count = batch.numRows;
  block.capacity = batch.numRows;
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
