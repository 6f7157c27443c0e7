/**
 * The little language of hmm-selftests.json: sizes, ranges of the buffer, values of its ints. A phrase that is not known
 * throws, so that a test never passes because a step was not understood.
 */
import { PAGE_BYTES, PMD_PAGES } from '../../../src-core/kernel/page';

export const INT_BYTES = 4;
const PMD_BYTES = PMD_PAGES * PAGE_BYTES;

/** Value of the int at index k. */
export type Pattern = (k: number) => number;
export type Vars = Readonly<Record<string, string | number>>;

/** What names in a phrase stand for. */
export interface Scope {
  readonly vars: Vars;
  /** Bytes of the part of the mapping that the test uses. */
  readonly bytes: number;
  /** The test's buffer size S, where it has one. */
  readonly s: number | null;
  /** Parts that a munmap took out, bytes from the start of the buffer. */
  readonly gone: readonly Range[];
}

/** Bytes [from, to) of the buffer. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export function notUnderstood(what: string, phrase: unknown): never {
  throw new Error(`${what} is not understood: ${JSON.stringify(phrase)}`);
}

const UNITS: Readonly<Record<string, (scope: Scope) => number | null>> = {
  PMD: () => PMD_BYTES,
  S: (scope) => scope.s,
  N: (scope) => scope.bytes,
};

/** A size or offset in bytes; plain numbers (and N) count pages unless the sum speaks of bytes elsewhere. */
export function sizeOf(phrase: string, scope: Scope): number {
  const terms = phrase.split('+').map((term) => termOf(term.trim(), scope));
  return terms.reduce((sum, term) => sum + term, 0);
}

function termOf(term: string, scope: Scope): number {
  const match = /^(\d+)?\*?([A-Za-z_]+)?(?:\/(\d+))?$/.exec(term);
  if (!match || term === '') notUnderstood('a size', term);
  const [, factor, name, divisor] = match;
  const scale = Number(factor ?? 1) / Number(divisor ?? 1);
  if (name === undefined) return scale * PAGE_BYTES;
  const variable = scope.vars[name];
  if (variable !== undefined) return scale * sizeOf(String(variable), scope);
  const unit = UNITS[name]?.(scope) ?? null;
  return unit === null ? notUnderstood('a unit of size', term) : scale * unit;
}

const wholeInt = (k: number): Range => ({ from: k * INT_BYTES, to: (k + 1) * INT_BYTES });
const pages = (first: number, count = 1): Range => ({ from: first * PAGE_BYTES, to: (first + count) * PAGE_BYTES });

type RangeRule = readonly [RegExp, (match: RegExpExecArray, scope: Scope) => readonly Range[]];

const RANGES: readonly RangeRule[] = [
  [/^all$/, (_, scope) => [{ from: 0, to: scope.bytes }]],
  [/^first half$/, (_, scope) => [{ from: 0, to: scope.bytes / 2 }]],
  [/^(\d+) pages?$/, ([, count]) => [pages(0, Number(count))]],
  [
    /^(?:pages)?\[([^,]+),\s*([^)]+)\)$/,
    ([, from, to], scope) => [{ from: sizeOf(from!, scope), to: sizeOf(to!, scope) }],
  ],
  [/^page (\d+)$/, ([, page]) => [pages(Number(page))]],
  [/^page (\d+), first int$/, ([, page]) => [wholeInt((Number(page) * PAGE_BYTES) / INT_BYTES)]],
  [/^pages (\d+(?:,\d+)*)$/, ([, list]) => list!.split(',').map((page) => pages(Number(page)))],
  [/^first int$/, () => [wholeInt(0)]],
  [/^int (\d+)$/, ([, k]) => [wholeInt(Number(k))]],
  [
    /^int (\d+) \(byte (\d+)\)$/,
    ([all, k, byte]) =>
      Number(byte) === Number(k) * INT_BYTES ? [wholeInt(Number(k))] : notUnderstood('a range', all),
  ],
  // The buffer's address follows an mremap, so both are the buffer where it is.
  [/^(PMD)(?: at (?:current|new) address)?$/, ([, size], scope) => [{ from: 0, to: sizeOf(size!, scope) }]],
  [/^(S)$/, ([, size], scope) => [{ from: 0, to: sizeOf(size!, scope) }]],
  [/^rest of (PMD)$/, ([, size], scope) => without({ from: 0, to: sizeOf(size!, scope) }, scope.gone)],
];

