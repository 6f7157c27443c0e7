/** Which further pages of a window UVM brings along on ATS (uvm_ats_faults.c:449-504, driver 595.45.04). */
import {
  clearMask,
  createPageMask,
  fillRange,
  firstPage,
  isEmpty,
  outerPage,
  type PageMask,
} from '../../../base/page-mask';
import { BLOCK_KIND, type PrefetchQuestion } from '../../nvidia-uvm/decisions/questions';
import { asProcessor, CPU, NO_PROCESSOR, type ProcessorIndex } from '../../../model/processor';
import type { AtsDestination } from '../decisions/residency';
import { prefetchHint } from '../../nvidia-uvm/decisions/prefetch';
import type { GhAtsParams } from '../params';
import type { AtsWindow } from './window';

export class AtsPrefetcher {
  private readonly question: PrefetchQuestion;
  private readonly pages = createPageMask();

  constructor(
    basePages: number,
    private readonly params: GhAtsParams,
  ) {
    this.question = {
      ...{ kind: BLOCK_KIND.ats, pagesPerBigPage: 16 / basePages, startOffsetPages: 0, first: 0, outer: 0 },
      ...{
        destination: CPU,
        preferred: NO_PROCESSOR,
        blockResidentAnywhere: false,
        resident: null,
        faulted: this.pages,
      },
      ...{ faultedFirst: 0, faultedOuter: 0, thrashing: null, cpuMapped: null, confidentialComputing: false },
      // uvm_perf_prefetch_compute_ats knows no uvm_perf_prefetch_min_faults.
      ...{
        cpuResident: null,
        threshold: 51,
        minFaults: 1,
        lastMigrationProcessor: NO_PROCESSOR,
        faultMigrationsToLast: 0,
      },
      ...{ rangeGroupBounds: null, rangeGroups: 0 },
    };
  }

  /**
   * The whole window of the VMA where a policy of the VMA wants it on the GPU that asks, and nothing of it exists yet or
   * access counters ask; else what the density tree says. The mask is valid until the next call.
   * @param accessed pages that the service is for
   * @param resident pages of the window that are on the destination
   * @param takesWhole nothing of the window exists, or access counters ask
   */
  choose(
    { first, outer }: AtsWindow,
    device: ProcessorIndex,
    { node, hasPreferredLocation }: AtsDestination,
    accessed: PageMask,
    resident: PageMask,
    takesWhole: boolean,
  ): PageMask {
    const { question, pages, params } = this;
    clearMask(pages);
    if (!params.uvm_perf_prefetch_enable || isEmpty(accessed)) return pages;
    if (hasPreferredLocation && takesWhole && node === device) {
      fillRange(pages, first, outer);
      return pages;
    }
    question.first = first;
    question.outer = outer;
    question.destination = asProcessor(node);
    question.resident = resident;
    question.faulted = accessed;
    question.faultedFirst = firstPage(accessed);
    question.faultedOuter = outerPage(accessed);
    question.threshold = params.uvm_perf_prefetch_threshold;
    if (!prefetchHint(question, pages)) clearMask(pages);
    return pages;
  }
}
