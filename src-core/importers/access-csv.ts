/**
 * A list of accesses as CSV whose header names its columns; the common denominator of traces, and the format for
 * people who write their own. One row is a run of `count` accesses, `stride` bytes from start to start.
 */
import { z } from 'zod';
import { formatCount, MAX_ADDRESS } from '../base/units';
import type { AccessSource } from '../contracts/access-stream';
import type { ByteSource } from '../model/byte-source';
import type { ImportContext, Importer } from '../contracts/importer';
import { Refusal } from '../model/refusal';
import { VA_BLOCK_BYTES, type ObjectSpec, type SpaceSpec } from '../model/space';
import { checkHeader, missingColumns, readHeader, type CsvHeader } from './csv/header';
import { SORTED_ROWS_MAX, SortedRows } from './csv/order';
import { FileOrderReplay, TimeOrderReplay, type CsvPlan } from './csv/replay';
import { leaps, RowReader, type Decisions, type NameTable, type Row } from './csv/rows';
import { FindingCounter } from './shared/findings';
import { LineBlocks } from './shared/line-blocks';
import { readOptions } from './shared/options';
import { TOUCHED_BLOCKS_MAX, TouchedBlocks } from './shared/touched-blocks';
import { buildSpace, NAMED_MAX, unnamedLabel, type NamedRange } from './shared/trace-space';

/** Where objects without addresses are laid out: high in the user half, as mmap does it. */
const LAYOUT_BASE = 0x7f0000000000;
/** Lines that may stand before the header: comments and blank ones. */
const PREAMBLE_LINES_MAX = 1000;
/** Longest simulated time (2^53 ps). */
const TIME_MAX_PS = Number.MAX_SAFE_INTEGER;
const NEWLINE = 10;

interface HeaderFound {
  readonly header: CsvHeader;
  /** Its 1-based line, and the bytes up to and including it. */
  readonly line: number;
  readonly bytes: number;
}

/** The first line that is neither blank nor a comment; null when the block has none. */
function findHeader(block: Uint8Array, whole: boolean): HeaderFound | null {
  let at = block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf ? 3 : 0;
  for (let line = 1; at < block.length && line <= PREAMBLE_LINES_MAX; line++) {
    const newline = block.indexOf(NEWLINE, at);
    if (newline < 0 && !whole) return null;
    const end = newline < 0 ? block.length : newline;
    const text = new TextDecoder().decode(block.subarray(at, end)).trim();
    at = end + 1;
    if (text !== '' && !text.startsWith('#'))
      return { header: readHeader(text), line, bytes: Math.min(at, block.length) };
  }
  return null;
}

/** Reads to the end of the header; the blocks before it are put together. */
async function readToHeader(blocks: LineBlocks, file: string): Promise<HeaderFound & { readonly block: Uint8Array }> {
  let seen: Uint8Array = new Uint8Array(0);
  while (await blocks.next()) {
    const joined = new Uint8Array(seen.length + blocks.block.length);
    joined.set(seen);
    joined.set(blocks.block, seen.length);
    seen = joined;
    const found = findHeader(seen, true);
    if (found) return { ...found, block: seen };
    if (seen.length > PREAMBLE_LINES_MAX * 1024) break;
  }
  throw new Refusal(
    `${file}: it has no header; expected a first line with the names of the columns, such as proc,op,address,bytes`,
  );
}

/** What pass one learns of one named object, and of all rows. */
interface CsvIndex {
  readonly found: HeaderFound;
  readonly touched: TouchedBlocks;
  /** Per object name: lowest byte and end of its accesses. */
  readonly low: number[];
  readonly high: number[];
  rows: number;
  accesses: number;
  devices: number;
  /** Some row of a file with addresses names no object. */
  anonymous: boolean;
  timeFrom: number;
  timeTo: number;
  sorted: boolean;
}

interface CsvPass {
  readonly source: ByteSource;
  readonly context: ImportContext;
  readonly decisions: Decisions;
  table: NameTable;
}

function note(index: CsvIndex, row: Row, byObject: boolean): void {
  const last = row.start + (row.count - 1) * row.stride;
  const low = Math.min(row.start, last);
  const high = Math.max(row.start, last) + row.bytes;
  if (row.object >= 0) {
    index.low[row.object] = Math.min(index.low[row.object] ?? Infinity, low);
    index.high[row.object] = Math.max(index.high[row.object] ?? 0, high);
  } else index.anonymous = true;
  if (!byObject) {
    if (!leaps(row)) index.touched.mark(low, high - low);
    else for (let i = 0; i < row.count; i++) index.touched.mark(row.start + i * row.stride, row.bytes);
  }
  index.sorted &&= index.rows === 0 || row.time >= index.timeTo;
  index.timeFrom = Math.min(index.timeFrom, row.time);
  index.timeTo = Math.max(index.timeTo, row.time);
  index.devices = Math.max(index.devices, row.processor);
  index.accesses += row.count;
  index.rows++;
}

