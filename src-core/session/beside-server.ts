/** What a session makes beside the current run: a comparison of memory systems, and bounds. One thing at a time. */
import type { Platform } from '../contracts/platform';
import type { BoundRow } from '../model/bounds';
import type { ComparisonRow } from '../model/comparison';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import type { RunSummary } from '../model/summary';
import type { TimelineAnswer } from '../model/timeline';
import type { SystemWish } from '../protocol/parameters';
import { withBounds } from './bound-tracks';
import { Bounds } from './bounds';
import type { Timeline } from '../timeline/timeline';
import { Comparison, type MadeComparison } from './compare';
import type { LiveRun } from './live-run';
import type { BesideRun } from './report';

/** Whether a bound holds for a run that goes on can change (its first remote access); looked at so often. */
const LINES_MS = 500;

export class BesideServer {
  /** What is being done, for people; empty while nothing is. */
  doing = '';
  private readonly comparison: Comparison;
  private readonly bounds = new Bounds();
  private cancelled = false;
  /** The input whose reports have bounds. */
  private reported: RecordingHeader | null = null;
  private lines: {
    readonly live: LiveRun;
    readonly atMs: number;
    readonly lines: ReturnType<Bounds['linesOf']>;
  } | null = null;

  /**
   * @param changed a status is due; `force`: at once
   * @param comparison what an engine before this one made
   */
  constructor(
    private readonly platform: Platform,
    private readonly changed: (force: boolean) => void,
    comparison: MadeComparison | null,
  ) {
    this.comparison = new Comparison(comparison);
  }

  /** The comparison that was made last. */
  get made(): MadeComparison | null {
    return this.comparison.last;
  }

  /** 0..1 of a comparison; null while none is made. Bounds are no matter of the whole session: `doing` has theirs. */
  get fraction(): number | null {
    return this.comparison.fraction;
  }

  cancel(): void {
    this.cancelled = true;
  }

  /** A comparison takes the whole session. */
  needIdle(): void {
    if (this.comparison.fraction !== null)
      throw new Refusal('a comparison of memory systems is running; wait for it or cancel it');
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

  /**
   * Makes the bounds of what is open, if they are not there, and judges the run by them.
   * @param report they belong into later reports of the same input
   */
  async boundsOf(live: LiveRun, report: boolean): Promise<readonly BoundRow[]> {
    const { header } = live.opened;
    await this.work((context) => this.bounds.make(live.opened, live.summary().changes, context));
    if (report) this.reported = header;
    this.lines = null;
    return this.boundRows(header, live.summary()) ?? [];
  }

  boundRows(header: RecordingHeader, summary: RunSummary): readonly BoundRow[] | null {
    return this.bounds.rowsOf(header, summary);
  }

  /** Draws the bounds, where they are there, along the run. */
  withLines(answer: TimelineAnswer, live: LiveRun): TimelineAnswer {
    const now = this.platform.wallMs();
    if (this.lines?.live !== live || now - this.lines.atMs > LINES_MS) {
      const lines = this.bounds.isEmpty ? null : this.bounds.linesOf(live.opened.header, live.summary());
      this.lines = { live, atMs: now, lines };
    }
    return withBounds(answer, this.lines.lines, (x) => live.timeline.accessesAt(x));
  }

  /** What a report has of this: bounds only on request, so that two reports of one run are identical. */
  forReport(
    header: RecordingHeader,
    summary: RunSummary,
    timeline: Timeline,
    only: readonly string[] | undefined,
  ): BesideRun {
    const asked = this.reported === header || only?.includes('bounds') === true;
    const bounds = asked ? this.boundRows(header, summary) : null;
    const lines = asked ? this.bounds.linesOf(header, summary) : null;
    return {
      comparison: this.comparison.rowsOf(header),
      bounds,
      withLines: (answer) => withBounds(answer, lines, (x) => timeline.accessesAt(x)),
    };
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
