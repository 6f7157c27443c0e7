import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, connect, startDesktop, type Desktop } from './desktop';

let desktop: Desktop;

beforeAll(async () => {
  desktop = await startDesktop({ env: { FAULTLINE_TEST: '0' } });
});
afterAll(() => desktop.close());

describe('the page', () => {
  it('has nothing of Node or Electron, and no bridge', async () => {
    const found = await desktop.page.evaluate(() => {
      const names = ['require', 'process', 'module', 'Buffer', 'global', 'ipcRenderer', 'electron', 'faultline', 'api'];
      return names.filter((name) => name in window);
    });
    expect(found).toEqual([]);
  });

  it('runs isolated and without Node, as the process sees it', async () => {
    const preferences = await desktop.app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>;
      };
      return contents.getLastWebPreferences();
    });
    expect(preferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
    });
    expect(preferences['webviewTag']).not.toBe(true);
    expect(preferences['nodeIntegrationInWorker']).not.toBe(true);
    expect(preferences['nodeIntegrationInSubFrames']).not.toBe(true);
  });

  it('is an origin of its own, isolated from others', async () => {
    const about = await desktop.page.evaluate(() => ({
      origin: location.origin,
      secure: isSecureContext,
      isolated: crossOriginIsolated,
    }));
    expect(about).toEqual({ origin: 'app://faultline', secure: true, isolated: true });
  });

  it('has a strict content security policy', async () => {
    const policy = await desktop.page.evaluate(async () =>
      (await fetch('/index.html')).headers.get('content-security-policy'),
    );
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).not.toContain('unsafe-eval');
    expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/);
  });

  it('cannot run inline script', async () => {
    const ran = await desktop.page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.inlineScriptRan = true';
      document.head.append(script);
      return 'inlineScriptRan' in window;
    });
    expect(ran).toBe(false);
  });

  it('cannot reach other places', async () => {
    const tried = await desktop.page.evaluate(async () => {
      const attempts = [
        'https://example.com/',
        'http://127.0.0.1:1/',
        'file:///etc/hostname',
        'app://other/index.html',
      ];
      const reached: string[] = [];
      for (const url of attempts)
        await fetch(url).then(
          () => reached.push(url),
          () => undefined,
        );
      return reached;
    });
    expect(tried).toEqual([]);
  });
});

describe('the app scheme', () => {
  it.each([
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%5c..%5cpackage.json',
    '/missing.js',
    '/'.repeat(3),
  ])('serves nothing outside its folder: %s', async (path) => {
    const body = await desktop.page.evaluate(async (wanted) => {
      const response = await fetch(wanted);
      return { status: response.status, text: await response.text() };
    }, `app://faultline${path}`);
    expect(body.text).not.toContain('devDependencies');
    if (!path.endsWith('/')) expect(body.status).toBe(404);
  });

  it('answers GET only', async () => {
    const status = await desktop.page.evaluate(async () => (await fetch('/index.html', { method: 'POST' })).status);
    expect(status).toBe(405);
  });
});

describe('the window', () => {
  it('does not navigate, and opens no other', async () => {
    const before = desktop.page.url();
    const opened = await desktop.page.evaluate(() => {
      const popup = window.open('https://example.com/');
      location.href = 'https://example.com/';
      return popup !== null;
    });
    await desktop.page.waitForTimeout(300);
    expect(opened).toBe(false);
    expect(desktop.page.url()).toBe(before);
    expect(desktop.app.windows()).toHaveLength(1);
  });

  it('is granted no permission', async () => {
    const states = await desktop.page.evaluate(async () => {
      const names = ['geolocation', 'notifications', 'camera', 'microphone', 'midi'] as PermissionName[];
      return Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state));
    });
    expect(new Set(states)).toEqual(new Set(['denied']));
  });

  it('does not become a webview host', async () => {
    const isWebview = await desktop.page.evaluate(() => {
      const view = document.createElement('webview');
      document.body.append(view);
      return 'getWebContentsId' in view;
    });
    expect(isWebview).toBe(false);
  });
});

describe('the port', () => {
  it('is not for pages of another origin that have the same preload', async () => {
    const opening = desktop.app.waitForEvent('window');
    await desktop.app.evaluate(({ BrowserWindow }) => {
      const own = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
        getLastWebPreferences(): { preload: string };
      };
      const { preload } = own.getLastWebPreferences();
      const window = new BrowserWindow({
        show: false,
        webPreferences: { preload, sandbox: true, contextIsolation: true },
      });
      void window.loadURL('data:text/html,<title>stranger</title>');
    });
    const stranger = await opening;
    const got = await stranger.evaluate(
      () =>
        new Promise<boolean>((done) => {
          window.addEventListener('message', ({ ports }) => {
            if (ports.length > 0) done(true);
          });
          window.postMessage('faultline:ready', '*');
          setTimeout(() => done(false), 1000);
        }),
    );
    await stranger.close();
    expect(got).toBe(false);
  });

  it('refuses to write, and to read files that were not chosen', async () => {
    await connect(desktop.page);
    const opened = await ask(desktop.page, 'session.open', {
      target: { kind: 'path', path: '/etc/hostname' },
      options: {},
    });
    expect(opened).toMatchObject({ ok: false, error: { code: 'refused' } });
    const auxiliary = await ask(desktop.page, 'session.open', {
      target: { kind: 'example', id: 's1-jacobi-residual' },
      options: { importFiles: { symbols: { kind: 'path', path: '/etc/hostname' } } },
    });
    expect(auxiliary).toMatchObject({ ok: false, error: { code: 'refused' } });
    const saved = await ask(desktop.page, 'session.saveRecording', { path: '/tmp/faultline-must-not-be-written' });
    expect(saved).toMatchObject({ ok: false, error: { code: 'refused' } });
  });

  it('refuses what is malformed, and is closed for what is no request', async () => {
    const malformed = await desktop.page.evaluate(
      () =>
        new Promise((done) => {
          const client = window.shellTest;
          client?.answers.set(900, done);
          client?.port.postMessage({
            type: 'request',
            id: 900,
            method: 'session.open',
            params: { target: { kind: 'path' } },
          });
        }),
    );
    expect(malformed).toMatchObject({ ok: false, error: { code: 'refused' } });
    const answered = await desktop.page.evaluate(
      () =>
        new Promise<boolean>((done) => {
          const client = window.shellTest;
          client?.answers.set(901, () => done(true));
          client?.port.postMessage('garbage');
          client?.port.postMessage({ type: 'request', id: 901, method: 'session.status', params: null });
          setTimeout(() => done(false), 1000);
        }),
    );
    expect(answered).toBe(false);
  });
});
