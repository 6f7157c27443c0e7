import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { decodeMessage, encodeMessage } from '../../../src-core/protocol/codec';
import type { Message, Response } from '../../../src-core/protocol/messages';
import type { Method, Params } from '../../../src-core/protocol/methods';
import { serve, type RunningServer } from '../../../src-main/server/serve';

const engine = fileURLToPath(new URL('fake-engine.cjs', import.meta.url));

let folder: string;
let server: RunningServer;
let port: number;
let token: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  const renderer = join(folder, 'renderer');
  mkdirSync(renderer);
  writeFileSync(join(renderer, 'index.html'), '<!doctype html><title>x</title>');
  writeFileSync(join(folder, 'secret.json'), '{}');
  writeFileSync(join(renderer, 'notes.txt'), 'not a kind that is served');
  server = await serve({
    engine,
    examplesFolder: '',
    renderer,
    port: 0,
    startTarget: { kind: 'example', id: 's1' },
    version: '1',
  });
  const url = new URL(server.url);
  port = Number(url.port);
  token = new URLSearchParams(url.hash.slice(1)).get('token') ?? '';
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** As a program would ask that does not normalise paths. */
function get(path: string, { method = 'GET', host = `127.0.0.1:${port}` } = {}): Promise<Answer> {
  return new Promise((done, fail) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', fail).end();
  });
}

interface Dial {
  readonly path?: string;
  readonly protocols?: readonly string[];
  readonly origin?: string;
  readonly host?: string;
}

/** The opened socket, or the HTTP status with which it was refused. */
function dial({
  path = '/ws',
  protocols = ['faultline.v1', `token.${token}`],
  origin = `http://127.0.0.1:${port}`,
  host = `127.0.0.1:${port}`,
}: Dial = {}): Promise<WebSocket | number> {
  return new Promise((done, fail) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols], {
      headers: { host },
      origin,
      perMessageDeflate: false,
    });
    socket.on('open', () => done(socket));
    socket.on('unexpected-response', (_request, response) => done(response.statusCode ?? 0));
    socket.on('error', fail);
  });
}

let opened: WebSocket[] = [];
const open = async (): Promise<WebSocket> => {
  const socket = await dial();
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
  opened.push(socket);
  return socket;
};
afterEach(async () => {
  const closed = opened.filter((socket) => socket.readyState !== socket.CLOSED).map(closeCode);
  for (const socket of opened) socket.close();
  await Promise.all(closed);
  opened = [];
});
const closeCode = (socket: WebSocket): Promise<number> => new Promise((done) => socket.once('close', done));

let nextId = 1;
function ask<M extends Method>(socket: WebSocket, method: M, params: Params<M>): Promise<Response> {
  const id = nextId++;
  return new Promise((done) => {
    const listen = (data: Buffer): void => {
      const message: Message = decodeMessage(data);
      if (message.type !== 'response' || message.id !== id) return;
      socket.off('message', listen);
      done(message);
    };
    socket.setMaxListeners(50).on('message', listen);
    socket.send(encodeMessage({ type: 'request', id, method, params }));
  });
}

describe('files', () => {
  it('are served with the strict headers', async () => {
    const { status, headers, body } = await get('/');
    expect(status).toBe(200);
    expect(body).toContain('<title>x</title>');
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it.each([
    '/../secret.json',
    '/..%2fsecret.json',
    '/%2e%2e/secret.json',
    '/..%5csecret.json',
    '/%00.html',
    '/%zz.html',
    '/missing.html',
    '/notes.txt',
    '//etc/passwd',
  ])('outside, missing or of another kind are not there: %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('are not for %s', async (method) => {
    expect((await get('/', { method })).status).toBe(405);
  });

  it.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1:1'])(
    'are not for pages under the name %s (DNS rebinding)',
    async (host) => {
      expect((await get('/', { host })).status).toBe(421);
    },
  );
});

