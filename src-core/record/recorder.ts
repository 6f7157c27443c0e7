/**
 * Takes events from the engine, keeps them as columns, and seals a chunk every CHUNK_EVENTS events: hashed, written to
 * the sink and released. Chunk borders depend on the events only, so that the same run gives the same bytes however it
 * was paused or observed. A reader (the timeline) follows through `read`, which also sees the open chunk.
 */
import { assert } from '../base/assert';
import type {
  ChangeEvent,
  EventMoment,
  EventSink,
  FaultEvent,
  FaultRunEvents,
  LedgerEvent,
  OsEvent,
  StepEvent,
  TransferEvent,
} from '../model/event-sink';
import { END, FAULT, LEDGER, NO_EVENT, OS, POLICY, reasonCode, STEP } from '../model/events';
import { type CreateHash, RecordingHash } from './chunk-hash';
import { emptyBlocks, type ColumnBlock, type EventChunk } from './columns';
import { addFaultRun, kindsOf } from './fault-run-rows';
import { ChunkPacker, type PackedChunk } from './packed-chunk';

export const CHUNK_EVENTS = 32768;

export interface ChunkWriter {
  /** @param packed the same chunk as bytes; both are valid during the call */
  chunk(chunk: EventChunk, packed: PackedChunk): void;
}

/** Follows the events (the timeline). Its state is in fields, so that a snapshot of the run covers it. */
export interface ChunkReader {
  /** @param chunk rows that were seen before stand in front of the new ones */
  ingest(chunk: EventChunk): void;
}

export class Recorder implements EventSink {
  /** Events so far. */
  count = 0;
  private readonly order = new Uint8Array(CHUNK_EVENTS);
  readonly blocks: readonly ColumnBlock[] = emptyBlocks();
  private inChunk = 0;
  private readonly packer = new ChunkPacker();
  private readonly hash: RecordingHash | null;

  /**
   * @param createHash null: no digest is computed
   * @param writer null: nothing is kept beyond the hash
   * @param reader sees each row once, in order; called at the latest when a chunk is sealed
   */
  constructor(
    createHash: CreateHash | null,
    private readonly writer: ChunkWriter | null,
    private readonly reader: ChunkReader | null,
  ) {
    this.hash = createHash && new RecordingHash(createHash);
  }

  /** Shows the open chunk to the reader. */
  read(): void {
    this.reader?.ingest(this.chunk());
  }

  /** Digest of all sealed chunks. */
  digest(): string {
    return this.hash?.digest() ?? '';
  }

  private chunk(): EventChunk {
    return { firstOrdinal: this.count - this.inChunk, order: this.order, count: this.inChunk, blocks: this.blocks };
  }

  /** A new row of the kind, with its moment. Returns its number in the block. */
  private begin(kind: number, { timePs, access, batch, step }: Readonly<EventMoment>): number {
    if (this.inChunk === CHUNK_EVENTS) this.seal();
    assert(this.count < NO_EVENT, 'a run holds at most 2^32 − 2 events');
    const block = this.blocks[kind]!;
    const row = block.row();
    const { columns } = block;
    columns.kind[row] = kind;
    columns.ordinal[row] = this.count;
    columns.time[row] = timePs;
    columns.access[row] = access;
    columns.batch[row] = batch;
    columns.step[row] = step;
    this.order[this.inChunk++] = kind;
    this.count++;
    return row;
  }

  fault(event: Readonly<FaultEvent>): number {
    const row = this.begin(FAULT, event);
    const { columns } = this.blocks[FAULT]!;
    columns.processor[row] = event.processor;
    columns.op[row] = event.op;
    columns.object[row] = event.object;
    columns.address[row] = event.address;
    columns.policy[row] = event.policy;
    columns.reason[row] = event.reason;
    columns.cause[row] = event.cause;
    return this.count - 1;
  }

  transfer(event: Readonly<TransferEvent>): number {
    const row = this.begin(event.kind, event);
    const { columns } = this.blocks[event.kind]!;
    columns.duration[row] = event.durationPs;
    // NO_PROCESSOR becomes STORED_NO_PROCESSOR: the columns are bytes.
    columns.source[row] = event.source;
    columns.target[row] = event.target;
    columns.object[row] = event.object;
    columns.address[row] = event.address;
    columns.bytes[row] = event.bytes;
    columns.policy[row] = event.policy;
    columns.reason[row] = event.reason;
    columns.cause[row] = event.cause;
    return this.count - 1;
  }

  faultRun(events: FaultRunEvents): void {
    const kinds = kindsOf(events);
    const added = kinds.length * events.count;
    assert(added <= this.roomForRun(), 'a run of faults is longer than the rest of the chunk');
    addFaultRun(this.blocks, this.count, events);
    for (let i = 0; i < added; i += kinds.length)
      for (let k = 0; k < kinds.length; k++) this.order[this.inChunk + i + k] = kinds[k]!;
    this.inChunk += added;
    this.count += added;
  }

  roomForRun(): number {
    return Math.min(CHUNK_EVENTS - this.inChunk, NO_EVENT - this.count);
  }

  step(event: Readonly<StepEvent>): void {
    const row = this.begin(STEP, event);
    const { columns, details } = this.blocks[STEP]!;
    columns.duration[row] = event.durationPs;
    columns.processor[row] = event.processor;
    columns.reason[row] = event.reason;
    details[row] = event.detail;
  }

  ledger(event: Readonly<LedgerEvent>): void {
    const row = this.begin(LEDGER, event);
    const { columns, details } = this.blocks[LEDGER]!;
    columns.object[row] = event.object;
    details[row] = JSON.stringify(event.totals);
  }

  policy(event: Readonly<ChangeEvent>): void {
    const row = this.begin(POLICY, event);
    const { columns, details } = this.blocks[POLICY]!;
    columns.policy[row] = event.policy;
    columns.reason[row] = event.reason;
    details[row] = JSON.stringify(event.change);
  }

  os(event: Readonly<OsEvent>): number {
    const row = this.begin(OS, event);
    const { columns, details } = this.blocks[OS]!;
    columns.processor[row] = event.processor;
    columns.object[row] = event.object;
    columns.address[row] = event.address;
    columns.bytes[row] = event.bytes;
    columns.reason[row] = event.reason;
    details[row] = event.detail;
    return this.count - 1;
  }

  /** Seals what is open and writes the last row; the summary is made from the digest before it. */
  end(moment: Readonly<EventMoment>, summary: (hash: string) => string): void {
    if (this.inChunk > 0) this.seal();
    const row = this.begin(END, moment);
    this.blocks[END]!.details[row] = summary(this.digest());
    this.seal();
  }

  /** The run was aborted: writes the open chunk, so that it is not lost. */
  abandon(): void {
    if (this.inChunk > 0) this.seal();
  }

  private seal(): void {
    const chunk = this.chunk();
    this.reader?.ingest(chunk);
    if (this.hash || this.writer) {
      const packed = this.packer.pack(chunk);
      this.hash?.add({ ...packed, parts: [packed.bytes] });
      this.writer?.chunk(chunk, packed);
    }
    for (const block of this.blocks) block.clear();
    this.inChunk = 0;
  }
}

export const BEGIN = reasonCode('begin');
export const FINISHED = reasonCode('end');
