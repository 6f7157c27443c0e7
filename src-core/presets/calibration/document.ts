/**
 * What docs/calibrate/calibrate.cu prints: raw samples of one machine. Parts may be missing (time was up, an older
 * device); a missing part is not recorded, never zero. Documents of another version are refused, not guessed at.
 */
import { z } from 'zod';
import type { Finding } from '../../model/finding';
import { Refusal } from '../../model/refusal';
import { readJson } from '../json-text';

/** The version that this program reads, and that calibrate.cu writes. */
export const CALIBRATION_VERSION = 1;
/** The key by which such a document is known. */
export const CALIBRATION_KEY = 'faultlineCalibration';
/** Bounds that catch a wrong unit or a broken clock; no real sample comes near them. */
const MOST_NS = 1e12;
const MOST_BYTES = 2 ** 46;
const MOST_SAMPLES = 4096;
const MOST_ROWS = 512;
/** Most places named by one refusal. */
const MOST_DETAILS = 20;

const nanoseconds = z.number().min(0).max(MOST_NS);
const samples = z.array(nanoseconds).min(1).max(MOST_SAMPLES);
const size = z.number().int().min(1).max(MOST_BYTES);
const count = z.number().int().min(1).max(1_048_576);
const rows = <T>(row: z.ZodType<T>) => z.array(row).min(1).max(MOST_ROWS);
const words = z.string().trim().min(1).max(200);

const neighbours = rows(z.strictObject({ distanceBytes: size, ns: samples }));
/** Single pages touched one after the other, and whether a second page at a distance had come along. */
const faults = z.strictObject({ strideBytes: size, ns: samples, neighbours });

const parts = {
  /** Fresh managed memory written by the host; one sample per `pagesPerSample` pages of `pageBytes`. */
  cpuFirstTouch: z.strictObject({ pageBytes: size, pagesPerSample: count, ns: samples }),
  /** Pinned copies, back to back; `ns` is the time of one copy, or of one in each direction for `both`. */
  copy: rows(
    z.strictObject({
      direction: z.enum(['toDevice', 'toHost', 'both']),
      bytes: size,
      copiesPerSample: count,
      ns: samples,
    }),
  ),
  /** An empty kernel, from its start to its end as the host sees it. */
  kernelLaunch: z.strictObject({ ns: samples }),
  gpuFault: faults,
  /** `pages` single pages at `strideBytes`, touched by one kernel; from the first touch to the last answer. */
  gpuBatch: rows(z.strictObject({ strideBytes: size, pages: count, blocks: count, lanesPerWarp: count, ns: samples })),
  cpuFault: faults,
  /** Host memory read and written by the device through a mapping, and one dependent load of it. */
  remote: z.strictObject({ bytes: size, readNs: samples, writeNs: samples, loadNs: samples }),
  /** Each memory read by its owner: the whole device, one thread of the host. */
  local: z.strictObject({ bytes: size, deviceReadNs: samples, hostReadNs: samples }),
  prefetch: rows(z.strictObject({ bytes: size, toDeviceNs: samples, toHostNs: samples })),
  advice: rows(
    z.strictObject({
      advice: z.enum(['preferred-location-host', 'preferred-location-device', 'read-mostly']),
      before: z.enum(['host', 'device']),
      deviceFirstNs: samples,
      deviceAgainNs: samples,
      hostFirstNs: samples,
      hostAgainNs: samples,
    }),
  ),
};

const document = z.strictObject({
  [CALIBRATION_KEY]: z.literal(CALIBRATION_VERSION),
  date: z.iso.datetime(),
  /** Free words that go into every source, such as that the samples are synthetic. */
  note: words.optional(),
  host: z.strictObject({ system: words, processor: words.nullable(), pageBytes: size }),
  device: z.strictObject({
    name: words,
    runtime: z.enum(['cuda', 'hip']),
    runtimeVersion: z.number().int().min(0),
    driver: words.nullable(),
    capability: words,
    totalBytes: size,
    freeBytes: size,
    multiprocessors: count,
    threadsPerWarp: count,
    threadsPerMultiprocessor: count,
    clockStepNs: nanoseconds,
    pageableMemoryAccess: z.boolean(),
    pageableMemoryAccessUsesHostPageTables: z.boolean(),
    directManagedMemAccessFromHost: z.boolean(),
    hostNativeAtomicSupported: z.boolean(),
  }),
  managedBytes: size,
  samples: z.strictObject(parts).partial(),
  notRecorded: z.array(z.strictObject({ part: words, reason: words })).max(MOST_ROWS),
});

export type Calibration = z.infer<typeof document>;
export type CalibrationPart = keyof typeof parts;

const refuse = (name: string, message: string, place: Finding['place'] = {}): Refusal =>
  new Refusal(`${name} is not a result of calibrate: ${message}`, [
    { kind: 'calibration-file', severity: 'error', message, count: 1, place: { file: name, ...place } },
  ]);

/** Does this text begin like a result of calibrate.cu? For a hint where another kind of file was expected. */
export const saysCalibration = (text: string): boolean => /^\uFEFF?\s*\{\s*"faultlineCalibration"\s*:/.test(text);

function version(given: unknown, name: string): void {
  if (typeof given !== 'object' || given === null || !(CALIBRATION_KEY in given))
    throw refuse(
      name,
      `the key "${CALIBRATION_KEY}" is missing; expected what the program of \`faultline calibrate --write-source\` prints on standard output`,
    );
  const found = given[CALIBRATION_KEY];
  if (found !== CALIBRATION_VERSION)
    throw refuse(
      name,
      `it has version ${JSON.stringify(found).slice(0, 40)}, this Faultline reads version ${CALIBRATION_VERSION}; measure again with the program of this Faultline (\`faultline calibrate --write-source\`), or use the Faultline that the program came from`,
      { path: CALIBRATION_KEY },
    );
}

/** Reads a result of calibrate.cu. Throws Refusal that names each wrong place. `name` is the file's name in messages. */
export function readCalibration(text: string, name: string): Calibration {
  const json = readJson(text);
  if (!json.ok)
    throw refuse(
      name,
      `it is not JSON (${json.error.message}); a result that was cut off cannot be used, so measure again`,
      json.error.place,
    );
  version(json.value, name);
  const parsed = document.safeParse(json.value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues;
  const details = issues.slice(0, MOST_DETAILS).map((issue): Finding => {
    const path = issue.path.map(String).join('.');
    return {
      kind: 'calibration-file',
      severity: 'error',
      message: `${path === '' ? 'top level' : path}: ${issue.message}`,
      count: 1,
      place: { file: name, path },
    };
  });
  const more = issues.length - details.length;
  throw new Refusal(
    `${name} is not a result of calibrate: ${details[0]?.message ?? ''}${issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''}`,
    more > 0
      ? [
          ...details,
          { kind: 'calibration-file-more', severity: 'note', message: 'further places are not listed', count: more },
        ]
      : details,
  );
}
