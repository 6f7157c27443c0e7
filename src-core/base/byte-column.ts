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

/** A view on a column that was made as bytes; its words are empty where the bytes do not begin at a word. */
export function viewColumn(bytes: Uint8Array): ByteColumn {
  const { buffer, byteOffset, length } = bytes;
  const words = byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, length >>> 2) : new Uint32Array(0);
  return { bytes, words };
}

/** How many bytes from `first` on, at most `count`, are `wanted` under the mask: where the first other one is. */
export function countAlike(
  { bytes, words }: ByteColumn,
  first: number,
  count: number,
  mask: number,
  wanted: number,
): number {
  const outer = first + count;
  const mask4 = four(mask);
  const wanted4 = four(wanted);
  let at = first;
  for (; at < outer && (at & 3) !== 0; at++) if ((bytes[at]! & mask) !== wanted) return at - first;
  const wholeWords = Math.min(words.length, outer >>> 2);
  let word = at >>> 2;
  while (word + 3 < wholeWords) {
    const differences =
      ((words[word]! ^ wanted4) |
        (words[word + 1]! ^ wanted4) |
        (words[word + 2]! ^ wanted4) |
        (words[word + 3]! ^ wanted4)) &
      mask4;
    if (differences !== 0) break;
    word += 4;
  }
  while (word < wholeWords && (words[word]! & mask4) === wanted4) word++;
  at = Math.max(at, word << 2);
  for (; at < outer; at++) if ((bytes[at]! & mask) !== wanted) return at - first;
  return count;
}
