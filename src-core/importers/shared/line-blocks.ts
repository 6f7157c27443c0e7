import type { ByteSource } from '../../model/byte-source';
import { Refusal } from '../../model/refusal';

/** Longest line that is kept whole; of a longer one only this much is seen, and its readers count it as damage. */
export const LINE_BYTES_MAX = 65_536;
/** Progress is reported after this much of the stored data. */
const REPORT_BYTES = 262_144;
const NEWLINE = 10;
const NOTHING = new Uint8Array(0);

interface Watcher {
  progress(fraction: number | null, doing: string): void;
  cancelled(): boolean;
}

/** A place in a text: bytes before it, and whether the rest of an overlong line is still to be passed over. */
export type LinePosition = { readonly offset: number; readonly skipping: boolean };

/**
 * Cuts a byte source into blocks that hold whole lines, whatever the chunks are. One block is in memory at a time; the
 * next is asked for when the last was used up, so that a source may use its chunk buffer again.
 */
export class LineBlocks {
  /** The newest block. Lines end with a newline; only the last one of the file may lack it. */
  block: Uint8Array = NOTHING;
  /** null: to be opened by the next call of next(), and read up to `offset` first. */
  private chunks: AsyncIterator<Uint8Array> | null = null;
  /** Bytes of the source before the block, and behind it (`taken`: with what is carried over). */
  private offset = 0;
  private taken = 0;
  private toSkip = 0;
  private carry: Uint8Array = NOTHING;
  private skipping = false;
  private ended = false;
  private reportAt = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly watcher: Watcher | null = null,
    private readonly doing = '',
  ) {}

  /** Loads the next block; false at the end of the data. Throws Refusal when cancelled or when the source is damaged. */
  async next(): Promise<boolean> {
    while (!this.ended) {
      if (this.watcher?.cancelled()) {
        this.close();
        throw new Refusal('cancelled');
      }
      this.chunks ??= this.source.chunks()[Symbol.asyncIterator]();
      const chunk = await this.chunks.next();
      this.report();
      if (chunk.done) {
        this.ended = true;
        this.block = this.carry;
        this.offset = this.taken - this.carry.length;
        this.carry = NOTHING;
        return this.block.length > 0;
      }
      const skipped = Math.min(this.toSkip, chunk.value.length);
      this.toSkip -= skipped;
      if (this.take(skipped === 0 ? chunk.value : chunk.value.subarray(skipped))) return true;
    }
    return false;
  }

  close(): void {
    this.ended = true;
    this.block = NOTHING;
    this.carry = NOTHING;
    // The file handle is closed in the background; no caller remains that could use its error.
    void this.chunks?.return?.().catch(() => undefined);
    this.chunks = null;
  }

  /** Where a reader is that has used the first `used` bytes of the block. */
  position(used: number): LinePosition {
    if (used < this.block.length) return { offset: this.offset + used, skipping: false };
    return { offset: this.taken - this.carry.length, skipping: this.skipping };
  }

  /** Goes to a position, also after close(): the source is read again from its start when the next block is asked for. */
  seek({ offset, skipping }: LinePosition): void {
    this.close();
    this.ended = false;
    this.skipping = skipping;
    this.offset = offset;
    this.taken = offset;
    this.toSkip = offset;
    this.reportAt = 0;
  }

  /** true: the chunk completed at least one line. */
  private take(chunk: Uint8Array): boolean {
    let data = chunk;
    this.taken += chunk.length;
    if (this.skipping) {
      const end = data.indexOf(NEWLINE);
      if (end < 0) return false;
      this.skipping = false;
      data = data.subarray(end + 1);
    } else if (this.carry.length > 0) {
      data = new Uint8Array(this.carry.length + chunk.length);
      data.set(this.carry);
      data.set(chunk, this.carry.length);
    }
    this.offset = this.taken - data.length;
    const end = data.lastIndexOf(NEWLINE) + 1;
    if (end === 0 && data.length >= LINE_BYTES_MAX) {
      this.block = new Uint8Array(LINE_BYTES_MAX + 1);
      this.block.set(data.subarray(0, LINE_BYTES_MAX));
      this.block[LINE_BYTES_MAX] = NEWLINE;
      this.carry = NOTHING;
      this.skipping = true;
      return true;
    }
    this.block = data.subarray(0, end);
    this.carry = data.slice(end);
    return end > 0;
  }

  private report(): void {
    if (!this.watcher) return;
    const { read, total } = this.source.progress();
    if (read < this.reportAt && read !== total) return;
    this.reportAt = read + REPORT_BYTES;
    this.watcher.progress(total === null || total === 0 ? null : Math.min(1, read / total), this.doing);
  }
}

/** Calls `each` for every line of a small text file, without its line end; numbers count from 1. */
export async function eachLine(
  source: ByteSource,
  watcher: Watcher,
  doing: string,
  each: (line: string, number: number) => void,
): Promise<void> {
  const blocks = new LineBlocks(source, watcher, doing);
  let number = 0;
  while (await blocks.next()) {
    const text = new TextDecoder().decode(blocks.block);
    const lines = text.split('\n');
    if (text.endsWith('\n')) lines.pop();
    for (const line of lines) each(line.endsWith('\r') ? line.slice(0, -1) : line, ++number);
  }
}
