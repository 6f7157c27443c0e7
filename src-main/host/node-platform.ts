/** The session's view of the machine, on Node; lives in the engine worker. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { assert } from '../../src-core/base/assert';
import type { ByteSource } from '../../src-core/model/byte-source';
import type { Platform, Spool } from '../../src-core/contracts/platform';
import { Refusal } from '../../src-core/model/refusal';
import type { OpenTarget } from '../../src-core/model/target';
import { atomicWrite } from '../io/atomic-write';
import { openFileSource } from '../io/file-source';
import { listExamples } from './examples';

export interface Upload {
  readonly path: string;
  /** The name that the file had for the user. */
  readonly name: string;
}

export interface NodePlatformOptions {
  readonly spoolFolder: string;
  readonly examplesFolder: string;
  /** Complete uploads by id; grows while the session lives. */
  readonly uploads: ReadonlyMap<string, Upload>;
  /** A new spool file is in use; the one before is gone. */
  onSpool(path: string): void;
}

interface OpenSpool extends Spool {
  /** Ends writing; may be called again. */
  close(): void;
}

/** Every write goes to the file at once: what a crash leaves behind is all that was given. */
function openSpool(path: string): OpenSpool {
  let file: number | null = openSync(path, 'wx', 0o600);
  let end = 0;
  const close = (): void => {
    if (file !== null) closeSync(file);
    file = null;
  };
  const write = (bytes: Uint8Array): void => {
    assert(file !== null, 'the recording is closed');
    for (let at = 0; at < bytes.length;) {
      const written = writeSync(file, bytes, at, bytes.length - at, end);
      at += written;
      end += written;
    }
  };
  const truncate = (length: number): void => {
    file ??= openSync(path, 'r+');
    ftruncateSync(file, length);
    end = length;
  };
  return { path, close, sink: { write, truncate, close } };
}

export function createNodePlatform(options: NodePlatformOptions): Platform & { close(): void } {
  let spool: OpenSpool | null = null;
  let spools = 0;

  const examplePath = (id: string): string => {
    const examples = listExamples(options.examplesFolder);
    const found = examples.find((example) => example.id === id);
    if (found) return found.path;
    const known = examples.map((example) => example.id).join(', ');
    throw new Refusal(
      `there is no example "${id}"; the examples are ${known === '' ? 'missing from this installation' : known}`,
    );
  };
  const upload = (id: string): Upload => {
    const found = options.uploads.get(id);
    if (found) return found;
    throw new Refusal(`upload "${id}" is no longer available; choose the file again`);
  };
  const source = (target: OpenTarget): Promise<ByteSource> => {
    switch (target.kind) {
      case 'path':
        return openFileSource(target.path);
      case 'example':
        return openFileSource(examplePath(target.id));
      case 'upload':
        return openUpload(upload(target.upload));
    }
  };

  return {
    source,
    pathOf(target) {
      if (target.kind === 'upload') return null;
      return target.kind === 'path' ? target.path : examplePath(target.id);
    },
    examples: () => listExamples(options.examplesFolder),
    createHash() {
      const hash = createHash('sha256');
      return {
        update: (bytes) => void hash.update(bytes),
        digest: () => hash.copy().digest('hex'),
      };
    },
    createSpool() {
      if (spool) {
        spool.close();
        rmSync(spool.path, { force: true });
      }
      spool = openSpool(join(options.spoolFolder, `recording-${++spools}.arrow`));
      options.onSpool(spool.path);
      return spool;
    },
    keepSpool(path) {
      if (spool) return atomicWrite(path, createReadStream(spool.path));
      return Promise.reject(new Refusal('no events are recorded yet; run the workload first'));
    },
    wallMs: () => performance.now(),
    pause: (ms) =>
      new Promise((done) => {
        if (ms > 0) setTimeout(done, ms);
        else setImmediate(done);
      }),
    close() {
      spool?.close();
    },
  };
}

/** The file as it was sent, under the name that it had for the user. */
async function openUpload(upload: Upload): Promise<ByteSource> {
  const source = await openFileSource(upload.path);
  return { name: upload.name, chunks: () => source.chunks(), progress: () => source.progress() };
}
