/**
 * Parameters declared once: type, form, CLI flag, validation, JSON Schema and reference page all follow from the zod
 * object. Every field has a title, a help sentence, a default and, for numbers, a unit and a range.
 */
import { z } from 'zod';

interface NumberField {
  readonly title: string;
  readonly help: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  /** Slider step in the form; 1 unless given. */
  readonly step?: number;
}

/** A whole number with unit and range. */
export const integer = (field: NumberField): z.ZodDefault<z.ZodNumber> =>
  z
    .number()
    .int()
    .min(field.min)
    .max(field.max)
    .default(field.initial)
    .meta({ title: field.title, description: field.help, unit: field.unit, step: field.step ?? 1 });

export const toggle = (field: {
  readonly title: string;
  readonly help: string;
  readonly initial: boolean;
}): z.ZodDefault<z.ZodBoolean> =>
  z.boolean().default(field.initial).meta({ title: field.title, description: field.help });

/** One of a few words. */
export const choice = <const V extends readonly [string, ...string[]]>(field: {
  readonly title: string;
  readonly help: string;
  readonly values: V;
  readonly initial: V[number];
}): z.ZodDefault<z.ZodEnum<{ [K in V[number]]: K }>> =>
  z
    .enum(field.values)
    .default(field.initial as never)
    .meta({ title: field.title, description: field.help });

export type ParamValues = Readonly<Record<string, number | string | boolean>>;
