/** Reads the rows of an access list, byte by byte; a row that cannot be used is reported and the next one is read. */
import { MAX_ADDRESS } from '../../base/units';
import {
  ATOMIC,
  processorIndex,
  READ,
  READ_WRITE,
  WRITE,
  type AccessOp,
  type ProcessorIndex,
  CPU,
  asProcessor,
} from '../../model/processor';
import { MAX_OBJECTS, VA_BLOCK_BYTES } from '../../model/space';
import { LINE_BYTES_MAX } from '../shared/line-blocks';
import { quote } from '../shared/findings';
import { TOUCHED_BLOCKS_MAX } from '../shared/touched-blocks';
import { COLUMNS_MAX, type CsvHeader, type Role } from './header';
import { Memo } from './memo';

/**
 * A run whose stride leaves at most this much between two accesses is one group, and the blocks that it leaps over
 * belong to its region; with wider leaps each access is a group by itself, so that regions stay small.
 */
const RUN_GAP_BYTES = 16 * 1024 * 1024;
/** Most accesses of a row that leaps: each costs time and a group. */
const LEAPS_MAX = 65_536;

/** Digits of a time that are counted apart from the leading ones. */
const LOW_DIGITS = 9;
const LOW_UNIT = 1e9;

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;

const OPS: Readonly<Record<string, AccessOp>> = {
  r: READ,
  read: READ,
  l: READ,
  ld: READ,
  load: READ,
  0: READ,
  w: WRITE,
  write: WRITE,
  s: WRITE,
  st: WRITE,
  store: WRITE,
  1: WRITE,
  rw: READ_WRITE,
  m: READ_WRITE,
  modify: READ_WRITE,
  'read-write': READ_WRITE,
  a: ATOMIC,
  atomic: ATOMIC,
};
const PROCESSOR_NAMES: Readonly<Record<string, string>> = { host: 'cpu', device: 'gpu0' };

/** One usable row. */
export interface Row {
  processor: ProcessorIndex;
  op: AccessOp;
  /** Index in `names`, −1 where the row names no object. */
  object: number;
  /** First byte of the first access: virtual address, or offset in the object. */
  start: number;
  bytes: number;
  count: number;
  stride: number;
  /** In units of the time column, counted from the first row's (see RowReader.timeBase). */
  time: number;
}

export const emptyRow = (): Row => ({
  processor: CPU,
  op: READ,
  object: -1,
  start: 0,
  bytes: 0,
  count: 1,
  stride: 0,
  time: 0,
});

/** A run that is written access by access because its stride leaps far. */
export const leaps = (row: Row): boolean => row.count > 1 && Math.abs(row.stride) - row.bytes > RUN_GAP_BYTES;

/** What the columns' values turned out to be; decided while pass one reads, the same for every later pass. */
export interface Decisions {
  /** Numbers without 0x in this column are hexadecimal. */
  hex: { address: boolean; offset: boolean };
  /** Leading digits of the first time (all but the last nine), so that epoch nanoseconds stay exact. */
  timeBase: number | null;
}

/** Distinct object names with their indices, in order of first appearance. */
export interface NameTable {
  readonly names: string[];
  readonly indices: Map<string, number>;
}

/** Why a row is left out: rows of one `reason` are counted together, and the message is that of the first. */
class BadRow extends Error {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

export class RowReader {
  readonly row: Row = emptyRow();
  line: number;
  /** A number with letters a–f and no 0x was met in a column that was read as decimal. */
  hexSeen: 'address' | 'offset' | null = null;
  private block: Uint8Array = new Uint8Array(0);
  private at = 0;
  private readonly from = new Int32Array(COLUMNS_MAX + 1);
  private readonly to = new Int32Array(COLUMNS_MAX + 1);
  private readonly processors = new Memo<number>();
  private readonly ops = new Memo<AccessOp>();
  private readonly objects = new Memo<number>();

  /** `headerLine` lines were read before the first row. */
  constructor(
    private readonly header: CsvHeader,
    private readonly decisions: Decisions,
    private readonly table: NameTable,
    headerLine: number,
    private readonly bad: (reason: string, why: string, line: number) => void,
  ) {
    this.line = headerLine;
  }

  load(block: Uint8Array, at = 0): void {
    this.block = block;
    this.at = at;
  }

  /** Bytes of the block that were read. */
  get used(): number {
    return Math.min(this.at, this.block.length);
  }

