/**
 * Quantities with a unit in their type. A brand is made only at the edges (parsers, presets, this file);
 * inside a hot loop a plain local is fine when its name ends with the unit.
 */
import { err, ok, type Result } from './result';

declare const unit: unique symbol;
/** A number that keeps its unit, or its kind of index, in its type. Arithmetic on it gives a plain number. */
export type Branded<U extends string> = number & { readonly [unit]: U };

/** A count of bytes. */
export type Bytes = Branded<'bytes'>;
/** A duration in whole picoseconds. */
export type Picoseconds = Branded<'picoseconds'>;
/** A rate in bytes per second (10^9 B/s is written GB/s). */
export type BytesPerSecond = Branded<'bytes-per-second'>;

export const bytes = (value: number): Bytes => value as Bytes;
export const picoseconds = (value: number): Picoseconds => value as Picoseconds;
export const bytesPerSecond = (value: number): BytesPerSecond => value as BytesPerSecond;

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const TIB = 1024 * GIB;
export const PS_PER_NS = 1_000;
export const PS_PER_US = 1_000_000;
export const PS_PER_MS = 1_000_000_000;
export const PS_PER_S = 1_000_000_000_000;

/** Largest object and address that the engine accepts: the user half of a 48-bit x86-64 address space. */
export const MAX_ADDRESS = 2 ** 47;

const BYTE_UNITS: Readonly<Record<string, number>> = { B: 1, KiB: KIB, MiB: MIB, GiB: GIB, TiB: TIB };
const TIME_UNITS: Readonly<Record<string, number>> = {
  ps: 1,
  ns: PS_PER_NS,
  us: PS_PER_US,
  µs: PS_PER_US,
  ms: PS_PER_MS,
  s: PS_PER_S,
};

function parseQuantity(text: string, units: Readonly<Record<string, number>>, example: string): Result<number, string> {
  const names = Object.keys(units).join(', ');
  const match = /^\s*([0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?)\s*([A-Za-zµ]*)\s*$/.exec(text);
  if (!match) return err(`"${text}" is not a quantity; expected a number and a unit (${names}), such as ${example}`);
  const [, digits = '', name = ''] = match;
  const factor = Object.hasOwn(units, name) ? units[name] : undefined;
  if (factor === undefined) {
    const near = Object.keys(units).find((known) => known.toLowerCase().startsWith(name.toLowerCase().slice(0, 1)));
    const hint = name === '' ? 'a unit is missing' : `"${name}" is not one of the units ${names}`;
    return err(`"${text}": ${hint}; write ${near ? `${digits}${near}` : example}`);
  }
  return ok(Number(digits) * factor);
}

/** Parses `48MiB`, `64KiB`, `8B`, `1.5GiB`. Refuses KB/MB/GB (ambiguous) and a result that is not whole bytes. */
export function parseBytes(text: string): Result<Bytes, string> {
  const value = parseQuantity(text, BYTE_UNITS, '64MiB');
  if (!value.ok) return value;
  if (!Number.isInteger(value.value)) return err(`"${text}" is ${value.value} bytes; expected a whole number of bytes`);
  return ok(bytes(value.value));
}

/** Parses `3ms`, `45us`, `120ns`, `2s` into whole picoseconds. */
export function parseTime(text: string): Result<Picoseconds, string> {
  const value = parseQuantity(text, TIME_UNITS, '3ms');
  return value.ok ? ok(picoseconds(Math.round(value.value))) : value;
}

/** From this share of a unit on, a value is written in it: 999,999 ps is 1 µs, not 1000 ns. */
const ROUNDS_UP = 0.9995;

function trimmed(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\.0+$|(\.[0-9]*[1-9])0+$/, '$1');
}

/** Memory sizes in binary units: 65536 → `64 KiB`. */
export function formatBytes(value: number): string {
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  for (const [name, factor] of [
    ['TiB', TIB],
    ['GiB', GIB],
    ['MiB', MIB],
    ['KiB', KIB],
  ] as const)
    if (size >= factor * ROUNDS_UP) return `${sign}${trimmed(size / factor)} ${name}`;
  return `${sign}${trimmed(size)} B`;
}

/** A simulated duration or instant in the largest unit that keeps it at or above one. */
export function formatTime(ps: number): string {
  for (const [name, factor] of [
    ['s', PS_PER_S],
    ['ms', PS_PER_MS],
    ['µs', PS_PER_US],
    ['ns', PS_PER_NS],
  ] as const)
    if (Math.abs(ps) >= factor * ROUNDS_UP) return `${trimmed(ps / factor)} ${name}`;
  return `${trimmed(ps)} ps`;
}

/** Counts with thin grouping, independent of locale: 835584 → `835,584`. */
export function formatCount(value: number): string {
  const [whole = '0', fraction] = String(value).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction ? `${grouped}.${fraction.slice(0, 2)}` : grouped;
}

/** How many times as much: `4.17`, `137`, `1,023`; a run far away from a bound needs no decimals. */
export const formatRatio = (ratio: number): string =>
  ratio >= 1000 ? formatCount(Math.round(ratio)) : ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2);

/** Shown where a value was not recorded or is not modelled. */
export const ABSENT = '–';

/** A share as a percentage: 0.495 → `49.5 %`. What is neither nothing nor all is never shown as 0 % or 100 %. */
export function formatShare(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${share < 1 && value > 99.9 ? '> 99.9' : value.toFixed(1).replace(/\.0$/, '')} %`;
}
