/**
 * Every method of the protocol: the schema of its parameters, from which their type follows, and the type of its result.
 * Hosts check requests with it, the session dispatches by it, clients are typed by it. `session.*` is answered by the
 * engine worker, `app.*` by the shell and `upload.*` by the host of the worker.
 */
import { z } from 'zod';
import type { BoundRow } from '../model/bounds';
import type { ComparisonRow } from '../model/comparison';
import type { Finding } from '../model/finding';
import { KNOB_FILE_FORMATS, type KnobFile, type KnobLeft } from '../model/knob-file';
import type { SystemChoice } from '../model/memory-system';
import type { ReportBlock } from '../model/report';
import { CHANGE_KINDS } from '../model/scenario';
import type { RunSummary } from '../model/summary';
import type { OpenTarget } from '../model/target';
import { MAX_BINS, type ObjectRow, type TimelineAnswer } from '../model/timeline';
import type { Description, KnobRow, RunInfo, RunStatus, UnknownKnob } from './answers';
import { count, type Frozen, runOptions, systemWish, target, text, values } from './parameters';

/** Configuration files are a few kilobytes. */
const LONGEST_KNOB_FILE = 1_048_576;
const REPORT_FORMATS = ['html', 'json', 'csv', 'blocks'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** Carries a type; nothing is ever there to be read. */
interface Answer<T> {
  readonly of: T;
}
const answers = <T>(): Answer<T> => ({}) as Answer<T>;

const nothing = z.null();
const range = { from: z.number(), to: z.number() };
const knobText = z.strictObject({
  name: text,
  text: z.string().max(LONGEST_KNOB_FILE),
  format: z.enum(KNOB_FILE_FORMATS).exactOptional(),
});
/** Desktop: asks where and writes, answers the path. Browser: answers the bytes. */
interface Saved {
  readonly path: string | null;
  readonly bytes: Uint8Array | null;
  readonly cancelled: boolean;
}
const where = { suggestedName: text, path: text.min(1).exactOptional() };

export const METHODS = {
  'session.describe': { params: nothing, result: answers<Description>() },
  'session.open': { params: z.strictObject({ target, options: runOptions }), result: answers<RunInfo>() },
  'session.cancel': { params: nothing, result: answers<null>() },
  /** run: start or go on; pause; step: up to and including the next fault batch; restart: back to the start, ready. */
  'session.control': {
    params: z.strictObject({ action: z.enum(['run', 'pause', 'step', 'restart']) }),
    result: answers<RunStatus>(),
  },
  'session.speed': {
    params: z.strictObject({ batchesPerSecond: z.number().positive().nullable() }),
    result: answers<RunStatus>(),
  },
  /**
   * A policy, or parameters of the memory system (`system`; those not named keep their values). Takes effect at the next
   * fault batch; refused with the reason (belady in a live run, a parameter that cannot change in mid-run).
   */
  'session.policy': {
    params: z.strictObject({ kind: z.enum(CHANGE_KINDS), id: text, params: values }),
    result: answers<RunStatus>(),
  },
  /** The knobs of a memory system (the run's own unless named), on a machine (the run's, or r0). Needs nothing open. */
  'session.knobs': {
    params: z.strictObject({ system: systemWish.exactOptional(), machine: text.exactOptional() }),
    result: answers<{ system: SystemChoice; machine: string; rows: readonly KnobRow[] }>(),
  },
  /** The same as configuration files of a real machine; `all`: include knobs with their default values. */
  'session.exportKnobs': {
    params: z.strictObject({ system: systemWish.exactOptional(), all: z.boolean() }),
    result: answers<{ system: SystemChoice; files: readonly KnobFile[]; left: readonly KnobLeft[] }>(),
  },
  /**
   * What configuration files set. Returns the parameters; whether they are put in force is for the client to ask
   * (session.policy, session.open). Without a system: the run's own, or else the one that knows most of the names.
   */
  'session.importKnobs': {
    params: z.strictObject({ files: z.array(knobText).min(1).max(64), system: text.exactOptional() }),
    result: answers<{
      system: string;
      params: SystemChoice['params'];
      findings: readonly Finding[];
      unknown: readonly UnknownKnob[];
    }>(),
  },
  'session.status': { params: nothing, result: answers<RunStatus>() },
  'session.timeline': {
    params: z.strictObject({ ...range, bins: z.number().int().min(1).max(MAX_BINS) }),
    result: answers<TimelineAnswer>(),
  },
  'session.objects': {
    params: z.strictObject(range),
    result: answers<{ from: number; to: number; rows: readonly ObjectRow[]; totals: ObjectRow }>(),
  },
  'session.summary': { params: nothing, result: answers<RunSummary>() },
  'session.report': {
    params: z.strictObject({ format: z.enum(REPORT_FORMATS), only: z.array(text).max(1000).exactOptional() }),
    result: answers<{ text: string; blocks: readonly ReportBlock[] }>(),
  },
  /**
   * Runs what is open once per memory system, from its start, beside the open run; the rows go into later reports of
   * the same input, whatever its memory system (section `compared-systems`). Cancelled by session.cancel.
   */
  'session.compare': {
    params: z.strictObject({ systems: z.array(systemWish).min(1).max(16) }),
    result: answers<{ rows: readonly ComparisonRow[] }>(),
  },
  /**
   * The run so far against its bounds. `make`: measures what is not known yet, by passes over the same input beside the
   * open run; from then on the timeline has their lines. Without it, null before the first `make`. `report`: later
   * reports of the same input have them too (section `bounds`). Cancelled by session.cancel, by opening and comparing.
   */
  'session.bounds': {
    params: z.strictObject({ make: z.boolean(), report: z.boolean().exactOptional() }),
    result: answers<{ rows: readonly BoundRow[] | null }>(),
  },
  'session.saveRecording': {
    params: z.strictObject({ path: text.min(1) }),
    result: answers<{ path: string; bytes: number }>(),
  },
  'app.info': {
    params: nothing,
    result: answers<{
      shell: 'electron' | 'browser';
      versions: Readonly<Record<string, string>>;
      canPdf: boolean;
      startTarget: OpenTarget | null;
    }>(),
  },
  /** Native dialog (desktop only); null = the user cancelled. */
  'app.openDialog': { params: z.strictObject({ title: text }), result: answers<OpenTarget | null>() },
  'app.recent': { params: nothing, result: answers<readonly { readonly path: string; readonly title: string }[]>() },
  'app.saveReport': {
    params: z.strictObject({ format: z.enum(['html', 'json', 'csv', 'pdf']), ...where }),
    result: answers<Saved>(),
  },
  /** One of the configuration files of session.exportKnobs, of the open run. */
  'app.saveKnobs': {
    params: z.strictObject({ format: z.enum(KNOB_FILE_FORMATS), all: z.boolean(), ...where }),
    result: answers<Saved>(),
  },
  'app.saveRecording': { params: z.strictObject(where), result: answers<Saved>() },
  'upload.begin': {
    params: z.strictObject({ name: text.min(1), bytes: count }),
    result: answers<{ upload: string }>(),
  },
  'upload.chunk': {
    params: z.strictObject({ upload: text, bytes: z.instanceof(Uint8Array) }),
    result: answers<{ received: number }>(),
  },
  'upload.end': { params: z.strictObject({ upload: text }), result: answers<null>() },
} as const satisfies Readonly<Record<string, { readonly params: z.ZodType; readonly result: Answer<unknown> }>>;

type Table = typeof METHODS;
export type Method = keyof Table;
export type Params<M extends Method> = Frozen<z.infer<Table[M]['params']>>;
export type ResultOf<M extends Method> = Table[M]['result']['of'];

export const isMethod = (name: string): name is Method => Object.hasOwn(METHODS, name);