  /** Fills `row` with the next usable row of the block; false: there is none, or `hexSeen` asks to start again. */
  next(): boolean {
    const { block } = this;
    while (this.at < block.length) {
      const start = this.at;
      let end = block.indexOf(NEWLINE, start);
      if (end < 0) end = block.length;
      this.at = end + 1;
      this.line++;
      if (end > start && block[end - 1] === RETURN) end--;
      if (end === start || block[start] === HASH || this.blank(start, end)) continue;
      try {
        this.read(start, end);
        if (this.hexSeen) return false;
        return true;
      } catch (cause) {
        if (!(cause instanceof BadRow)) throw cause;
        if (this.hexSeen) return false;
        this.bad(cause.reason, cause.message, this.line);
      }
    }
    return false;
  }

  private blank(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (this.block[at] !== SPACE) return false;
    return true;
  }

  private read(start: number, end: number): void {
    if (end - start >= LINE_BYTES_MAX) throw new BadRow('long-line', `the line is longer than ${LINE_BYTES_MAX} bytes`);
    const { header, row } = this;
    const columns = this.split(start, end);
    if (columns !== header.columns)
      throw new BadRow(
        'columns',
        `it has ${columns > COLUMNS_MAX ? `more than ${COLUMNS_MAX}` : columns} columns, the header has ${header.columns}`,
      );
    row.processor = this.processor();
    row.op = this.operation();
    const place = header.column.address >= 0 ? 'address' : 'offset';
    row.start = this.number(place, this.decisions.hex[place]);
    row.bytes = this.number('bytes', false);
    row.count = this.given('count') ? this.number('count', false) : 1;
    row.stride = this.given('stride') ? this.number('stride', false) : row.bytes;
    row.time = header.column.time < 0 ? 0 : this.time();
    if (row.bytes === 0) throw new BadRow('bytes zero', 'bytes is 0; expected at least 1');
    if (row.count === 0) throw new BadRow('count zero', 'count is 0; expected at least 1');
    this.extent();
    // Last, so that a row that is left out brings no name along.
    row.object = header.column.object < 0 ? -1 : this.objectIndex();
  }

  private extent(): void {
    const { start, bytes, count, stride } = this.row;
    const reach = (count - 1) * stride;
    const low = Math.min(start, start + reach);
    const high = Math.max(start, start + reach) + bytes;
    if (low < 0)
      throw new BadRow(
        'below',
        `its accesses extend below ${this.header.column.address >= 0 ? 'address 0' : 'the start of the object'}`,
      );
    if (!(high <= MAX_ADDRESS)) throw new BadRow('beyond', 'its accesses extend beyond 2^47');
    if (leaps(this.row) && count > LEAPS_MAX)
      throw new BadRow('leaps', `it touches more than ${LEAPS_MAX} separate regions`);
    const blocks = leaps(this.row) ? 0 : (high - low) / VA_BLOCK_BYTES;
    if (blocks > TOUCHED_BLOCKS_MAX)
      throw new BadRow('blocks', `it touches more than ${TOUCHED_BLOCKS_MAX} blocks of 2 MiB`);
  }

  /** Finds the fields of a row; spaces around a field and the quotes of a quoted field are left out. */
  private split(start: number, end: number): number {
    const { block, from, to } = this;
    const { delimiter } = this.header;
    let at = start;
    for (let column = 0; column <= COLUMNS_MAX; column++) {
      while (at < end && block[at] === SPACE) at++;
      if (block[at] === QUOTE && at < end) {
        from[column] = at + 1;
        at = this.closing(at + 1, end);
        to[column] = at++;
        while (at < end && block[at] === SPACE) at++;
        if (at < end && block[at] !== delimiter)
          throw new BadRow('text after quote', 'text follows a closing quotation mark');
      } else {
        from[column] = at;
        while (at < end && block[at] !== delimiter) at++;
        let last = at;
        while (last > from[column]! && block[last - 1] === SPACE) last--;
        to[column] = last;
      }
      if (at >= end) return column + 1;
      at++;
    }
    return COLUMNS_MAX + 1;
  }

  private closing(from: number, end: number): number {
    let at = from;
    while (at < end) {
      if (this.block[at] !== QUOTE) at++;
      else if (this.block[at + 1] === QUOTE && at + 1 < end) at += 2;
      else return at;
    }
    throw new BadRow('open quote', 'a quotation mark is not closed on its line');
  }

  private given(role: Role): boolean {
    const column = this.header.column[role];
    return column >= 0 && this.to[column]! > this.from[column]!;
  }

  private text(role: Role): string {
    const column = this.header.column[role];
    return new TextDecoder().decode(this.block.subarray(this.from[column], this.to[column])).replaceAll('""', '"');
  }

  private quoted(role: Role): string {
    const column = this.header.column[role];
    return quote(this.block.subarray(this.from[column], this.to[column]));
  }

