/**
 * The backend of one client: checks its requests, sends `session.*` to an engine worker, answers `upload.*`, and hands
 * `app.*` to the shell (desktop, server, command line). Every request gets exactly one answer, also when the worker
 * dies; then a fresh worker takes over, so that the client stays usable. A fresh one also takes over where a second run is
 * opened: code that was compiled for one memory system runs another more slowly.
 */
import { join } from 'node:path';
import { Refusal } from '../../src-core/model/refusal';
import type { OpenTarget } from '../../src-core/model/target';
import type { ErrorData, RunInfo } from '../../src-core/protocol/answers';
import type { BackendEvent, Request, Response } from '../../src-core/protocol/messages';
import type { Method, Params, ResultOf } from '../../src-core/protocol/methods';
import type { KeptState } from '../../src-core/session';
import { keepRemains, removeRemains, startEngineThread, type EngineThread } from './engine-thread';
import { refused, RequestFailed, toErrorData } from './errors';
import { personalFolder } from './installation';
import { keepRecording } from './recovery';
import type { CheckedRequest } from './check-request';
import { createUploads, type Uploads } from './uploads';
import type { EngineWorkerData, FromEngine } from './worker-messages';

type ShellMethod = Extract<Method, `app.${string}`>;
type Handler<M extends Method> = (params: Params<M>, host: SessionHost) => Promise<ResultOf<M>>;
/** What the shell answers itself; a method that it leaves out is refused. */
export type ShellHandlers = { readonly [M in ShellMethod]?: Handler<M> };

export interface SessionHostOptions {
  readonly engine: string;
  readonly examplesFolder: string;
  readonly handlers: ShellHandlers;
  /** Checks what a client sends; the command line has no client and leaves it out, with the schemas behind it. */
  check?(message: unknown): CheckedRequest | null;
  /** Everything for the client: one response per request, and events. */
  send(message: Response | BackendEvent): void;
  /** Where recordings of crashed engines are kept; the user's own folder unless given. */
  readonly keepFolder?: string;
  /** Old-space limit of the engine; FAULTLINE_ENGINE_HEAP_MB wins. */
  readonly heapMb?: number;
  /** A reason to refuse a client's request (not one of our own), or null. */
  guard?(request: Request): string | null;
  /** Something was opened, by the client or by us. */
  onOpened?(target: OpenTarget, info: RunInfo): void;
  /** How long a cancel may stay unanswered before the engine is taken for stuck. */
  readonly cancelPatienceMs?: number;
}

export interface SessionHost {
  /** A message of the client. False: it is not a request, so nothing can be answered; close the connection. */
  handle(message: unknown): boolean;
  /** A request of the shell itself; rejects with RequestFailed. */
  request<M extends Method>(method: M, params: Params<M>): Promise<ResultOf<M>>;
  /** Sends an event to the client. */
  announce(event: BackendEvent): void;
  close(): Promise<void>;
}

const DEFAULT_HEAP_MB = 4096;
const CANCEL_PATIENCE_MS = 10_000;

interface Pending {
  readonly request: Request;
  /** The thread that has to answer. */
  thread: EngineThread;
  answer(response: Response): void;
  readonly stuck: NodeJS.Timeout | null;
}

function heapLimitMb(options: SessionHostOptions): number {
  const asked = Number(process.env['FAULTLINE_ENGINE_HEAP_MB']);
  return Number.isFinite(asked) && asked > 0 ? asked : (options.heapMb ?? DEFAULT_HEAP_MB);
}

/** `throw`, `heap` or either with `:BATCHES`; tests only. */
function plannedCrash(): EngineWorkerData['crash'] {
  const match = /^(throw|heap)(?::([0-9]+))?$/.exec(process.env['FAULTLINE_TEST_CRASH'] ?? '');
  return match ? { how: match[1] === 'heap' ? 'heap' : 'throw', afterBatches: Number(match[2] ?? 1) } : null;
}

function describeCrash(error: Error, heapMb: number): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return `the engine ran out of memory (its limit is ${heapMb} MB); set FAULTLINE_ENGINE_HEAP_MB to a larger number of megabytes, or use a larger granularity or a smaller workload`;
  return `the engine stopped on an internal error: ${error.message}`;
}

const responseTo = (id: number, error: ErrorData): Response => ({ type: 'response', id, ok: false, error });

export function createSessionHost(options: SessionHostOptions): SessionHost {
  return new Host(options);
}

