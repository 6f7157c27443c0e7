/** A column of bytes that is rewritten in runs, four at a time. */
export interface ByteColumn {
  readonly bytes: Uint8Array;
  /** The same memory. */
  readonly words: Uint32Array;
}

export function createByteColumn(length: number): ByteColumn {
  const words = new Uint32Array(Math.ceil(length / 4));
  return { bytes: new Uint8Array(words.buffer, 0, length), words };
}

/** A byte four times. */
const four = (byte: number): number => Math.imul(byte & 0xff, 0x01010101);

/** Of `count` bytes from `first` on, keeps the bits `kept` and sets the bits `set`. */
export function rewrite({ bytes, words }: ByteColumn, first: number, count: number, kept: number, set: number): void {
  const outer = first + count;
  let at = first;
  for (; at < outer && (at & 3) !== 0; at++) bytes[at] = (bytes[at]! & kept) | set;
  const kept4 = four(kept);
  const set4 = four(set);
  for (; at + 4 <= outer; at += 4) words[at >>> 2] = (words[at >>> 2]! & kept4) | set4;
  for (; at < outer; at++) bytes[at] = (bytes[at]! & kept) | set;
}

/** Whether any of `count` bytes from `first` on, both multiples of 4, has any of the bits. */
export function hasAny({ words }: ByteColumn, first: number, count: number, bits: number): boolean {
  const bits4 = four(bits);
  for (let word = first >>> 2; word < (first + count) >>> 2; word++) if ((words[word]! & bits4) !== 0) return true;
  return false;
}