/** Pass one; null: a column turned out to be hexadecimal (noted in the decisions), read again. */
async function indexRows(pass: CsvPass, findings: FindingCounter): Promise<CsvIndex | null> {
  const { source, context, decisions } = pass;
  const blocks = new LineBlocks(source, context, 'reading rows');
  const found = await readToHeader(blocks, source.name);
  checkHeader(found.header, source.name, found.line, findings);
  pass.table = { names: [], indices: new Map() };
  const reader = new RowReader(found.header, decisions, pass.table, found.line, (reason, why, line) => {
    const message = (): string => `A row was dropped: ${why}. The other rows were loaded.`;
    findings.add('csv-bad-row', 'warning', message, () => ({ file: source.name, line }), reason);
  });
  const index: CsvIndex = {
    found,
    touched: new TouchedBlocks(source.name),
    low: [],
    high: [],
    rows: 0,
    accesses: 0,
    devices: 1,
    anonymous: false,
    timeFrom: Infinity,
    timeTo: -Infinity,
    sorted: true,
  };
  const byObject = found.header.column.address < 0;
  reader.load(found.block, found.bytes);
  do {
    while (reader.next()) note(index, reader.row, byObject);
    if (reader.hexSeen) {
      decisions.hex[reader.hexSeen] = true;
      blocks.close();
      return null;
    }
  } while (await nextBlock(blocks, reader));
  if (decisions.hex.address || decisions.hex.offset)
    findings.add(
      'csv-hex-column',
      'note',
      () =>
        `The ${decisions.hex.address ? 'address' : 'offset'} column was read as hexadecimal, because some of its values have the digits a–f. To make this explicit, write 0x before each value.`,
      () => ({ file: source.name, line: found.line }),
    );
  if (index.rows > 0) return index;
  const bad = findings.list().filter((finding) => finding.kind === 'csv-bad-row');
  const rows = bad.reduce((sum, finding) => sum + finding.count, 0);
  const [first] = bad;
  throw new Refusal(
    first
      ? `${source.name}: none of its ${formatCount(rows)} rows can be used; line ${first.place?.line ?? 0}: ${first.message}`
      : `${source.name}: it has a header but no rows`,
    bad,
  );
}

async function nextBlock(blocks: LineBlocks, reader: RowReader): Promise<boolean> {
  if (!(await blocks.next())) return false;
  reader.load(blocks.block);
  return true;
}

/** Objects one after the other, each on a 2 MiB boundary, in order of first appearance. */
function layOut(index: CsvIndex, names: readonly string[], file: string): SpaceSpec {
  let bytes = 0;
  const objects: ObjectSpec[] = [];
  const sizes = names.map((_, object) => index.high[object]!);
  const total = sizes.reduce((sum, size) => sum + Math.ceil(size / VA_BLOCK_BYTES) * VA_BLOCK_BYTES, 0);
  if (total / VA_BLOCK_BYTES > TOUCHED_BLOCKS_MAX)
    throw new Refusal(
      `${file}: its objects span ${formatCount(total)} bytes; a run can have ${formatCount(TOUCHED_BLOCKS_MAX)} blocks of 2 MiB (8 TiB). Check the offset column, or split the trace`,
    );
  const base = LAYOUT_BASE + total <= MAX_ADDRESS ? LAYOUT_BASE : MAX_ADDRESS - total;
  names.forEach((name, object) => {
    const size = sizes[object]!;
    objects.push({
      name,
      address: base + bytes,
      bytes: size,
      offset: bytes,
      elementBytes: 1,
      layout: 'trace',
      initially: 'unpopulated',
    });
    bytes += Math.ceil(size / VA_BLOCK_BYTES) * VA_BLOCK_BYTES;
  });
  return { regions: [{ address: base, offset: 0, bytes }], objects, bytes };
}

/** The named ranges of a file with addresses: lowest to highest access of each name, where these do not overlap. */
function namedRanges(
  index: CsvIndex,
  names: readonly string[],
  file: string,
  findings: FindingCounter,
): readonly NamedRange[] {
  const ranges = names
    .map((name, object) => ({
      name,
      address: index.low[object] ?? 0,
      bytes: (index.high[object] ?? 0) - (index.low[object] ?? 0),
    }))
    .filter((range) => range.bytes > 0)
    .sort((a, b) => a.address - b.address || b.bytes - a.bytes);
  const kept: NamedRange[] = [];
  for (const range of ranges) {
    const last = kept.at(-1);
    const free = !last || last.address + last.bytes <= range.address;
    if (free && kept.length < NAMED_MAX) kept.push(range);
    else if (free)
      findings.add(
        'csv-object-limit',
        'warning',
        () => `Only ${NAMED_MAX} objects kept their names; accesses of the others count by address.`,
        () => ({ file }),
      );
    else
      findings.add(
        'csv-object-overlap',
        'warning',
        () =>
          `The accesses of object "${range.name}" overlap with those of "${last.name}", so its name was dropped; accesses count by address.`,
        () => ({ file }),
      );
  }
  for (const range of kept) index.touched.mark(range.address, range.bytes);
  return kept;
}

