/** Vectors of the density-tree prefetcher: one call per case, its mask, whether it is taken, and the counter after it. */
import { CPU, NO_PROCESSOR, type ProcessorIndex, GPU0, asProcessor } from '../../model/processor';
import { z } from 'zod';
import { nextSet, outerPage, PAGE_MASK_PAGES, createPageMask, countPages, type PageMask } from '../../base/page-mask';
import { BLOCK_KIND, type PrefetchQuestion } from '../../systems/nvidia-uvm/decisions/questions';

import { prefetchHint } from '../../systems/nvidia-uvm/decisions/prefetch';
import { maskFromHex, maskToHex } from './masks';
import { Comparison, type CaseOutcome } from './outcome';

const hex = z.string().regex(/^[0-9a-f]+$/, 'expected lower-case hexadecimal digits');
const pages = z.int().min(0).max(PAGE_MASK_PAGES);

export const prefetchHeader = z.looseObject({ pagesPerBigPage: z.int().min(1) });

export const prefetchCase = z.object({
  id: z.string(),
  kind: z.enum(['managed', 'hmm', 'ats']),
  pattern: z.string(),
  blockPages: pages.min(1),
  blockStartOffsetPages: pages,
  maxRegion: z.tuple([pages, pages]),
  threshold: z.int(),
  minFaults: z.int(),
  dest: z.enum(['cpu', 'gpu']),
  preferred: z.enum(['none', 'dest', 'other']),
  blockResidentAnywhere: z.boolean(),
  destStateMissing: z.boolean(),
  confidentialComputing: z.boolean(),
  cpuResident: hex,
  resident: hex,
  faulted: hex,
  thrashing: hex.nullable(),
  cpuReadMapped: hex,
  lastMigrationProcSame: z.boolean(),
  priorFaultCount: z.int(),
  expect: z.object({
    prefetch: hex,
    prefetchCount: z.int(),
    /** Kind `ats` has neither: the driver computes the mask outside of its bookkeeping. */
    hint: z.literal('dest').nullable().optional(),
    faultCountAfter: z.int().optional(),
  }),
});
type PrefetchCase = z.infer<typeof prefetchCase>;

const GPU: ProcessorIndex = GPU0;
const OTHER: ProcessorIndex = asProcessor(2);

function questionOf(vector: PrefetchCase, pagesPerBigPage: number, faulted: PageMask): PrefetchQuestion {
  const destination = vector.dest === 'cpu' ? CPU : GPU;
  const preferred = { none: NO_PROCESSOR, dest: destination, other: OTHER }[vector.preferred];
  return {
    kind: BLOCK_KIND[vector.kind],
    pagesPerBigPage,
    startOffsetPages: vector.blockStartOffsetPages % pagesPerBigPage,
    first: vector.maxRegion[0],
    outer: vector.maxRegion[1],
    destination,
    preferred,
    blockResidentAnywhere: vector.blockResidentAnywhere,
    resident: vector.destStateMissing ? null : maskFromHex(vector.resident),
    faulted,
    faultedFirst: nextSet(faulted, 0, PAGE_MASK_PAGES),
    faultedOuter: outerPage(faulted),
    thrashing: vector.thrashing === null ? null : maskFromHex(vector.thrashing),
    cpuMapped: maskFromHex(vector.cpuReadMapped),
    confidentialComputing: vector.confidentialComputing,
    cpuResident: maskFromHex(vector.cpuResident),
    threshold: vector.threshold,
    minFaults: vector.minFaults,
    lastMigrationProcessor: vector.lastMigrationProcSame ? destination : OTHER,
    faultMigrationsToLast: vector.priorFaultCount,
    rangeGroupBounds: null,
    rangeGroups: 0,
  };
}

export function checkPrefetch(vector: PrefetchCase, pagesPerBigPage: number): CaseOutcome {
  const comparison = new Comparison(vector.id);
  const question = questionOf(vector, pagesPerBigPage, maskFromHex(vector.faulted));
  const prefetch = createPageMask();
  const taken = prefetchHint(question, prefetch);
  const { expect } = vector;
  comparison.same('prefetch', expect.prefetch, maskToHex(prefetch, expect.prefetch.length));
  comparison.same('prefetchCount', expect.prefetchCount, countPages(prefetch));
  if (expect.hint !== undefined) comparison.same('hint', expect.hint, taken ? 'dest' : null);
  if (expect.faultCountAfter !== undefined)
    comparison.same('faultCountAfter', expect.faultCountAfter, question.faultMigrationsToLast);
  return comparison.outcome();
}
