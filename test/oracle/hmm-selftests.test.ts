/**
 * The kernel's HMM self-tests, 38 functions in a private and a coherent variant, run step by step from
 * vectors/hmm-selftests.json on a driver like lib/test_hmm.c: all 76 cases in profile-cur, and those of the 29 functions
 * that exist in Linux 6.12 in profile-612 too. The one function that measures is in hmm-benchmark.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { runTest } from './dmirror/interpreter';
import { runPending } from './dmirror/pending';
import { isBenchmark, tables, vectors } from './dmirror/vectors';

describe('the self-tests of the kernel', () => {
  it('are all there', () => {
    const { count, tests } = vectors;
    expect(tests).toHaveLength(count.test_functions);
    expect(tests.reduce((sum, test) => sum + test.variants.length, 0)).toBe(count.cases_with_variants);
    expect(tests.filter((test) => test.in_6_12)).toHaveLength(count.in_6_12);
    expect(tests.filter(isBenchmark)).toHaveLength(1);
  });

  describe.each(['cur', '612'] as const)('in profile-%s', (profile) => {
    for (const test of vectors.tests) {
      if (isBenchmark(test) || (profile === '612' && !test.in_6_12)) continue;
      it.each(test.variants)(`${test.id} (%s)`, (variant) => {
        runTest(test, tables, { variant, profile, thp: 'madvise' });
      });
    }
  });

  describe('that wait in the mm tree', () => {
    for (const test of vectors.pending_tests)
      it.each(['private', 'coherent'])(`${test.id} (%s)`, (variant) => {
        runPending(test, variant, 'cur');
      });
  });
});
