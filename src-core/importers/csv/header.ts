/** What the columns of an access list mean, read from its header. */
import { PS_PER_MS, PS_PER_NS, PS_PER_S, PS_PER_US } from '../../base/units';
import { Refusal } from '../../model/refusal';
import type { FindingCounter } from '../shared/findings';
import { nearestNames } from '../shared/nearest';

export type Role = 'proc' | 'op' | 'address' | 'object' | 'offset' | 'bytes' | 'count' | 'stride' | 'time';

const ALIASES: Readonly<Record<string, Role>> = {
  proc: 'proc',
  processor: 'proc',
  device: 'proc',
  op: 'op',
  rw: 'op',
  type: 'op',
  access: 'op',
  access_type: 'op',
  address: 'address',
  addr: 'address',
  va: 'address',
  vaddr: 'address',
  virtual_address: 'address',
  fault_address: 'address',
  object: 'object',
  name: 'object',
  array: 'object',
  offset: 'offset',
  bytes: 'bytes',
  size: 'bytes',
  len: 'bytes',
  length: 'bytes',
  width: 'bytes',
  count: 'count',
  stride: 'stride',
  time: 'time',
  timestamp: 'time',
  ts: 'time',
  t: 'time',
};
const TIME_UNITS: Readonly<Record<string, number>> = {
  ps: 1,
  ns: PS_PER_NS,
  us: PS_PER_US,
  ms: PS_PER_MS,
  s: PS_PER_S,
};

const DELIMITERS = [',', ';', '\t'] as const;
/** Most columns of a row; a header with more is not an access list. */
export const COLUMNS_MAX = 64;

export interface CsvHeader {
  /** Byte that separates columns. */
  readonly delimiter: number;
  readonly columns: number;
  /** Column of each role, −1 where there is none. */
  readonly column: Readonly<Record<Role, number>>;
  /** Picoseconds of one unit of the time column. */
  readonly timeUnitPs: number;
  readonly timeUnitNamed: boolean;
  /** Header names without a meaning here. */
  readonly ignored: readonly string[];
  readonly names: readonly string[];
}

/** `Time (ns)` → `time_ns`. */
const normalise = (name: string): string =>
  name
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim()
    .toLowerCase()
    .replace(/[\s.-]+/g, '_')
    .replace(/[()[\]]/g, '');

function roleOf(name: string): { readonly role: Role; readonly unit: string | null } | null {
  const plain = ALIASES[name];
  if (plain) return { role: plain, unit: null };
  const [, stem = '', unit = ''] = /^(time|timestamp|ts|t)_(ps|ns|us|ms|s)$/.exec(name) ?? [];
  return stem ? { role: 'time', unit } : null;
}

function readWith(line: string, delimiter: string): CsvHeader {
  const names = line.split(delimiter).map(normalise);
  const column: Record<Role, number> = {
    proc: -1,
    op: -1,
    address: -1,
    object: -1,
    offset: -1,
    bytes: -1,
    count: -1,
    stride: -1,
    time: -1,
  };
  const ignored: string[] = [];
  let unit: string | null = null;
  for (const [index, name] of names.entries()) {
    const known = roleOf(name);
    if (!known || column[known.role] >= 0) {
      ignored.push(name);
      continue;
    }
    column[known.role] = index;
    if (known.role === 'time') unit = known.unit;
  }
  const timeUnitPs = TIME_UNITS[unit ?? 'ns'] ?? PS_PER_NS;
  return {
    delimiter: delimiter.charCodeAt(0),
    columns: names.length,
    column,
    timeUnitPs,
    timeUnitNamed: unit !== null,
    ignored,
    names,
  };
}

const understood = (header: CsvHeader): number => header.columns - header.ignored.length;

/** The header under the delimiter that makes most sense of it. */
export function readHeader(line: string): CsvHeader {
  const readings = DELIMITERS.map((delimiter) => readWith(line, delimiter));
  return readings.reduce((best, next) => (understood(next) > understood(best) ? next : best));
}

/** What an access list cannot do without and this header lacks. */
export function missingColumns(header: CsvHeader): readonly string[] {
  const { column } = header;
  const missing: string[] = [];
  if (column.proc < 0) missing.push('proc');
  if (column.op < 0) missing.push('op');
  if (column.address < 0 && column.object < 0) missing.push('address (or object and offset)');
  else if (column.address < 0 && column.offset < 0) missing.push('offset (required with object)');
  if (column.bytes < 0) missing.push('bytes');
  return missing;
}

/** Throws Refusal on a header that lacks a column, and notes what was guessed or passed over. */
export function checkHeader(header: CsvHeader, file: string, line: number, findings: FindingCounter): void {
  const missing = missingColumns(header);
  const place = (): { file: string; line: number } => ({ file, line });
  if (missing.length > 0 || header.columns > COLUMNS_MAX) {
    const hints = header.ignored.slice(0, COLUMNS_MAX).flatMap((name) => {
      const near = nearestNames(name, Object.keys(ALIASES), 1)[0];
      return name.length > 1 && near ? [`"${name}" looks like "${near}"`] : [];
    });
    const found = header.names.slice(0, 12).join(', ').slice(0, 120);
    throw new Refusal(
      `${file}, line ${line}: the header lacks ${missing.join(', ') || 'a usable shape (too many columns)'}; it contains: ${found}` +
        `${hints.length > 0 ? ` (${hints.slice(0, 3).join('; ')})` : ''}. Expected a first line that names the columns proc, op, address (or object, offset), bytes and, optionally, count, stride, time_ns`,
    );
  }
  if (header.ignored.length > 0)
    findings.add(
      'csv-column-ignored',
      'note',
      () => `Unknown columns were ignored: ${header.ignored.slice(0, 12).join(', ')}.`,
      place,
    );
  if (header.column.address >= 0 && header.column.offset >= 0)
    findings.add(
      'csv-column-ignored',
      'note',
      () => 'The file has addresses and offsets; the addresses were used.',
      place,
    );
  if (header.column.time >= 0 && !header.timeUnitNamed)
    findings.add(
      'csv-time-unit',
      'warning',
      () =>
        `The column "${header.names[header.column.time] ?? ''}" has no unit; nanoseconds were assumed. Name it time_ns (or time_us, time_ms, time_s).`,
      place,
    );
  else if (header.column.time >= 0 && header.timeUnitPs !== PS_PER_NS)
    findings.add(
      'csv-time-unit',
      'note',
      () =>
        `Times were converted from the unit in the header (${header.names[header.column.time] ?? ''}) to nanoseconds.`,
      place,
    );
}
