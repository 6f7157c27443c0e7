/**
 * Holds decisions against recorded decisions of the real driver: files of vectors in three shapes, made by running the
 * driver's own functions in user space. `npm run oracle` and the tests of test/oracle/nvidia-uvm both come here.
 */
import { z } from 'zod';
import type { Finding } from '../../model/finding';
import { Refusal } from '../../model/refusal';
import type { CaseOutcome } from './outcome';
import { checkPrefetch, prefetchCase, prefetchHeader } from './prefetch-vectors';
import { checkResidency, residencyCase } from './residency-vectors';
import { checkThrashing, thrashingCase } from './thrashing-vectors';

export type { CaseOutcome, Difference } from './outcome';

const SHAPES = ['prefetch', 'thrashing', 'residency'] as const;
export type VectorShape = (typeof SHAPES)[number];

export interface OracleOutcome {
  readonly shape: VectorShape;
  /** What the file says about its origin. */
  readonly source: string;
  readonly cases: readonly CaseOutcome[];
}

/** A field that only cases of this shape have. */
const MARKS: Readonly<Record<VectorShape, string>> = {
  prefetch: 'faulted',
  thrashing: 'steps',
  residency: 'accessTypes',
};
/** Problems of one file that are listed; the rest is counted. */
const MAX_PROBLEMS = 5;

const anyFile = z.looseObject({
  header: z.looseObject({ source: z.string() }),
  cases: z.array(z.looseObject({})).min(1),
});

const EXPECTED = `expected JSON with "header" (with "source") and "cases", each case with ${SHAPES.map(
  (shape) => `"${MARKS[shape]}" (${shape})`,
).join(' or ')}, as in the files in test/oracle/vectors`;

function notVectors(file: string, problem: string, details: readonly Finding[] = []): Refusal {
  return new Refusal(`${file} is not a file of vectors: ${problem}; ${EXPECTED}`, details);
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}${text === '' ? '' : '.'}${String(key)}`),
    '',
  );
}

function findings(file: string, error: z.ZodError): Finding[] {
  return error.issues.slice(0, MAX_PROBLEMS).map((issue) => ({
    kind: 'oracle-bad-vector',
    severity: 'error',
    message: issue.message,
    count: 1,
    place: { file, path: pathText(issue.path) },
  }));
}

function parsed<T>(file: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw notVectors(file, `${result.error.issues.length} values are not as expected`, findings(file, result.error));
}

function json(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const refusal = notVectors(file, `it is not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
    refusal.cause = cause;
    throw refusal;
  }
}

/**
 * Runs every case of a file. Throws a Refusal when the text is not one of the three shapes; differences are results.
 * `file` is what messages call it.
 */
export function checkVectors(text: string, file: string): OracleOutcome {
  const value = json(text, file);
  const { header, cases } = parsed(file, anyFile, value);
  const shape = SHAPES.find((candidate) => MARKS[candidate] in cases[0]!);
  if (shape === undefined) throw notVectors(file, `case 0 has the fields ${Object.keys(cases[0]!).join(', ')}`);
  const outcome = (outcomes: readonly CaseOutcome[]): OracleOutcome => ({
    shape,
    source: header.source,
    cases: outcomes,
  });
  switch (shape) {
    case 'prefetch': {
      const { header: more, cases: vectors } = parsed(
        file,
        z.object({ header: prefetchHeader, cases: z.array(prefetchCase) }),
        value,
      );
      return outcome(vectors.map((vector) => checkPrefetch(vector, more.pagesPerBigPage)));
    }
    case 'thrashing': {
      const { cases: vectors } = parsed(file, z.object({ cases: z.array(thrashingCase) }), value);
      return outcome(vectors.map((vector) => checkThrashing(vector)));
    }
    case 'residency': {
      const { cases: vectors } = parsed(file, z.object({ cases: z.array(residencyCase) }), value);
      return outcome(vectors.map((vector) => checkResidency(vector)));
    }
  }
}
