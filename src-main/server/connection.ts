/** One browser page: a WebSocket in front of a session host. */
import { randomUUID } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import { formatBytes, MIB } from '../../src-core/base/units';
import { Refusal } from '../../src-core/model/refusal';
import type { OpenTarget } from '../../src-core/model/target';
import { decodeMessage, encodeMessage } from '../../src-core/protocol/codec';
import type { BackendEvent, Message, Request, Response } from '../../src-core/protocol/messages';
import type { Params, ResultOf } from '../../src-core/protocol/methods';
import { knobFileText } from '../host/knob-file';
import { checkRequest } from '../host/check-request';
import { createSessionHost, type SessionHost, type ShellHandlers } from '../host/session-host';
import { findChromium, printWithChromium } from './chromium';

export interface ConnectionOptions {
  readonly engine: string;
  readonly examplesFolder: string;
  /** What the page opens first. */
  readonly startTarget: OpenTarget | null;
  readonly version: string;
}

/** With this much unsent, status events wait: a slow page gets fewer of them, and always the newest. */
const BACKLOG_BYTES = 4 * MIB;
const BACKLOG_POLL_MS = 50;
const LARGEST_DOWNLOAD_BYTES = 512 * MIB;
const HEARTBEAT_MS = 30_000;
const MALFORMED = 1007;

type Saved = ResultOf<'app.saveReport'>;
const asBytes = (bytes: Uint8Array): Saved => ({ path: null, bytes, cancelled: false });

async function reportBytes({ format }: Params<'app.saveReport'>, host: SessionHost): Promise<Saved> {
  const { text } = await host.request('session.report', { format: format === 'pdf' ? 'html' : format });
  return asBytes(format === 'pdf' ? await printWithChromium(text) : new TextEncoder().encode(text));
}

async function recordingBytes(host: SessionHost): Promise<Saved> {
  const path = join(tmpdir(), `faultline-download-${randomUUID()}.arrow`);
  try {
    await host.request('session.saveRecording', { path });
    const { size } = await stat(path);
    if (size > LARGEST_DOWNLOAD_BYTES)
      throw new Refusal(
        `the recording has ${formatBytes(size)}, which is more than a page can download (${formatBytes(LARGEST_DOWNLOAD_BYTES)}); write it with \`faultline run FILE --record OUT\``,
      );
    return asBytes(new Uint8Array(await readFile(path))); // a Buffer would be written as JSON by its toJSON
  } finally {
    await rm(path, { force: true });
  }
}

function shellHandlers(options: ConnectionOptions): ShellHandlers {
  return {
    'app.info': () =>
      Promise.resolve({
        shell: 'browser',
        versions: { faultline: options.version, node: process.versions.node },
        canPdf: findChromium() !== null,
        startTarget: options.startTarget,
      }),
    'app.recent': () => Promise.resolve([]),
    'app.saveReport': (params, host) => reportBytes(params, host),
    'app.saveKnobs': async (params, host) => asBytes(new TextEncoder().encode(await knobFileText(params, host))),
    'app.saveRecording': (_params, host) => recordingBytes(host),
  };
}

/** A page gets bytes; files on this machine are written by the command line only. */
function refuseWrites(request: Request): string | null {
  const writes = 'the server does not write files; save from the page, or use `faultline run FILE --record OUT`';
  if (request.method === 'session.saveRecording') return writes;
  if (request.method !== 'session.open') return null;
  return (request.params as Params<'session.open'>).options.record === undefined ? null : writes;
}

/** Sends everything but status events at once; of those, the newest when there is room. */
function createOutbox(socket: WebSocket): { send(message: Message): void; close(): void } {
  let waiting: Message | null = null;
  let timer: NodeJS.Timeout | null = null;
  const put = (message: Message): void => {
    if (socket.readyState === socket.OPEN) socket.send(encodeMessage(message));
  };
  const stop = (): void => {
    if (timer) clearInterval(timer);
    timer = null;
  };
  const drain = (): void => {
    if (socket.bufferedAmount > BACKLOG_BYTES) return;
    stop();
    if (waiting) put(waiting);
    waiting = null;
  };
  return {
    send(message) {
      if (message.type !== 'event' || message.event !== 'status') {
        put(message);
      } else if (socket.bufferedAmount > BACKLOG_BYTES || timer) {
        waiting = message;
        timer ??= setInterval(drain, BACKLOG_POLL_MS);
      } else {
        put(message);
      }
    },
    close: stop,
  };
}

/** Serves a page until its socket closes; resolves when its session is gone. */
export function attachConnection(socket: WebSocket, options: ConnectionOptions): { closed: Promise<void> } {
  const outbox = createOutbox(socket);
  const host = createSessionHost({
    engine: options.engine,
    examplesFolder: options.examplesFolder,
    handlers: shellHandlers(options),
    check: checkRequest,
    guard: refuseWrites,
    send: (message: Response | BackendEvent) => outbox.send(message),
  });
  const receive = ({ buffer, byteOffset, length }: Buffer): boolean => {
    try {
      return host.handle(decodeMessage(new Uint8Array(buffer, byteOffset, length)));
    } catch (thrown) {
      if (thrown instanceof Refusal) return false;
      throw thrown;
    }
  };
  socket.binaryType = 'nodebuffer';
  socket.on('message', (data, isBinary) => {
    if (!isBinary || !receive(data as Buffer)) socket.close(MALFORMED, 'not a message of this protocol');
  });
  socket.on('error', () => socket.terminate()); // an oversized or broken frame; `close` follows

  let isAlive = true;
  socket.on('pong', () => (isAlive = true));
  const heartbeat = setInterval(() => {
    if (!isAlive) socket.terminate();
    isAlive = false;
    socket.ping();
  }, HEARTBEAT_MS);

  const closed = new Promise<void>((done, fail) => {
    socket.once('close', () => {
      clearInterval(heartbeat);
      outbox.close();
      host.close().then(done, fail);
    });
  });
  return { closed };
}
