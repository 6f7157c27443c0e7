/** Bytes of an array buffer as chunks, of which two savings share those that did not change between them. */

/** 32-bit words of a chunk: 8 KiB. Smaller ones share more and cost more to look after. */
const CHUNK_WORDS = 2048;

export interface SavedBytes {
  readonly chunks: readonly Int32Array[];
  /** Bytes behind the last whole word: at most three. */
  readonly tail: Uint8Array;
  /** Bytes that the saving before did not have. */
  readonly fresh: number;
}

const NO_BYTES = new Uint8Array(0);
const ZEROS = new Int32Array(CHUNK_WORDS);

/** Copies what differs from the saving before. Returns `before` itself where nothing does. */
export function saveBytes(buffer: ArrayBufferLike, before: SavedBytes | null): SavedBytes {
  const words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
  const rest = new Uint8Array(buffer, words.byteLength);
  let chunks: Int32Array[] | null = null;
  let fresh = 0;
  for (let start = 0, number = 0; start < words.length; start += CHUNK_WORDS, number++) {
    const outer = Math.min(words.length, start + CHUNK_WORDS);
    const known = before?.chunks[number] ?? ZEROS;
    if (isSame(words, start, outer, known)) {
      if (!before) (chunks ??= [])[number] = outer - start === CHUNK_WORDS ? ZEROS : words.slice(start, outer);
      continue;
    }
    chunks ??= before ? before.chunks.slice() : [];
    chunks[number] = words.slice(start, outer);
    fresh += 4 * (outer - start);
  }
  const sameTail = before !== null && rest.every((byte, at) => byte === before.tail[at]);
  if (before && !chunks && sameTail) return before;
  const tail = rest.length === 0 ? NO_BYTES : rest.slice();
  return { chunks: chunks ?? before?.chunks ?? [], tail, fresh };
}

export function restoreBytes(buffer: ArrayBufferLike, saved: SavedBytes): void {
  const words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
  saved.chunks.forEach((chunk, number) => {
    words.set(chunk, number * CHUNK_WORDS);
  });
  new Uint8Array(buffer, words.byteLength).set(saved.tail);
}

/** Whether words [start, outer) are those of a chunk. Eight at a time, so that a word costs less than a comparison. */
function isSame(words: Int32Array, start: number, outer: number, chunk: Int32Array): boolean {
  const whole = start + ((outer - start) & ~7);
  let at = start;
  for (let i = 0; at < whole; at += 8, i += 8) {
    const differs =
      (words[at]! ^ chunk[i]!) |
      (words[at + 1]! ^ chunk[i + 1]!) |
      (words[at + 2]! ^ chunk[i + 2]!) |
      (words[at + 3]! ^ chunk[i + 3]!) |
      (words[at + 4]! ^ chunk[i + 4]!) |
      (words[at + 5]! ^ chunk[i + 5]!) |
      (words[at + 6]! ^ chunk[i + 6]!) |
      (words[at + 7]! ^ chunk[i + 7]!);
    if (differs !== 0) return false;
  }
  for (; at < outer; at++) if (words[at] !== chunk[at - start]) return false;
  return true;
}
