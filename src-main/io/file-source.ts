import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ByteSource } from '../../src-core/model/byte-source';
import { Refusal } from '../../src-core/model/refusal';
import { gunzip, MAGIC_BYTES, packingOf, unzstd } from './decompress';
import { isOsError, osRefusal } from './os-reason';

/** Bytes read from disk at once. */
const CHUNK_BYTES = 262_144;

interface FileState {
  readonly bytes: number;
  readonly changedMs: number;
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    const file = await open(path, 'r');
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw isOsError(error) ? osRefusal(error, path, 'read') : error;
  }
}

async function inspect(file: FileHandle, name: string): Promise<FileState> {
  const state = await file.stat();
  if (state.isDirectory()) throw new Refusal(`${name} cannot be read: it is a directory; give a file in it`);
  if (!state.isFile())
    throw new Refusal(
      `${name} cannot be read: it is a pipe or a device, but a trace is read twice; save it to a file first`,
    );
  return { bytes: state.size, changedMs: state.mtimeMs };
}

/**
 * A file as a byte source, unpacked if it is gzip or zstd by its content. Throws Refusal: not there, a directory, no
 * permission, empty, or packed in a way that is not read; chunks() throws Refusal when the data is damaged or changed.
 */
export async function openFileSource(path: string): Promise<ByteSource> {
  const name = basename(path) || path;
  const { first, packing } = await withFile(path, async (file) => {
    const state = await inspect(file, name);
    if (state.bytes === 0) throw new Refusal(`${name} is empty; expected a workload file or a trace`);
    const head = new Uint8Array(MAGIC_BYTES);
    const { bytesRead } = await file.read(head, 0, MAGIC_BYTES, 0);
    return { first: state, packing: packingOf(head.subarray(0, bytesRead), name) };
  });
  let newest = { read: 0 };

  async function* stored(progress: { read: number }): AsyncGenerator<Uint8Array> {
    try {
      const file = await open(path, 'r');
      try {
        const now = await inspect(file, name);
        if (now.bytes !== first.bytes || now.changedMs !== first.changedMs)
          throw new Refusal(`${name} changed after it was opened; open it again when no program writes to it`);
        const buffer = new Uint8Array(CHUNK_BYTES);
        while (progress.read < first.bytes) {
          const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, first.bytes - progress.read));
          if (bytesRead === 0)
            throw new Refusal(`${name} became shorter while it was read; open it again when no program writes to it`);
          progress.read += bytesRead;
          // A copy: unpackers and stream queues keep chunks longer than this loop does.
          yield buffer.slice(0, bytesRead);
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      throw isOsError(error) ? osRefusal(error, path, 'read') : error;
    }
  }

  return {
    name,
    chunks: () => {
      newest = { read: 0 };
      const bytes = stored(newest);
      return packing === 'gzip' ? gunzip(bytes, name) : packing === 'zstd' ? unzstd(bytes, name) : bytes;
    },
    progress: () => ({ read: newest.read, total: first.bytes }),
  };
}