class Host implements SessionHost {
  private thread: EngineThread | null = null;
  /** Replaced threads that still have requests to answer. */
  private readonly retired = new Set<EngineThread>();
  private readonly closing = new Set<Promise<void>>();
  /** Our id of the last cancel that was sent. */
  private lastCancel = 0;
  private spool: string | null = null;
  private readonly uploads: Uploads = createUploads();
  private readonly completeUploads = new Map<string, { readonly path: string; readonly name: string }>();
  /** Requests that the engine owes an answer, by the id it sees. */
  private readonly pending = new Map<number, Pending>();
  /** Ids of the client that are unanswered. */
  private readonly unanswered = new Set<number>();
  private nextId = 1;
  private crashes = 0;
  private hasAnswered = false;
  private closed = false;

  constructor(private readonly options: SessionHostOptions) {}

  handle(message: unknown): boolean {
    const checked = this.options.check?.(message) ?? null;
    if (checked === null) return false;
    if (!checked.ok) {
      const { id, code, message: text } = checked.error;
      this.options.send(responseTo(id, { code, message: text, details: [] }));
      return true;
    }
    const request = checked.value;
    if (this.unanswered.has(request.id)) {
      this.options.send(
        responseTo(request.id, refused(`request ${request.id} is still unanswered; each request needs its own number`)),
      );
      return true;
    }
    const reason = this.options.guard?.(request) ?? null;
    if (reason !== null) {
      this.options.send(responseTo(request.id, refused(reason)));
      return true;
    }
    this.unanswered.add(request.id);
    this.dispatch(request, (response) => {
      this.unanswered.delete(request.id);
      if (!this.closed) this.options.send({ ...response, id: request.id });
    });
    return true;
  }

  request<M extends Method>(method: M, params: Params<M>): Promise<ResultOf<M>> {
    return new Promise((done, fail) => {
      this.dispatch({ type: 'request', id: 0, method, params }, (response) => {
        if (response.ok) done(response.result as ResultOf<M>);
        else fail(new RequestFailed(response.error));
      });
    });
  }

  announce(event: BackendEvent): void {
    if (!this.closed) this.options.send(event);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.failPending({ code: 'cancelled', message: 'the session was closed', details: [] });
    await Promise.all([...(this.thread ? [this.thread] : []), ...this.retired].map((thread) => thread.close()));
    await Promise.all(this.closing);
    await this.uploads.close();
  }

  private dispatch(request: Request, answer: (response: Response) => void): void {
    if (this.closed) {
      answer(responseTo(request.id, { code: 'cancelled', message: 'the session was closed', details: [] }));
    } else if (request.method.startsWith('session.')) {
      this.sendToEngine(request, answer);
    } else {
      this.answerHere(request).then(
        (result) => answer({ type: 'response', id: request.id, ok: true, result }),
        (thrown: unknown) => answer(responseTo(request.id, toErrorData(thrown))),
      );
    }
  }

  /** The engine sees ids of ours, so that the client's and the shell's cannot meet. */
  private sendToEngine(request: Request, answer: (response: Response) => void): void {
    this.thread ??= this.startThread();
    const id = this.nextId++;
    const patience = this.options.cancelPatienceMs ?? CANCEL_PATIENCE_MS;
    const stuck =
      request.method === 'session.cancel'
        ? setTimeout(() => this.thread?.abandon(`it did not respond to a cancel within ${patience / 1000} s`), patience)
        : null;
    if (request.method === 'session.cancel') this.lastCancel = id;
    this.pending.set(id, { request, answer, stuck, thread: this.thread });
    this.thread.post({ kind: 'request', request: { ...request, id } });
  }

  private async answerHere(request: Request): Promise<unknown> {
    switch (request.method) {
      case 'upload.begin': {
        const { name, bytes } = request.params as Params<'upload.begin'>;
        return this.uploads.begin(name, bytes);
      }
      case 'upload.chunk': {
        const { upload, bytes } = request.params as Params<'upload.chunk'>;
        return this.uploads.chunk(upload, bytes);
      }
      case 'upload.end': {
        const { upload } = request.params as Params<'upload.end'>;
        const file = await this.uploads.end(upload);
        this.completeUploads.set(upload, file);
        this.thread?.post({ kind: 'upload', id: upload, ...file });
        return null;
      }
      default: {
        const handler = this.options.handlers[request.method as ShellMethod] as Handler<Method> | undefined;
        if (!handler) throw new Refusal(`${request.method} is not available here`);
        return handler(request.params, this);
      }
    }
  }

  private startThread(kept: KeptState | null = null): EngineThread {
    this.spool = null;
    this.hasAnswered = false;
    const heapMb = heapLimitMb(this.options);
    const thread = startEngineThread({
      engine: this.options.engine,
      examplesFolder: this.options.examplesFolder,
      heapMb,
      crash: this.crashes === 0 ? plannedCrash() : null,
      kept,
      onMessage: (message) => this.onEngine(thread, message),
      onCrash: (error) => void this.onCrash(thread, error, heapMb),
    });
    for (const [id, file] of this.completeUploads) thread.post({ kind: 'upload', id, ...file });
    return thread;
  }

