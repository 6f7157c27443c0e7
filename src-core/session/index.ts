/**
 * The session: opens something, runs it, answers questions about it. The only place that sees all of core; every front
 * end talks to it through the protocol.
 */
import type { Platform } from '../contracts/platform';
import { METRIC_COUNT } from '../model/events';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import { MAX_BINS } from '../model/timeline';
import type { Description, ErrorData, RunInfo, RunState, RunStatus } from '../protocol/answers';
import type { BackendEvent, Request, Response } from '../protocol/messages';
import type { Method, Params, ResultOf } from '../protocol/methods';
import { OBJECT_NUMBERS_PER_ROW } from '../timeline/event-sums';
import { BesideServer } from './beside-server';
import { describe } from './describe';
import { exampleTitles } from './examples';
import { exportedKnobs, importedKnobs, knobsOf, type KnobsOfRun } from './knobs';
import { LiveRun } from './live-run';
import { objectRows } from '../analysis/object-rows';
import { openTarget, readMachineFile, type Runnable } from './open';
import { RecordedRun } from './recorded-run';
import { makeReport } from './report';
import { infoOf } from './run-info';
import { resolvePolicy, resolveSystemChange } from './scenario';
import { NeedsFreshEngine, type KeptState, type RetireEngine } from './succession';

export type { KeptState } from './succession';

export interface Session {
  /** Answers through `send`; never rejects. */
  handle(request: Request): Promise<void>;
  /** The engine is about to die: writes what the recording holds in memory. Synchronous. */
  abandon(): void;
  close(): void;
}

type SessionMethod = Extract<Method, `session.${string}`>;
type Handlers = { readonly [M in SessionMethod]: (params: Params<M>) => Promise<ResultOf<M>> | ResultOf<M> };

/** How old an end of the run may be to be meant as its end. */
const EXTENT_MEMORY_MS = 1000;
/** Status events per second at most, besides those at a change of state. */
const STATUS_INTERVAL_MS = 33;

export function errorData(cause: unknown): ErrorData {
  if (cause instanceof Refusal)
    return {
      code: cause.message === 'cancelled' ? 'cancelled' : 'refused',
      message: cause.message,
      details: cause.details,
    };
  const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return { code: 'crashed', message, details: [] };
}

class SessionServer implements Session {
  private live: LiveRun | null = null;
  private recorded: RecordedRun | null = null;
  private readonly beside: BesideServer;
  /** A run was made: the engine's code may be compiled for its memory system. */
  private hasRun = false;
  private opening = false;
  private cancel = false;
  private doing = '';
  private openProgress: number | null = null;
  private openError: ErrorData | null = null;
  private lastStatusMs = -Infinity;
  private speed: number | null;
  private description: Description | null = null;
  private shownExtents: { readonly atMs: number; readonly extent: number }[] = [];

  constructor(
    private readonly platform: Platform,
    private readonly send: (message: Response | BackendEvent) => void,
    private readonly retire: RetireEngine | null,
    kept: KeptState | null,
  ) {
    this.speed = kept?.speed ?? null;
    const changed = (force: boolean): void => this.changed(force);
    this.beside = new BesideServer(platform, changed, kept?.comparison ?? null);
  }

  async handle(request: Request): Promise<void> {
    const handler = (this.handlers as Record<string, ((params: never) => unknown) | undefined>)[request.method];
    if (!handler) {
      const error: ErrorData = {
        code: 'unknown-method',
        message: `the engine knows no method "${request.method}"`,
        details: [],
      };
      this.send({ type: 'response', id: request.id, ok: false, error });
      return;
    }
    try {
      const result = await handler(request.params as never);
      this.send({ type: 'response', id: request.id, ok: true, result });
    } catch (cause) {
      if (cause instanceof NeedsFreshEngine)
        this.retire?.(request.id, { speed: this.speed, comparison: this.beside.made });
      else this.send({ type: 'response', id: request.id, ok: false, error: errorData(cause) });
    }
  }

  abandon(): void {
    this.live?.abandon();
  }

  close(): void {
    this.cancel = true;
    this.beside.cancel();
    void this.live?.close();
  }

