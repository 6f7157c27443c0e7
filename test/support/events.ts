/** Events with plain values in every field that a test does not care about. */
import type { ChangeEvent, FaultEvent, OsEvent, StepEvent, TransferEvent } from '../../src-core/model/event-sink';
import { MIGRATION, NO_EVENT } from '../../src-core/model/events';
import type { Run } from '../../src-core/engine/run';
import { CPU, GPU0 } from '../../src-core/model/processor';

const moment = { timePs: 0, access: 0, batch: 1, step: 0 };
const common = { ...moment, object: 0, address: 0, policy: 0, reason: 0, cause: NO_EVENT };

export const faultEvent = (fields: Partial<FaultEvent>): FaultEvent => ({
  ...common,
  processor: GPU0,
  op: 0,
  ...fields,
});
export const transferEvent = (fields: Partial<TransferEvent>): TransferEvent => ({
  ...common,
  ...{ kind: MIGRATION, durationPs: 0, source: CPU, target: GPU0, bytes: 4096 },
  ...fields,
});
export const stepEvent = (fields: Partial<StepEvent>): StepEvent => ({
  ...{ ...moment, durationPs: 0, processor: CPU, reason: 0, detail: '' },
  ...fields,
});
export const osEvent = (fields: Partial<OsEvent>): OsEvent => ({
  ...{ ...moment, processor: CPU, object: 0, address: 0, bytes: 0, reason: 0, detail: '{}' },
  ...fields,
});
export const changeEvent = (fields: Partial<ChangeEvent>): ChangeEvent => ({
  ...{ ...moment, change: { kind: 'prefetch', id: 'none', params: {} }, policy: 0, reason: 0 },
  ...fields,
});

/** Where a run that is over stands, for the last row of its recording. */
export const lastMoment = ({ memory }: Run): typeof moment => ({
  timePs: memory.clocks.latest(),
  access: memory.accessCount,
  batch: memory.batches,
  step: memory.step,
});
