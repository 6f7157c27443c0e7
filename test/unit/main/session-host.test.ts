import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ErrorData } from '../../../src-core/protocol/answers';
import type { BackendEvent, Response } from '../../../src-core/protocol/messages';
import type { Method, Params } from '../../../src-core/protocol/methods';
import { checkRequest } from '../../../src-main/host/check-request';
import { createSessionHost, type SessionHost, type SessionHostOptions } from '../../../src-main/host/session-host';

const engine = fileURLToPath(new URL('fake-engine.cjs', import.meta.url));

let keepFolder: string;
let hosts: SessionHost[];
let sent: (Response | BackendEvent)[];

beforeEach(() => {
  keepFolder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  hosts = [];
  sent = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const host of hosts) await host.close();
  rmSync(keepFolder, { recursive: true, force: true });
});

function start(options: Partial<SessionHostOptions> = {}): SessionHost {
  const host = createSessionHost({
    engine,
    examplesFolder: '',
    handlers: {},
    check: checkRequest,
    keepFolder,
    send: (message) => sent.push(message),
    ...options,
  });
  hosts.push(host);
  return host;
}

const ask = <M extends Method>(id: number, method: M, params: Params<M>): unknown => ({
  type: 'request',
  id,
  method,
  params,
});
const openPath = (id: number, path: string): unknown =>
  ask(id, 'session.open', { target: { kind: 'path', path }, options: {} });
const answers = (): Response[] => sent.filter((message): message is Response => message.type === 'response');
const crashes = (): Extract<BackendEvent, { event: 'crashed' }>[] =>
  sent.flatMap((message) => (message.type === 'event' && message.event === 'crashed' ? [message] : []));
const answer = async (id: number): Promise<Response> =>
  vi.waitFor(
    () => {
      const found = answers().find((response) => response.id === id);
      if (!found) throw new Error(`no answer to ${id} yet`);
      return found;
    },
    { timeout: 10_000 },
  );
const error = async (id: number): Promise<ErrorData> => {
  const response = await answer(id);
  if (response.ok) throw new Error(`request ${id} was served`);
  return response.error;
};
const crashed = (): Promise<Extract<BackendEvent, { event: 'crashed' }>> =>
  vi.waitFor(
    () => {
      const [first] = crashes();
      if (!first) throw new Error('no crash yet');
      return first;
    },
    { timeout: 10_000 },
  );

describe('requests', () => {
  it('are answered under the number of the client', async () => {
    const host = start();
    expect(host.handle(openPath(41, 'a.yaml'))).toBe(true);
    expect(await answer(41)).toMatchObject({ id: 41, ok: true, result: { title: 'a.yaml' } });
  });

  it('that are no requests are not served at all', () => {
    const host = start();
    for (const bad of [null, 7, {}, { type: 'response', id: 1 }, { type: 'request', id: -1, method: 'session.status' }])
      expect(host.handle(bad)).toBe(false);
    expect(sent).toEqual([]);
  });

  it.each([
    [{ type: 'request', id: 5, method: 'session.nothing', params: null }, 'unknown-method', 'session.nothing'],
    [{ type: 'request', id: 5, method: 'constructor', params: null }, 'unknown-method', 'constructor'],
    [
      { type: 'request', id: 5, method: 'session.open', params: { target: { kind: 'file' }, options: {} } },
      'refused',
      'target.kind',
    ],
    [{ type: 'request', id: 5, method: 'session.timeline', params: { from: 0, to: 1, bins: 1e9 } }, 'refused', 'bins'],
    [{ type: 'request', id: 5, method: 'app.openDialog', params: { title: 'x' } }, 'refused', 'app.openDialog'],
  ])('that are malformed are refused with the place: %j', async (message, code, text) => {
    const host = start();
    expect(host.handle(message)).toBe(true);
    const refusal = await error(5);
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(text);
  });

  it('need numbers that are unique while unanswered', async () => {
    const host = start();
    host.handle(openPath(1, 'wait'));
    host.handle(openPath(1, 'a.yaml'));
    expect((await error(1)).message).toContain('still unanswered');
  });

  it('can be refused by the shell, which itself may ask anything', async () => {
    const host = start({ guard: (request) => (request.method === 'session.open' ? 'not here' : null) });
    host.handle(openPath(1, 'a.yaml'));
    expect(await error(1)).toMatchObject({ code: 'refused', message: 'not here' });
    const opened = await host.request('session.open', { target: { kind: 'path', path: 'a.yaml' }, options: {} });
    expect(opened.title).toBe('a.yaml');
    expect(answers()).toHaveLength(1); // the shell's own request is not the client's business
  });

  it('of app.* are answered by the shell', async () => {
    const host = start({ handlers: { 'app.recent': () => Promise.resolve([{ path: '/a', title: 'A' }]) } });
    host.handle(ask(3, 'app.recent', null));
    expect(await answer(3)).toMatchObject({ ok: true, result: [{ path: '/a', title: 'A' }] });
  });

  it('that are open when the session is closed fail as cancelled', async () => {
    const host = start();
    const open = host.request('session.open', { target: { kind: 'path', path: 'wait' }, options: {} });
    const failed = expect(open).rejects.toMatchObject({ data: { code: 'cancelled' } });
    await host.close();
    await failed;
    await expect(host.request('session.status', null)).rejects.toMatchObject({ data: { code: 'cancelled' } });
  });
});