  private readonly handlers: Handlers = {
    'session.describe': async () => (this.description ??= describe(await exampleTitles(this.platform))),
    'session.open': (params) => this.open(params),
    'session.cancel': () => {
      this.cancel = true;
      this.beside.cancel();
      return null;
    },
    'session.control': async ({ action }) => {
      if (action === 'restart') await this.restart();
      else await this.control(action);
      return this.status();
    },
    'session.speed': ({ batchesPerSecond }) => {
      if (batchesPerSecond !== null && !(batchesPerSecond >= 1 && batchesPerSecond <= 1e9))
        throw new Refusal(
          `a speed of ${batchesPerSecond} fault batches per second is not possible; expected 1 to 1e9, or null for full speed`,
        );
      this.speed = batchesPerSecond;
      if (this.live) this.live.speed = batchesPerSecond;
      return this.status();
    },
    'session.policy': ({ kind, id, params }) => {
      const live = this.needLive('a policy can be changed');
      live.change(
        kind === 'system'
          ? resolveSystemChange({ id, params }, live.system() ?? undefined)
          : resolvePolicy({ kind, id, params }),
      );
      return this.status();
    },
    'session.knobs': (params) => knobsOf(params, this.knobsOfRun()),
    'session.exportKnobs': (params) => exportedKnobs(params, this.knobsOfRun()),
    'session.importKnobs': (params) => importedKnobs(params, this.knobsOfRun()),
    'session.status': () => this.status(),
    'session.timeline': (question) => {
      const { from, to, bins } = question;
      if (!(from >= 0) || !(to > from) || !(bins >= 1) || bins > MAX_BINS)
        throw new Refusal(
          `a timeline request from ${from} to ${to} in ${bins} bins is not valid; expected 0 ≤ from < to and 1 to ${MAX_BINS} bins`,
        );
      this.live?.refresh();
      const answer = this.shown().timeline.ask(question);
      return this.live ? this.beside.withLines(answer, this.live) : answer;
    },
    'session.objects': ({ from, to }) => this.objects(from, to),
    'session.summary': () => (this.live ?? this.needRun()).summary(),
    'session.report': ({ format, only }) => {
      this.live?.refresh();
      const { timeline } = this.shown();
      const fileChanges = this.live?.opened.fileChanges ?? 0;
      const header = this.header();
      const summary = (this.live ?? this.needRun()).summary();
      const beside = this.beside.forReport(header, summary, timeline, only);
      return makeReport(header, summary, timeline, fileChanges, { format, only }, beside);
    },
    'session.compare': async ({ systems }) => {
      const live = this.needLive('memory systems can be compared');
      this.needIdle();
      return { rows: await this.beside.compare(live, systems) };
    },
    'session.bounds': async ({ make, report }) => {
      if (!make) return { rows: this.live && this.beside.boundRows(this.live.opened.header, this.live.summary()) };
      const live = this.needLive('its bounds can be found');
      this.needIdle();
      return { rows: await this.beside.boundsOf(live, report ?? false) };
    },
    'session.saveRecording': async ({ path }) => {
      if (!this.live) throw new Refusal('only a run of this session can be saved; this recording is already a file');
      if (this.live.state === 'running')
        throw new Refusal('pause the run, or wait for its end, before you save its recording');
      if (this.live.recordingStopped !== null)
        throw new Refusal(
          `the recording is not complete: ${this.live.recordingStopped}; free some disk space and run again`,
        );
      return { path, bytes: await this.platform.keepSpool(path) };
    },
  };

  /** Opening and comparing take the whole session: both would be cancelled by the other's start. */
  private needIdle(): void {
    if (this.opening) throw new Refusal('a file is already being opened; wait for it or cancel it');
    this.beside.needIdle();
  }

  private async open({ target, options }: Params<'session.open'>): Promise<RunInfo> {
    this.needIdle();
    await this.beside.giveWay();
    this.opening = true;
    this.cancel = false;
    this.openError = null;
    try {
      // The user tries another machine for the open input, which stays open if the file is not a machine.
      if (options.machineFile) await readMachineFile(options.machineFile, this.platform);
      if (this.hasRun && this.retire) throw new NeedsFreshEngine();
      await this.live?.close();
      this.live = null;
      this.recorded = null;
      const context = {
        platform: this.platform,
        progress: (fraction: number | null, doing: string) => {
          this.openProgress = fraction;
          this.doing = doing;
          this.changed(false);
        },
        cancelled: () => this.cancel,
      };
      context.progress(null, 'opening');
      const opened = await openTarget(target, options, context);
      if (opened.kind === 'recording') {
        this.recorded = await RecordedRun.read(
          opened,
          (doing) => context.progress(null, doing),
          context.cancelled,
          () => this.platform.pause(0),
          () => this.platform.createHash(),
        );
        return infoOf(opened);
      }
      await this.makeRun(opened);
      return infoOf(opened);
    } catch (cause) {
      if (!this.live && !this.recorded) this.openError = errorData(cause);
      throw cause;
    } finally {
      this.opening = false;
      this.openProgress = null;
      this.doing = '';
      this.changed(true);
    }
  }

  private async makeRun(opened: Runnable): Promise<void> {
    this.hasRun = true;
    this.live = await LiveRun.create(
      this.platform,
      opened,
      (force) => {
        this.changed(force);
      },
      (fraction, doing) => {
        this.openProgress = fraction;
        this.doing = doing;
        this.changed(false);
      },
      () => this.cancel,
    );
    this.live.speed = this.speed;
  }

