/**
 * A memory system as people choose it: id, title, parameters. What it does is in policies/systems, one file each; a new one is
 * a file there and a line in its index.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../base/result';
import type { MemorySystemId } from '../model/memory-system';
import type { ParamValues } from './params';

export interface SystemSpec<T extends z.ZodObject> {
  /** Stable, stored in recordings. */
  readonly id: MemorySystemId;
  /** A to G of thread-2015.md section 5; empty for what is not in it. */
  readonly letter: string;
  readonly title: string;
  /** One sentence for the picker and the docs. */
  readonly summary: string;
  /** What real mechanism it stands for, with its source. */
  readonly source: string;
  readonly params: T;
}

export interface SystemEntry extends Omit<SystemSpec<z.ZodObject>, 'params'> {
  readonly schema: z.ZodObject;
  /** Fills in defaults and checks ranges; the error names the parameter and what was expected. */
  parse(params: ParamValues): Result<ParamValues, string>;
}

/** Hides the parameter type behind validation, as definePolicy does. */
export function defineSystem<T extends z.ZodObject>(spec: SystemSpec<T>): SystemEntry {
  const strict = spec.params.strict();
  // Flags and YAML read `profile=612` as a number; among words it is one of the words.
  const words = new Set(
    Object.entries(spec.params.shape).flatMap(([name, field]) =>
      field instanceof z.ZodDefault && field.unwrap() instanceof z.ZodEnum ? [name] : [],
    ),
  );
  const asWord = ([name, value]: [string, ParamValues[string]]): [string, ParamValues[string]] =>
    words.has(name) && typeof value === 'number' ? [name, String(value)] : [name, value];
  const { params: _, ...rest } = spec;
  return {
    ...rest,
    schema: strict,
    parse: (params) => {
      const parsed = strict.safeParse(Object.fromEntries(Object.entries(params).map(asWord)));
      if (parsed.success) return ok(parsed.data as ParamValues);
      const known = Object.keys(spec.params.shape);
      const issues = parsed.error.issues.map((issue) =>
        issue.code === 'unrecognized_keys'
          ? `unknown parameter ${issue.keys.map((key) => `"${key}"`).join(', ')} (known: ${known.join(', ') || 'none'})`
          : `parameter "${issue.path.join('.')}": ${issue.message}`,
      );
      return err(`memory system "${spec.id}": ${issues.join('; ')}`);
    },
  };
}
