/** Conditions on the result of a run: `--fail-if 'gpuFaults>1000'`, `--fail-if 'objects.u.bytesToHost > 3GiB'`. */
import { err, ok, type Result } from '../../src-core/base/result';
import { parseBytes, parseTime } from '../../src-core/base/units';
import { Refusal } from '../../src-core/model/refusal';
import type { RunSummary } from '../../src-core/model/summary';
import { didYouMean } from './nearest';

const COMPARE = {
  '>=': (a: number, b: number) => a >= b,
  '<=': (a: number, b: number) => a <= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
  '>': (a: number, b: number) => a > b,
  '<': (a: number, b: number) => a < b,
} as const;
type Operator = keyof typeof COMPARE;

export interface FailCondition {
  readonly text: string;
  /** Null: a total. */
  readonly object: string | null;
  readonly field: string;
  readonly operator: Operator;
  readonly limit: number;
}

/** A condition with what it found; `failed`: the condition is true. */
export interface FailResult {
  readonly condition: string;
  readonly actual: number;
  readonly failed: boolean;
}

/** A plain number, bytes with a unit, or a time with a unit (in picoseconds). */
function parseLimit(text: string): Result<number, string> {
  if (/^-?[0-9]+(\.[0-9]+)?(e[0-9]+)?$/.test(text)) return ok(Number(text));
  const size = parseBytes(text);
  if (size.ok) return size;
  const time = parseTime(text);
  return time.ok ? time : err(`"${text}" is not a number, a size such as 64MiB or a time such as 3ms`);
}

export function parseFailIf(text: string): FailCondition {
  const match = /^\s*(.+?)\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*$/.exec(text);
  if (!match)
    throw new Refusal(
      `--fail-if "${text}" is not a condition; write FIELD OPERATOR NUMBER, such as 'gpuFaults>1000' (operators: ${Object.keys(COMPARE).join(' ')})`,
    );
  const [, name = '', operator = '>', limitText = ''] = match;
  const limit = parseLimit(limitText);
  if (!limit.ok) throw new Refusal(`--fail-if "${text}": ${limit.error}`);
  const dot = name.lastIndexOf('.');
  const isObject = name.startsWith('objects.') && dot > 'objects.'.length;
  return {
    text,
    object: isObject ? name.slice('objects.'.length, dot) : null,
    field: isObject ? name.slice(dot + 1) : name,
    operator: operator as Operator,
    limit: limit.value,
  };
}

const countsOf = (row: object): Readonly<Record<string, number | null>> =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => typeof value === 'number' || value === null));

/** Throws Refusal for a name that the summary does not have, or a quantity that was not recorded. */
export function checkFailIf(condition: FailCondition, summary: RunSummary): FailResult {
  const { object, field } = condition;
  const problem = (what: string): Refusal => new Refusal(`--fail-if "${condition.text}": ${what}`);
  const row = object === null ? summary.totals : summary.objects.find(({ name }) => name === object);
  if (!row) {
    const names = summary.objects.map(({ name }) => name);
    throw problem(
      `there is no object "${object ?? ''}"${didYouMean(object ?? '', names)}; the objects are ${names.join(', ')}`,
    );
  }
  const counts = countsOf(row);
  const actual = counts[field];
  if (actual === undefined)
    throw problem(
      `there is no field "${field}"${didYouMean(field, Object.keys(counts))}; the fields are ${Object.keys(counts).join(', ')}, and objects.NAME.FIELD`,
    );
  if (actual === null)
    throw problem(`${field} was not recorded in this run; remove --no-useful-bytes, or choose a machine with timing`);
  return { condition: condition.text, actual, failed: COMPARE[condition.operator](actual, condition.limit) };
}
