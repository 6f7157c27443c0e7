import {
  beginGroups,
  fitsGroup,
  type AccessBatch,
  type AccessStream,
  type StepInfo,
  type StreamItem,
} from '../../contracts/access-stream';
import type { ByteSource } from '../../model/byte-source';
import type { ProcessorIndex } from '../../model/processor';
import { LineBlocks } from './line-blocks';

const ACCESSES: StreamItem = { kind: 'accesses' };
const STEP_END: StreamItem = { kind: 'step-end' };
const END: StreamItem = { kind: 'end' };

/**
 * Replays a text as an access stream: synchronous as long as the loaded block lasts, a promise when bytes are needed.
 * Where a batch ends depends only on the text, never on the chunks in which it came.
 */
export abstract class Replay implements AccessStream {
  /** Items that come after the groups in the batch and before the next group. */
  protected readonly queue: StreamItem[] = [];
  private readonly lines: LineBlocks | null;
  private readonly steps = new Map<string, number>();
  private stepOpen = false;
  private exhausted: boolean;
  private finished = false;

  /** `source` is null for a replay that needs no bytes. */
  constructor(private readonly source: ByteSource | null) {
    this.lines = source ? new LineBlocks(source) : null;
    this.exhausted = source === null;
  }

  next(batch: AccessBatch): StreamItem | Promise<StreamItem> {
    beginGroups(batch);
    return this.advance(batch) ?? this.wait(batch);
  }

  progress(): number | null {
    if (this.finished) return 1;
    const { read, total } = this.source?.progress() ?? { read: 0, total: null };
    return total === null || total === 0 ? null : Math.min(1, read / total);
  }

  close(): void {
    this.exhausted = true;
    this.finished = true;
    this.queue.length = 0;
    this.lines?.close();
  }

  /** Takes a new block of whole lines. */
  protected abstract load(block: Uint8Array): void;
  /**
   * Turns what is loaded into groups of the batch, until items are queued or the batch is full (true) or everything
   * loaded is used up (false). There is room for one group.
   */
  protected abstract consume(batch: AccessBatch): boolean;
  /** The data is at its end: writes what is left, one group at most. */
  protected abstract finish(batch: AccessBatch): void;

  /** Ends the open step, if any, and begins another; iterations are counted per name. */
  protected beginStep(name: string, processor: ProcessorIndex): void {
    this.endStep();
    const iteration = (this.steps.get(name) ?? 0) + 1;
    this.steps.set(name, iteration);
    const step: StepInfo = { phase: 'trace', iteration, name, processor };
    this.queue.push({ kind: 'step-begin', step });
    this.stepOpen = true;
  }

  protected endStep(): void {
    if (this.stepOpen) this.queue.push(STEP_END);
    this.stepOpen = false;
  }

  private advance(batch: AccessBatch): StreamItem | null {
    while (true) {
      const item = this.queue[0];
      if (item) {
        if (batch.groups > 0) return ACCESSES;
        this.queue.shift();
        return item;
      }
      if (!fitsGroup(batch, 1)) return ACCESSES;
      if (this.finished) return batch.groups > 0 ? ACCESSES : END;
      if (this.consume(batch)) continue;
      if (!this.exhausted) return null;
      this.finished = true;
      this.finish(batch);
      this.endStep();
    }
  }

  private async wait(batch: AccessBatch): Promise<StreamItem> {
    while (true) {
      if (this.lines && !this.exhausted && (await this.lines.next())) this.load(this.lines.block);
      else this.exhausted = true;
      const item = this.advance(batch);
      if (item) return item;
    }
  }
}
