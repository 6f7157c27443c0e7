import {
  beginGroups,
  fitsGroup,
  type AccessBatch,
  type AccessStream,
  type StepInfo,
  type StreamItem,
} from '../../contracts/access-stream';
import type { Plain } from '../../base/plain';
import type { ByteSource } from '../../model/byte-source';
import type { ProcessorIndex } from '../../model/processor';
import { LineBlocks, type LinePosition } from './line-blocks';

const ACCESSES: StreamItem = { kind: 'accesses' };
const STEP_END: QueuedItem = { kind: 'step-end' };
const END: StreamItem = { kind: 'end' };
const NOTHING = new Uint8Array(0);

/** Items that wait; a step as plain data. */
type QueuedItem =
  | { readonly kind: 'step-begin'; readonly step: { readonly [K in keyof StepInfo]: StepInfo[K] } }
  | { readonly kind: 'step-end' }
  | { readonly kind: 'not-before'; readonly timePs: number };

type ReplayPosition = {
  /** Where the next byte comes from; null without a text. */
  readonly text: LinePosition | null;
  readonly queue: readonly QueuedItem[];
  readonly steps: Readonly<Record<string, number>>;
  readonly stepOpen: boolean;
  readonly finished: boolean;
  /** What the subclass keeps. */
  readonly own: Plain;
};

/**
 * Replays a text as an access stream: synchronous as long as the loaded block lasts, a promise when bytes are needed.
 * Where a batch ends depends only on the text, never on the chunks in which it came.
 */
export abstract class Replay implements AccessStream {
  /** Items that come after the groups in the batch and before the next group. */
  protected readonly queue: QueuedItem[] = [];
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

  position(): Plain {
    const { lines, queue, steps, stepOpen, finished } = this;
    const position: ReplayPosition = {
      text: lines?.position(this.used()) ?? null,
      queue: [...queue],
      steps: Object.fromEntries(steps),
      ...{ stepOpen, finished, own: this.ownPosition() },
    };
    return position;
  }

  seek(position: Plain): void {
    const { text, queue, steps, stepOpen, finished, own } = position as ReplayPosition;
    this.queue.splice(0, Infinity, ...queue);
    this.steps.clear();
    for (const [name, iterations] of Object.entries(steps)) this.steps.set(name, iterations);
    this.stepOpen = stepOpen;
    this.finished = finished;
    this.exhausted = finished || this.lines === null;
    if (text) this.lines?.seek(text);
    if (this.lines) this.load(NOTHING);
    this.seekOwn(own);
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
  /** Bytes of the loaded block that `consume` has used up. */
  protected abstract used(): number;
  /** What the subclass keeps between batches, beside what is loaded; `seekOwn` puts it back. */
  protected abstract ownPosition(): Plain;
  protected abstract seekOwn(position: Plain): void;

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