  private async control(action: 'run' | 'pause' | 'step'): Promise<void> {
    const live = this.needLive('it can be run');
    if (action === 'run') live.go();
    else if (action === 'pause') await live.pause();
    else await live.step();
  }

  private async restart(): Promise<void> {
    const { opened } = this.needLive('it can be restarted');
    await this.live?.close();
    this.cancel = false;
    await this.makeRun(opened);
    this.changed(true);
  }

  private objects(from: number, to: number): ResultOf<'session.objects'> {
    if (!(from >= 0) || !(to > from))
      throw new Refusal(`a range from ${from} to ${to} is empty; expected 0 ≤ from < to`);
    this.live?.refresh();
    const { timeline } = this.shown();
    const range = timeline.objectSums(from, to);
    const whole = this.live !== null && from <= 0 && to >= this.oldestShownExtent();
    const counters = whole && this.live ? this.live.counters() : range.sums;
    return {
      from: range.from,
      to: range.to,
      ...objectRows(this.header(), counters, range.resident, whole ? METRIC_COUNT : OBJECT_NUMBERS_PER_ROW),
    };
  }

  /**
   * A client that asks for the whole run gives the last reported end, which a running engine has passed by then.
   * Such a question is answered from the counters, which are ahead of the ledger rows of the recording.
   */
  private oldestShownExtent(): number {
    const now = this.platform.wallMs();
    const recent = this.shownExtents.find(({ atMs }) => now - atMs < EXTENT_MEMORY_MS);
    return Math.min(recent?.extent ?? Infinity, this.shown().timeline.extentTo);
  }

  private needLive(what: string): LiveRun {
    if (this.live) return this.live;
    throw new Refusal(
      this.recorded
        ? `this is a finished recording; open its workload file before ${what}`
        : `open a workload or a trace before ${what}`,
    );
  }

  private needRun(): RecordedRun {
    if (this.recorded) return this.recorded;
    throw new Refusal('nothing is open; open a workload, a trace or a recording first');
  }

  private shown(): LiveRun | RecordedRun {
    return this.live ?? this.needRun();
  }

  private knobsOfRun(): KnobsOfRun | null {
    const shown = this.live ?? this.recorded;
    if (!shown) return null;
    const { machine, devices } = shown.opened.header;
    return { machine, devices, system: shown.system() };
  }

  private header(): RecordingHeader {
    return this.shown().opened.header;
  }

  private changed(force: boolean): void {
    const now = this.platform.wallMs();
    if (!force && now - this.lastStatusMs < STATUS_INTERVAL_MS) return;
    this.lastStatusMs = now;
    const status = this.status();
    this.shownExtents = this.shownExtents.filter(
      ({ atMs, extent }) => now - atMs < EXTENT_MEMORY_MS && extent <= status.extentTo,
    );
    this.shownExtents.push({ atMs: now, extent: status.extentTo });
    this.send({ type: 'event', event: 'status', status });
  }

  /** Of what works at the moment: the run, or else what is made beside it. */
  private runProgress(): number | null {
    const isRunning = this.live?.state === 'running';
    return (isRunning ? null : this.beside.fraction) ?? this.live?.progress() ?? null;
  }

  private status(): RunStatus {
    const { live, recorded } = this;
    const shown = live ?? recorded;
    const state: RunState = this.opening
      ? 'opening'
      : live
        ? live.state
        : recorded
          ? 'finished'
          : this.openError
            ? 'failed'
            : 'empty';
    const failure = live?.failure ? errorData(live.failure) : null;
    return {
      state,
      progress: this.opening ? this.openProgress : (this.runProgress() ?? (recorded ? 1 : null)),
      doing: this.doing || this.beside.doing,
      axis: shown?.opened.header.axis ?? 'accesses',
      extentTo: shown
        ? Math.max(shown.timeline.extentTo, shown.timeline.axis === 'time' ? shown.simTimePs : shown.accesses)
        : 0,
      accesses: shown?.accesses ?? 0,
      batches: shown?.batches ?? 0,
      events: shown?.events ?? 0,
      simTimePs: shown?.simTimePs ?? 0,
      phase: shown?.phase ?? '',
      policies: shown?.policies() ?? [],
      pendingChanges: live?.pending() ?? [],
      system: shown?.system() ?? null,
      speed: this.speed,
      error: failure ?? this.openError,
    };
  }
}

/**
 * One session of one client.
 * @param retire null: this engine serves every run, whatever it ran before
 * @param kept of the engine before this one
 */
export function createSession(
  platform: Platform,
  send: (message: Response | BackendEvent) => void,
  retire: RetireEngine | null = null,
  kept: KeptState | null = null,
): Session {
  return new SessionServer(platform, send, retire, kept);
}
