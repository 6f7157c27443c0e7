/** Reads Valgrind lackey's `--trace-mem=yes` text, byte by byte: no string is made for a record. */
import { MAX_ADDRESS } from '../../base/units';

export const NO_RECORD = 0;
export const INSTRUCTION = 1;
export const LOAD = 2;
export const STORE = 3;
const MODIFY = 4;
export type RecordKind = 0 | 1 | 2 | 3 | 4;

/** Widest access that is believed; lackey's widest real ones are XSAVE areas of a few KiB. */
const ACCESS_BYTES_MAX = 65_536;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const COMMA = 44;
const NOT_HEX = 255;
const HEX = new Uint8Array(256).fill(NOT_HEX);
for (let digit = 0; digit < 10; digit++) HEX[48 + digit] = digit;
for (let digit = 0; digit < 6; digit++) HEX[97 + digit] = HEX[65 + digit] = 10 + digit;

/** What to do with lines that are not records. */
export interface DamageListener {
  /** Neither a record nor Valgrind's own chatter. */
  junk(line: Uint8Array, number: number): void;
  /** A data access outside the user half of the address space. */
  outside(line: Uint8Array, number: number): void;
}

/** Valgrind's own lines: `==123== text`, `--123-- text`, `**123** text`. */
function isChatter(line: Uint8Array): boolean {
  const mark = line[0];
  if ((mark !== 61 && mark !== 45 && mark !== 42) || line[1] !== mark) return false;
  let at = 2;
  while (line[at]! >= 48 && line[at]! <= 57) at++;
  return at > 2 && line[at] === mark && line[at + 1] === mark;
}

export class LackeyScanner {
  /** Of the newest record; Infinity for code outside the user half of the address space (vsyscall). */
  address = 0;
  bytes = 0;
  /** Lines seen so far. */
  line = 0;
  private block: Uint8Array = new Uint8Array(0);
  private at = 0;

  constructor(private readonly damage: DamageListener) {}

  load(block: Uint8Array): void {
    this.block = block;
    this.at = 0;
  }

  /** Bytes of the block that were read. */
  get used(): number {
    return Math.min(this.at, this.block.length);
  }

  /** Goes to the next record of the block; NO_RECORD when there is none. */
  next(): RecordKind {
    const { block } = this;
    const end = block.length;
    while (this.at < end) {
      const start = this.at;
      this.line++;
      const kind = this.kindAt(start);
      if (kind !== NO_RECORD && this.numbers(start + 3)) {
        if (this.address !== Infinity || kind === INSTRUCTION) return kind;
        this.damage.outside(this.text(start), this.line);
        continue;
      }
      this.other(this.text(start));
    }
    return NO_RECORD;
  }

  private kindAt(at: number): RecordKind {
    const { block } = this;
    if (block[at + 2] !== SPACE) return NO_RECORD;
    if (block[at] === SPACE) {
      const letter = block[at + 1];
      return letter === 76 ? LOAD : letter === 83 ? STORE : letter === 77 ? MODIFY : NO_RECORD;
    }
    return block[at] === 73 && block[at + 1] === SPACE ? INSTRUCTION : NO_RECORD;
  }

  /** Reads `hex,decimal` up to the line end; false: it is something else, and `at` has not moved. */
  private numbers(from: number): boolean {
    const { block } = this;
    const end = block.length;
    let at = from;
    // 24 low bits apart from the rest, so that both stay small integers.
    let high = 0;
    let low = 0;
    for (; at < end; at++) {
      const digit = HEX[block[at]!]!;
      if (digit === NOT_HEX) break;
      high = ((high & 0x7ffffff) << 4) | (low >>> 20);
      low = ((low << 4) | digit) & 0xffffff;
    }
    const digits = at - from;
    if (digits === 0 || digits > 16 || block[at] !== COMMA) return false;
    at++;
    const sizeAt = at;
    let bytes = 0;
    for (; at < end; at++) {
      const digit = block[at]! - 48;
      if (digit < 0 || digit > 9) break;
      bytes = bytes * 10 + digit;
      if (bytes > ACCESS_BYTES_MAX) return false;
    }
    if (at === sizeAt || bytes === 0) return false;
    if (at < end && block[at] === RETURN) at++;
    if (at < end && block[at] !== NEWLINE) return false;
    const address = digits > 13 && this.significant(from, digits) > 13 ? Infinity : high * 16_777_216 + low;
    this.address = address + bytes <= MAX_ADDRESS ? address : Infinity;
    this.bytes = bytes;
    this.at = at + 1;
    return true;
  }

  /** Hex digits without leading zeros. */
  private significant(from: number, digits: number): number {
    let at = from;
    while (at < from + digits && this.block[at] === 48) at++;
    return from + digits - at;
  }

  /** The line that begins at `start`, without its line end; goes on behind it. */
  private text(start: number): Uint8Array {
    const { block } = this;
    const newline = block.indexOf(NEWLINE, start);
    const end = newline < 0 ? block.length : newline;
    this.at = end + 1;
    return block.subarray(start, end > start && block[end - 1] === RETURN ? end - 1 : end);
  }

  private other(line: Uint8Array): void {
    if (line.length > 0 && !isChatter(line)) this.damage.junk(line, this.line);
  }
}

/** Share of the non-chatter lines of a head that are records, and how many; for sniffing. */
export function recordShare(head: Uint8Array): { readonly records: number; readonly share: number } {
  let junk = 0;
  const scanner = new LackeyScanner({ junk: () => junk++, outside: () => undefined });
  // The last line of a head may be cut.
  const whole = head.lastIndexOf(NEWLINE) + 1;
  scanner.load(whole > 0 ? head.subarray(0, whole) : head);
  let records = 0;
  while (scanner.next() !== NO_RECORD) records++;
  return { records, share: records + junk > 0 ? records / (records + junk) : 0 };
}
