/**
 * Valgrind lackey, `valgrind --tool=lackey --trace-mem=yes`: every memory access of a program, in order, without times
 * and without threads. Format: one `I`, ` L`, ` S` or ` M` record per line, hexadecimal address, comma, decimal size.
 */
import { z } from 'zod';
import type { AccessSource } from '../contracts/access-stream';
import type { ByteSource } from '../model/byte-source';
import type { ImportContext, Importer } from '../contracts/importer';
import { toggle } from '../contracts/params';
import { Refusal } from '../model/refusal';
import type { SpaceSpec } from '../model/space';
import { DeviceRegions } from './lackey/device-regions';
import { LackeyReplay, type LackeyPlan } from './lackey/replay';
import { INSTRUCTION, LackeyScanner, NO_RECORD, recordShare, type DamageListener } from './lackey/scanner';
import { noteSharedGranules } from './lackey/shared-granules';
import { readAllocations, readSymbols, type FunctionSymbol } from './lackey/tables';
import { FindingCounter, quote } from './shared/findings';
import { LineBlocks } from './shared/line-blocks';
import { nearestNames } from './shared/nearest';
import { readOptions } from './shared/options';
import { TouchedBlocks } from './shared/touched-blocks';
import { buildSpace, unnamedLabel, type NamedRange } from './shared/trace-space';

const options = z.object({
  deviceFunctions: z.string().default('').meta({
    title: 'Device functions',
    description:
      'Names of functions that count as running on the device, including functions that they call; separated by commas. Needs a symbol table.',
  }),
  instructions: toggle({
    title: 'Instruction fetches',
    help: 'Count instruction fetches as reads. Off: only loads and stores are accesses.',
    initial: false,
  }),
});

const SYMBOLS_RECIPE =
  'pass a symbol table with --symbols FILE: tab-separated rows of start, end, object, name, or the output of `nm -S --defined-only PROGRAM` for a program linked with -no-pie';

/** Valgrind places the main stack of an amd64 program just below this address. */
const STACK_TOP = 0x1fff001000;

function stackOrUnnamed(address: number, outer: number): string {
  return address < STACK_TOP && STACK_TOP <= outer ? '(stack)' : unnamedLabel(address);
}

/** Names with commas between; a comma inside brackets belongs to the name (`f(int, int)`). */
function splitNames(text: string): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (character === '(' || character === '<') depth++;
    else if (character === ')' || character === '>') depth--;
    else if (character === undefined || (character === ',' && depth <= 0)) {
      names.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return names.filter((name) => name !== '');
}

/** Every place where a function of one of the names begins. */
function findFunctions(names: readonly string[], symbols: readonly FunctionSymbol[] | null): readonly FunctionSymbol[] {
  if (names.length === 0) return [];
  if (!symbols)
    throw new Refusal(
      `device functions (${names.join(', ')}) were given, but their addresses are unknown without symbols; ${SYMBOLS_RECIPE}`,
    );
  for (const name of names) {
    if (symbols.some((symbol) => symbol.name === name)) continue;
    const near = nearestNames(
      name,
      symbols.map((symbol) => symbol.name),
      5,
    );
    const hint =
      near.length > 0
        ? `nearest: ${near.join(', ')}`
        : `it has, for example: ${symbols
            .slice(0, 5)
            .map((symbol) => symbol.name)
            .join(', ')}`;
    throw new Refusal(
      `device function "${name}" is not in the symbol table (${symbols.length} functions; ${hint}). Static or inlined functions have no symbol; name their caller`,
    );
  }
  return symbols.filter((symbol) => names.includes(symbol.name));
}

/** Counts what the scanner cannot read. */
function damageInto(findings: FindingCounter, file: string): DamageListener {
  return {
    junk: (line, number) =>
      findings.add(
        'lackey-other-line',
        'note',
        () =>
          `Lines that are not lackey records were ignored. The first is ${quote(line)}, perhaps the program's own output. Separate the two with --log-file=FILE.`,
        () => ({ file, line: number }),
      ),
    outside: (line, number) =>
      findings.add(
        'lackey-address',
        'warning',
        () => `Accesses at or above 2^47 were dropped; user programs have none there. The first is ${quote(line)}.`,
        () => ({ file, line: number }),
      ),
  };
}

interface LackeyIndex {
  readonly accesses: number;
  readonly touched: TouchedBlocks;
  /** Per gap between named ranges: touched or not. */
  readonly gaps: Uint8Array;
}

/** Returns the named range, or the gap between two, that contains an address; ranges and gaps alternate. */
class GapFinder {
  readonly touched: Uint8Array;
  private from = Infinity;
  private to = -Infinity;

  constructor(private readonly named: readonly NamedRange[]) {
    this.touched = new Uint8Array(named.length + 1);
  }