  private onEngine(thread: EngineThread, message: FromEngine): void {
    const isCurrent = thread === this.thread;
    if (message.kind === 'spool' && isCurrent) this.spool = message.path;
    if (message.kind === 'retire') this.handOn(thread, message.requestId, message.kept);
    if (message.kind !== 'message') return;
    if (message.message.type === 'event') {
      if (!isCurrent) return; // its run was replaced
      this.announce(message.message);
      this.watch(message.message);
      return;
    }
    if (isCurrent) this.hasAnswered = true;
    this.settle(message.message);
    this.closeIfDone(thread);
  }

  /** A fresh thread takes over with this request; the one before answers its other requests and is closed. */
  private handOn(before: EngineThread, requestId: number, kept: KeptState): void {
    const entry = this.pending.get(requestId);
    if (!entry || this.closed) return;
    if (this.thread === null || this.thread === before) {
      this.retired.add(before);
      this.thread = this.startThread(kept);
    }
    entry.thread = this.thread;
    this.thread.post({ kind: 'request', request: { ...entry.request, id: requestId } });
    // A cancel that went to the thread before has to reach the one that opens now.
    if (this.lastCancel > requestId)
      this.thread.post({
        kind: 'request',
        request: { type: 'request', id: this.nextId++, method: 'session.cancel', params: null },
      });
    this.closeIfDone(before);
  }

  private closeIfDone(thread: EngineThread): void {
    if (!this.retired.has(thread) || [...this.pending.values()].some((entry) => entry.thread === thread)) return;
    this.retired.delete(thread);
    const closing = thread.close().finally(() => this.closing.delete(closing));
    this.closing.add(closing);
  }

  /** A run that failed on a bug of ours is a crash that the session could still tell of: nothing in it is to be trusted. */
  private watch(event: BackendEvent): void {
    if (event.event !== 'status' || event.status.state !== 'failed') return;
    const { error, events } = event.status;
    if (error?.code === 'crashed' && events > 0) this.thread?.abandon(error.message);
  }

  private settle(response: Response): void {
    const entry = this.pending.get(response.id);
    if (!entry) return; // answered already, when the session was closed
    this.pending.delete(response.id);
    if (entry.stuck) clearTimeout(entry.stuck);
    if (response.ok && entry.request.method === 'session.open') {
      const { target } = entry.request.params as Params<'session.open'>;
      this.options.onOpened?.(target, response.result as RunInfo);
    }
    entry.answer(response);
  }

  /** @param thread only the requests that this one has to answer */
  private failPending(error: ErrorData, thread?: EngineThread): void {
    for (const [id, entry] of [...this.pending])
      if (thread === undefined || entry.thread === thread) this.settle(responseTo(id, error));
  }

  private async onCrash(thread: EngineThread, cause: Error, heapMb: number): Promise<void> {
    const message = describeCrash(cause, heapMb);
    if (this.retired.delete(thread)) {
      this.failPending({ code: 'crashed', message, details: [] }, thread);
      removeRemains(thread); // its run was replaced, so its recording is not needed
      return;
    }
    this.crashes++;
    this.thread = null;
    const spool = this.spool;
    const place = { kind: 'engine-crash', severity: 'error', count: 1 } as const;
    const details = [{ ...place, message: (cause.stack ?? cause.message).slice(0, 4000) }];
    this.failPending({ code: 'crashed', message, details }, thread);
    // A worker that never answered would die again: it is then tried once per request instead.
    if (this.hasAnswered && !this.closed) this.thread = this.startThread();
    const { recording, after } = await this.rescue(thread, spool);
    this.announce({
      type: 'event',
      event: 'crashed',
      error: { code: 'crashed', message: `${message}; ${after}`, details },
      recording,
    });
  }

  /** Moves the recording of a dead thread to where the user finds it; `after` says what became of it. */
  private async rescue(
    thread: EngineThread,
    spool: string | null,
  ): Promise<{ readonly recording: string | null; readonly after: string }> {
    try {
      const recording = await keepRecording(spool, this.options.keepFolder ?? join(personalFolder(), 'recovered'));
      removeRemains(thread);
      return {
        recording,
        after:
          recording === null ? 'no events had been recorded' : `the recording made so far was saved as ${recording}`,
      };
    } catch (thrown) {
      keepRemains(thread); // better left in the temporary folder than lost
      const why = toErrorData(thrown).message;
      return {
        recording: spool,
        after: `the recording made so far could not be moved and is in ${String(spool)} (${why})`,
      };
    }
  }
}
