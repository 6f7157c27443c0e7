/** The current run: advances it in slices between which requests are answered, paces it, and keeps its recording. */
import { assert } from '../base/assert';
import type { Snapshot } from '../base/snapshot';
import type { Platform } from '../contracts/platform';
import type { Future } from '../engine/future';
import { lookAhead } from '../engine/look-ahead';
import { Run } from '../engine/run';
import type { Finding } from '../model/finding';
import type { SystemChoice, SystemReport, SystemSummary } from '../model/memory-system';
import { Refusal } from '../model/refusal';
import { isPolicy, type PolicyChoice, type RunChange } from '../model/scenario';
import type { RunSummary } from '../model/summary';
import { findPolicy } from '../policies';
import type { RunState } from '../protocol/answers';
import { ArrowWriter } from '../record/arrow-writer';
import { Recorder } from '../record/recorder';
import { Timeline } from '../timeline/timeline';
import type { Runnable } from './open';
import { formatChange } from './run-flags';
import { RecordingSink } from './recording-sink';
import { summarize } from './summary';
import { systemNamed } from './systems';
import { createMemory } from './create-memory';

/**
 * Segments per slice: a few milliseconds, so that a pause is felt at once. A segment that faults on the Linux model takes a
 * thousand times as long as one that hits, so a slice shrinks and grows with what the last one took.
 */
const MOST_SEGMENTS = 50_000;
const LEAST_SEGMENTS = 64;
/** Wall milliseconds between turns of the event loop. */
const TURN_MS = 8;

export class LiveRun {
  state: RunState = 'ready';
  /** Fault batches per wall second; null = as fast as it goes. */
  speed: number | null = null;
  readonly timeline: Timeline;
  private readonly recorder: Recorder;
  /** Null: the run is not recorded. */
  private readonly sink: RecordingSink | null;
  private readonly writer: ArrowWriter | null;
  private readonly run: Run;
  private loop: Promise<void> | null = null;
  private ended: RunSummary | null = null;
  private readonly pacer = new Pacer();
  private slice = LEAST_SEGMENTS;
  /** Hash of the finished recording. */
  private repeated: string | null = null;
  /** Why the run failed. */
  failure: unknown = null;

  private constructor(
    private readonly platform: Platform,
    readonly opened: Runnable,
    future: Future | null,
    private readonly changed: (force: boolean) => void,
  ) {
    const { header, source } = opened;
    this.timeline = new Timeline(header);
    this.sink = opened.options.spool === false ? null : new RecordingSink(platform.createSpool().sink);
    this.writer = this.sink && new ArrowWriter(header, this.sink);
    this.recorder = new Recorder(() => platform.createHash(), this.writer, this.timeline);
    this.run = new Run(
      {
        ...{ source, machine: header.machine, scenario: header.scenario, findPolicy: findChoice },
        ...{ createMemory, recorder: this.recorder },
      },
      future,
    );
  }

  /** Prepares a run; looks ahead first when a policy needs it. */
  static async create(
    platform: Platform,
    opened: Runnable,
    changed: (force: boolean) => void,
    progress: (fraction: number | null, doing: string) => void,
    cancelled: () => boolean,
  ): Promise<LiveRun> {
    const { header, source } = opened;
    const scheduled = header.scenario.changes.map((change) => change.policy).filter(isPolicy);
    const chosen = [...header.scenario.policies, ...scheduled];
    let future: Future | null = null;
    if (chosen.some((choice) => findChoice(choice)?.needsFuture)) {
      const unheard = new Recorder(null, null, null);
      future = await lookAhead(
        {
          ...{ source, machine: header.machine, scenario: header.scenario, findPolicy: findChoice },
          createMemory,
        },
        unheard,
        async (fraction) => {
          progress(fraction, 'looking ahead for belady');
          if (cancelled()) throw new Refusal('cancelled');
          await platform.pause(0);
        },
      );
    }
    return new LiveRun(platform, opened, future, changed);
  }

  /** Why the recording ends before the run; null while it is whole. */
  get recordingStopped(): string | null {
    return this.sink?.stopped ?? null;
  }
  get accesses(): number {
    return this.run.memory.accessCount;
  }
  get batches(): number {
    return this.run.memory.batches;
  }
  get events(): number {
    return this.recorder.count;
  }
  get simTimePs(): number {
    return this.run.memory.clocks.latest();
  }
  get phase(): string {
    return this.run.phase;
  }
  progress(): number | null {
    return this.run.progress();
  }
  policies(): readonly PolicyChoice[] {
    return [...this.run.policies.current.values()];
  }
  pending(): readonly RunChange[] {
    return this.run.pendingChanges();
  }
  /** With its parameters in force. */
  system(): SystemChoice | null {
    return this.run.system;
  }

