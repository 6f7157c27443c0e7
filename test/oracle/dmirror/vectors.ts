/** hmm-selftests.json, read once per test file. */
import { readFileSync } from 'node:fs';
import type { PendingTest } from './pending';
import type { SelfTest, Tables } from './run';

export interface Vectors {
  readonly fixtures: Tables['fixtures'];
  readonly prot_values: Readonly<Record<string, string>>;
  readonly count: { readonly test_functions: number; readonly cases_with_variants: number; readonly in_6_12: number };
  readonly pending_tests: readonly PendingTest[];
  readonly tests: readonly (SelfTest & { readonly in_6_12: boolean; readonly variants: readonly string[] })[];
}

export const vectors = JSON.parse(
  readFileSync(new URL('../vectors/hmm-selftests.json', import.meta.url), 'utf8'),
) as Vectors;

const bits = Object.fromEntries(Object.entries(vectors.prot_values).map(([byte, name]) => [name, Number(byte)]));

export const tables: Tables = { fixtures: vectors.fixtures, bits };

/** Tests that only measure move a lot of memory: they have a file of their own, which runs beside the others. */
export const isBenchmark = (test: SelfTest): boolean => test.steps.some((step) => step.op === 'report');