describe('uploads', () => {
  it('reach the engine under their own name once they are complete', async () => {
    const host = start();
    const { upload } = await host.request('upload.begin', { name: 'trace.lackey', bytes: 5 });
    await host.request('upload.chunk', { upload, bytes: new Uint8Array([1, 2, 3]) });
    expect(await host.request('upload.chunk', { upload, bytes: new Uint8Array([4, 5]) })).toEqual({ received: 5 });
    await host.request('upload.end', { upload });
    const opened = await host.request('session.open', { target: { kind: 'upload', upload }, options: {} });
    expect(opened.title).toBe('trace.lackey');
  });

  it('that are too short, too long or too many bytes are refused', async () => {
    const host = start();
    const { upload } = await host.request('upload.begin', { name: 'a', bytes: 2 });
    await expect(host.request('upload.chunk', { upload, bytes: new Uint8Array(3) })).rejects.toThrow(
      'the announced 2 bytes',
    );
    await expect(host.request('upload.end', { upload })).rejects.toThrow('after 0 of 2 bytes');
    await expect(host.request('upload.chunk', { upload, bytes: new Uint8Array(1) })).rejects.toThrow('has ended');
    await expect(host.request('upload.begin', { name: 'b', bytes: 5 * 2 ** 30 })).rejects.toThrow(
      'can still be uploaded',
    );
  });
});

describe('a second run', () => {
  const about = async (id: number): Promise<string> => {
    const response = await answer(id);
    return response.ok ? (response.result as { about: string }).about : response.error.message;
  };

  it('is opened by a fresh engine, which keeps the speed that the client chose', async () => {
    const host = start();
    host.handle(openPath(1, 'run-1'));
    host.handle(ask(2, 'session.speed', { batchesPerSecond: 7 }));
    host.handle(openPath(3, 'run-2'));
    const [first, second] = [await about(1), await about(3)];
    expect(first).toMatch(/^engine [0-9]+, speed null$/);
    expect(second).toMatch(/^engine [0-9]+, speed 7$/);
    expect(second.split(',')[0]).not.toBe(first.split(',')[0]);
    expect(crashes()).toEqual([]);
  });

  it('lets the previous engine finish its answers and removes its files', async () => {
    const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('faultline-engine-'));
    const host = start();
    host.handle(openPath(1, 'run-1'));
    await answer(1);
    const before = folders().length;
    host.handle(ask(2, 'session.summary', null));
    host.handle(openPath(3, 'run-2'));
    const owed = await answer(2);
    expect(owed).toMatchObject({ ok: true });
    // Its events are about a run that is closed.
    expect(sent.filter((message) => message.type === 'event')).toEqual([]);
    expect(await about(1)).toContain(`engine ${String((owed as { result?: { engine: number } }).result?.engine)},`);
    expect(await about(3)).not.toContain(`engine ${String((owed as { result?: { engine: number } }).result?.engine)},`);
    await vi.waitFor(() => expect(folders().length).toBeLessThanOrEqual(before));
  });

  it('is cancelled by a cancel that was sent before the fresh engine took over', async () => {
    const host = start();
    host.handle(openPath(1, 'run-1'));
    await answer(1);
    host.handle(openPath(2, 'run-until-cancel'));
    host.handle(ask(3, 'session.cancel', null)); // goes to the engine that hands the second run on
    expect(await error(2)).toMatchObject({ code: 'cancelled' });
    expect(await answer(3)).toMatchObject({ ok: true });
  });

  it('is not cancelled by a cancel of the run before it', async () => {
    const host = start();
    host.handle(openPath(1, 'run-1'));
    host.handle(ask(2, 'session.cancel', null));
    await answer(2);
    host.handle(openPath(3, 'run-until-cancel'));
    // The summary takes longer than the hand-over; the status is answered after everything that the fresh engine was sent.
    await host.request('session.summary', null);
    await host.request('session.status', null);
    expect(answers().map(({ id }) => id)).not.toContain(3);
    host.handle(ask(4, 'session.cancel', null));
    expect(await error(3)).toMatchObject({ code: 'cancelled' });
  });

  it('can be opened again and again, and the session closed at any moment of it', async () => {
    const host = start();
    for (let id = 1; id <= 4; id++) host.handle(openPath(id, `run-${id}`));
    await host.close();
    expect(answers()).toEqual([]); // a closed session sends nothing
    expect(crashes()).toEqual([]);
  });
});

