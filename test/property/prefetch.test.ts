/** The density-tree prefetcher against the page-by-page model on random questions, with what the recorded vectors leave out. */
import { NO_PROCESSOR, asProcessor } from '../../src-core/model/processor';
import { expect, it } from 'vitest';
import {
  createPageMask,
  fillRange,
  nextSet,
  outerPage,
  PAGE_MASK_PAGES,
  type PageMask,
} from '../../src-core/base/page-mask';
import { randomStream, type Random } from '../../src-core/base/random';
import {
  BLOCK_KIND,
  type BlockKind,
  type PrefetchQuestion,
} from '../../src-core/systems/nvidia-uvm/decisions/questions';

import { prefetchHint } from '../../src-core/systems/nvidia-uvm/decisions/prefetch';
import { pagesOf, slowPrefetch } from './slow-prefetch';

const SEEDS = 800;
const KINDS: readonly BlockKind[] = [BLOCK_KIND.managed, BLOCK_KIND.managed, BLOCK_KIND.hmm, BLOCK_KIND.ats];
const THRESHOLDS = [0, 1, 25, 49, 50, 51, 51, 51, 75, 99, 100];
/** Pages of 64 KiB in pages of 4, 16 and 64 KiB. */
const BIG_PAGES = [16, 16, 4, 1];

function randomMask(random: Random, first: number, outer: number, runs: number): PageMask {
  const mask = createPageMask();
  for (let run = random.below(runs + 1); run > 0; run--) {
    const from = first + random.below(outer - first);
    fillRange(mask, from, Math.min(outer, from + 1 + random.below(random.below(3) === 0 ? 120 : 3)));
  }
  return mask;
}

function randomQuestion(seed: number): PrefetchQuestion {
  const random = randomStream(seed, 'prefetch');
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)]!;
  const pagesPerBigPage = pick(BIG_PAGES);
  const windowPages = 32 * pagesPerBigPage;
  const kind = pick(KINDS);
  const start = random.below(2) === 0 ? 0 : random.below(windowPages);
  const pages = random.below(3) === 0 ? 1 + random.below(windowPages - start) : windowPages - start;
  const isWhole = kind === BLOCK_KIND.managed || random.below(2) === 0;
  const first = isWhole ? 0 : random.below(pages);
  const outer = isWhole ? pages : first + 1 + random.below(pages - first);
  const faulted = randomMask(random, first, outer, 5);
  if (outerPage(faulted) === 0) fillRange(faulted, first, first + 1);
  const destination = random.below(2);
  const bounds = Int32Array.from({ length: 4 }, () => random.below(pages + 1)).sort();
  return {
    kind,
    pagesPerBigPage,
    startOffsetPages: start % pagesPerBigPage,
    first,
    outer,
    destination: asProcessor(destination),
    preferred: asProcessor(pick([NO_PROCESSOR, NO_PROCESSOR, destination, 2])),
    blockResidentAnywhere: random.below(4) !== 0,
    resident: random.below(4) === 0 ? null : randomMask(random, 0, pages, 6),
    faulted,
    faultedFirst: nextSet(faulted, 0, PAGE_MASK_PAGES),
    faultedOuter: outerPage(faulted),
    thrashing: random.below(3) === 0 ? randomMask(random, 0, pages, 3) : null,
    cpuMapped: random.below(2) === 0 ? randomMask(random, 0, pages, 4) : null,
    confidentialComputing: random.below(6) === 0,
    cpuResident: randomMask(random, 0, pages, 3),
    threshold: pick(THRESHOLDS),
    minFaults: pick([1, 1, 1, 5, 20]),
    lastMigrationProcessor: asProcessor(random.below(2)),
    faultMigrationsToLast: random.below(10),
    rangeGroupBounds: bounds,
    rangeGroups: random.below(3),
  };
}

it(`agrees with the obvious model on ${SEEDS} questions`, () => {
  const prefetch = createPageMask();
  const seen = { taken: 0, refused: 0, groups: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const question = randomQuestion(seed);
    const expected = slowPrefetch(question);
    const withoutGroups = slowPrefetch({ ...question, rangeGroups: 0 });
    const taken = prefetchHint(question, prefetch);
    expect([...pagesOf(prefetch)], `seed ${seed}`).toEqual([...expected.mask].sort((a, b) => a - b));
    expect(taken, `seed ${seed}`).toBe(expected.taken);
    expect(question.faultMigrationsToLast, `seed ${seed}`).toBe(expected.faultsToLast);
    expect(question.lastMigrationProcessor).toBe(question.destination);
    seen[taken ? 'taken' : 'refused']++;
    if (withoutGroups.mask.size > expected.mask.size) seen.groups++;
  }
  expect(seen.taken, 'hints that are taken').toBeGreaterThan(SEEDS / 4);
  expect(seen.refused, 'hints that are not').toBeGreaterThan(SEEDS / 10);
  expect(seen.groups, 'range groups that matter').toBeGreaterThan(SEEDS / 20);
});
