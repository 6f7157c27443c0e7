/** All decisions of NVIDIA's UVM driver, as the memory systems ask for them. */
import type { NvidiaDecisions } from '../../../contracts/nvidia-uvm';
import { expandAccessCounter } from './access-counters';
import { victimSource } from './eviction';
import { createFaultBatch } from './fault-batch';
import { flushMode, gatePrefetchFaults, mayFetch } from './fault-servicing';
import {
  accessedByProtection,
  newPermission,
  protectionWithoutRevocation,
  requiredProtection,
  revocation,
} from './permissions';
import { createPrefetcher } from './prefetch';
import { closestProcessor, selectResidency } from './residency';
import { createThrashing } from './thrashing';

export const nvidiaDecisions: NvidiaDecisions = {
  prefetchHint: createPrefetcher(),
  selectResidency,
  closestProcessor,
  requiredProtection,
  newPermission,
  revocation,
  accessedByProtection,
  protectionWithoutRevocation,
  createThrashing,
  createFaultBatch,
  flushMode,
  mayFetch,
  gatePrefetchFaults,
  expandAccessCounter,
  victimSource,
};
