/** Files that a client sends piece by piece because the backend cannot read them itself (a browser's files). */
import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { formatBytes, GIB } from '../../src-core/base/units';
import { Refusal } from '../../src-core/model/refusal';

/** Bytes of all uploads of one client together. */
export const UPLOAD_LIMIT_BYTES = 4 * GIB;
const MOST_UPLOADS = 64;

interface Growing {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly file: FileHandle;
  received: number;
}

export interface Uploads {
  begin(name: string, bytes: number): Promise<{ upload: string }>;
  chunk(upload: string, bytes: Uint8Array): Promise<{ received: number }>;
  /** Returns the complete file; fewer bytes than announced are refused. */
  end(upload: string): Promise<{ readonly path: string; readonly name: string }>;
  /** Deletes everything that was sent. */
  close(): Promise<void>;
}

export function createUploads(limitBytes: number = UPLOAD_LIMIT_BYTES): Uploads {
  const growing = new Map<string, Growing>();
  let folder: Promise<string> | null = null;
  let announcedBytes = 0;
  let uploads = 0;

  const find = (upload: string): Growing => {
    const found = growing.get(upload);
    if (!found) throw new Refusal(`upload "${upload}" was not started or has ended; choose the file again`);
    return found;
  };

  return {
    async begin(name, bytes) {
      if (announcedBytes + bytes > limitBytes) {
        const left = formatBytes(limitBytes - announcedBytes);
        throw new Refusal(
          `"${name}" has ${formatBytes(bytes)}, but only ${left} can still be uploaded; open it by its path with \`faultline serve FILE\` or \`faultline run FILE\``,
        );
      }
      if (uploads >= MOST_UPLOADS)
        throw new Refusal(`${MOST_UPLOADS} files were already uploaded; reload the page to upload more`);
      uploads++;
      announcedBytes += bytes;
      folder ??= mkdtemp(join(tmpdir(), 'faultline-upload-'));
      const upload = randomUUID();
      const path = join(await folder, upload);
      growing.set(upload, { path, name: basename(name), bytes, file: await open(path, 'wx', 0o600), received: 0 });
      return { upload };
    },
    async chunk(upload, bytes) {
      const target = find(upload);
      const at = target.received;
      if (at + bytes.length > target.bytes)
        throw new Refusal(`"${target.name}" is larger than the announced ${target.bytes} bytes; choose the file again`);
      target.received = at + bytes.length; // counted before the wait, so that chunks sent at once keep their order
      for (let done = 0; done < bytes.length;) {
        done += (await target.file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      }
      return { received: target.received };
    },
    async end(upload) {
      const target = find(upload);
      growing.delete(upload);
      await target.file.close();
      if (target.received < target.bytes)
        throw new Refusal(
          `"${target.name}" ended after ${target.received} of ${target.bytes} bytes; choose the file again`,
        );
      return { path: target.path, name: target.name };
    },
    async close() {
      for (const target of growing.values()) await target.file.close();
      growing.clear();
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
  };
}
