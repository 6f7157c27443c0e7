/** Most short texts that a memo keeps, and the longest text that counts as short: it fits a number exactly. */
const MEMO_TEXTS_MAX = 4096;
const SHORT_BYTES = 6;

/** What the texts of a column were found to mean: rows repeat the same few, and decoding each costs most of the time. */
export class Memo<T> {
  private readonly short = new Map<number, T>();
  private lastText: Uint8Array = new Uint8Array(0);
  private lastValue: T | null = null;

  recall(block: Uint8Array, from: number, to: number): T | null {
    if (to - from <= SHORT_BYTES) return this.short.get(this.key(block, from, to)) ?? null;
    const { lastText } = this;
    if (lastText.length !== to - from) return null;
    for (let at = 0; at < lastText.length; at++) if (lastText[at] !== block[from + at]) return null;
    return this.lastValue;
  }

  keep(block: Uint8Array, from: number, to: number, value: T): T {
    if (to - from > SHORT_BYTES) {
      this.lastText = block.slice(from, to);
      this.lastValue = value;
    } else if (this.short.size < MEMO_TEXTS_MAX) this.short.set(this.key(block, from, to), value);
    return value;
  }

  private key(block: Uint8Array, from: number, to: number): number {
    let key = 1;
    for (let at = from; at < to; at++) key = key * 256 + block[at]!;
    return key;
  }
}