  private processor(): ProcessorIndex {
    const column = this.header.column.proc;
    const from = this.from[column]!;
    const to = this.to[column]!;
    const known = this.processors.recall(this.block, from, to);
    if (known !== null) return asProcessor(known);
    const name = this.text('proc').toLowerCase();
    const index = processorIndex(PROCESSOR_NAMES[name] ?? name);
    if (index === undefined)
      throw new BadRow('processor', `${this.quoted('proc')} is not a processor; expected cpu or gpu0 … gpu5`);
    return asProcessor(this.processors.keep(this.block, from, to, index));
  }

  private operation(): AccessOp {
    const column = this.header.column.op;
    const from = this.from[column]!;
    const to = this.to[column]!;
    const known = this.ops.recall(this.block, from, to);
    if (known !== null) return known;
    const op = OPS[this.text('op').toLowerCase()];
    if (op === undefined) throw new BadRow('op', `${this.quoted('op')} is not an access; expected r, w, rw or a`);
    return this.ops.keep(this.block, from, to, op);
  }

  private objectIndex(): number {
    const column = this.header.column.object;
    const from = this.from[column]!;
    const to = this.to[column]!;
    if (from === to) {
      if (this.header.column.address < 0) throw new BadRow('object missing', 'the object is missing');
      return -1;
    }
    const known = this.objects.recall(this.block, from, to);
    if (known !== null) return known;
    const { names, indices } = this.table;
    const name = this.text('object');
    let index = indices.get(name);
    if (index === undefined) {
      if (names.length === MAX_OBJECTS)
        throw new BadRow(
          'object limit',
          `its object would be more than the ${MAX_OBJECTS} objects that a run can have`,
        );
      index = names.push(name) - 1;
      indices.set(name, index);
    }
    return this.objects.keep(this.block, from, to, index);
  }

  /** A whole number, decimal or 0x…; only a stride may be negative. */
  private number(role: Role, hexColumn: boolean): number {
    const { block } = this;
    const column = this.header.column[role];
    let at = this.from[column]!;
    const end = this.to[column]!;
    const negative = block[at] === 45;
    if (negative) at++;
    const marked = block[at] === 48 && (block[at + 1]! | 32) === 120 && end - at > 2;
    if (marked) at += 2;
    const base = marked || hexColumn ? 16 : 10;
    if (at === end) throw new BadRow(`${role} missing`, `${role} is missing`);
    let value = 0;
    let letters = false;
    for (; at < end; at++) {
      const byte = block[at]!;
      const digit =
        byte >= 48 && byte <= 57 ? byte - 48 : (byte | 32) >= 97 && (byte | 32) <= 102 ? (byte | 32) - 87 : 99;
      if (digit === 99) throw new BadRow(`${role} not a number`, `${role} ${this.quoted(role)} is not a whole number`);
      letters ||= digit > 9;
      value = value * base + digit;
    }
    if (letters && base === 10) {
      // A column of hexadecimal addresses often goes without 0x; the caller starts again and reads it all as such.
      if (role === 'address' || role === 'offset') this.hexSeen = role;
      throw new BadRow(
        `${role} not decimal`,
        `${role} ${this.quoted(role)} is not a decimal number; write 0x before hexadecimal ones`,
      );
    }
    if (value > Number.MAX_SAFE_INTEGER)
      throw new BadRow(`${role} too large`, `${role} ${this.quoted(role)} is too large`);
    if (negative && role !== 'stride') throw new BadRow(`${role} negative`, `${role} ${this.quoted(role)} is negative`);
    return negative ? -value : value;
  }

  /** A time, whole or with a fraction, relative to the base, so that nanoseconds since 1970 lose nothing. */
  private time(): number {
    const { block } = this;
    const column = this.header.column.time;
    const start = this.from[column]!;
    const end = this.to[column]!;
    let point = start;
    while (point < end && block[point] !== 46) point++;
    const split = Math.max(start, point - LOW_DIGITS);
    const high = this.digits(start, split);
    const low = this.digits(split, point);
    const digits = end - point - 1;
    const fraction =
      digits > 0
        ? Number(
            `0.${this.digits(point + 1, end)
              .toString()
              .padStart(digits, '0')}`,
          )
        : 0;
    if (point === start || point - start > 24 || digits === 0 || digits > 15 || !(high + low + fraction >= 0))
      throw start === end
        ? new BadRow('time missing', 'the time is missing')
        : new BadRow('time not a number', `time ${this.quoted('time')} is not a number of at least 0`);
    this.decisions.timeBase ??= high;
    return (high - this.decisions.timeBase) * LOW_UNIT + low + fraction;
  }

  /** Decimal digits only; NaN when there is anything else. */
  private digits(from: number, to: number): number {
    let value = 0;
    for (let at = from; at < to; at++) {
      const digit = this.block[at]! - 48;
      if (digit < 0 || digit > 9) return NaN;
      value = value * 10 + digit;
    }
    return value;
  }
}
