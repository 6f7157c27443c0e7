import { readFile, rm } from 'node:fs/promises';
import { atomicWrite } from './atomic-write';
import { isOsError, osRefusal } from './os-reason';

/** What stands at a path; null: nothing yet. Throws Refusal for what cannot be read. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw isOsError(cause) ? osRefusal(cause, path, 'read') : cause;
  }
}

/** Writes all files or none: what was written before a failure is put back as it was. For small files. */
export async function writeTogether(
  files: readonly (readonly [path: string, data: Uint8Array | string])[],
): Promise<void> {
  const written: (readonly [path: string, before: Buffer | null])[] = [];
  try {
    for (const [path, data] of files) {
      const before = await readIfThere(path);
      await atomicWrite(path, data);
      written.push([path, before]);
    }
  } catch (failure) {
    for (const [path, before] of written) {
      if (before === null) await rm(path, { force: true });
      else await atomicWrite(path, before);
    }
    throw failure;
  }
}
