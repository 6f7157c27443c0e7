// Stands in for the built engine worker in tests of the session host, the server and the command line: it speaks
// host/worker-messages.ts and dies, hangs or answers as the opened path says.
const { appendFileSync, copyFileSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { parentPort, threadId, workerData } = require('node:worker_threads');

const uploads = new Map();
let spool = null;

const status = {
  state: 'ready',
  progress: 0,
  doing: '',
  axis: 'accesses',
  extentTo: 0,
  accesses: 0,
  batches: 0,
  events: 0,
  simTimePs: 0,
  phase: '',
  policies: [],
  pendingChanges: [],
  speed: null,
  error: null,
};
const send = (message) => parentPort.postMessage({ kind: 'message', message });
const record = (text) => {
  spool ??= join(workerData.spoolFolder, 'recording-1.arrow');
  appendFileSync(spool, text);
  parentPort.postMessage({ kind: 'spool', path: spool });
};

/** The number of this engine is its thread's: tests tell fresh ones apart by it. */
const engineNumber = threadId;
let hasRun = false;
/** The request to open that is answered by a cancel. */
let opening = null;
let speed = workerData.kept?.speed ?? null;

function open({ target }, id) {
  const name =
    target.kind === 'path'
      ? target.path
      : target.kind === 'upload'
        ? (uploads.get(target.upload)?.name ?? 'missing')
        : target.id;
  if (name === 'record-and-throw') {
    record('some rows');
    setImmediate(() => {
      throw new Error('a bug');
    });
    return undefined;
  }
  if (name === 'throw') {
    setImmediate(() => {
      throw new Error('a bug');
    });
    return undefined;
  }
  if (name === 'heap') {
    const kept = [];
    for (;;) kept.push(new Array(1000).fill(kept.length));
  }
  if (name === 'hang') for (;;);
  if (name === 'wait') return undefined;
  if (name === 'exit') process.exit(3);
  if (name.startsWith('run')) {
    if (hasRun) {
      parentPort.postMessage({ kind: 'retire', requestId: id, kept: { speed, comparison: null } });
      return undefined;
    }
    hasRun = true;
    if (name === 'run-until-cancel') {
      opening = id;
      return undefined;
    }
    return { ...info(name), about: `engine ${engineNumber}, speed ${speed}` };
  }
  return info(name);
}

function info(name) {
  return {
    title: name,
    about: '',
    file: name,
    kind: 'workload',
    objects: [],
    phases: [],
    findings: [],
    workloadText: '',
  };
}

const methods = {
  'session.open': open,
  'session.status': () => status,
  'session.cancel': () => {
    if (opening !== null)
      send({
        type: 'response',
        id: opening,
        ok: false,
        error: { code: 'cancelled', message: 'cancelled', details: [] },
      });
    return null;
  },
  'session.speed': ({ batchesPerSecond }) => {
    speed = batchesPerSecond;
    return status;
  },
  'session.summary': (_params, id) => {
    setTimeout(() => {
      send({ type: 'event', event: 'status', status: { ...status, phase: `engine ${engineNumber}` } });
      send({ type: 'response', id, ok: true, result: { engine: engineNumber } });
    }, 200);
    return undefined;
  },
  'session.control': ({ action }) => {
    for (let i = 0; i < 50; i++)
      send({ type: 'event', event: 'status', status: { ...status, state: 'running', batches: i } });
    send({ type: 'event', event: 'status', status: { ...status, state: 'finished', batches: 50 } });
    return { ...status, doing: action };
  },
  'session.report': ({ format }) => ({ text: `<p>report in ${format}</p>`, blocks: [] }),
  'session.saveRecording': ({ path }) => {
    record('rows');
    copyFileSync(spool, path);
    return { path, bytes: statSync(path).size };
  },
};

parentPort.on('message', (message) => {
  if (message.kind === 'upload') uploads.set(message.id, message);
  if (message.kind === 'close') {
    parentPort.postMessage({ kind: 'closed' });
    parentPort.close();
  }
  if (message.kind !== 'request') return;
  const { id, method, params } = message.request;
  const result = methods[method]?.(params, id);
  if (result !== undefined) send({ type: 'response', id, ok: true, result });
});