  /** Starts or goes on; returns at once. */
  go(): void {
    if (this.state !== 'ready' && this.state !== 'paused') return;
    this.state = 'running';
    this.changed(true);
    this.loop = this.keepRunning(Infinity);
  }

  /** Stops at the next segment border. */
  async pause(): Promise<void> {
    if (this.state !== 'running') return;
    this.state = 'paused';
    this.run.executor.turn.halt = true;
    await this.loop;
    this.changed(true);
  }

  /** Runs up to and including the next fault batch. */
  async step(): Promise<void> {
    await this.pause();
    if (this.state !== 'ready' && this.state !== 'paused') return;
    this.state = 'running';
    this.loop = this.keepRunning(this.batches + 1);
    await this.loop;
  }

  /** The run as it stands, with its timeline and the length of its recording; not while it is running. */
  snapshot(): Snapshot {
    assert(this.state !== 'running', 'a run is saved while it stands still');
    return this.run.state.take();
  }

  /** Back to a snapshot of this run, which waits there; also from its end. What was recorded since is gone. */
  async goBack(snapshot: Snapshot): Promise<void> {
    await this.pause();
    this.run.state.restore(snapshot);
    this.state = 'paused';
    this.ended = null;
    this.repeated = null;
    this.failure = null;
    this.changed(true);
  }

  change(choice: RunChange): void {
    if (isPolicy(choice) && findChoice(choice)?.needsFuture)
      throw new Refusal(
        `${choice.kind}=${choice.id} needs to know future accesses, so it cannot be set during a run; restart with it instead (CLI: --policy ${choice.kind}=${choice.id})`,
      );
    if (this.state === 'finished' || this.state === 'failed')
      throw new Refusal('the run has ended; restart it to try another policy or value');
    this.run.change(choice);
    this.changed(true);
  }

  /** Follows the open chunk, so that answers are up to date. */
  refresh(): void {
    this.recorder.read();
    this.timeline.extend(this.timeline.axis === 'time' ? this.simTimePs : this.accesses);
  }

  /** Counters per object as they stand, open questions shown as unresolved. */
  counters(): Float64Array {
    return this.run.finished ? this.run.memory.ledger.counters : this.run.memory.ledger.preview();
  }

  summary(): RunSummary {
    return this.ended ?? this.summarize('', false);
  }

  /** Writes the events that wait in memory; the run cannot go on. */
  abandon(): void {
    if (this.state === 'finished') return;
    this.state = 'failed';
    this.run.executor.turn.halt = true;
    this.recorder.abandon();
  }

  async close(): Promise<void> {
    await this.pause();
    this.run.close();
  }

  findings(): readonly Finding[] {
    const { memory } = this.run;
    const own: Finding[] = [];
    const skipped = this.opened.expectSkipped + (this.asExpected() ? 0 : this.opened.expect.length);
    if (skipped > 0)
      own.push({
        kind: 'expect-not-checked',
        severity: 'note',
        count: skipped,
        message:
          "the file's expect block applies to the machine, sizes, policies and seed in the file; this run changes some of them, so it was not checked",
      });
    if (memory.ledger.lost > 0)
      own.push({
        kind: 'byte-marking-limit',
        severity: 'warning',
        count: memory.ledger.lost,
        message:
          'the memory for tracking single bytes was exhausted; these granules count as unresolved, and their useful bytes are a lower bound',
      });
    const { expectedHash } = this.opened;
    if (this.repeated !== null && expectedHash !== null && expectedHash !== this.repeated)
      own.push({
        kind: 'repeat-differs',
        severity: 'warning',
        count: 1,
        message:
          expectedHash === ''
            ? 'the report was a snapshot of an unfinished run; this run continued to the end'
            : `this run does not reproduce the report, whose recording hash is ${expectedHash}`,
      });
    if (this.recordingStopped !== null)
      own.push({
        kind: 'recording-stopped',
        severity: 'warning',
        count: 1,
        message: `the recording is not complete: ${this.recordingStopped}; totals and timeline are complete`,
      });
    if (memory.refusedPrefetches > 0)
      own.push({
        kind: 'prefetch-refused',
        severity: 'note',
        count: memory.refusedPrefetches,
        message: 'prefetches that did not fit on the device',
      });
    if (this.run.finished && this.run.waitingChanges().length > 0)
      own.push({
        kind: 'change-not-reached',
        severity: 'warning',
        count: this.run.waitingChanges().length,
        message: `scheduled policy changes whose moment was not reached; the first is ${this.run.waitingChanges().slice(0, 1).map(formatChange).join('')}`,
      });
    if (this.run.finished && this.run.pendingChanges().length > 0)
      own.push({
        kind: 'change-not-reached',
        severity: 'note',
        count: this.run.pendingChanges().length,
        message: 'policy changes requested after the last fault batch; they had no effect',
      });
    return [...this.opened.source.findings(), ...(this.opened.notes ?? []), ...own];
  }

