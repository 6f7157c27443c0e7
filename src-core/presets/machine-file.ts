/**
 * Machine files: the same shape as a preset, written by hand, so that a measured machine needs no change of the program.
 */
import { z } from 'zod';
import type { Result } from '../base/result';
import { bytes, bytesPerSecond, parseBytes, parseTime, picoseconds, PS_PER_S, TIB } from '../base/units';
import type { Finding } from '../model/finding';
import type { MachineSpec } from '../model/machine';
import { Refusal } from '../model/refusal';
import { readJson } from './json-text';
import { parseRate } from './quantity';

/** Bounds that catch a wrong unit; no real machine comes near them. */
const MOST_DEVICE_BYTES = 64 * TIB;
const MOST_RATE = 1e15;
const MOST_COST_PS = 10 * PS_PER_S;
const MOST_BATCH_ENTRIES = 1_048_576;
const MOST_COPY_ENGINES = 64;
const MOST_IN_FLIGHT = 1_048_576;
const MOST_REQUEST_BYTES = 65_536;
const MOST_UNITS = 4096;
const MOST_LANES = 1024;
/** Most places named by one refusal. */
const MOST_DETAILS = 20;

const GRADES = ['specification', 'measured', 'published', 'derived', 'assumed', 'definition'] as const;

/** A number in the base unit, or a text with a unit. */
const quantity = <Q extends number>(
  what: string,
  parse: (text: string) => Result<Q, string>,
  brand: (n: number) => Q,
) =>
  z.unknown().transform((given, context): Q => {
    const parsed = typeof given === 'string' ? parse(given) : null;
    if (parsed?.ok === true) return parsed.value;
    if (typeof given === 'number' && Number.isFinite(given)) return brand(given);
    context.addIssue({ code: 'custom', message: parsed === null ? `expected ${what}` : parsed.error });
    return z.NEVER;
  });

const within = <Q extends number>(kind: z.ZodType<Q>, low: number, high: number, what: string): z.ZodType<Q> =>
  kind.refine((value) => value >= low && value <= high, { message: `is out of range; expected ${what}` });

const sourced = <T>(value: z.ZodType<T>) =>
  z.strictObject({
    value,
    source: z.string().trim().min(1, { message: 'is empty; say where the value comes from' }),
    grade: z.enum(GRADES),
  });

const wholeBytes = within(
  quantity('a size such as "16GiB", or a number of bytes', parseBytes, bytes).refine((n) => Number.isInteger(n), {
    message: 'expected whole bytes',
  }),
  4096,
  MOST_DEVICE_BYTES,
  '4KiB to 64TiB',
);
const requestBytes = within(
  quantity('a size such as "128B", or a number of bytes', parseBytes, bytes),
  1,
  MOST_REQUEST_BYTES,
  '1B to 64KiB',
);
const cost = within(
  quantity('a time such as "45us", or whole picoseconds', parseTime, picoseconds).refine((n) => Number.isInteger(n), {
    message: 'expected whole picoseconds',
  }),
  0,
  MOST_COST_PS,
  '0ps to 10s',
);
const rate = within(
  quantity('a rate such as "24GiB/s", or a number of bytes per second', parseRate, bytesPerSecond),
  1,
  MOST_RATE,
  '1B/s to 1000TB/s',
);

const flag = z.boolean();
const count = (most: number) => z.number().int().min(1).max(most);
const link = z.strictObject({
  asymptote: sourced(rate),
  asymptoteToHost: sourced(rate).exactOptional(),
  kneePerKib: sourced(z.number().gt(0).lte(1e6)),
  duplex: sourced(flag),
  latency: sourced(cost).exactOptional(),
  curveError: sourced(z.number().min(0).max(1)).exactOptional(),
  copyEnginesPerDirection: sourced(count(MOST_COPY_ENGINES)).exactOptional(),
});

const remote = z.strictObject({
  latency: sourced(cost),
  inFlight: sourced(count(MOST_IN_FLIGHT)),
  requestBytes: sourced(requestBytes),
});

const driver = z.strictObject({
  interrupt: sourced(cost),
  fetchPerEntry: sourced(cost),
  preprocessPerEntry: sourced(cost),
  perBlock: sourced(cost),
  perPageUnmap: sourced(cost),
  tlbShootdown: sourced(cost),
  dmaMapPerPage: sourced(cost),
  dmaSetup: sourced(cost),
  populatePerChunk: sourced(cost),
  zeroing: sourced(rate),
  ptePerUpdate: sourced(cost),
  replay: sourced(cost),
  evictionPerBlock: sourced(cost),
});

const gpu = z.strictObject({
  smCount: sourced(count(MOST_UNITS)),
  warpsPerSm: sourced(count(MOST_UNITS)),
  threadsPerWarp: sourced(count(MOST_LANES)),
  smsPerUtlb: sourced(count(MOST_UNITS)),
  faultsPerUtlb: sourced(count(MOST_BATCH_ENTRIES)),
  faultBufferEntries: sourced(count(MOST_BATCH_ENTRIES)),
  tlbReach: sourced(wholeBytes),
  pageWalk: sourced(cost),
  pageWalkHuge: sourced(cost),
  memoryLatency: sourced(cost),
});