describe('an engine that dies', () => {
  it('by a throw: fails what is pending, keeps the recording, and a fresh one serves on', async () => {
    const host = start();
    await host.request('session.status', null);
    host.handle(openPath(1, 'wait'));
    host.handle(openPath(2, 'record-and-throw'));
    expect(await error(1)).toMatchObject({ code: 'crashed' });
    expect((await error(2)).message).toContain('a bug');
    const crash = await crashed();
    expect(crash.recording).not.toBeNull();
    expect(readFileSync(crash.recording ?? '', 'utf8')).toBe('some rows');
    expect(crash.error.message).toContain(crash.recording ?? '?');
    host.handle(openPath(3, 'b.yaml'));
    expect(await answer(3)).toMatchObject({ ok: true, result: { title: 'b.yaml' } });
    expect(crashes()).toHaveLength(1);
  });

  it('out of memory is reported with the limit and the way to raise it', async () => {
    vi.stubEnv('FAULTLINE_ENGINE_HEAP_MB', '24');
    const host = start();
    host.handle(openPath(1, 'heap'));
    const { code, message } = await error(1);
    expect(code).toBe('crashed');
    expect(message).toContain('out of memory (its limit is 24 MB)');
    expect(message).toContain('FAULTLINE_ENGINE_HEAP_MB');
    expect((await crashed()).recording).toBeNull();
    host.handle(ask(2, 'session.status', null));
    expect(await answer(2)).toMatchObject({ ok: true });
  });

  it('by leaving without a word', async () => {
    const host = start();
    host.handle(openPath(1, 'exit'));
    expect((await error(1)).message).toContain('code 3');
  });

  it('by never reacting to a cancel: is stopped after the patience is over', async () => {
    const host = start({ cancelPatienceMs: 200 });
    host.handle(openPath(1, 'hang'));
    host.handle(ask(2, 'session.cancel', null));
    expect((await error(1)).message).toContain('did not respond to a cancel within 0.2 s');
    expect(await error(2)).toMatchObject({ code: 'crashed' });
    host.handle(ask(3, 'session.status', null));
    expect(await answer(3)).toMatchObject({ ok: true });
  });

  it('at its start fails each request, without a loop of restarts', async () => {
    const host = start({ engine: join(keepFolder, 'not-there.cjs') });
    host.handle(ask(1, 'session.status', null));
    expect(await error(1)).toMatchObject({ code: 'crashed' });
    host.handle(ask(2, 'session.status', null));
    expect(await error(2)).toMatchObject({ code: 'crashed' });
    await vi.waitFor(() => expect(crashes()).toHaveLength(2));
  });

  it('keeps only the newest recovered recordings', async () => {
    for (let i = 0; i < 7; i++) {
      sent = [];
      const host = start();
      host.handle(openPath(1, 'record-and-throw'));
      expect(existsSync((await crashed()).recording ?? '')).toBe(true);
    }
    expect(readdirSync(keepFolder)).toHaveLength(5);
  });
});
