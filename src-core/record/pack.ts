/**
 * One column of one kind of event as bytes: see FORMATS.md, format 4. A column of numbers becomes its first value and either
 * a constant step (no further bytes), or what each value or each difference has beyond the smallest, in as few bytes as the
 * largest needs. Nothing is lost: numbers that are not whole are kept as they are.
 */
import { assert } from '../base/assert';
import type { ColumnArray } from './columns';
import { evenUpTo } from './even';

/** Width, flags, first value and base: the header before the bytes of a column. */
export const HEAD_BYTES = 18;
const RAW = 8;
/** Addresses and sizes are multiples of it. */
const PAGE_BYTES = 4096;
/** The bytes hold differences to the value before, less the base; otherwise values less the base. */
const DIFFERENCES = 1;
/** … divided by 4,096. */
const PAGES = 2;

/** The target of packed bytes: a buffer that grows. */
export class PackBuffer {
  bytes = new Uint8Array(1 << 20);
  view = new DataView(this.bytes.buffer);
  length = 0;

  /** Room for so many bytes more. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const larger = new Uint8Array(2 * (this.length + more));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

/**
 * Appends the first `count` values, at least one.
 * @param even so many from the first on are known to rise by equal steps
 */
export function pack(values: ColumnArray, count: number, into: PackBuffer, even: number): void {
  into.reserve(HEAD_BYTES + 8 * count);
  const first = values[0]!;
  const step = count > 1 ? values[1]! - first : 0;
  if (Number.isInteger(step) && Number.isInteger(first) && isEven(values, count, step, even))
    head(into, 0, DIFFERENCES, first, step);
  else if (values instanceof Uint8Array) packBytes(values, count, into);
  else packWhole(values, count, into);
}

/** Columns of 8 and 16 bits are seldom even unless they are constant, and are looked at for that only. */
function isEven(values: ColumnArray, count: number, step: number, known: number): boolean {
  const isNarrow = values instanceof Uint8Array || values instanceof Uint16Array;
  return !(isNarrow && step !== 0) && evenUpTo(values, Math.max(known, 2), count, step) >= count;
}

function head(into: PackBuffer, width: number, flags: number, first: number, base: number): void {
  const { view, length } = into;
  view.setUint8(length, width);
  view.setUint8(length + 1, flags);
  view.setFloat64(length + 2, first, true);
  view.setFloat64(length + 10, base, true);
  into.length += HEAD_BYTES;
}

function packBytes(values: Uint8Array, count: number, into: PackBuffer): void {
  head(into, 1, 0, values[0]!, 0);
  into.bytes.set(values.subarray(1, count), into.length);
  into.length += count - 1;
}

/** The result of scanning the values. */
const seen = { low: 0, high: 0, lowStep: 0, highStep: 0, whole: true };

function look(values: ColumnArray, count: number): void {
  let before = values[0]!;
  let low = before;
  let high = before;
  let lowStep = Infinity;
  let highStep = -Infinity;
  let whole = Number.isInteger(before);
  for (let i = 1; i < count; i++) {
    const value = values[i]!;
    const step = value - before;
    if (value < low) low = value;
    if (value > high) high = value;
    if (step < lowStep) lowStep = step;
    if (step > highStep) highStep = step;
    if (value !== Math.floor(value)) whole = false;
    before = value;
  }
  seen.low = low;
  seen.high = high;
  seen.lowStep = lowStep;
  seen.highStep = highStep;
  seen.whole = whole && high - low <= Number.MAX_SAFE_INTEGER;
}

const widthFor = (span: number): number =>
  span < 2 ** 8 ? 1 : span < 2 ** 16 ? 2 : span < 2 ** 24 ? 3 : span < 2 ** 32 ? 4 : span < 2 ** 48 ? 6 : RAW;

function packWhole(values: ColumnArray, count: number, into: PackBuffer): void {
  look(values, count);
  const { low, high, lowStep, highStep } = seen;
  const byStep = highStep - lowStep < high - low;
  const base = byStep ? lowStep : low;
  const span = byStep ? highStep - lowStep : high - low;
  const unit = span >= 2 ** 16 && seen.whole && inPages(values, count, base, byStep) ? PAGE_BYTES : 1;
  const width = seen.whole ? widthFor(span / unit) : RAW;
  head(into, width, (byStep ? DIFFERENCES : 0) | (unit > 1 ? PAGES : 0), values[0]!, base);
  if (width === RAW) packRaw(values, count, into);
  else packRests(values, count, into, { base, unit, width, byStep });
}

function inPages(values: ColumnArray, count: number, base: number, byStep: boolean): boolean {
  for (let i = 1; i < count; i++)
    if ((values[i]! - (byStep ? values[i - 1]! : 0) - base) % PAGE_BYTES !== 0) return false;
  return true;
}

function packRaw(values: ColumnArray, count: number, into: PackBuffer): void {
  const { view } = into;
  for (let i = 1; i < count; i++, into.length += 8) view.setFloat64(into.length, values[i]!, true);
}

interface Layout {
  readonly base: number;
  readonly unit: number;
  readonly width: number;
  readonly byStep: boolean;
}

function packRests(values: ColumnArray, count: number, into: PackBuffer, layout: Layout): void {
  const { base, width, byStep } = layout;
  const perUnit = 1 / layout.unit; // exact: a power of two
  const { bytes } = into;
  let at = into.length;
  let before = 0;
  if (byStep) before = values[0]!;
  for (let i = 1; i < count; i++) {
    const value = values[i]!;
    const rest = (value - before - base) * perUnit;
    if (byStep) before = value;
    const word = rest >>> 0; // the low 32 bits, however large the rest is
    bytes[at++] = word;
    if (width === 1) continue;
    bytes[at++] = word >>> 8;
    if (width === 2) continue;
    bytes[at++] = word >>> 16;
    if (width === 3) continue;
    bytes[at++] = word >>> 24;
    if (width === 4) continue;
    const above = Math.floor(rest / 2 ** 32);
    bytes[at++] = above;
    bytes[at++] = above >>> 8;
  }
  into.length = at;
}

/**
 * Fills the column with what `pack` made of it; its length is the number of values. Throws if the bytes are invalid.
 */
export function unpack(bytes: Uint8Array, into: ColumnArray): void {
  const count = into.length;
  assert(count >= 1 && bytes.length >= HEAD_BYTES, 'a packed column is shorter than its head');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint8(0);
  const flags = view.getUint8(1);
  const base = view.getFloat64(10, true);
  assert([0, 1, 2, 3, 4, 6, RAW].includes(width) && flags <= 3, 'a packed column has an unknown layout');
  const expected = HEAD_BYTES + width * (count - 1);
  assert(bytes.length === expected, `a packed column has ${bytes.length} bytes, not ${expected}`);
  const unit = (flags & PAGES) !== 0 ? PAGE_BYTES : 1;
  const byStep = (flags & DIFFERENCES) !== 0;
  let before = (into[0] = view.getFloat64(2, true));
  for (let i = 1, at = HEAD_BYTES; i < count; i++, at += width) {
    if (width === RAW) {
      into[i] = view.getFloat64(at, true);
      continue;
    }
    let rest = 0;
    for (let b = width - 1; b >= 0; b--) rest = rest * 256 + bytes[at + b]!;
    before = (byStep ? before : 0) + base + rest * unit;
    into[i] = before;
  }
}
