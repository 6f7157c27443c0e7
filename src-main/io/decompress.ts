/** Storage formats by their first bytes, and the two that are unpacked while reading. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { Refusal } from '../../src-core/model/refusal';
import { isOsError } from './os-reason';

type Packing = 'plain' | 'gzip' | 'zstd';
/** Bytes of a file that packingOf() needs. */
export const MAGIC_BYTES = 32;

const startsWith = (head: Uint8Array, bytes: readonly number[]): boolean =>
  bytes.every((byte, at) => head[at] === byte);
const ascii = (text: string): readonly number[] => Array.from(text, (character) => character.charCodeAt(0));

const REFUSED: readonly { readonly magic: readonly number[]; readonly sentence: string }[] = [
  {
    magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
    sentence:
      'it is compressed with xz, which is not supported; decompress it with xz -d, or compress it with gzip or zstd',
  },
  {
    magic: ascii('BZh'),
    sentence:
      'it is compressed with bzip2, which is not supported; decompress it with bzip2 -d, or compress it with gzip or zstd',
  },
  { magic: [0x50, 0x4b, 0x03, 0x04], sentence: 'it is a zip archive; unpack it and open the file inside' },
  { magic: [0x50, 0x4b, 0x05, 0x06], sentence: 'it is an empty zip archive' },
  {
    magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c],
    sentence: 'it is a 7-Zip archive; unpack it and open the file inside',
  },
  {
    magic: ascii('SQLite format 3\0'),
    sentence:
      'it is an SQLite database (perhaps an Nsight Systems export), which is not supported; export the accesses as CSV',
  },
  {
    magic: ascii('PERFILE2'),
    sentence: "it is perf's binary data, which is not supported; export the accesses as CSV with perf script",
  },
];

/** Compression of a file, detected from its content. Throws Refusal for packings that are known but not read. */
export function packingOf(head: Uint8Array, name: string): Packing {
  if (startsWith(head, [0x1f, 0x8b])) return 'gzip';
  // A zstd file may begin with a skippable frame (pzstd writes one).
  if (
    startsWith(head, [0x28, 0xb5, 0x2f, 0xfd]) ||
    (startsWith(head.subarray(1), [0x2a, 0x4d, 0x18]) && (head[0]! & 0xf0) === 0x50)
  )
    return 'zstd';
  for (const { magic, sentence } of REFUSED) if (startsWith(head, magic)) throw new Refusal(`${name}: ${sentence}`);
  return 'plain';
}

const damaged = (name: string, packing: string, cut: boolean, offset: number, cause: unknown): Refusal => {
  const what = cut
    ? `the file is truncated: its ${packing} data ends at byte ${offset}; copy or download it again`
    : `its ${packing} data is damaged near byte ${offset}; copy or download it again`;
  const refusal = new Refusal(`${name}: ${what}`);
  refusal.cause = cause;
  return refusal;
};

/** Unpacks gzip, members one after the other. */
export async function* gunzip(packed: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(packed, { objectMode: false, highWaterMark: 65_536 });
  const unpacker = createGunzip({ chunkSize: 65_536 });
  // pipe() does not carry errors over.
  source.on('error', (error) => unpacker.destroy(error));
  source.pipe(unpacker);
  try {
    for await (const chunk of unpacker) yield chunk as Uint8Array;
  } catch (error) {
    if (error instanceof Refusal || isOsError(error)) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : '';
    throw damaged(name, 'gzip', code === 'Z_BUF_ERROR', unpacker.bytesWritten, error);
  } finally {
    source.destroy();
    unpacker.destroy();
  }
}

/** Bytes handed to the zstd decoder at once: bounds what one call can unpack to (a block is at most 128 KiB). */
const PIECE_BYTES = 4096;
/** Largest window, and so memory, that zstd's own tool accepts without --long. */
const WINDOW_BYTES_MAX = 128 * 1024 * 1024;

/** Window of a zstd frame from its header (RFC 8878, 3.1.1.1); null when it is not one or says it elsewhere. */
function windowOf(head: Uint8Array): number | null {
  if (!startsWith(head, [0x28, 0xb5, 0x2f, 0xfd]) || head.length < 6) return null;
  const singleSegment = (head[4]! & 0x20) !== 0;
  if (singleSegment) return null;
  const base = 2 ** (10 + (head[5]! >> 3));
  return base + (base / 8) * (head[5]! & 7);
}

/** Unpacks zstd, frames one after the other. */
export async function* unzstd(packed: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let unpacked: Uint8Array[] = [];
  let consumed = 0;
  const decoder = new Decompress((piece) => unpacked.push(piece));
  const push = (piece: Uint8Array, final: boolean): void => {
    try {
      decoder.push(piece, final);
    } catch (error) {
      throw damaged(name, 'zstd', final, consumed, error);
    }
    consumed += piece.length;
  };
  for await (const chunk of packed) {
    if (consumed === 0 && (windowOf(chunk) ?? 0) > WINDOW_BYTES_MAX)
      throw new Refusal(
        `${name}: its zstd window is larger than 128 MiB (made with --long); unpack it first with zstd -d --long=31`,
      );
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      // The decoder keeps pieces until a block is complete, so they must not change under it.
      push(chunk.slice(at, at + PIECE_BYTES), false);
      const ready = unpacked;
      unpacked = [];
      yield* ready;
    }
  }
  push(new Uint8Array(0), true);
  yield* unpacked;
}
