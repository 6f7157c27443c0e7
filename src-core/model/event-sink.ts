/** Where the OS model and the engine report what happened. Arguments in the order of the columns (model/events.ts). */
import type { AccessOp, ProcessorIndex } from './processor';
import type { RunChange } from './scenario';

export interface EventSink {
  /** Answers the ordinal of the event, for `cause`. */
  fault(
    timePs: number,
    access: number,
    batch: number,
    step: number,
    processor: ProcessorIndex,
    op: AccessOp,
    object: number,
    address: number,
    policy: number,
    reason: number,
    cause: number,
  ): number;
  /** `kind`: MIGRATION or EVICTION. Answers the ordinal. */
  transfer(
    kind: number,
    timePs: number,
    durationPs: number,
    access: number,
    batch: number,
    step: number,
    source: ProcessorIndex,
    target: ProcessorIndex,
    object: number,
    address: number,
    bytes: number,
    policy: number,
    reason: number,
    cause: number,
  ): number;
  /** `reason`: begin or end. `detail` is JSON of the StepInfo on begin. */
  step(
    timePs: number,
    durationPs: number,
    access: number,
    batch: number,
    step: number,
    processor: ProcessorIndex,
    reason: number,
    detail: string | null,
  ): void;
  /** Running totals of one object: values in the order of LEDGER_METRICS. */
  ledger(timePs: number, access: number, batch: number, step: number, object: number, totals: readonly number[]): void;
  /** `detail` is JSON: { what, result, … }. `reason`: call or outcome. Answers the ordinal. */
  os(
    timePs: number,
    access: number,
    batch: number,
    step: number,
    processor: ProcessorIndex,
    object: number,
    address: number,
    bytes: number,
    reason: number,
    detail: string,
  ): number;
  /** `index`: where the policy stands in the run's list; NO_POLICY for parameters of the memory system, which come whole. */
  policy(
    timePs: number,
    access: number,
    batch: number,
    step: number,
    policy: RunChange,
    index: number,
    reason: number,
  ): void;
}
