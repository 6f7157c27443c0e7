/**
 * Which pages an access-counter notification stands for (uvm_gpu_access_counters.c:1300-1400 of driver 595.45.04). A counter
 * counts a whole granularity (2 MiB); the notification says which 64 KiB sub-regions of it were touched.
 */
import { andMask, clearMask, fillRange, hasPage, setPage } from '../../../base/page-mask';
import type { PageMask } from '../../../base/page-mask';
import type { AccessCounterQuestion } from '../../../contracts/nvidia-uvm';
import { NO_PROCESSOR } from '../../../contracts/nvidia-vocabulary';

/** Sub-regions of a granularity (uvm_gpu_access_counters.c:56). */
const SUB_REGIONS = 32;

export function expandAccessCounter(question: AccessCounterQuestion, pages: PageMask): void {
  const { closest, gpu, page, subGranularity, pagesPerSubRegion, blockPages, residentOnClosest } = question;
  clearMask(pages);
  if (closest === NO_PROCESSOR || closest === gpu) return;
  if (!question.chunkIsFullBlock) {
    if (hasPage(residentOnClosest, page)) setPage(pages, page);
    return;
  }
  for (let region = 0; region < SUB_REGIONS; region++) {
    if (((subGranularity >>> region) & 1) === 0) continue;
    const first = region * pagesPerSubRegion;
    fillRange(pages, Math.min(first, blockPages), Math.min(first + pagesPerSubRegion, blockPages));
  }
  andMask(pages, residentOnClosest);
}
