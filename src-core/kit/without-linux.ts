/** What memory systems without the Linux model under them do not know about a run. */
import type { SystemNumbers } from '../model/memory-system';

export const WITHOUT_LINUX = {
  ...{ evacuationPs: null, evacuationResidueBytes: null, pinnedBytesPeak: null, strayKernelBytes: null },
  ...{ swapOuts: null, swapIns: null, hintFaults: null, cowBreaks: null, notifierEvents: null },
  ...{ contentMismatches: null, rssConsistent: null, memcgConsistent: null },
} as const satisfies Partial<SystemNumbers>;
