import { randomBytes } from 'node:crypto';
import { open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Refusal } from '../../src-core/model/refusal';
import { isOsError, osRefusal } from './os-reason';

type Writable = Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

function pieces(data: Writable): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof data === 'string') return [new TextEncoder().encode(data)];
  return data instanceof Uint8Array ? [data] : data;
}

/** A symbolic link is followed, so that it stays a link; a file that is not there yet is itself. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return path;
    throw error;
  }
}

async function modeOf(path: string): Promise<number> {
  try {
    const state = await stat(path);
    if (state.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR', syscall: 'open' });
    if (!state.isFile())
      throw new Refusal(
        `${basename(path)} is a device, a pipe or a socket; files are replaced as a whole, so give a regular file`,
      );
    return state.mode & 0o777;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0o666;
    throw error;
  }
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed to the disk, then renamed over it. On
 * any failure, an error of the data's own iterator included, the temporary file is removed and what stood at the path
 * is untouched. Returns the number of bytes. Throws Refusal for what the operating system refuses.
 */
export async function atomicWrite(path: string, data: Writable): Promise<number> {
  let temporary: string | null = null;
  try {
    const target = await targetOf(path);
    const mode = await modeOf(target);
    temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.part`);
    const file = await open(temporary, 'wx', mode);
    let written = 0;
    try {
      for await (const piece of pieces(data)) {
        await file.writeFile(piece);
        written += piece.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
    return written;
  } catch (error) {
    await remove(temporary);
    throw isOsError(error) ? osRefusal(error, path, 'write') : error;
  }
}

async function remove(temporary: string | null): Promise<void> {
  if (temporary === null) return;
  try {
    await unlink(temporary);
  } catch (error) {
    // It was never made, or the rename took it; anything else must not hide why the write failed.
    if (!isOsError(error)) throw error;
  }
}
