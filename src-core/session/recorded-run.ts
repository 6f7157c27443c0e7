/** A finished recording, opened again: it can be looked at and reported on, not run. */
import { Refusal } from '../model/refusal';
import { END, POLICY } from '../model/events';
import type { Finding } from '../model/finding';
import type { SystemChoice } from '../model/memory-system';
import { isPolicy, type AppliedChange, type PolicyChoice, type RunChange } from '../model/scenario';
import type { RunSummary } from '../model/summary';
import type { CreateHash } from '../record/chunk-hash';
import type { EventChunk } from '../record/columns';
import { OBJECT_NUMBERS_PER_ROW } from '../timeline/event-sums';
import { Timeline } from '../timeline/timeline';
import type { Recorded } from './open';
import { summarize } from './summary';

/** Summaries of format 1 know of no memory system: there was only the ideal one. */
type StoredSummary = Omit<RunSummary, 'system'> & Partial<Pick<RunSummary, 'system'>>;
const upgraded = (summary: StoredSummary): RunSummary => ({ ...summary, system: summary.system ?? null });

export class RecordedRun {
  readonly timeline: Timeline;
  accesses = 0;
  simTimePs = 0;
  batches = 0;
  events = 0;
  phase = '';
  private readonly changes: AppliedChange[] = [];
  private stored: RunSummary | null = null;

  private constructor(readonly opened: Recorded) {
    this.timeline = new Timeline(opened.header);
  }

  static async read(
    opened: Recorded,
    progress: (doing: string) => void,
    cancelled: () => boolean,
    pause: () => Promise<void>,
    createHash: CreateHash,
  ): Promise<RecordedRun> {
    const run = new RecordedRun(opened);
    for await (const chunk of opened.recording.chunks(createHash)) {
      try {
        run.ingest(chunk);
      } catch (cause) {
        throw new Refusal(
          `the recording is damaged near event ${chunk.firstOrdinal}: ${cause instanceof Error ? cause.message : String(cause)}; record the run again`,
        );
      }
      progress(`reading ${run.events} events`);
      if (cancelled()) throw new Refusal('cancelled');
      await pause();
    }
    if (!run.stored && !run.findings().some((finding) => finding.kind === 'recording-cut'))
      opened.recording.findings.push({
        kind: 'recording-cut',
        severity: 'warning',
        count: 1,
        message:
          'the recording has no end because the run was interrupted; the saved part is shown, and later accesses are not recorded',
      });
    if (run.stored && run.stored.recordingHash !== opened.recording.digest())
      opened.recording.findings.push({
        kind: 'recording-damaged',
        severity: 'error',
        count: 1,
        message:
          'the events of this file were changed after recording: its hash does not match, so the timeline and the numbers are not reliable',
      });
    return run;
  }

  private ingest(chunk: EventChunk): void {
    this.timeline.ingest(chunk);
    this.events = chunk.firstOrdinal + chunk.count;
    for (const { columns, count } of chunk.blocks)
      if (count > 0) {
        this.accesses = Math.max(this.accesses, columns.access[count - 1]!);
        this.batches = Math.max(this.batches, columns.batch[count - 1]!);
        this.simTimePs = Math.max(this.simTimePs, columns.time[count - 1] ?? 0);
      }
    this.notePolicies(chunk.blocks[POLICY]!);
    const last = chunk.blocks[END]!;
    if (last.count > 0) this.stored = upgraded(JSON.parse(last.details[0]!) as StoredSummary);
  }

  private notePolicies(block: {
    readonly count: number;
    readonly columns: {
      readonly batch: ArrayLike<number>;
      readonly access: ArrayLike<number>;
      readonly time: ArrayLike<number>;
    };
    readonly details: readonly string[];
  }): void {
    for (let row = 0; row < block.count; row++)
      this.changes.push({
        batch: block.columns.batch[row]!,
        access: block.columns.access[row]!,
        timePs: block.columns.time[row] ?? 0,
        policy: JSON.parse(block.details[row]!) as RunChange,
        origin: 'scheduled',
      });
  }

  findings(): readonly Finding[] {
    return this.opened.recording.findings;
  }

  policies(): readonly PolicyChoice[] {
    const inForce = new Map(this.opened.header.scenario.policies.map((choice) => [choice.kind, choice]));
    for (const { policy } of this.changes) if (isPolicy(policy)) inForce.set(policy.kind, policy);
    return [...inForce.values()];
  }

  /** With the parameters that were in force at the end. */
  system(): SystemChoice | null {
    const changed = this.changes.map(({ policy }) => policy).filter((policy) => policy.kind === 'system');
    const last = changed.at(-1);
    return last ? { id: last.id, params: last.params } : (this.opened.header.scenario.system ?? null);
  }

  summary(): RunSummary {
    if (this.stored) return { ...this.stored, findings: [...this.stored.findings, ...this.findings()] };
    const facts = {
      accesses: this.accesses,
      simTimePs: this.simTimePs,
      batches: this.batches,
      events: this.events,
      changes: this.changes,
      findings: this.findings(),
      complete: false,
      recordingHash: '',
    };
    return summarize(this.opened.header, this.timeline.objectSums(0, Infinity).sums, facts, [], OBJECT_NUMBERS_PER_ROW);
  }
}
