/**
 * Parameters declared once: type, form, CLI flag, validation, JSON Schema and reference page all follow from the zod
 * object. Every field has a title, a help sentence, a default and, for numbers, a unit and a range.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../base/result';
import type { Knob } from '../model/knob';
import type { ParamDescription } from '../model/param';

interface NumberField {
  readonly title: string;
  readonly help: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  /** Slider step in the form; 1 unless given. */
  readonly step?: number;
  /** What the real driver or kernel calls it; absent where it has no such parameter. */
  readonly knob?: Knob;
  /** Of a memory system: may take another value during the run, at a fault batch. */
  readonly live?: true;
}

/** Metadata of a field: everything that is not already in its type. */
const about = (field: {
  readonly title: string;
  readonly help: string;
  readonly knob?: Knob;
  readonly live?: true;
}): { title: string; description: string; knob?: Knob; live?: true } => ({
  title: field.title,
  description: field.help,
  ...(field.knob ? { knob: field.knob } : {}),
  ...(field.live ? { live: true } : {}),
});

/** May a parameter of a memory system take another value during the run? */
export const isLive = (field: unknown): boolean => field instanceof z.ZodType && field.meta()?.['live'] === true;

/** A whole number with unit and range. */
export const integer = (field: NumberField): z.ZodDefault<z.ZodNumber> =>
  z
    .number()
    .int()
    .min(field.min)
    .max(field.max)
    .default(field.initial)
    .meta({ ...about(field), unit: field.unit, step: field.step ?? 1 });

export const toggle = (field: {
  readonly title: string;
  readonly help: string;
  readonly initial: boolean;
  readonly knob?: Knob;
  readonly live?: true;
}): z.ZodDefault<z.ZodBoolean> => z.boolean().default(field.initial).meta(about(field));

/** One of a few words. */
export const choice = <const V extends readonly [string, ...string[]]>(field: {
  readonly title: string;
  readonly help: string;
  readonly values: V;
  readonly initial: V[number];
  readonly knob?: Knob;
  readonly live?: true;
}): z.ZodDefault<z.ZodEnum<{ [K in V[number]]: K }>> =>
  z
    .enum(field.values)
    .default(field.initial as never)
    .meta(about(field));

/** The values of fields that are declared together. */
export type ParamsOf<Fields extends z.ZodRawShape> = Readonly<z.infer<z.ZodObject<Fields>>>;

export type ParamValues = Readonly<Record<string, number | string | boolean>>;

/** Fills in defaults and checks ranges; the error names the parameter and what was expected. */
export type ParseParams = (params: ParamValues) => Result<ParamValues, string>;

/** @param owner whose parameters these are, for errors: `eviction policy "lru"` */
export function paramParser(params: z.ZodObject, owner: string): ParseParams {
  const strict = params.strict();
  const known = Object.keys(params.shape);
  // Flags and YAML read `profile=612` as a number; among words it is one of the words.
  const words = new Set(known.filter((name) => isChoice(params.shape[name])));
  const asWord = ([name, value]: [string, ParamValues[string]]): [string, ParamValues[string]] =>
    words.has(name) && typeof value === 'number' ? [name, String(value)] : [name, value];
  return (values) => {
    const parsed = strict.safeParse(Object.fromEntries(Object.entries(values).map(asWord)));
    if (parsed.success) return ok(parsed.data as ParamValues);
    const issues = parsed.error.issues.map((issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown parameter ${issue.keys.map((key) => `"${key}"`).join(', ')} (known: ${known.join(', ') || 'none'})`
        : `parameter "${issue.path.join('.')}": ${issue.message}`,
    );
    return err(`${owner}: ${issues.join('; ')}`);
  };
}

const isChoice = (field: unknown): boolean => field instanceof z.ZodDefault && field.unwrap() instanceof z.ZodEnum;

interface JsonField {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly step?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly default?: number | string | boolean;
  readonly knob?: Knob;
  readonly live?: true;
}

function describeParam(name: string, field: JsonField): ParamDescription {
  return {
    name,
    title: field.title ?? name,
    help: field.description ?? '',
    type: field.enum ? 'choice' : field.type === 'boolean' ? 'boolean' : 'integer',
    ...(field.unit === undefined ? {} : { unit: field.unit }),
    ...(field.minimum === undefined ? {} : { min: field.minimum }),
    ...(field.maximum === undefined ? {} : { max: field.maximum }),
    ...(field.step === undefined ? {} : { step: field.step }),
    ...(field.enum === undefined ? {} : { values: field.enum }),
    initial: field.default ?? 0,
    ...(field.knob === undefined ? {} : { knob: field.knob }),
    ...(field.live === undefined ? {} : { live: field.live }),
  };
}

/** The parameters of a schema in the order of their declaration. */
export function describeParams(schema: z.ZodObject): readonly ParamDescription[] {
  const { properties } = z.toJSONSchema(schema, { io: 'input' }) as { properties?: Record<string, JsonField> };
  return Object.entries(properties ?? {}).map(([name, field]) => describeParam(name, field));
}
