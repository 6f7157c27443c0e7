import type { OsStep } from '../model/os-action';
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { Granule } from '../base/indices';

/** Observes a run without changing it. A run with an observer takes the slow path: its hits are segments too. */
export interface RunObserver {
  /**
   * A step begins, at this many accesses.
   * @param concurrent others run at the same time, in an order that the memory system may change
   */
  stepBegins(processor: ProcessorIndex, access: number, concurrent: boolean): void;
  /** Steps that ran at the same time have met again. */
  met(access: number): void;
  osCall(step: OsStep): void;
  /**
   * Accesses that were made, one segment inside a granule at a time: `count` of them, `stride` bytes apart.
   * @param access number of the first one
   * @param start space offset of its first byte
   */
  accessed(
    access: number,
    processor: ProcessorIndex,
    granule: Granule,
    op: AccessOp,
    start: number,
    stride: number,
    count: number,
    bytes: number,
  ): void;
}
