/**
 * What the backend last said, as shallow references (data is never copied into stores), and the verbs of a session.
 * Components read from here and call the verbs; they never see a message.
 */
import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue';
import type { ChangeKind } from '../../src-core/model/scenario';
import type { OpenTarget } from '../../src-core/model/target';
import type { Description, RunInfo, RunState, RunStatus } from '../../src-core/protocol/answers';
import type { BackendEvent } from '../../src-core/protocol/messages';
import type { Method, Params, ResultOf } from '../../src-core/protocol/methods';
import type { RunOptions } from '../../src-core/protocol/parameters';
import { createBounds, type BoundsClient } from './bounds';
import { createConnection, RequestError, type Connection, type Link } from './connection';
import { createLiveQuestion, type LiveQuestion } from './live-question';
import type { Carrier } from './transport';
import { uploadFile } from './upload';
import type { Opened, TabMemory } from './tab-memory';

/** The object table changes at reading speed, not at frame speed. */
const OBJECTS_PAUSE_MS = 200;

export type Crash = Extract<BackendEvent, { event: 'crashed' }>;
/** What this page sent lives as long as its connection. */
const sentByPage = ({ target, options }: Opened): boolean =>
  [target, options.machineFile, ...Object.values(options.importFiles ?? {})].some((one) => one?.kind === 'upload');

export type AppInfo = ResultOf<'app.info'>;

export interface Backend {
  readonly link: ShallowRef<Link>;
  readonly description: ShallowRef<Description | null>;
  readonly appInfo: ShallowRef<AppInfo | null>;
  readonly info: ShallowRef<RunInfo | null>;
  readonly status: ShallowRef<RunStatus | null>;
  /** Of the status: changes when the state does, not with every status (watchers of shallow references run each time). */
  readonly state: ComputedRef<RunState>;
  readonly crash: ShallowRef<Crash | null>;
  /** The newest failure that the user has to know of; null once dismissed. */
  readonly failure: ShallowRef<RequestError | null>;
  /** 0..1 while a file is sent to the server. */
  readonly uploading: ShallowRef<number | null>;
  /** Counts runs: another number means that every answer and range of before is void. */
  readonly run: ShallowRef<number>;
  readonly timeline: LiveQuestion<'session.timeline'>;
  readonly objects: LiveQuestion<'session.objects'>;
  readonly bounds: BoundsClient;
  readonly request: Connection['request'];
  readonly reconnect: () => void;
  /** Opens a target; false: it was refused and `failure` says why. */
  open(target: OpenTarget, options?: RunOptions): Promise<boolean>;
  upload(file: File): Promise<OpenTarget | null>;
  control(action: Params<'session.control'>['action']): Promise<void>;
  setSpeed(batchesPerSecond: number | null): Promise<void>;
  /** Throws RequestError when the change is refused: the reason belongs at the control that asked. */
  setPolicy(kind: ChangeKind, id: string, params: Params<'session.policy'>['params']): Promise<void>;
  /** Whether `openAgainWith` can work: this page knows what was opened. */
  readonly canOpenAgain: ComputedRef<boolean>;
  /**
   * Opens the same input once more with these options instead: policies from the start (what looks into the future needs
   * that), another memory system, another machine (by name or by file).
   */
  openAgainWith(change: RunOptions): Promise<void>;
  report(error: unknown): void;
}

