/** The numbers of a run that memory systems without the Linux model do not have. */
import type { SystemNumbers } from '../model/memory-system';

export const WITHOUT_LINUX = {
  ...{ evacuationPs: null, evacuationResidueBytes: null, pinnedBytesPeak: null, strayKernelBytes: null },
  ...{ swapOuts: null, swapIns: null, hintFaults: null, cowBreaks: null, notifierEvents: null },
  ...{ contentMismatches: null, rssConsistent: null, memcgConsistent: null },
} as const satisfies Partial<SystemNumbers>;
