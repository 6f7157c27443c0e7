import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { projectRoot, sandboxSwitches } from './desktop';

let served: ChildProcess;
let output = '';
let url: URL;
let browser: Browser;

beforeAll(async () => {
  const cli = join(projectRoot, 'out/main/cli.cjs');
  served = spawn(process.execPath, [cli, 'serve', '--example', 's1-jacobi-residual'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  url = await new Promise<URL>((done, fail) => {
    served.once('exit', (code) => fail(new Error(`serve ended with ${String(code)}`)));
    served.stdout?.on('data', (data: Buffer) => {
      output += data.toString();
      if (output.includes('\n')) done(new URL(output.trim()));
    });
  });
  browser = await chromium.launch({ executablePath: inject('chromium'), args: sandboxSwitches });
});
afterAll(async () => {
  await browser.close();
  served.kill();
});

async function openPage(): Promise<{ readonly page: Page; readonly problems: string[] }> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  return { page, problems };
}

/** Whether a page may open the engine's socket with this token. */
const canConnect = (page: Page, token: string): Promise<boolean> =>
  page.evaluate(
    ([address, given]) =>
      new Promise<boolean>((done) => {
        const socket = new WebSocket(address, ['faultline.v1', `token.${given}`]);
        socket.onopen = () => {
          socket.close();
          done(true);
        };
        socket.onerror = () => done(false);
      }),
    [`ws://${url.host}/ws`, token] as const,
  );

describe('the page in Chromium', () => {
  it('loads without an error, hides the token and is isolated', async () => {
    const { page, problems } = await openPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(url.href);
    await page.waitForFunction(() => location.hash === '');
    expect(page.url()).toBe(`${url.origin}/`);
    expect(asked.filter((each) => each.includes('token'))).toEqual([]);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('runs no inline script and reaches no other place', async () => {
    const { page } = await openPage();
    await page.goto(url.href);
    const ran = await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.inlineScriptRan = true';
      document.head.append(script);
      const reached = await fetch('https://example.com/', { mode: 'no-cors' }).then(
        () => true,
        () => false,
      );
      return { inline: 'inlineScriptRan' in window, reached };
    });
    expect(ran).toEqual({ inline: false, reached: false });
    await page.close();
  });

  it('needs the token', async () => {
    const { page } = await openPage();
    await page.goto(url.href);
    const token = new URLSearchParams(url.hash.slice(1)).get('token') ?? '';
    expect(await canConnect(page, token)).toBe(true);
    expect(await canConnect(page, 'x'.repeat(43))).toBe(false);
    await page.close();
  });
});

describe('a page of another site on this machine', () => {
  let stranger: Server;
  beforeAll(async () => {
    stranger = createServer((_request, response) =>
      response.setHeader('Content-Type', 'text/html').end('<title>x</title>'),
    );
    await new Promise<void>((done) => stranger.listen(0, '127.0.0.1', done));
  });
  afterAll(() => stranger.close());

  it('cannot connect, even if it knew the token, nor read or embed the page', async () => {
    const { page } = await openPage();
    await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`);
    const token = new URLSearchParams(url.hash.slice(1)).get('token') ?? '';
    expect(await canConnect(page, token)).toBe(false);
    const seen = await page.evaluate(async (address) => {
      const read = await fetch(address).then(
        () => true,
        () => false,
      );
      const frame = document.createElement('iframe');
      frame.src = address;
      const loaded = new Promise<void>((done) => (frame.onload = () => done()));
      document.body.append(frame);
      await loaded;
      return { read, embedded: frame.contentDocument?.title === 'Faultline' };
    }, `${url.origin}/`);
    expect(seen).toEqual({ read: false, embedded: false });
    const frames = page.frames().filter((frame) => frame.url().startsWith(url.origin));
    expect(frames).toEqual([]);
    await page.close();
  });
});

it('prints its address as the only line, and stops in order', async () => {
  expect(output.trim().split('\n')).toHaveLength(1);
  const ended = new Promise<number | null>((done) => served.once('exit', done));
  served.kill('SIGTERM');
  expect(await ended).toBe(0);
});
