/** The `expect` block: every key must be a field of a run's summary, so that a misspelt one cannot hold by accident. */
import type { ObjectSummary, RunSummary } from '../model/summary';
import { suggest } from './nearest';
import type { Problem } from './problems';
import { suggestObject } from './resolve-access';
import type { WorkloadData } from './schema';
import type { Expectation, WorkloadObject } from './workload';

type NumberKeys<T> = { [K in keyof T]: T[K] extends number | null ? K : never }[keyof T];
/** Names every number of a type once; a field that is added there must be added here. */
const keysOf = <T>(keys: Readonly<Record<NumberKeys<T> & string, true>>): readonly string[] => Object.keys(keys);

const SHARED = {
  accesses: true,
  cpuFaults: true,
  gpuFaults: true,
  bytesToDevice: true,
  bytesToHost: true,
  migrations: true,
  evictions: true,
  deadBytesToDevice: true,
  deadBytesToHost: true,
  unresolvedBytesToDevice: true,
  unresolvedBytesToHost: true,
  usefulBytes: true,
  remoteBytes: true,
  stallPs: true,
  pingPongs: true,
  prefetchedBytes: true,
} as const;
const TOTAL_FIELDS = keysOf<RunSummary['totals']>({ ...SHARED, simTimePs: true, batches: true, events: true });
const OBJECT_FIELDS = keysOf<Omit<ObjectSummary, 'simTimePs'>>({ ...SHARED, address: true, bytes: true });

/** Expectations in file order. */
export function resolveExpectations(
  data: WorkloadData['expect'],
  objects: ReadonlyMap<string, WorkloadObject | null>,
  problems: Problem[],
): Expectation[] {
  const result: Expectation[] = [];
  for (const [what, expected] of Object.entries(data)) {
    const wrong = (kind: string, message: string, atKey = true): void => {
      problems.push({ kind, message, path: ['expect', what], atKey });
    };
    const [head, object, field, ...rest] = what.split('.');
    if (head === 'objects' && object !== undefined) {
      if (!objects.has(object))
        wrong('unknown-object', `there is no object "${object}"; ${suggestObject(objects, object, problems)}`);
      else if (field === undefined || rest.length > 0 || !OBJECT_FIELDS.includes(field))
        wrong('unknown-key', `"${field ?? ''}" is no number of an object; ${suggest(field ?? '', OBJECT_FIELDS)}`);
    } else if (!TOTAL_FIELDS.includes(what))
      wrong('unknown-key', `"${what}" is no total of a run; ${suggest(what, TOTAL_FIELDS)}, or objects.NAME.FIELD`);
    if (typeof expected !== 'number' && expected.min === undefined && expected.max === undefined)
      wrong('wrong-value', 'expects nothing; give a number, or "min" or "max"', false);
    result.push({ what, expected });
  }
  return result;
}
