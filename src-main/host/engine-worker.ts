/**
 * Entry of the engine's worker thread: one session, its messages relayed to the session host. An uncaught error ends
 * the thread; the host then saves the recording (all that was spooled is on disk) and reports it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../src-core/base/assert';
import { createSession } from '../../src-core/session';
import { createNodePlatform, type Upload } from './node-platform';
import type { EngineWorkerData, FromEngine, ToEngine } from './worker-messages';

assert(parentPort !== null, 'the engine runs in a worker thread');
const port = parentPort;
const data = workerData as EngineWorkerData;
const uploads = new Map<string, Upload>();
const tell = (message: FromEngine): void => port.postMessage(message);

const platform = createNodePlatform({
  spoolFolder: data.spoolFolder,
  examplesFolder: data.examplesFolder,
  uploads,
  onSpool: (path) => tell({ kind: 'spool', path }),
});

/** Fills the heap with objects until the thread's limit ends it. */
function exhaustHeap(): never {
  const kept: unknown[] = [];
  for (;;) kept.push(new Array(1000).fill(kept.length));
}

function crashOnPurpose(how: 'throw' | 'heap'): void {
  // In a turn of its own, as a bug in the run loop would: nothing of the session is there to catch it.
  setImmediate(() => {
    if (how === 'heap') exhaustHeap();
    throw new Error('crashed on purpose (FAULTLINE_TEST_CRASH)');
  });
}

const session = createSession(
  platform,
  (message) => {
    tell({ kind: 'message', message });
    if (data.crash === null || message.type !== 'event' || message.event !== 'status') return;
    const { state, batches } = message.status;
    if (state === 'running' && batches >= data.crash.afterBatches) crashOnPurpose(data.crash.how);
  },
  (requestId, kept) => tell({ kind: 'retire', requestId, kept }),
  data.kept,
);

// The error still ends the thread: this only saves what the recording has in memory.
process.on('uncaughtExceptionMonitor', () => session.abandon());

port.on('message', (message: ToEngine) => {
  switch (message.kind) {
    case 'request':
      void session.handle(message.request);
      return;
    case 'upload':
      uploads.set(message.id, { path: message.path, name: message.name });
      return;
    case 'close':
      session.close();
      platform.close();
      tell({ kind: 'closed' });
      port.close();
  }
});