  mark(address: number): void {
    if (address >= this.from && address < this.to) return;
    let low = 0;
    let high = this.named.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.named[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    const before = this.named[low - 1];
    const beforeOuter = before ? before.address + before.bytes : 0;
    const inNamed = address < beforeOuter;
    if (!inNamed) this.touched[low] = 1;
    this.from = inNamed ? before!.address : beforeOuter;
    this.to = inNamed ? beforeOuter : (this.named[low]?.address ?? Infinity);
  }
}

/** First pass: what is touched, how often, and what is wrong with the file. */
async function indexTrace(
  source: ByteSource,
  context: ImportContext,
  plan: LackeyPlan,
  named: readonly NamedRange[],
  findings: FindingCounter,
): Promise<LackeyIndex> {
  const touched = new TouchedBlocks(source.name);
  for (const range of named) touched.mark(range.address, range.bytes);
  const gaps = new GapFinder(named);
  const scanner = new LackeyScanner(damageInto(findings, source.name));
  const regions = new DeviceRegions(plan.deviceFunctions);
  const follows = plan.deviceFunctions.length > 0;
  const entered = new Set<FunctionSymbol>();
  const blocks = new LineBlocks(source, context, 'reading accesses');
  let accesses = 0;
  while (await blocks.next()) {
    scanner.load(blocks.block);
    for (let kind = scanner.next(); kind !== NO_RECORD; kind = scanner.next()) {
      const { address } = scanner;
      if (follows) {
        if (kind !== INSTRUCTION) regions.data(kind, address, scanner.bytes);
        else {
          regions.instruction(address, scanner.bytes);
          if (regions.inside) entered.add(regions.inside);
        }
      }
      if (kind === INSTRUCTION && (!plan.instructions || address === Infinity)) continue;
      accesses++;
      gaps.mark(address);
      touched.mark(address, scanner.bytes);
    }
  }
  if (accesses === 0)
    throw new Refusal(
      `${source.name}: no memory access in ${scanner.line} lines; expected records such as " L 040392c0,8". Record with valgrind --tool=lackey --trace-mem=yes --basic-counts=no --log-file=FILE PROGRAM`,
    );
  reportRegions(source.name, plan, regions, entered, findings);
  return { accesses, touched, gaps: gaps.touched };
}

function reportRegions(
  file: string,
  plan: LackeyPlan,
  regions: DeviceRegions,
  entered: ReadonlySet<FunctionSymbol>,
  findings: FindingCounter,
): void {
  const names = new Set(plan.deviceFunctions.map((symbol) => symbol.name));
  for (const symbol of entered) names.delete(symbol.name);
  for (const name of names)
    findings.add(
      'lackey-function-not-entered',
      'warning',
      () =>
        `"${name}" was never called in this trace, so no accesses count as the device's for it. Either the host did not call it, or the symbol table lacks the load address (Valgrind loads a position-independent program at 0x108000: add this address, or link with -no-pie).`,
      () => ({ file }),
    );
  if (regions.inside)
    findings.add(
      'lackey-ends-in-function',
      'warning',
      () =>
        `The trace ends inside device function "${regions.inside?.name ?? ''}": either the trace is truncated, or the program ended there.`,
      () => ({ file }),
    );
  for (let entry = 0; entry < regions.entriesWithoutSlot; entry++)
    findings.add(
      'lackey-no-call',
      'warning',
      () =>
        'A device function started without a call in the trace (a filtered or truncated log). Only instructions of the function itself count as device code there, not those of functions that it calls.',
      () => ({ file }),
    );
}

async function prepare(source: ByteSource, context: ImportContext): Promise<AccessSource> {
  const chosen = readOptions(options, context, 'lackey trace');
  const findings = new FindingCounter();
  const { symbols: symbolFile, allocations: allocationFile } = context.files;
  const symbols = symbolFile ? await readSymbols(symbolFile, context, findings) : null;
  const plan: LackeyPlan = {
    deviceFunctions: findFunctions(splitNames(chosen.deviceFunctions), symbols),
    symbols: symbols ?? [],
    instructions: chosen.instructions,
  };
  const named = allocationFile ? await readAllocations(allocationFile, context, findings) : [];
  if (allocationFile) noteSharedGranules(named, allocationFile.name, findings);
  const index = await indexTrace(source, context, plan, named, findings);
  const unnamedIn = (gap: number): boolean => index.gaps[gap] === 1;
  const space: SpaceSpec = buildSpace(
    { file: source.name, touched: index.touched, named, unnamedIn, label: stackOrUnnamed },
    findings,
  );
  return {
    kind: 'trace',
    name: source.name,
    space,
    devices: 1,
    accesses: index.accesses,
    findings: () => findings.list(),
    open: () => new LackeyReplay(source, space, plan),
  };
}

function sniff(head: Uint8Array): number {
  if (head.includes(0)) return 0;
  const { records, share } = recordShare(head);
  if (records === 0) return 0;
  return share > 0.5 ? (records > 2 ? 0.95 : 0.7) : share > 0.1 ? 0.4 : 0;
}

/** The importer of Valgrind lackey traces. */
export const lackey: Importer = {
  id: 'lackey',
  title: 'Valgrind lackey memory trace',
  summary: 'Every load and store of a program, recorded with valgrind --tool=lackey --trace-mem=yes.',
  extensions: ['lackey', 'txt', 'log', 'gz', 'zst'],
  auxiliary: [
    {
      option: 'symbols',
      title: 'Symbol table',
      help: 'Addresses of functions: tab-separated start, end, object, name, or the output of nm -S. Needed for device functions.',
    },
    {
      option: 'allocations',
      title: 'Allocation list',
      help: 'Lines "ALLOC name address bytes" that the program printed; addresses become named objects.',
    },
  ],
  options,
  sniff,
  prepare,
};
