/** The backend of one window: a session host behind a message port, and what menu, drops and arguments ask of it. */
import { app, dialog, MessageChannelMain, type BrowserWindow, type MessagePortMain } from 'electron';
import { resolve } from 'node:path';
import type { OpenTarget } from '../../src-core/model/target';
import type { RunInfo } from '../../src-core/protocol/answers';
import type { BackendEvent, Response } from '../../src-core/protocol/messages';
import type { Params } from '../../src-core/protocol/methods';
import type { RunOptions } from '../../src-core/protocol/parameters';
import { checkRequest } from '../host/check-request';
import { createSessionHost, type SessionHost, type ShellHandlers } from '../host/session-host';
import type { Desktop } from './desktop';
import { saveKnobs, saveRecording, saveReport } from './save';
import { withRecent } from './settings';

export interface DesktopClient {
  /** Makes a new session for the page that asks, and hands it the port. A page that was reloaded asks again. */
  connect(): void;
  /** Opens a file that the page did not request, and notifies the page. */
  open(target: OpenTarget, options?: RunOptions): Promise<void>;
  openWithDialog(): Promise<void>;
  exportReport(format: Params<'app.saveReport'>['format']): Promise<void>;
  saveRecording(): Promise<void>;
  close(): Promise<void>;
}

/** Electron heaps share one 4 GiB region per process (V8 pointer compression), of which the window's side needs some. */
const ENGINE_HEAP_MB = 3072;

interface Opening {
  readonly target: OpenTarget;
  readonly options: RunOptions;
}

export function createDesktopClient(desktop: Desktop, window: BrowserWindow, start: Opening | null): DesktopClient {
  return new Client(desktop, window, start);
}

class Client implements DesktopClient {
  private host: SessionHost | null = null;
  private port: MessagePortMain | null = null;
  private info: RunInfo | null = null;

  constructor(
    private readonly desktop: Desktop,
    private readonly window: BrowserWindow,
    /** What is open, or is to be opened by the page when it starts (again). */
    private current: Opening | null,
  ) {}

  connect(): void {
    this.disconnect().catch((cause: unknown) => this.report(cause));
    const { port1, port2 } = new MessageChannelMain();
    const { engine, examples } = this.desktop.installation;
    const host = createSessionHost({
      engine,
      examplesFolder: examples,
      keepFolder: resolve(app.getPath('userData'), 'recovered'),
      heapMb: ENGINE_HEAP_MB,
      handlers: this.handlers(),
      check: checkRequest,
      guard: (request) => this.desktop.grants.check(request),
      onOpened: (target, info) => this.onOpened(target, info),
      send: (message) => this.send(port1, message),
    });
    this.host = host;
    this.port = port1;
    port1.on('message', (event) => {
      if (!host.handle(event.data)) this.disconnect().catch((cause: unknown) => this.report(cause));
    });
    port1.on('close', () => void host.close());
    port1.start();
    this.window.webContents.postMessage('faultline:port', null, [port2]);
    const { current } = this;
    // A target alone is opened by the page; what comes with auxiliary files is more than `startTarget` can say.
    if (current && Object.keys(current.options).length > 0) void this.open(current.target, current.options);
  }

  async open(target: OpenTarget, options: RunOptions = {}): Promise<void> {
    const host = this.host;
    this.current = { target, options };
    if (!host) return; // the page opens it as soon as it is there
    try {
      const info = await host.request('session.open', { target, options });
      host.announce({ type: 'event', event: 'opened', info, target, options });
    } catch (thrown) {
      this.report(thrown);
    }
  }

  async openWithDialog(): Promise<void> {
    const target = await this.askFile('Open a workload, a trace or a recording');
    if (target) await this.open(target);
  }

  async exportReport(format: Params<'app.saveReport'>['format']): Promise<void> {
    await this.attempt((host) =>
      saveReport(this.desktop, this.window, host, { format, suggestedName: this.suggestedName(format) }),
    );
  }

  async saveRecording(): Promise<void> {
    await this.attempt((host) =>
      saveRecording(this.desktop, this.window, host, { suggestedName: this.suggestedName('arrow') }),
    );
  }

  close(): Promise<void> {
    return this.disconnect();
  }

  private async disconnect(): Promise<void> {
    const { host, port } = this;
    this.host = null;
    this.port = null;
    port?.close();
    await host?.close();
  }

  private handlers(): ShellHandlers {
    const { desktop, window } = this;
    return {
      'app.info': () => {
        const { electron, chrome, node } = process.versions;
        const { current } = this;
        return Promise.resolve({
          shell: 'electron',
          versions: { faultline: app.getVersion(), electron, chrome, node },
          canPdf: true,
          startTarget: current && Object.keys(current.options).length === 0 ? current.target : null,
        });
      },
      'app.openDialog': ({ title }) => this.askFile(title),
      'app.recent': () => Promise.resolve(desktop.settings.get().recent),
      'app.saveKnobs': (params, host) => saveKnobs(desktop, window, host, params),
      'app.saveReport': (params, host) => saveReport(desktop, window, host, params),
      'app.saveRecording': (params, host) => saveRecording(desktop, window, host, params),
    };
  }

  private send(port: MessagePortMain, message: Response | BackendEvent): void {
    // What was recovered is offered to be opened, so the page may.
    if (message.type === 'event' && message.event === 'crashed' && message.recording !== null)
      this.desktop.grants.add(message.recording);
    if (port === this.port) port.postMessage(message);
  }

  private onOpened(target: OpenTarget, info: RunInfo): void {
    this.info = info;
    // After a reload the page starts with what is open now; uploads are gone with their session.
    if (target.kind === 'upload') this.current = null;
    else if (this.current?.target !== target) this.current = { target, options: {} };
    if (target.kind !== 'path') return;
    this.desktop.grants.add(target.path);
    this.desktop.settings.update((settings) => withRecent(settings, target.path, info.title));
    app.addRecentDocument(target.path);
    this.desktop.menuIsStale();
  }

  private async askFile(title: string): Promise<OpenTarget | null> {
    const answer = await dialog.showOpenDialog(this.window, { title, properties: ['openFile'] });
    const path = answer.filePaths[0];
    if (answer.canceled || path === undefined) return null;
    this.desktop.grants.add(path);
    return { kind: 'path', path };
  }

  private suggestedName(extension: string): string {
    return `${this.info?.title.replace(/[^\w.-]+/g, '-') ?? 'faultline'}.${extension}`;
  }

  private async attempt(work: (host: SessionHost) => Promise<unknown>): Promise<void> {
    if (!this.host) return;
    try {
      await work(this.host);
    } catch (thrown) {
      this.report(thrown);
    }
  }

  /** For what the user asked for outside the page: the page did not ask, so the answer is shown here. */
  private report(thrown: unknown): void {
    if (this.window.isDestroyed()) return;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    void dialog.showMessageBox(this.window, { type: 'error', title: 'Faultline', message });
  }
}
