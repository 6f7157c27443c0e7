/** The pieces that the schema of the workload language is built of; each makes its own messages, for the file's author. */
import { z } from 'zod';
import { formatCount } from '../base/units';
import { MAX_NAME_LENGTH } from './limits';
import { suggest } from './nearest';

const show = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return formatCount(value);
  if (typeof value === 'object' && value !== null) return `a map with ${Object.keys(value).slice(0, 4).join(', ')}`;
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return String(value);
};

/** The message of a value that is missing or not what was expected. */
export const expected = (what: string) => ({
  error: (issue: { readonly input?: unknown }) =>
    issue.input === undefined ? `is missing; expected ${what}` : `is ${show(issue.input)}; expected ${what}`,
});

/** A map with known keys; an unknown key is answered with the nearest known one. */
export const section = <S extends z.core.$ZodLooseShape>(what: string, shape: S) =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return expected(what).error(issue);
      const known = Object.keys(shape);
      return (issue as unknown as { readonly keys: readonly string[] }).keys
        .map((key) => `unknown key ${JSON.stringify(key.slice(0, 60))}; ${suggest(key, known)}`)
        .join('\n'); // one line per key: read.ts gives each its own place
    },
  });

export const whole = (min: number, max: number) => {
  const message = expected(`a whole number from ${min} to ${formatCount(max)}`);
  return z.number(message).int(message).min(min, message).max(max, message);
};
export const oneOf = <const V extends readonly [string, ...string[]]>(values: V) =>
  z.enum(values, {
    error: (issue) =>
      typeof issue.input === 'string'
        ? `is "${issue.input.slice(0, 60)}"; ${suggest(issue.input, values)} (expected one of ${values.join(', ')})`
        : expected(`one of ${values.join(', ')}`).error(issue),
  });
export const word = (what: string) => {
  const message = expected(`${what} of 1 to ${MAX_NAME_LENGTH} characters`);
  return z.string(message).min(1, message).max(MAX_NAME_LENGTH, message);
};
export const listOf = <T extends z.ZodType>(item: T, what: string, max?: number) => {
  const list = z.array(item, expected(what)).min(1, expected(`${what} with at least one`));
  return max === undefined ? list : list.max(max, expected(`${what} with at most ${max}`));
};

export const size = z.string(expected('a size with its unit, such as "32MiB" (B, KiB, MiB, GiB, TiB)'));

export const objectName = word('the name of an object');
export const pair = <T extends z.ZodType>(item: T, what: string) => z.tuple([item, item], expected(what));
const offsetRange = 'a range [from, to) in bytes, such as [0, 8] or [0B, 1MiB]';
const fraction = 'a fraction from 0 to 1';

/** Part of an object; at most one of the three. */
export const rangeShape = {
  bytes: pair(z.union([z.number(), z.string()], expected(offsetRange)), offsetRange)
    .optional()
    .meta({ description: 'Part of the object: bytes [from, to).' }),
  elements: pair(whole(0, 2 ** 47), 'a range [from, to) of element numbers, such as [0, 1000]')
    .optional()
    .meta({ description: 'Part of the object: elements [from, to).' }),
  part: pair(
    z.number(expected(fraction)).min(0, expected(fraction)).max(1, expected(fraction)),
    'a range [from, to) in fractions of the object, such as [0, 0.5]',
  )
    .optional()
    .meta({ description: 'Part of the object in fractions: [0, 0.5] is the first half.' }),
};
