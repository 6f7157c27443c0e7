/** Browser files reach the backend in pieces; the desktop opens paths instead. */
import type { OpenTarget } from '../../src-core/model/target';
import type { Connection } from './connection';

/** The server takes messages up to 1 MiB. */
const CHUNK_BYTES = 512 * 1024;

export async function uploadFile(
  connection: Pick<Connection, 'request'>,
  file: File,
  progress: (fraction: number) => void,
): Promise<OpenTarget> {
  const { upload } = await connection.request('upload.begin', { name: file.name, bytes: file.size });
  for (let at = 0; at < file.size; at += CHUNK_BYTES) {
    const piece = await file.slice(at, at + CHUNK_BYTES).arrayBuffer();
    await connection.request('upload.chunk', { upload, bytes: new Uint8Array(piece) });
    progress(Math.min(1, (at + CHUNK_BYTES) / file.size));
  }
  await connection.request('upload.end', { upload });
  return { kind: 'upload', upload };
}
