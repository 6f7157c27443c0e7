/** Compares what a step did with what hmm-selftests.json says it does. Everything that is said is checked. */
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import type { Outcome } from './commands';
import { countOf, INT_BYTES, mirrorPattern, notUnderstood, type Pattern, type Range, type Vars } from './phrases';

export interface Context {
  readonly vars: Vars;
  readonly variant: string;
  /** Names of the bits of a snapshot byte, from the file's own table. */
  readonly bits: Readonly<Record<string, number>>;
  readonly mirror: Uint8Array;
}

export function fail(what: string, expected: unknown, found: unknown): never {
  throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

/** Ints of a piece of the buffer against the pattern of their indices. */
export function checkInts(what: string, data: Uint8Array, range: Range, pattern: Pattern): void {
  const ints = new Int32Array(data.buffer, data.byteOffset, (range.to - range.from) / INT_BYTES);
  const first = range.from / INT_BYTES;
  for (let n = 0; n < ints.length; n++)
    if (ints[n] !== pattern(first + n)) fail(`${what}, int ${first + n}`, pattern(first + n), ints[n]);
}

export function checkMirror(context: Context, phrase: unknown, bytes: number): void {
  checkInts('mirror', context.mirror.subarray(0, bytes), { from: 0, to: bytes }, mirrorPattern(phrase, context.vars));
}

/** A command's ret, cpages, faults, mirror and entries, over so many pages. */
export function checkOutcome(context: Context, expected: unknown, outcome: Outcome, pages: number): void {
  if (typeof expected !== 'object' || expected === null) notUnderstood('an expectation', expected);
  for (const [key, value] of Object.entries(expected)) checkPart(context, key, value, outcome, pages);
}

function checkPart(context: Context, key: string, value: unknown, outcome: Outcome, pages: number): void {
  switch (key) {
    case 'ret': {
      const ret = outcome.ret === null ? 0 : `-${outcome.ret}`;
      if (ret !== value) fail('ret', value, ret);
      return;
    }
    case 'cpages':
      if (outcome.cpages !== countOf(value, pages)) fail('cpages', countOf(value, pages), outcome.cpages);
      return;
    case 'faults':
      if (outcome.faults !== value) fail('faults', value, outcome.faults);
      return;
    case 'mirror':
      checkMirror(context, value, pages * PAGE_BYTES);
      return;
    case 'entries':
      checkEntries(context, value, pages);
      return;
    case 'note':
      return;
    default:
      notUnderstood('an expectation', key);
  }
}

/** `either` of a race: one of the listed outcomes as a whole. */
export function checkEither(context: Context, options: unknown, outcome: Outcome, pages: number): void {
  if (!Array.isArray(options)) notUnderstood('a choice of outcomes', options);
  const reasons: string[] = [];
  for (const option of options as readonly unknown[]) {
    if (option === 'any error') {
      if (outcome.ret !== null) return;
      reasons.push('it is no error');
      continue;
    }
    try {
      checkOutcome(context, option, outcome, pages);
      return;
    } catch (error) {
      reasons.push(String(error));
    }
  }
  throw new Error(`none of the outcomes: ${reasons.join('; ')}`);
}

function checkEntries(context: Context, spec: unknown, pages: number): void {
  for (let page = 0; page < pages; page++) {
    const phrase = entryPhrase(context, spec, page);
    const wanted = byteOf(context, phrase);
    const found = context.mirror[page];
    if (found !== wanted) fail(`snapshot of page ${page}`, `0x${wanted.toString(16)}`, `0x${found?.toString(16)}`);
  }
}

function entryPhrase(context: Context, spec: unknown, page: number): string {
  if (typeof spec === 'string') {
    const every = /^every page (.+)$/.exec(spec);
    return every ? every[1]! : notUnderstood('the entries of a snapshot', spec);
  }
  const list: unknown = Array.isArray(spec) ? spec : byVariant(context, spec);
  const entry = byVariant(context, (list as Readonly<Record<string, unknown>>)[String(page)]);
  return typeof entry === 'string' ? entry : notUnderstood(`the entry of page ${page}`, entry);
}

/** What depends on the kind of device. */
function byVariant(context: Context, spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return spec;
  return Object.hasOwn(spec, context.variant) ? (spec as Record<string, unknown>)[context.variant] : spec;
}

/** `0x22 DEV_PRIVATE_LOCAL|WRITE`: the number and its names have to agree. Words in parentheses explain. */
function byteOf({ bits }: Context, phrase: string): number {
  const match = /^(0x[0-9A-F]{2})(?: ([A-Z_]+(?:\|[A-Z_]+)*))?(?: \(.*\))?$/.exec(phrase);
  if (!match) return notUnderstood('a snapshot byte', phrase);
  const byte = Number(match[1]);
  if (match[2] === undefined) return byte;
  const named = match[2].split('|').reduce((sum, name) => sum | (bits[name] ?? notUnderstood('a bit', name)), 0);
  return named === byte ? byte : notUnderstood('a snapshot byte', phrase);
}