const timing = z.strictObject({
  link,
  peerLink: link.exactOptional(),
  cpuFirstTouch: sourced(cost),
  cpuFault: sourced(cost),
  batchFixed: sourced(cost),
  batchPerFault: sourced(cost),
  evictionFixed: sourced(cost),
  driver: driver.exactOptional(),
  hostBandwidth: sourced(rate),
  deviceBandwidth: sourced(rate),
  remoteBandwidth: sourced(rate),
  remote: remote.exactOptional(),
  kernelLaunch: sourced(cost),
});

const machine = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, {
    message: 'expected 1 to 64 lower-case letters, digits, points and hyphens, such as "my-server"',
  }),
  title: z.string().trim().min(1).max(120),
  summary: z.string().trim().min(1).max(400),
  deviceMemory: sourced(wholeBytes),
  faultBatchEntries: sourced(count(MOST_BATCH_ENTRIES)),
  hostMapsDevice: sourced(flag),
  hostPage: sourced(wholeBytes).exactOptional(),
  gpu: gpu.exactOptional(),
  timing: timing.nullable(),
});

/** Parts that a file which extends a preset may give in part. */
const PARTS = ['timing', 'link', 'peerLink', 'driver', 'remote', 'gpu'] as const;
/** Keys of each object that is no constant, by its path: for naming the nearest right one. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': [...Object.keys(machine.shape), 'extends'],
  gpu: Object.keys(gpu.shape),
  timing: Object.keys(timing.shape),
  'timing.link': Object.keys(link.shape),
  'timing.peerLink': Object.keys(link.shape),
  'timing.driver': Object.keys(driver.shape),
  'timing.remote': Object.keys(remote.shape),
};

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Differences over a preset: whole constants replace constants, so that a value never keeps another value's source. */
function overlay(base: Plain, differences: Plain, nested: readonly string[]): Plain {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(differences)) {
    const below = base[key];
    merged[key] = nested.includes(key) && isPlain(value) && isPlain(below) ? overlay(below, value, nested) : value;
  }
  return merged;
}

/** Edit distance, for naming the nearest right key; both words are short. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}

/** Keys that the schema knows at a path; what is not in KEYS is a constant. */
const keysAt = (path: readonly PropertyKey[]): readonly string[] =>
  KEYS[path.map(String).join('.')] ?? ['value', 'source', 'grade'];

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return `missing; expected ${issue.expected}`;
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const known = keysAt(issue.path);
  return issue.keys
    .map((key) => {
      const shown = key.slice(0, 60);
      const near = [...known].sort((a, b) => distance(a, shown) - distance(b, shown))[0] ?? '';
      return `unknown key "${shown}"; did you mean "${near}"? Known here: ${known.join(', ')}`;
    })
    .join('; ');
}

const refuse = (name: string, message: string, place: Finding['place'] = {}): Refusal =>
  new Refusal(`${name} is not a machine file: ${message}`, [
    { kind: 'machine-file', severity: 'error', message, count: 1, place: { file: name, ...place } },
  ]);

function parseJson(text: string, name: string): unknown {
  const json = readJson(text);
  if (json.ok) return json.value;
  throw refuse(name, `it is not JSON (${json.error.message}); machine files are JSON objects`, json.error.place);
}

/** See parseMachineFile in index.ts. */
export function readMachine(text: string, name: string, presets: readonly MachineSpec[]): MachineSpec {
  const document = parseJson(text, name);
  if (!isPlain(document)) throw refuse(name, 'expected a JSON object with id, title, deviceMemory and so on');
  if (!['extends', 'id', 'title', 'deviceMemory'].some((key) => key in document))
    throw refuse(
      name,
      'it has nothing of a machine; expected what `faultline calibrate RESULT --as FILE` writes, or a file by hand as docs/report-formats.md tells',
    );
  const known = presets.map((preset) => preset.id).join(', ');
  const { extends: extended, ...own } = document;
  const base = presets.find((preset) => preset.id === extended);
  if (extended !== undefined && !base)
    throw refuse(name, `extends ${JSON.stringify(extended).slice(0, 80)}; expected one of the presets ${known}`, {
      path: 'extends',
    });
  if (base && !('id' in own)) throw refuse(name, `id is missing; give the machine a name of its own`, { path: 'id' });
  if (presets.some((preset) => preset.id === own['id']))
    throw refuse(name, `id "${String(own['id'])}" is a preset's; choose another one (taken: ${known})`, { path: 'id' });

  const parsed = machine.safeParse(base ? overlay({ ...base }, own, PARTS) : own);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.slice(0, MOST_DETAILS).map((issue): Finding => {
    const path = issue.path.map(String).join('.');
    return {
      kind: 'machine-file',
      severity: 'error',
      message: `${path || 'top level'}: ${explain(issue)}`,
      count: 1,
      place: { file: name, path },
    };
  });
  const more = parsed.error.issues.length - details.length;
  throw new Refusal(
    `${name} is not a machine file: ${details[0]?.message ?? ''}${parsed.error.issues.length > 1 ? ` (and ${parsed.error.issues.length - 1} more)` : ''}`,
    more > 0
      ? [
          ...details,
          { kind: 'machine-file-more', severity: 'note', message: 'further places are not listed', count: more },
        ]
      : details,
  );
}