describe('the address', () => {
  it('is on the loopback interface, with a token of 32 random bytes in the fragment', () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+\/#token=[A-Za-z0-9_-]{43}$/);
  });
});

describe('a socket', () => {
  it('opens for our page with the token, and never echoes it', async () => {
    const socket = await open();
    expect(socket.protocol).toBe('faultline.v1');
  });

  it.each<[string, () => Dial, number]>([
    ['no token', () => ({ protocols: ['faultline.v1'] }), 403],
    ['a wrong token', () => ({ protocols: ['faultline.v1', `token.${'x'.repeat(43)}`] }), 403],
    ['half a token', () => ({ protocols: ['faultline.v1', `token.${token.slice(0, 20)}`] }), 403],
    ['a foreign origin', () => ({ origin: 'http://evil.example' }), 403],
    ['another port of this machine', () => ({ origin: 'http://127.0.0.1:1' }), 403],
    ['a foreign host', () => ({ host: 'evil.example', origin: 'http://evil.example' }), 403],
    ['another path', () => ({ path: '/other' }), 404],
    ['another protocol', () => ({ protocols: ['other.v1', `token.${token}`] }), 400],
  ])('is refused for %s', async (_why, how, status) => {
    expect(await dial(how())).toBe(status);
  });

  it('carries requests, answers and bytes', async () => {
    const socket = await open();
    expect(await ask(socket, 'app.info', null)).toMatchObject({
      ok: true,
      result: { shell: 'browser', startTarget: { kind: 'example', id: 's1' } },
    });
    const report = await ask(socket, 'app.saveReport', { format: 'html', suggestedName: 'x' });
    if (!report.ok) throw new Error(report.error.message);
    const { bytes, path } = report.result as { bytes: Uint8Array; path: string | null };
    expect(path).toBeNull();
    expect(new TextDecoder().decode(bytes)).toBe('<p>report in html</p>');
    const recording = await ask(socket, 'app.saveRecording', { suggestedName: 'x' });
    expect(recording).toMatchObject({ ok: true, result: { bytes: new TextEncoder().encode('rows') } });
  });

  it('writes no files', async () => {
    const socket = await open();
    const saved = await ask(socket, 'session.saveRecording', { path: join(folder, 'x.arrow') });
    expect(saved).toMatchObject({ ok: false, error: { code: 'refused' } });
    const run = await ask(socket, 'session.open', {
      target: { kind: 'example', id: 'x' },
      options: { record: join(folder, 'x.arrow') },
    });
    expect(run).toMatchObject({ ok: false, error: { code: 'refused' } });
  });

  it('is closed for what is no message', async () => {
    const garbage = await open();
    garbage.send(new Uint8Array([1, 2, 3]));
    expect(await closeCode(garbage)).toBe(1007);
    const text = await open();
    text.send('{"type":"request","id":1,"method":"session.status","params":null}');
    expect(await closeCode(text)).toBe(1007);
  });

  it('is closed for messages over 1 MiB', async () => {
    const socket = await open();
    socket.on('error', () => undefined); // the server may reset the connection before all is sent
    socket.send(new Uint8Array(2 ** 20 + 1));
    expect([1006, 1009]).toContain(await closeCode(socket));
  });

  it('is one of eight at most', async () => {
    for (let i = 0; i < 8; i++) await open();
    expect(await dial()).toBe(503);
  });

  it('that is slow still gets every answer and the newest status', async () => {
    const socket = await open();
    const seen: number[] = [];
    socket.on('message', (data: Buffer) => {
      const message = decodeMessage(data);
      if (message.type === 'event' && message.event === 'status') seen.push(message.status.batches);
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask(socket, 'session.control', { action: 'run' })),
    );
    expect(answers).toHaveLength(20);
    expect(seen.at(-1)).toBe(50);
  });
});

it('a port that is taken is refused with advice', async () => {
  const again = serve({ engine, examplesFolder: '', renderer: folder, port, startTarget: null, version: '1' });
  await expect(again).rejects.toThrow(`port ${port} is in use; choose another with --port`);
});
