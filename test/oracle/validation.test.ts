/** The numbers that others published, against runs of the engine: every promise of every row, and the document itself. */
import { beforeAll, describe, expect, it } from 'vitest';
import { validationRows } from './validation';
import { compareAll, readDocument } from './validation/compare';
import { validationMarkdown, type Compared } from './validation/markdown';
import { holds } from './validation/row';

/** Some fifty runs, of a few seconds at most. */
const SLOW_MS = 600_000;

let all: readonly Compared[] = [];
beforeAll(async () => {
  all = await compareAll();
}, SLOW_MS);

describe.each(validationRows)('$id $title', (row) => {
  it('compares numbers, each with a published one', () => {
    const { comparisons, statements = [] } = all.find((each) => each.row === row)!.result;
    expect(comparisons.length + statements.length).toBeGreaterThan(0);
    for (const each of comparisons) expect(Number.isFinite(each.ours), each.what).toBe(true);
  });

  it('keeps what it promises', () => {
    const { comparisons, statements = [] } = all.find((each) => each.row === row)!.result;
    const broken = [
      ...comparisons.filter((each) => holds(each) === false),
      ...statements.filter((statement) => !statement.holds && statement.isExplained !== true),
    ];
    expect(broken).toEqual([]);
    // What DEVIATIONS.md explains must be a miss still.
    expect(statements.filter((statement) => statement.holds && statement.isExplained === true)).toEqual([]);
  });
});

it('docs/validation.md is what npm run validate writes', () => {
  expect(readDocument()).toBe(validationMarkdown(all));
});
