/** The two tables that go with a lackey trace: where functions are, and what was allocated. */
import { MAX_ADDRESS } from '../../base/units';
import type { ByteSource } from '../../model/byte-source';
import type { ImportContext } from '../../contracts/importer';
import { Refusal } from '../../model/refusal';
import { eachLine } from '../shared/line-blocks';
import type { FindingCounter } from '../shared/findings';
import { NAMED_MAX, type NamedRange } from '../shared/trace-space';

/** Most rows of a symbol table that are kept. */
const SYMBOLS_MAX = 1_000_000;

/** Code of one function: [start, end). */
export interface FunctionSymbol {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function hexNumber(text: string): number | null {
  if (!/^(0[xX])?[0-9a-fA-F]{1,16}$/.test(text)) return null;
  return parseInt(text.replace(/^0[xX]/, ''), 16);
}

/** `start TAB end TAB object TAB name`, or a line of `nm -S`: `start size letter name`. */
function parseSymbol(line: string): FunctionSymbol | null {
  if (line.includes('\t')) {
    const [first = '', second = '', , ...name] = line.split('\t');
    const start = hexNumber(first.trim());
    const end = hexNumber(second.trim());
    const text = name.join(' ').trim();
    return start === null || end === null || end <= start || text === '' ? null : { name: text, start, end };
  }
  const match = /^([0-9a-fA-F]+) ([0-9a-fA-F]+) [A-Za-z] (.+)$/.exec(line);
  const start = hexNumber(match?.[1] ?? '');
  const size = hexNumber(match?.[2] ?? '');
  return !match || start === null || !size ? null : { name: match[3]!.trim(), start, end: start + size };
}

/** Function symbols in ascending order of their start. Bad rows become a finding. */
export async function readSymbols(
  source: ByteSource,
  context: ImportContext,
  findings: FindingCounter,
): Promise<readonly FunctionSymbol[]> {
  const symbols: FunctionSymbol[] = [];
  await eachLine(source, context, 'reading symbols', (line, number) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const symbol = parseSymbol(line);
    if (symbol && symbols.length < SYMBOLS_MAX) symbols.push(symbol);
    else if (symbol)
      findings.add(
        'symbols-limit',
        'warning',
        () => `Only the first ${SYMBOLS_MAX} symbols were read; remove functions that the trace does not run.`,
        () => ({ file: source.name, line: number }),
      );
    // nm prints symbols without a size in three columns; they are no functions with a known extent.
    else if (!/^([0-9a-fA-F]+ |\s+)[A-Za-z] /.test(line))
      findings.add(
        'symbols-bad-row',
        'warning',
        () =>
          `A row of the symbol table was dropped: expected tab-separated start, end (both hexadecimal, end above start), object and name, or a line of nm -S.`,
        () => ({ file: source.name, line: number }),
      );
  });
  if (symbols.length === 0)
    throw new Refusal(
      `${source.name}: it contains no symbols; expected tab-separated rows of start, end, object and name (start and end in hexadecimal), or the output of nm -S --defined-only PROGRAM`,
    );
  return symbols.sort((a, b) => a.start - b.start || a.end - b.end);
}

function parseAllocation(line: string): NamedRange | null {
  const match = /^ALLOC\s+(.*\S)\s+(0[xX][0-9a-fA-F]+|[0-9]+)\s+([0-9]+)\s*$/.exec(line);
  const [, name = '', at = '', size = ''] = match ?? [];
  const address = Number(at);
  const bytes = Number(size);
  return !match || address === 0 || bytes === 0 || address + bytes > MAX_ADDRESS ? null : { name, address, bytes };
}

/** `name`, then `name#2`, `name#3` … for the allocations that a program makes under one name. */
function numbered(rows: readonly NamedRange[]): readonly NamedRange[] {
  const seen = new Map<string, number>();
  return rows.map((row) => {
    const times = (seen.get(row.name) ?? 0) + 1;
    seen.set(row.name, times);
    return times === 1 ? row : { ...row, name: `${row.name}#${times}` };
  });
}

/**
 * The `ALLOC name address bytes` lines of a program's output, ascending by address; other lines are the program's own
 * and are passed over. Memory that was freed and given out again belongs to the object that had it first.
 */
export async function readAllocations(
  source: ByteSource,
  context: ImportContext,
  findings: FindingCounter,
): Promise<readonly NamedRange[]> {
  const rows: NamedRange[] = [];
  await eachLine(source, context, 'reading allocations', (line, number) => {
    if (!/^ALLOC\s/.test(line)) return;
    const place = (): { file: string; line: number } => ({ file: source.name, line: number });
    const row = parseAllocation(line);
    if (!row)
      findings.add(
        'allocations-bad-row',
        'warning',
        () =>
          'A row of the allocation list was dropped: expected ALLOC, a name, an address (0x…) and a number of bytes above 0, all below 2^47.',
        place,
      );
    else if (rows.length < NAMED_MAX) rows.push(row);
    else
      findings.add(
        'allocations-limit',
        'warning',
        () => `Only the first ${NAMED_MAX} allocations became objects; the others count as unnamed memory.`,
        place,
      );
  });
  if (rows.length === 0)
    findings.add(
      'allocations-empty',
      'warning',
      () =>
        'The allocation list has no row "ALLOC name address bytes", so objects have no names; let the program print one row for each malloc.',
      () => ({ file: source.name }),
    );
  const sorted = numbered(rows)
    .map((row, order) => ({ row, order }))
    .sort((a, b) => a.row.address - b.row.address || a.order - b.order);
  return withoutOverlaps(sorted, source.name, findings);
}

/** Keeps the earlier allocation of each overlapping pair. */
function withoutOverlaps(
  sorted: readonly { readonly row: NamedRange; readonly order: number }[],
  file: string,
  findings: FindingCounter,
): readonly NamedRange[] {
  const kept: { readonly row: NamedRange; readonly order: number }[] = [];
  const drop = (lost: NamedRange, winner: NamedRange): void => {
    findings.add(
      'allocations-overlap',
      'warning',
      () =>
        `"${lost.name}" has the address of the earlier allocation "${winner.name}" (perhaps freed and allocated again); its accesses there count for "${winner.name}".`,
      () => ({ file }),
    );
  };
  for (const entry of sorted) {
    let last = kept.at(-1);
    let wins = true;
    while (last && last.row.address + last.row.bytes > entry.row.address) {
      if (last.order < entry.order) {
        drop(entry.row, last.row);
        wins = false;
        break;
      }
      drop(last.row, entry.row);
      kept.pop();
      last = kept.at(-1);
    }
    if (wins) kept.push(entry);
  }
  return kept.map((entry) => entry.row);
}
