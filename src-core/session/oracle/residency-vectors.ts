/** Vectors of residency selection: one page, one fault, one answer per case, on one of seven topologies. */
import { CPU } from '../../model/processor';
import { z } from 'zod';
import type { ResidencyAnswer } from '../../systems/nvidia-uvm/decisions/questions';
import { ACCESS, HINT, OPERATION, READ_DUPLICATION } from '../../systems/nvidia-uvm/decisions/vocabulary';
import { selectResidency } from '../../systems/nvidia-uvm/decisions/residency';
import { Comparison, type CaseOutcome } from './outcome';
import { Processors } from './topology';

const name = z.string();
const pair = z.tuple([name, name]);

/** Words of the vectors for what the contract numbers. */
const ACCESS_OF = {
  prefetch: ACCESS.prefetch,
  read: ACCESS.read,
  write: ACCESS.write,
  atomic_weak: ACCESS.atomicWeak,
  atomic_strong: ACCESS.atomicStrong,
} as const;
const OPERATION_OF = {
  replayable_fault: OPERATION.replayableFault,
  non_replayable_fault: OPERATION.nonReplayableFault,
  access_counters: OPERATION.accessCounters,
} as const;

export const residencyCase = z.object({
  id: z.string(),
  topology: z.string(),
  processors: z.array(name).min(1).max(31),
  canAccess: z.array(pair),
  hasFastLink: z.array(pair),
  hasNativeAtomics: z.array(pair),
  hmm: z.boolean(),
  vmaMustUseSysmem: z.boolean(),
  hmmMigratable: z.boolean(),
  readDuplication: z.enum(['unset', 'enabled', 'disabled']),
  pageReadDuplicated: z.boolean(),
  preferred: name.nullable(),
  accessedBy: z.array(name),
  pinHint: name.nullable(),
  requester: name,
  accessTypes: z.array(z.enum(['prefetch', 'read', 'write', 'atomic_weak', 'atomic_strong'])).min(1),
  operation: z.enum(['replayable_fault', 'non_replayable_fault', 'access_counters']),
  resident: z.array(name),
  noMemory: z.array(name),
  remoteMm: z.boolean(),
  mapRemoteOnNativeAtomicsFault: z.boolean(),
  expect: z.object({ residency: name, readDuplicate: z.boolean() }),
});
type ResidencyCase = z.infer<typeof residencyCase>;

export function checkResidency(vector: ResidencyCase): CaseOutcome {
  const comparison = new Comparison(vector.id);
  const processors = new Processors(vector);
  const answer: ResidencyAnswer = { residency: CPU, readDuplicate: false };
  selectResidency(
    {
      requester: processors.index(vector.requester),
      accessMask: vector.accessTypes.reduce((mask, access) => mask | (1 << ACCESS_OF[access]), 0),
      operation: OPERATION_OF[vector.operation],
      hmm: vector.hmm,
      mustUseSysmem: vector.vmaMustUseSysmem || !vector.hmmMigratable,
      readDuplication: READ_DUPLICATION[vector.readDuplication],
      pageReadDuplicated: vector.pageReadDuplicated,
      preferred: processors.indexOrNone(vector.preferred),
      accessedBy: processors.set(vector.accessedBy),
      resident: processors.set(vector.resident),
      hint: vector.pinHint === null ? HINT.none : HINT.pin,
      pinResidency: processors.indexOrNone(vector.pinHint),
      mapRemoteOnNativeAtomicsFault: vector.mapRemoteOnNativeAtomicsFault,
      remoteMm: vector.remoteMm,
    },
    processors.topology,
    answer,
  );
  comparison.same('residency', vector.expect.residency, processors.name(answer.residency));
  comparison.same('readDuplicate', vector.expect.readDuplicate, answer.readDuplicate);
  return comparison.outcome();
}
