/** What a session makes beside the run in hand: a comparison of memory systems, and bounds. One thing at a time. */
import type { Platform } from '../contracts/platform';
import type { BoundRow } from '../model/bounds';
import type { ComparisonRow } from '../model/comparison';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import type { RunSummary } from '../model/summary';
import type { SystemWish } from '../protocol/messages';
import { Bounds, type BoundLine } from './bounds';
import { Comparison } from './compare';
import type { LiveRun } from './live-run';

export class BesideServer {
  /** What is being done, for people; empty while nothing is. */
  doing = '';
  private readonly comparison = new Comparison();
  private readonly bounds = new Bounds();
  private cancelled = false;

  /** @param changed a status is due; `force`: at once */
  constructor(
    private readonly platform: Platform,
    private readonly changed: (force: boolean) => void,
  ) {}

  /** 0..1 of what is being made; null while nothing is. */
  get fraction(): number | null {
    return this.comparison.fraction ?? this.bounds.fraction;
  }

  cancel(): void {
    this.cancelled = true;
  }

  /** A comparison takes the whole session. */
  needIdle(): void {
    if (this.comparison.fraction !== null)
      throw new Refusal('memory systems are being compared; wait for it or cancel it');
  }

  /** Bounds give way to whatever is asked for. */
  giveWay(): Promise<void> {
    return this.bounds.stop();
  }

  async compare(live: LiveRun, systems: readonly SystemWish[]): Promise<readonly ComparisonRow[]> {
    await this.giveWay();
    this.needIdle();
    return this.work((context) => this.comparison.make(live.opened, systems, context));
  }

  /** Makes the bounds of what is open, if they are not there, and judges the run by them. */
  async boundsOf(live: LiveRun): Promise<readonly BoundRow[]> {
    await this.work((context) => this.bounds.make(live.opened, live.summary().changes, context));
    return this.boundRows(live.opened.header, live.summary()) ?? [];
  }

  rowsOf(header: RecordingHeader): readonly ComparisonRow[] | null {
    return this.comparison.rowsOf(header);
  }

  boundRows(header: RecordingHeader, summary: RunSummary): readonly BoundRow[] | null {
    return this.bounds.rowsOf(header, summary);
  }

  boundLines(header: RecordingHeader, summary: RunSummary): readonly BoundLine[] | null {
    return this.bounds.linesOf(header, summary);
  }

  private async work<T>(make: (context: Parameters<Comparison['make']>[2]) => Promise<T>): Promise<T> {
    this.cancelled = false;
    try {
      return await make({
        platform: this.platform,
        progress: (_fraction, doing) => {
          this.doing = doing;
          this.changed(false);
        },
        cancelled: () => this.cancelled,
      });
    } finally {
      this.doing = '';
      this.changed(true);
    }
  }
}