  /** The run is the one in the file: no policy was changed live. */
  private asExpected(): boolean {
    return !this.run.applied.some((change) => change.origin === 'live');
  }

  private summarize(recordingHash: string, complete: boolean): RunSummary {
    const { run, recorder, opened } = this;
    const facts = {
      system: titled(opened.header.scenario.system, run.memory.systemReport()),
      accesses: this.accesses,
      simTimePs: this.simTimePs,
      batches: this.batches,
      events: recorder.count,
      changes: run.applied,
      findings: this.findings(),
      complete,
      recordingHash,
    };
    return summarize(opened.header, this.counters(), facts, this.asExpected() ? opened.expect : []);
  }

  /** Advances until it is stopped, and yields to the event loop every few milliseconds. Never rejects. */
  private async keepRunning(stopAtBatch: number): Promise<void> {
    const { platform, run } = this;
    let turnBegan = platform.wallMs();
    try {
      while (this.state === 'running' && !run.finished && this.batches < stopAtBatch) {
        const allowed = this.pacer.allowed(platform.wallMs(), this.batches, this.speed);
        run.haltAtBatch = Math.min(stopAtBatch, allowed);
        if (this.batches < allowed) await this.advanceSlice();
        const waits = this.batches >= allowed;
        if (!waits && platform.wallMs() - turnBegan < TURN_MS) continue;
        this.refresh();
        this.changed(false);
        await platform.pause(waits ? TURN_MS : 0);
        turnBegan = platform.wallMs();
      }
      if (run.finished) await this.finish();
      else if (this.state === 'running') this.state = 'paused';
    } catch (cause) {
      this.state = 'failed';
      this.failure = cause;
      this.recorder.abandon(); // what happened so far is not lost
    }
    this.refresh();
    this.changed(true);
  }

  /** The slicing never changes a result, only when the event loop gets its turn. */
  private async advanceSlice(): Promise<void> {
    const began = this.platform.wallMs();
    await this.run.advance(this.slice);
    const took = this.platform.wallMs() - began;
    if (took > TURN_MS) this.slice = Math.max(LEAST_SEGMENTS, Math.floor(this.slice / 2));
    else if (took < TURN_MS / 2) this.slice = Math.min(MOST_SEGMENTS, this.slice * 2);
  }

  private async finish(): Promise<void> {
    const { run, recorder } = this;
    const { memory } = run;
    const last = { timePs: this.simTimePs, access: this.accesses, batch: this.batches, step: memory.step };
    recorder.end(last, (hash) => {
      this.repeated = hash;
      this.ended = this.summarize(hash, true);
      return JSON.stringify(this.ended);
    });
    this.writer?.close();
    const { record } = this.opened.options;
    if (record !== undefined) await this.platform.keepSpool(record);
    this.state = 'finished';
  }
}

/** How many batches may have been serviced by now at a given speed. Falling behind is not made up for by a burst. */
class Pacer {
  private speed: number | null = null;
  private since = 0;
  private base = 0;

  allowed(nowMs: number, batches: number, speed: number | null): number {
    if (speed === null) {
      this.speed = null;
      return Infinity;
    }
    const due = this.base + Math.floor((speed * (nowMs - this.since)) / 1000);
    if (speed === this.speed && due - batches <= Math.max(1, speed / 4)) return due;
    this.speed = speed;
    this.since = nowMs;
    this.base = batches + 1;
    return this.base;
  }
}

const findChoice = (choice: PolicyChoice): ReturnType<typeof findPolicy> => findPolicy(choice.kind, choice.id);

/** With what the registry knows of the system. */
function titled(system: SystemChoice | undefined, report: SystemReport | null): SystemSummary | null {
  if (!system || !report) return null;
  const { title, followsPolicies } = systemNamed(system.id);
  return { ...system, title, ...report, ...(followsPolicies && { followsPolicies }) };
}
