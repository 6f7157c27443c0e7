/** Entry of the desktop app. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { app, BrowserWindow, ipcMain, Menu, session, type IpcMainEvent } from 'electron';
import type { OpenTarget } from '../../src-core/model/target';
import { listExamples } from '../host/examples';
import { installationAt } from '../host/installation';
import { atomicWrite } from '../io/atomic-write';
import { createDesktopClient, type DesktopClient } from './client';
import type { Desktop } from './desktop';
import { fileArguments, openingOf, parseStart } from './file-arguments';
import { createGrants, type Grants } from './grants';
import { applicationMenu } from './menu';
import { printPdf } from './pdf';
import { declareScheme, serveScheme } from './scheme';
import { hardenSession, isTrusted, refuseRemoteControl } from './security';
import { saveCalibrationProgram } from './save-calibration-program';
import { openSettings } from './settings';
import { openWindow } from './window';

const MOST_DROPPED_FILES = 8;
const say = (line: string): void => void process.stderr.write(`faultline: ${line}\n`);
const appPath = app.isPackaged ? null : app.getAppPath();
const isTest = process.env['FAULTLINE_TEST'] === '1';

type Opening = NonNullable<ReturnType<typeof openingOf>>;

/** Files named when this or a second instance was started. */
function startOpening(files: readonly string[]): Opening | null {
  const named = openingOf(files);
  if (named) return named;
  const target = parseStart(process.env['FAULTLINE_START']);
  return target ? { target, options: {} } : null;
}

class DesktopApp {
  private readonly clients = new Map<Electron.BrowserWindow, DesktopClient>();

  constructor(
    private readonly desktop: Desktop,
    private readonly grants: Grants,
  ) {}

  openWindow(start: Opening | null): void {
    const window = openWindow(this.desktop.installation.preload, this.desktop.settings);
    const client = createDesktopClient(this.desktop, window, start);
    this.clients.set(window, client);
    window.once('closed', () => {
      this.clients.delete(window);
      this.closing.add(client.close());
    });
    window.webContents.on('render-process-gone', (_event, details) => {
      say(`the window's page crashed (${details.reason}) and is reloaded`);
      if (!window.isDestroyed()) window.webContents.reload();
    });
  }

  /** Sessions that are being closed; the process waits for them. */
  private readonly closing = new Set<Promise<void>>();

  front(): Electron.BrowserWindow | null {
    return BrowserWindow.getFocusedWindow() ?? [...this.clients.keys()][0] ?? null;
  }

  client(window: Electron.BrowserWindow | null = this.front()): DesktopClient | null {
    return window ? (this.clients.get(window) ?? null) : null;
  }

  /** Opens in the window in front, or in a new one. */
  open(opening: Opening): void {
    const granted = [opening.target, ...Object.values(opening.options.importFiles ?? {})];
    this.grants.add(...granted.flatMap((target) => (target.kind === 'path' ? [target.path] : [])));
    const window = this.front();
    const client = this.client(window);
    if (!window || !client) {
      this.openWindow(opening);
      return;
    }
    if (window.isMinimized()) window.restore();
    window.focus();
    void client.open(opening.target, opening.options);
  }

  openTarget(target: OpenTarget): void {
    this.open({ target, options: {} });
  }

  async close(): Promise<void> {
    const open = [...this.clients.values()].map((client) => client.close());
    await Promise.allSettled([...open, ...this.closing]);
    await this.desktop.settings.flush();
  }
}

function listen(desktop: DesktopApp): void {
  const clientOf = (event: IpcMainEvent): DesktopClient | null =>
    isTrusted(event) ? desktop.client(BrowserWindow.fromWebContents(event.sender)) : null;
  ipcMain.on('faultline:ready', (event) => clientOf(event)?.connect());
  ipcMain.on('faultline:drop', (event, paths: unknown) => {
    if (!clientOf(event) || !Array.isArray(paths)) return;
    const files = paths
      .filter((path): path is string => typeof path === 'string' && path !== '')
      .slice(0, MOST_DROPPED_FILES);
    const opening = openingOf(files);
    if (opening) desktop.open(opening);
  });
}

async function start(): Promise<void> {
  const installation = installationAt(__dirname);
  const settings = await openSettings(join(app.getPath('userData'), 'settings.json'), say);
  const grants = createGrants(isTest);
  grants.add(...settings.get().recent.map(({ path }) => path));
  const refreshMenu = (): void => Menu.setApplicationMenu(applicationMenu(menuContext));
  const desktop = new DesktopApp({ installation, settings, grants, isTest, menuIsStale: refreshMenu }, grants);
  const menuContext = {
    get recent() {
      return settings.get().recent;
    },
    examples: listExamples(installation.examples),
    client: () => desktop.client(),
    open: (target: OpenTarget) => desktop.openTarget(target),
    saveCalibrationProgram: () => void saveCalibrationProgram(installation, desktop.front()),
    clearRecent: () => {
      settings.update((before) => ({ ...before, recent: [] }));
      refreshMenu();
    },
  };
  hardenSession(session.defaultSession);
  serveScheme(session.defaultSession, installation.renderer);
  listen(desktop);
  refreshMenu();

  app.on('second-instance', (_event, _argv, _folder, data) => {
    const files = (data as { readonly files?: readonly string[] } | null)?.files ?? [];
    const opening = openingOf(files);
    const window = desktop.front();
    if (opening) desktop.open(opening);
    else if (window?.isMinimized()) window.restore();
    else window?.focus();
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    desktop.openTarget({ kind: 'path', path });
  });
  app.on('activate', () => {
    if (!desktop.front()) desktop.openWindow(null);
  });
  let isClosed = false;
  app.on('will-quit', (event) => {
    if (isClosed) return;
    event.preventDefault();
    void desktop.close().finally(() => {
      isClosed = true;
      app.quit();
    });
  });

  const opening = startOpening(namedFiles);
  if (opening) desktop.open(opening);
  else desktop.openWindow(null);
}

/** The command line's way to a PDF: prints one file and ends; no window, no settings. */
async function printAndQuit(html: string, pdf: string): Promise<void> {
  await atomicWrite(pdf, await printPdf(await readFile(html, 'utf8')));
  app.exit(0);
}

const namedFiles = fileArguments(process.argv, appPath, process.cwd());
const refusal = refuseRemoteControl();
const { FAULTLINE_PRINT_HTML: printHtml, FAULTLINE_PRINT_PDF: printTo } = process.env;
const isPrinting = printHtml !== undefined && printTo !== undefined;
const mayRun =
  isPrinting || process.env['FAULTLINE_MULTI'] === '1' || app.requestSingleInstanceLock({ files: namedFiles });

const fail = (cause: unknown): void => {
  say(cause instanceof Error ? cause.message : String(cause));
  app.exit(70);
};

if (refusal !== null) {
  say(refusal);
  app.exit(2);
} else if (!mayRun) {
  app.quit(); // the first instance opens the file
} else {
  declareScheme();
  // enableSandbox() beats --no-sandbox, and Chromium refuses to sandbox for root: only if it was not disabled explicitly.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  app.on('window-all-closed', () => {
    if (!isPrinting) app.quit();
  });
  void app
    .whenReady()
    .then(() => (isPrinting ? printAndQuit(printHtml, printTo) : start()))
    .catch(fail);
}
