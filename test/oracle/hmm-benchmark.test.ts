/** The kernel self-test that measures: its return codes are checked like all others', and its table comes from the model. */
import { describe, expect, it } from 'vitest';
import { runTest } from './dmirror/interpreter';
import { isBenchmark, tables, vectors } from './dmirror/vectors';

describe('the benchmark of the kernel', () => {
  for (const test of vectors.tests.filter(isBenchmark))
    it.each(test.variants)(
      `${test.id} (%s)`,
      (variant) => {
        const lines = runTest(test, tables, { variant, profile: 'cur', thp: 'madvise' });
        console.info([`${test.id} (${variant})`, ...lines].join('\n'));
        const [, ...rows] = lines;
        expect(rows).toHaveLength(14);
        // Where a PMD fits, one large folio costs less than 512 small ones; below it there is nothing to save.
        const saves = rows.filter((row) => /\bTHP\b/.test(row)).map((row) => Number(/([\d.]+) % /.exec(row)?.[1]));
        expect(saves.map((percent) => percent > 0)).toEqual([false, false, true, true, true, true, true]);
      },
      600_000,
    );
});
