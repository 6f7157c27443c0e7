/**
 * What a client may ask, checked where messages arrive (a port, a socket): a malformed request is refused with the
 * field and what was expected, and never reaches the engine.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../../src-core/base/result';
import { KNOB_FILE_FORMATS } from '../../src-core/model/knob-file';
import { MEMORY_SYSTEMS } from '../../src-core/model/memory-system';
import { CHANGE_KINDS, POLICY_KINDS } from '../../src-core/model/scenario';
import { MAX_BINS } from '../../src-core/model/timeline';
import type { Method, Params, Request } from '../../src-core/protocol/messages';

const LONGEST_TEXT = 4096;
/** Configuration files are a few kilobytes. */
const LONGEST_KNOB_FILE = 1_048_576;
const text = z.string().max(LONGEST_TEXT);
const target = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('path'), path: text.min(1) }),
  z.strictObject({ kind: z.literal('example'), id: text }),
  z.strictObject({ kind: z.literal('upload'), upload: text }),
]);
const values = z.record(text, z.union([z.number(), z.string().max(LONGEST_TEXT), z.boolean()]));
const kind = z.enum(POLICY_KINDS);
const policy = z.strictObject({ kind, id: text, params: values });
const change = z.union([
  policy,
  z.strictObject({ kind: z.literal('system'), id: z.enum(MEMORY_SYSTEMS), params: values }),
]);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const moment = z.discriminatedUnion('at', [
  z.strictObject({ at: z.literal('batch'), batch: count }),
  z.strictObject({ at: z.literal('access'), access: count }),
  z.strictObject({ at: z.literal('time'), timePs: count }),
  z.strictObject({ at: z.literal('phase'), phase: text, iteration: count }),
]);
const system = z.strictObject({ id: text, params: values.exactOptional() });
const options = z.strictObject({
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
  system: system.exactOptional(),
  usefulBytes: z.boolean().exactOptional(),
  importOptions: values.exactOptional(),
  importFiles: z.record(text, target).exactOptional(),
  record: text.exactOptional(),
  spool: z.boolean().exactOptional(),
});
const range = { from: z.number(), to: z.number() };
const nothing = z.null();

const methods = {
  'session.describe': nothing,
  'session.open': z.strictObject({ target, options }),
  'session.cancel': nothing,
  'session.control': z.strictObject({ action: z.enum(['run', 'pause', 'step', 'restart']) }),
  'session.speed': z.strictObject({ batchesPerSecond: z.number().positive().nullable() }),
  'session.policy': z.strictObject({ kind: z.enum(CHANGE_KINDS), id: text, params: values }),
  'session.knobs': z.strictObject({ system: system.exactOptional(), machine: text.exactOptional() }),
  'session.exportKnobs': z.strictObject({ system: system.exactOptional(), all: z.boolean() }),
  'session.importKnobs': z.strictObject({
    files: z
      .array(
        z.strictObject({
          name: text,
          text: z.string().max(LONGEST_KNOB_FILE),
          format: z.enum(KNOB_FILE_FORMATS).exactOptional(),
        }),
      )
      .min(1)
      .max(64),
    system: text.exactOptional(),
  }),
  'session.compare': z.strictObject({ systems: z.array(system).min(1).max(16) }),
  'session.bounds': z.strictObject({ make: z.boolean(), report: z.boolean().exactOptional() }),
  'session.status': nothing,
  'session.timeline': z.strictObject({ ...range, bins: z.number().int().min(1).max(MAX_BINS) }),
  'session.objects': z.strictObject(range),
  'session.summary': nothing,
  'session.report': z.strictObject({
    format: z.enum(['html', 'json', 'csv', 'blocks']),
    only: z.array(text).max(1000).exactOptional(),
  }),
  'session.saveRecording': z.strictObject({ path: text.min(1) }),
  'app.info': nothing,
  'app.openDialog': z.strictObject({ title: text }),
  'app.recent': nothing,
  'app.saveReport': z.strictObject({
    format: z.enum(['html', 'json', 'csv', 'pdf']),
    suggestedName: text,
    path: text.min(1).exactOptional(),
  }),
  'app.saveKnobs': z.strictObject({
    format: z.enum(KNOB_FILE_FORMATS),
    all: z.boolean(),
    suggestedName: text,
    path: text.min(1).exactOptional(),
  }),
  'app.saveRecording': z.strictObject({ suggestedName: text, path: text.min(1).exactOptional() }),
  'upload.begin': z.strictObject({ name: text.min(1), bytes: count }),
  'upload.chunk': z.strictObject({ upload: text, bytes: z.instanceof(Uint8Array) }),
  'upload.end': z.strictObject({ upload: text }),
} satisfies { readonly [M in Method]: z.ZodType<Params<M>> };

const isMethod = (name: string): name is Method => Object.hasOwn(methods, name);

/** A request as it is known to be after reading its envelope; `problem`: why it cannot be served. */
export type CheckedRequest = Result<
  Request,
  { readonly id: number; readonly code: 'refused' | 'unknown-method'; readonly message: string }
>;

const envelope = z.object({
  type: z.literal('request'),
  id: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  method: z.string(),
  params: z.unknown(),
});

/** Null: not a request at all, so nothing can be answered. */
export function checkRequest(message: unknown): CheckedRequest | null {
  const outer = envelope.safeParse(message);
  if (!outer.success) return null;
  const { id, method } = outer.data;
  if (!isMethod(method))
    return err({ id, code: 'unknown-method', message: `there is no method "${method.slice(0, 80)}"` });
  const params = methods[method].safeParse(outer.data.params ?? null);
  if (params.success) return ok({ type: 'request', id, method, params: params.data });
  const issue = params.error.issues[0];
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.map(String).join('.')}` : '';
  return err({
    id,
    code: 'refused',
    message: `the parameters of ${method} are malformed${where}: ${issue?.message ?? 'unknown reason'}`,
  });
}