/** Pieces of the buffer, in bytes. */
export function rangesOf(phrase: unknown, scope: Scope): readonly Range[] {
  for (const [pattern, read] of RANGES) {
    const match = pattern.exec(String(phrase));
    if (match) return read(match, scope);
  }
  return notUnderstood('a range', phrase);
}

function without(range: Range, gone: readonly Range[]): readonly Range[] {
  let left: Range[] = [range];
  for (const hole of gone)
    left = left.flatMap(({ from, to }) =>
      [
        { from, to: Math.min(to, hole.from) },
        { from: Math.max(from, hole.to), to },
      ].filter((piece) => piece.from < piece.to),
    );
  return left;
}

/** One range of whole pages, as [first, end) from the start of the buffer. */
export function pageRange(phrase: unknown, scope: Scope): { readonly first: number; readonly end: number } {
  const ranges = rangesOf(phrase, scope);
  const [range] = ranges;
  if (ranges.length !== 1 || !range || range.from % PAGE_BYTES !== 0 || range.to % PAGE_BYTES !== 0)
    notUnderstood('a range of pages', phrase);
  return { first: range.from / PAGE_BYTES, end: range.to / PAGE_BYTES };
}

/** Values: a number, `i`, `-i`, `i+1`, `i+c`, `i & 0xFF`, `0xFF bytes`. */
export function patternOf(phrase: unknown, vars: Vars): Pattern {
  const text = String(phrase);
  if (/^-?\d+$/.test(text)) {
    const value = Number(text);
    return () => value;
  }
  const sum = /^(-?)i(?:\+(\w+))?$/.exec(text);
  if (sum) {
    const sign = sum[1] === '-' ? -1 : 1;
    const plus = sum[2] === undefined ? 0 : Number(vars[sum[2]] ?? sum[2]);
    if (Number.isNaN(plus)) notUnderstood('a value', phrase);
    return (k) => (sign * k + plus) | 0;
  }
  const masked = /^i & (0x[0-9A-F]+)$/.exec(text);
  if (masked) {
    const mask = Number(masked[1]);
    return (k) => k & mask;
  }
  const byte = /^(0x[0-9A-F]{2}) bytes$/.exec(text);
  if (byte) {
    const value = (Number(byte[1]) * 0x01010101) | 0;
    return () => value;
  }
  return notUnderstood('a value', phrase);
}

/** What a mirror is expected to hold, as check_mirror says it. */
export function mirrorPattern(phrase: unknown, vars: Vars): Pattern {
  const text = String(phrase);
  const split = /^pages (\d+) and (\d+) all zero; int index k elsewhere == k$/.exec(text);
  if (split) {
    const zero = new Set([Number(split[1]), Number(split[2])]);
    return (k) => (zero.has(Math.floor((k * INT_BYTES) / PAGE_BYTES)) ? 0 : k);
  }
  const still = /^still (\S+) \(nothing copied out on error\)$/.exec(text);
  return patternOf(still ? still[1] : phrase, vars);
}

/** How many pages `cpages` means, for a command over `pages` pages. */
export function countOf(phrase: unknown, pages: number): number {
  if (typeof phrase === 'number') return phrase;
  if (phrase === 'N' || phrase === 'npages' || phrase === 'bytes/page') return pages;
  return phrase === 'PMD/page' ? PMD_PAGES : notUnderstood('a count of pages', phrase);
}

export function bytesOf(pattern: Pattern, { from, to }: Range): Uint8Array {
  const ints = new Int32Array((to - from) / INT_BYTES);
  const first = from / INT_BYTES;
  for (let n = 0; n < ints.length; n++) ints[n] = pattern(first + n);
  return new Uint8Array(ints.buffer);
}
