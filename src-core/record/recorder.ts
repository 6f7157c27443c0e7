/**
 * Takes events from the engine, keeps them as columns, and seals a chunk every CHUNK_EVENTS events: hashed, written to
 * the sink, forgotten. Chunk borders depend on the events only, so that the same run gives the same bytes however it was
 * paused or watched. A reader (the timeline) follows through `read`, which also sees the open chunk.
 */
import { assert } from '../base/assert';
import type { HashSink } from '../model/byte-source';
import type { EventSink } from '../model/event-sink';
import { END, FAULT, LEDGER, NO_EVENT, OS, POLICY, reasonCode, STEP } from '../model/events';
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { RunChange } from '../model/scenario';
import { hashChunk } from './chunk-hash';
import { emptyBlocks, type ColumnBlock, type EventChunk } from './columns';

export const CHUNK_EVENTS = 32768;

export interface ChunkWriter {
  chunk(chunk: EventChunk): void;
}

export class Recorder implements EventSink {
  /** Events so far. */
  count = 0;
  private readonly order = new Uint8Array(CHUNK_EVENTS);
  readonly blocks: readonly ColumnBlock[] = emptyBlocks();
  private inChunk = 0;

  /**
   * @param writer null: nothing is kept beyond the hash
   * @param reader sees each row once, in order; called at the latest when a chunk is sealed
   */
  constructor(
    private readonly hash: HashSink,
    private readonly writer: ChunkWriter | null,
    private readonly reader: ((chunk: EventChunk) => void) | null,
  ) {}

  /** Shows the open chunk to the reader. */
  read(): void {
    this.reader?.(this.chunk());
  }

  /** Digest of all sealed chunks. */
  digest(): string {
    return this.hash.digest();
  }

  private chunk(): EventChunk {
    return { firstOrdinal: this.count - this.inChunk, order: this.order, count: this.inChunk, blocks: this.blocks };
  }

  private begin(kind: number, timePs: number, access: number, batch: number, step: number): ColumnBlock {
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
    return block;
  }

  fault(
    timePs: number,
    access: number,
    batch: number,
    step: number,
    processor: ProcessorIndex,
    op: AccessOp,
    object: number,
    address: number,
    policy: number,
    reason: number,
    cause: number,
  ): number {
    const block = this.begin(FAULT, timePs, access, batch, step);
    const row = block.count - 1;
    const { columns } = block;
    columns.processor[row] = processor;
    columns.op[row] = op;
    columns.object[row] = object;
    columns.address[row] = address;
    columns.policy[row] = policy;
    columns.reason[row] = reason;
    columns.cause[row] = cause;
    return this.count - 1;
  }

  transfer(
    kind: number,
    timePs: number,
    durationPs: number,
    access: number,
    batch: number,
    step: number,
    source: ProcessorIndex,
    target: ProcessorIndex,
    object: number,
    address: number,
    bytes: number,
    policy: number,
    reason: number,
    cause: number,
  ): number {
    const block = this.begin(kind, timePs, access, batch, step);
    const row = block.count - 1;
    const { columns } = block;
    columns.duration[row] = durationPs;
    columns.source[row] = source;
    columns.target[row] = target;
    columns.object[row] = object;
    columns.address[row] = address;
    columns.bytes[row] = bytes;
    columns.policy[row] = policy;
    columns.reason[row] = reason;
    columns.cause[row] = cause;
    return this.count - 1;
  }

  step(
    timePs: number,
    durationPs: number,
    access: number,
    batch: number,
    step: number,
    processor: ProcessorIndex,
    reason: number,
    detail: string | null,
  ): void {
    const block = this.begin(STEP, timePs, access, batch, step);
    const row = block.count - 1;
    block.columns.duration[row] = durationPs;
    block.columns.processor[row] = processor;
    block.columns.reason[row] = reason;
    block.details[row] = detail ?? '';
  }

  ledger(timePs: number, access: number, batch: number, step: number, object: number, totals: readonly number[]): void {
    const block = this.begin(LEDGER, timePs, access, batch, step);
    const row = block.count - 1;
    block.columns.object[row] = object;
    block.details[row] = JSON.stringify(totals);
  }

  policy(
    timePs: number,
    access: number,
    batch: number,
    step: number,
    policy: RunChange,
    index: number,
    reason: number,
  ): void {
    const block = this.begin(POLICY, timePs, access, batch, step);
    const row = block.count - 1;
    block.columns.policy[row] = index;
    block.columns.reason[row] = reason;
    block.details[row] = JSON.stringify(policy);
  }

  os(
    timePs: number,
    access: number,
    batch: number,
    step: number,
    processor: ProcessorIndex,
    object: number,
    address: number,
    bytes: number,
    reason: number,
    detail: string,
  ): number {
    const block = this.begin(OS, timePs, access, batch, step);
    const row = block.count - 1;
    const { columns } = block;
    columns.processor[row] = processor;
    columns.object[row] = object;
    columns.address[row] = address;
    columns.bytes[row] = bytes;
    columns.reason[row] = reason;
    block.details[row] = detail;
    return this.count - 1;
  }

  /** Seals what is open and writes the last row; the summary is made from the digest before it. */
  end(timePs: number, access: number, batch: number, step: number, summary: (hash: string) => string): void {
    if (this.inChunk > 0) this.seal();
    const block = this.begin(END, timePs, access, batch, step);
    block.details[block.count - 1] = summary(this.digest());
    this.publish();
  }

  /** The run ends here without its end: what is open is written, so that it is not lost. */
  abandon(): void {
    if (this.inChunk > 0) this.seal();
  }

  private seal(): void {
    hashChunk(this.hash, this);
    this.publish();
  }

  private publish(): void {
    const chunk = this.chunk();
    this.reader?.(chunk);
    this.writer?.chunk(chunk);
    for (const block of this.blocks) block.clear();
    this.inChunk = 0;
  }
}

export const BEGIN = reasonCode('begin');
export const FINISHED = reasonCode('end');
