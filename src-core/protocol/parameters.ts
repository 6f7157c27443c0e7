/** Schemas of what several methods take, and the types that follow from them. */
import { z } from 'zod';
import { POLICY_KINDS } from '../model/scenario';

const LONGEST_TEXT = 4096;
export const text = z.string().max(LONGEST_TEXT);
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const values = z.record(text, z.union([z.number(), text, z.boolean()]));

/** What to open; the type is OpenTarget of model/target.ts. */
export const target = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('path'), path: text.min(1) }),
  z.strictObject({ kind: z.literal('example'), id: text }),
  z.strictObject({ kind: z.literal('upload'), upload: text }),
]);

/** A memory system by id, with the parameters that differ from their defaults. */
export const systemWish = z.strictObject({ id: text, params: values.exactOptional() });

const kind = z.enum(POLICY_KINDS);
const change = z.union([
  z.strictObject({ kind, id: text, params: values }),
  z.strictObject({ kind: z.literal('system'), id: text, params: values }),
]);
const moment = z.discriminatedUnion('at', [
  z.strictObject({ at: z.literal('batch'), batch: count }),
  z.strictObject({ at: z.literal('access'), access: count }),
  z.strictObject({ at: z.literal('time'), timePs: count }),
  z.strictObject({ at: z.literal('phase'), phase: text, iteration: count }),
]);

/** Overrides of what the workload file says; absent = as the file (or the default) says. */
export const runOptions = z.strictObject({
  machine: text.exactOptional(),
  machineFile: target.exactOptional(),
  deviceMemoryBytes: count.exactOptional(),
  granularity: count.exactOptional(),
  seed: count.exactOptional(),
  policies: z
    .array(z.strictObject({ kind, id: text, params: values.exactOptional() }))
    .max(64)
    .exactOptional(),
  changes: z
    .array(z.strictObject({ moment, policy: change }))
    .max(10_000)
    .exactOptional(),
  /** Absent = as the file says, or the ideal system. */
  system: systemWish.exactOptional(),
  usefulBytes: z.boolean().exactOptional(),
  /** Importer options (`deviceFunctions` …) and auxiliary files (`symbols`, `allocations`). */
  importOptions: values.exactOptional(),
  importFiles: z.record(text, target).exactOptional(),
  /** Write the recording here as well when the run ends (a path on the backend's machine). */
  record: text.exactOptional(),
  /** false: keep no recording at all (its hash is still made). Default true. */
  spool: z.boolean().exactOptional(),
});

/** Receivers do not change the parameters. */
export type Frozen<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly Frozen<E>[]
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T;

export type RunOptions = Frozen<z.infer<typeof runOptions>>;
export type SystemWish = Frozen<z.infer<typeof systemWish>>;
