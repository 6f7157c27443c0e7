/**
 * A shortcut of memory systems for the plainest faults: a device that waits for each, and nothing but books and events to
 * keep. What it does is the same as if each fault were raised and served alone.
 */
import type { ProcessorIndex } from '../model/processor';
import type { AccessRun } from './accessed-memory';

/** Granules that fault one after the other. */
export interface FaultingGranules {
  /** At most so many. */
  readonly granules: number;
  /** From one to the next. */
  readonly hop: number;
  /** Whose accesses they are. */
  readonly object: number;
}

export interface PlainFaults {
  /**
   * Serves the faults of the granule of `run` and of those after it, and makes the accesses of `run` in each; the caller
   * counts them. Stops at the first granule that is local, or whose fault is not plain.
   * @returns how many granules were served
   */
  serve(processor: ProcessorIndex, run: AccessRun, faulting: FaultingGranules): number;
}
