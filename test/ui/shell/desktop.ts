/** Starts the built desktop app in the real Electron, and talks to its backend from the page. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { inject } from 'vitest';
import type { BackendEvent, Response } from '../../../src-core/protocol/messages';
import type { Method, Params, ResultOf } from '../../../src-core/protocol/methods';

export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

export interface DesktopOptions {
  readonly files?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of the user's data; a fresh one, removed at the end, unless given. */
  readonly userData?: string;
}

export interface Desktop {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly userData: string;
  close(): Promise<void>;
}

/** As root, Chromium's sandbox does not start; everyone else tests with it. */
export const sandboxSwitches = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** Electron 25 under Xvfb now and then never answers after its start; a start that takes this long is made again. */
const START_MS = 20_000;
const STARTS = 3;

async function launch(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ app: ElectronApplication; page: Page }> {
  for (let start = 1; ; start++) {
    let app: ElectronApplication | null = null;
    try {
      app = await _electron.launch({
        executablePath: inject('electron'),
        args: [...args],
        env: { ...env },
        timeout: START_MS,
      });
      const page = await app.firstWindow({ timeout: START_MS });
      await page.waitForLoadState('load', { timeout: START_MS });
      return { app, page };
    } catch (cause) {
      app?.process().kill('SIGKILL');
      if (start === STARTS) throw cause;
      process.stderr.write(`start ${start} of Electron did not come up, trying again: ${String(cause)}\n`);
    }
  }
}

export async function startDesktop({ files = [], env = {}, userData }: DesktopOptions = {}): Promise<Desktop> {
  const folder = userData ?? mkdtempSync(join(tmpdir(), 'faultline-shell-'));
  const { app, page } = await launch(
    [projectRoot, ...sandboxSwitches, '--disable-gpu', `--user-data-dir=${folder}`, ...files],
    { ...(process.env as Record<string, string>), FAULTLINE_TEST: '1', ...env },
  );
  return {
    app,
    page,
    userData: folder,
    async close() {
      await app.close();
      if (userData === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface PageClient {
  readonly port: MessagePort;
  readonly events: BackendEvent[];
  readonly answers: Map<number, (response: Response) => void>;
  next: number;
}
declare global {
  interface Window {
    shellTest?: PageClient;
  }
}

/** How long no further port must come before the last one is ours: the interface asks for one as well at its start. */
const QUIET_MS = 250;

/** Takes a session of its own in the page, as a reloaded page would: the interface loses the one it had. */
export async function connect(page: Page): Promise<void> {
  await page.evaluate(
    (quietMs) =>
      new Promise<void>((done) => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const take = (port: MessagePort): void => {
          const client: PageClient = { port, events: [], answers: new Map(), next: 1 };
          window.shellTest = client;
          port.onmessage = ({ data: message }: MessageEvent<Response | BackendEvent>) => {
            if (message.type === 'event') client.events.push(message);
            else client.answers.get(message.id)?.(message);
          };
          clearTimeout(timer);
          timer = setTimeout(() => {
            window.removeEventListener('message', listen);
            done();
          }, quietMs);
        };
        const listen = ({ data, ports: [port] }: MessageEvent<unknown>): void => {
          if (data === 'faultline:port' && port) take(port);
        };
        window.addEventListener('message', listen);
        window.postMessage('faultline:ready', location.origin);
      }),
    QUIET_MS,
  );
}

export function ask<M extends Method>(page: Page, method: M, params: Params<M>): Promise<Response> {
  return page.evaluate(
    ([name, given]) =>
      new Promise<Response>((done, fail) => {
        const client = window.shellTest;
        if (!client) {
          fail(new Error('connect() first'));
          return;
        }
        const id = client.next++;
        client.answers.set(id, done);
        client.port.postMessage({ type: 'request', id, method: name, params: given });
      }),
    [method, params] as const,
  );
}

export async function result<M extends Method>(page: Page, method: M, params: Params<M>): Promise<ResultOf<M>> {
  const response = await ask(page, method, params);
  if (!response.ok) throw new Error(`${method}: ${response.error.message}`);
  return response.result as ResultOf<M>;
}

/** The first event of a kind since connect(), however long it takes (within the test's time). */
export async function eventOf<K extends BackendEvent['event']>(
  page: Page,
  kind: K,
): Promise<Extract<BackendEvent, { event: K }>> {
  const found = await page.waitForFunction(
    (wanted) => window.shellTest?.events.find(({ event }) => event === wanted),
    kind,
  );
  return (await found.jsonValue()) as Extract<BackendEvent, { event: K }>;
}