/** Reads all rows once more and sorts them by time. */
async function sortRows(pass: CsvPass, index: CsvIndex): Promise<SortedRows> {
  const { source, context } = pass;
  if (index.rows > SORTED_ROWS_MAX)
    throw new Refusal(
      `${source.name}: its ${formatCount(index.rows)} rows are not sorted by time, and Faultline sorts at most ${formatCount(SORTED_ROWS_MAX)}. Sort the file by its time column first`,
    );
  const sorted = new SortedRows(index.rows);
  const blocks = new LineBlocks(source, context, 'sorting rows by time');
  const reader = readerOf(pass, index);
  let skip = index.found.bytes;
  while (await blocks.next()) {
    const skipped = Math.min(skip, blocks.block.length);
    skip -= skipped;
    reader.load(blocks.block, skipped);
    while (reader.next())
      if (!sorted.add(reader.row))
        throw new Refusal(
          `${source.name}: the file grew while it was read; open it again when no program writes to it`,
        );
  }
  sorted.sort();
  return sorted;
}

/** A reader for a later pass: what is bad was counted before. */
const readerOf = (pass: CsvPass, index: CsvIndex): RowReader =>
  new RowReader(index.found.header, pass.decisions, pass.table, index.found.line, () => undefined);

async function prepare(source: ByteSource, context: ImportContext): Promise<AccessSource> {
  readOptions(options, context, 'access list');
  const pass: CsvPass = {
    source,
    context,
    decisions: { hex: { address: false, offset: false }, timeBase: null },
    table: { names: [], indices: new Map() },
  };
  let findings = new FindingCounter();
  let index = await indexRows(pass, findings);
  while (!index) {
    findings = new FindingCounter();
    index = await indexRows(pass, findings);
  }
  const { header } = index.found;
  const byObject = header.column.address < 0;
  const names = pass.table.names;
  const named = byObject ? [] : namedRanges(index, names, source.name, findings);
  const everyByteNamed = named.length > 0 && !index.anonymous && named.length === names.length;
  const space = byObject
    ? layOut(index, names, source.name)
    : buildSpace(
        { file: source.name, touched: index.touched, named, unnamedIn: () => !everyByteNamed, label: unnamedLabel },
        findings,
      );
  const timed = header.column.time >= 0;
  const tooLong = (index.timeTo - index.timeFrom) * header.timeUnitPs > TIME_MAX_PS;
  if (timed && tooLong)
    findings.add(
      'csv-time-span',
      'warning',
      () =>
        'The times span more than 2 h 30 min, the maximum of a run. The order of the rows was kept and their times were dropped.',
      () => ({ file: source.name }),
    );
  const plan: CsvPlan = {
    space,
    byObject,
    timeFrom: timed && !tooLong ? index.timeFrom : null,
    timeUnitPs: header.timeUnitPs,
  };
  const sorted = timed && !index.sorted ? await sortRows(pass, index) : null;
  if (sorted)
    findings.add(
      'csv-unsorted',
      'note',
      () => 'The rows are not sorted by time. They were sorted; rows with equal times keep the order of the file.',
      () => ({ file: source.name }),
    );
  const { devices, accesses, found } = index;
  return {
    kind: 'trace',
    name: source.name,
    space,
    devices,
    accesses: accesses <= Number.MAX_SAFE_INTEGER ? accesses : null,
    findings: () => findings.list(),
    open: () =>
      sorted
        ? new TimeOrderReplay(source.name, plan, sorted)
        : new FileOrderReplay(source, plan, readerOf(pass, index), found.bytes),
  };
}

function sniff(head: Uint8Array): number {
  if (head.includes(0)) return 0;
  const found = findHeader(head, false) ?? findHeader(head, true);
  if (!found || found.header.columns < 2) return 0;
  const missing = missingColumns(found.header).length;
  const known = found.header.columns - found.header.ignored.length;
  return missing === 0 ? 0.9 : known >= 2 && missing <= 1 ? 0.5 : known >= 3 ? 0.3 : 0;
}

const options = z.object({});

/** The importer of generic access lists. */
export const accessCsv: Importer = {
  id: 'access-csv',
  title: 'Access list (CSV)',
  summary: 'Accesses as rows: proc, op, address (or object and offset), bytes, and optionally count, stride, time_ns.',
  extensions: ['csv', 'tsv', 'txt', 'gz', 'zst'],
  auxiliary: [],
  options,
  sniff,
  prepare,
};
