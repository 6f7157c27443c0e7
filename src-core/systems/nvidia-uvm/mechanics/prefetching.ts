/** The prefetch question of one service call, asked of the driver's density tree. */
import { CPU, NO_PROCESSOR, type ProcessorIndex } from '../../../model/processor';
import {
  clearMask,
  countPages,
  createPageMask,
  firstPage,
  isEmpty,
  outerPage,
  type PageMask,
} from '../../../base/page-mask';
import { BLOCK_KIND, type PrefetchQuestion } from '../decisions/questions';
import { prefetchHint } from '../decisions/prefetch';

import type { VaBlock } from './va-block';
import type { NvidiaUvmParams } from '../params';

export class Prefetcher {
  private readonly question: PrefetchQuestion;
  /** Pages resident on the CPU and mapped readable there. */
  private readonly cpuMapped = createPageMask();
  readonly pages: PageMask = createPageMask();

  /** @param pagesPerBigPage 16, or 1 where pages are 64 KiB */
  constructor(pagesPerBigPage: number) {
    this.question = {
      ...{ kind: BLOCK_KIND.managed, pagesPerBigPage, startOffsetPages: 0, first: 0, outer: 0 },
      ...{ destination: CPU, preferred: NO_PROCESSOR, blockResidentAnywhere: false, resident: null },
      ...{ faulted: this.pages, faultedFirst: 0, faultedOuter: 0, thrashing: null, cpuMapped: null },
      ...{ confidentialComputing: false, cpuResident: null, threshold: 51, minFaults: 1 },
      ...{ lastMigrationProcessor: NO_PROCESSOR, faultMigrationsToLast: 0, rangeGroupBounds: null, rangeGroups: 0 },
    };
  }

  /**
   * Which neighbours of the faulted pages come along; in `pages`.
   * @returns how many, 0 where the driver takes no hint
   */
  ask(
    block: VaBlock,
    destination: ProcessorIndex,
    faulted: PageMask,
    preferred: ProcessorIndex,
    thrashing: PageMask | null,
    params: NvidiaUvmParams,
  ): number {
    clearMask(this.pages);
    if (!params.uvm_perf_prefetch_enable) return 0;
    const { question } = this;
    question.kind = block.isHmm ? BLOCK_KIND.hmm : BLOCK_KIND.managed;
    question.first = block.first;
    question.outer = block.outer;
    question.destination = destination;
    question.preferred = preferred;
    question.blockResidentAnywhere = isPopulated(block);
    question.resident = block.resident[destination]!;
    question.faulted = faulted;
    question.faultedFirst = firstPage(faulted);
    question.faultedOuter = outerPage(faulted);
    question.thrashing = thrashing;
    question.cpuMapped = null;
    if (destination === CPU && !block.isHmm) {
      const { cpuMapped } = this;
      for (let i = 0; i < cpuMapped.length; i++) cpuMapped[i] = block.resident[CPU]![i]! & block.readable[CPU]![i]!;
      question.cpuMapped = cpuMapped;
    }
    question.threshold = params.uvm_perf_prefetch_threshold;
    question.minFaults = params.uvm_perf_prefetch_min_faults;
    question.lastMigrationProcessor = block.lastMigrationProcessor;
    question.faultMigrationsToLast = block.faultMigrationsToLast;
    const takes = prefetchHint(question, this.pages);
    block.lastMigrationProcessor = question.lastMigrationProcessor;
    block.faultMigrationsToLast = question.faultMigrationsToLast;
    if (!takes) clearMask(this.pages);
    return takes ? countPages(this.pages) : 0;
  }
}

/** Any processor holds any page of the block. */
function isPopulated({ resident }: VaBlock): boolean {
  for (const pages of resident) if (!isEmpty(pages)) return true;
  return false;
}
