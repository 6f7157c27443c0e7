import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BackendEvent, Response } from '../../../src-core/protocol/messages';
import type { Method, Params } from '../../../src-core/protocol/methods';
import { createSession, type KeptState, type Session } from '../../../src-core/session';
import { createNodePlatform } from '../../../src-main/host/node-platform';
import { examplesFolder } from '../../support/session-client';

const EXAMPLE = { target: { kind: 'example', id: 's2-flag-sharing' }, options: { spool: false } } as const;

let folder: string;
let platform: ReturnType<typeof createNodePlatform>;
let sent: (Response | BackendEvent)[];
/** What sessions handed on, by the request that made them. */
let handedOn: { readonly requestId: number; readonly kept: KeptState }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  platform = createNodePlatform({ spoolFolder: folder, examplesFolder, uploads: new Map(), onSpool: () => undefined });
  sent = [];
  handedOn = [];
});
afterEach(() => {
  platform.close();
  rmSync(folder, { recursive: true, force: true });
});

const begin = (kept: KeptState | null = null): Session =>
  createSession(
    platform,
    (message) => sent.push(message),
    (requestId, state) => handedOn.push({ requestId, kept: structuredClone(state) }), // as a worker's message does
    kept,
  );
const ask = <M extends Method>(session: Session, id: number, method: M, params: Params<M>): Promise<void> =>
  session.handle({ type: 'request', id, method, params });
const resultOf = (id: number): unknown => {
  const response = sent.find((message): message is Response => message.type === 'response' && message.id === id);
  return response?.ok ? response.result : response?.error;
};

it('hands a second run on with the speed and the comparison, which a fresh session of the same input shows', async () => {
  const first = begin();
  await ask(first, 1, 'session.speed', { batchesPerSecond: 9 });
  await ask(first, 2, 'session.open', EXAMPLE);
  await ask(first, 3, 'session.compare', { systems: [{ id: 'host' }] });
  await ask(first, 4, 'session.open', EXAMPLE);
  expect(handedOn.map(({ requestId }) => requestId)).toEqual([4]);
  expect(resultOf(4)).toBeUndefined();
  first.close();

  const second = begin(handedOn[0]!.kept);
  await ask(second, 5, 'session.open', EXAMPLE);
  await ask(second, 6, 'session.status', null);
  await ask(second, 7, 'session.report', { format: 'html' });
  expect(resultOf(6)).toMatchObject({ speed: 9, state: 'ready' });
  expect((resultOf(7) as { text: string }).text).toContain('Memory systems compared');
  second.close();
});

it('keeps the open run where the request to open is refused, and hands nothing on', async () => {
  const session = begin();
  await ask(session, 1, 'session.open', EXAMPLE);
  const machineFile = { kind: 'path', path: join(folder, 'missing.json') } as const;
  await ask(session, 2, 'session.open', { ...EXAMPLE, options: { ...EXAMPLE.options, machineFile } });
  expect(resultOf(2)).toMatchObject({ code: 'refused' });
  expect(handedOn).toEqual([]);
  await ask(session, 3, 'session.status', null);
  expect(resultOf(3)).toMatchObject({ state: 'ready' });
  session.close();
});
