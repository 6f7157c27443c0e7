/**
 * The kernel's HMM self-tests, 38 functions in a private and a coherent variant, run step by step from
 * vectors/hmm-selftests.json on a driver like lib/test_hmm.c: all 76 cases in profile-cur, and those of the 29 functions
 * that exist in Linux 6.12 in profile-612 too.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runTest } from './dmirror/interpreter';
import { runPending, type PendingTest } from './dmirror/pending';
import type { SelfTest, Tables } from './dmirror/run';

interface Vectors {
  readonly fixtures: Tables['fixtures'];
  readonly prot_values: Readonly<Record<string, string>>;
  readonly count: { readonly test_functions: number; readonly cases_with_variants: number; readonly in_6_12: number };
  readonly pending_tests: readonly PendingTest[];
  readonly tests: readonly (SelfTest & { readonly in_6_12: boolean; readonly variants: readonly string[] })[];
}

const vectors = JSON.parse(readFileSync(new URL('vectors/hmm-selftests.json', import.meta.url), 'utf8')) as Vectors;
const bits = Object.fromEntries(Object.entries(vectors.prot_values).map(([byte, name]) => [name, Number(byte)]));
const tables: Tables = { fixtures: vectors.fixtures, bits };

describe('the self-tests of the kernel', () => {
  it('are all there', () => {
    const { count, tests } = vectors;
    expect(tests).toHaveLength(count.test_functions);
    expect(tests.reduce((sum, test) => sum + test.variants.length, 0)).toBe(count.cases_with_variants);
    expect(tests.filter((test) => test.in_6_12)).toHaveLength(count.in_6_12);
  });

  for (const profile of ['cur', '612'] as const)
    describe(`profile-${profile}`, () => {
      for (const test of vectors.tests) {
        if (profile === '612' && !test.in_6_12) continue;
        for (const variant of test.variants)
          it(`${test.id} (${variant})`, () => {
            const lines = runTest(test, tables, { variant, profile, thp: 'madvise' });
            if (lines.length > 0) console.info([`${test.id} (${variant})`, ...lines].join('\n'));
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
