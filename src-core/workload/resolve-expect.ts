/** The `expect` block: every key must be a field of a run's summary, so that a misspelt one cannot hold by accident. */
import { SUMMARY_METRICS } from '../model/catalog/metrics';
import type { ObjectSummary, RunSummary } from '../model/summary';
import { suggest } from './nearest';
import type { Problem } from './problems';
import { suggestObject } from './resolve-access';
import type { WorkloadData } from './schema';
import type { Expectation, WorkloadObject } from './workload';

const SHARED: readonly (keyof ObjectSummary & keyof RunSummary['totals'])[] = [
  'accesses',
  'usefulBytes',
  ...SUMMARY_METRICS.map(({ id }) => id),
];
const TOTAL_FIELDS: readonly (keyof RunSummary['totals'])[] = [...SHARED, 'simTimePs', 'batches', 'events'];
const OBJECT_FIELDS: readonly (keyof ObjectSummary)[] = [...SHARED, 'address', 'bytes'];
const isOneOf = (fields: readonly string[], name: string | undefined): boolean => fields.includes(name ?? '');

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
      else if (field === undefined || rest.length > 0 || !isOneOf(OBJECT_FIELDS, field))
        wrong('unknown-key', `"${field ?? ''}" is not a number of an object; ${suggest(field ?? '', OBJECT_FIELDS)}`);
    } else if (!isOneOf(TOTAL_FIELDS, what))
      wrong('unknown-key', `"${what}" is not a total of a run; ${suggest(what, TOTAL_FIELDS)}, or objects.NAME.FIELD`);
    if (typeof expected !== 'number' && expected.min === undefined && expected.max === undefined)
      wrong('wrong-value', 'expects nothing; give a number, or "min" or "max"', false);
    result.push({ what, expected });
  }
  return result;
}
