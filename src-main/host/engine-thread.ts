/** One engine worker from start to end, whatever end it takes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EngineWorkerData, FromEngine, ToEngine } from './worker-messages';

export interface EngineThreadOptions {
  readonly engine: string;
  readonly examplesFolder: string;
  readonly heapMb: number;
  readonly crash: EngineWorkerData['crash'];
  readonly kept: EngineWorkerData['kept'];
  onMessage(message: FromEngine): void;
  /** Called once, when the thread is gone without having been asked to go. */
  onCrash(error: Error): void;
}

export interface EngineThread {
  readonly spoolFolder: string;
  post(message: ToEngine): void;
  /** Ends the thread now; the crash handler gets this reason. */
  abandon(reason: string): void;
  /** Ends the thread in order and resolves when it has exited; it sends no messages after that. */
  close(): Promise<void>;
}

const PATIENCE_MS = 2000;

/** Folders of threads that are alive: removed even when the process leaves without closing them. */
const folders = new Set<string>();
const removeFolder = (folder: string): void => {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
};
process.on('exit', () => folders.forEach(removeFolder));

export function startEngineThread(options: EngineThreadOptions): EngineThread {
  const spoolFolder = mkdtempSync(join(tmpdir(), 'faultline-engine-'));
  folders.add(spoolFolder);
  const { examplesFolder, crash, kept } = options;
  const data: EngineWorkerData = { spoolFolder, examplesFolder, crash, kept };
  const worker = new Worker(options.engine, {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: options.heapMb },
    stdout: true, // standard output belongs to the command's result
  });
  worker.stdout.pipe(process.stderr, { end: false });

  let wanted = true;
  let failure: Error | null = null;
  const gone = new Promise<void>((done) => {
    worker.once('exit', (code) => {
      done();
      if (!wanted) return;
      wanted = false;
      options.onCrash(failure ?? new Error(`the engine thread ended with code ${code}`));
    });
  });
  worker.on('error', (error) => (failure ??= error instanceof Error ? error : new Error(String(error))));
  worker.on('messageerror', (error) => {
    failure ??= error;
    void worker.terminate();
  });
  worker.on('message', (message: FromEngine) => {
    if (wanted) options.onMessage(message);
  });

  return {
    spoolFolder,
    post: (message) => worker.postMessage(message),
    abandon(reason) {
      failure ??= new Error(reason);
      void worker.terminate();
    },
    async close() {
      wanted = false;
      worker.postMessage({ kind: 'close' } satisfies ToEngine);
      const timer = setTimeout(() => void worker.terminate(), PATIENCE_MS);
      await gone;
      clearTimeout(timer);
      removeFolder(spoolFolder);
    },
  };
}

/** Removes what a crashed thread left, after its recording was moved away. */
export const removeRemains = (thread: EngineThread): void => removeFolder(thread.spoolFolder);

/** Leaves it for the user to pick up, where the recording could not be moved. */
export const keepRemains = (thread: EngineThread): void => void folders.delete(thread.spoolFolder);