/** @param memory what this tab had open before it was loaded again. */
export function createBackend(carrier: Carrier, memory: TabMemory | null = null): Backend {
  const description = shallowRef<Description | null>(null);
  const appInfo = shallowRef<AppInfo | null>(null);
  const info = shallowRef<RunInfo | null>(null);
  const status = shallowRef<RunStatus | null>(null);
  const crash = shallowRef<Crash | null>(null);
  const failure = shallowRef<RequestError | null>(null);
  const uploading = shallowRef<number | null>(null);
  const run = shallowRef(0);

  /** What was opened last, by this page or by the host on its own. */
  const opened = shallowRef<Opened | null>(null);
  let opening = false;

  const connection = createConnection(carrier, { opened: () => void greet(), event: onEvent });
  const timeline = createLiveQuestion(connection, 'session.timeline');
  const objects = createLiveQuestion(connection, 'session.objects', OBJECTS_PAUSE_MS);

  const bounds = createBounds(connection);

  const report = (error: unknown): void => {
    const known = error instanceof RequestError ? error : new RequestError('crashed', String(error));
    // A lost connection has its own banner, and what the user cancelled is no news.
    if (known.code !== 'lost' && known.code !== 'cancelled') failure.value = known;
  };
  /** Runs a request whose failure concerns the whole window. */
  const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      report(error);
      return null;
    }
  };
  const ask = <M extends Method>(method: M, params: Params<M>): Promise<ResultOf<M> | null> =>
    attempt(() => connection.request(method, params));

  const startOver = (): void => {
    run.value++;
    timeline.forget();
    objects.forget();
    bounds.forget();
  };
  const showNothing = (): void => {
    if (info.value === null) return;
    info.value = null;
    startOver();
  };
  const showRun = (shown: RunInfo): void => {
    info.value = shown;
    failure.value = null;
    startOver();
  };

  function onEvent(event: BackendEvent): void {
    if (event.event === 'status') {
      // The extent shrinks only when the run restarts.
      if (status.value && event.status.extentTo < status.value.extentTo) startOver();
      status.value = event.status;
      if (event.status.state === 'empty') showNothing();
      else bounds.refresh();
    } else if (event.event === 'opened') {
      if (!opening) remember(event.target, event.options);
      showRun(event.info);
    } else {
      crash.value = event;
      showNothing();
    }
  }

  function remember(target: OpenTarget, options: RunOptions): void {
    opened.value = { target, options };
    memory?.keep({ target, options });
  }

  async function open(target: OpenTarget, options: RunOptions = {}): Promise<boolean> {
    failure.value = null;
    opening = true;
    const run = await ask('session.open', { target, options });
    opening = false;
    if (!run) {
      // A refused input leaves the session without a run: what was shown before is no longer there to be asked.
      status.value = (await ask('session.status', null)) ?? status.value;
      if (status.value?.state === 'failed' || status.value?.state === 'empty') showNothing();
      return false;
    }
    crash.value = null;
    remember(target, options);
    showRun(run);
    status.value = (await ask('session.status', null)) ?? status.value;
    return true;
  }

  /** First words on a fresh connection: what is there, and what to open. A session that has a run keeps it; a new
   *  session behind a reconnected page gets what was open before (uploads are gone with the old one). */
  async function greet(): Promise<void> {
    const [described, application, now] = await Promise.all([
      ask('session.describe', null),
      ask('app.info', null),
      ask('session.status', null),
    ]);
    description.value = described;
    appInfo.value = application;
    status.value = now;
    if (now?.state !== 'empty') return;
    showNothing();
    const before = opened.value ?? memory?.recall() ?? null;
    if (before && sentByPage(before)) {
      memory?.forget();
      report(
        new RequestError(
          'refused',
          'The open file was uploaded from this page and is lost with the connection. Open the file again (Open menu, or drop it here).',
        ),
      );
    } else if (before) {
      if (!(await open(before.target, before.options))) memory?.forget();
    } else if (application?.startTarget) await open(application.startTarget);
  }

  return {
    link: connection.link,
    description,
    appInfo,
    info,
    status,
    state: computed(() => status.value?.state ?? 'empty'),
    crash,
    failure,
    uploading,
    run,
    timeline,
    objects,
    bounds,
    request: connection.request,
    reconnect: connection.reconnect,
    open,
    async upload(file) {
      uploading.value = 0;
      const target = await attempt(() => uploadFile(connection, file, (fraction) => (uploading.value = fraction)));
      uploading.value = null;
      return target;
    },
    async control(action) {
      const now = await ask('session.control', { action });
      if (!now) return;
      failure.value = null;
      if (action === 'restart') startOver();
      status.value = now;
    },
    async setSpeed(batchesPerSecond) {
      const now = await ask('session.speed', { batchesPerSecond });
      if (!now) return;
      failure.value = null;
      status.value = now;
    },
    canOpenAgain: computed(() => opened.value !== null),
    async openAgainWith(change) {
      if (!opened.value) return;
      const { machine: _machine, machineFile: _machineFile, ...others } = opened.value.options;
      const kept = 'machine' in change || 'machineFile' in change ? others : opened.value.options;
      await open(opened.value.target, { ...kept, ...change });
    },
    async setPolicy(kind, id, params) {
      status.value = await connection.request('session.policy', { kind, id, params });
      failure.value = null;
    },
    report,
  };
}
