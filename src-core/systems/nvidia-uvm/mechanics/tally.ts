import { OutcomeCounts } from '../../../kit/outcome-counts';

/** What the driver counts besides faults and bytes: its own statistics, and what its tools events would say. */
export class UvmTally {
  private readonly book = new OutcomeCounts();
  readonly outcomes = this.book.rows;
  /** Entries read from fault buffers, merged ones included (`num_cached_faults`). */
  fetched = 0;
  /** After merging with the last fault (`num_coalesced_faults`). */
  coalesced = 0;
  /** Instances of a page that was in its batch already (`num_duplicate_faults`). */
  duplicates = 0;
  /** Faults on pages that were mapped by the time they were looked at. */
  stale = 0;
  /** Faults of copy engines, each serviced alone. */
  nonReplayable = 0;
  batches = 0;
  replays = 0;
  flushesUpdatePut = 0;
  flushesCachedPut = 0;
  /** Runs of the bottom half. */
  services = 0;
  blocksServiced = 0;
  retries = 0;
  throttledFaults = 0;
  thrashingDetected = 0;
  throttlingStarts = 0;
  throttlingEnds = 0;
  pins = 0;
  mapRemote = 0;
  readDuplicates = 0;
  readDuplicateInvalidates = 0;
  evictedRoots = 0;
  chunksPopulated = 0;
  bytesZeroed = 0;
  transfersToDevice = 0;
  transfersToHost = 0;
  revocations = 0;
  /** Groups of blocks that an explicit migration unmapped from the CPU at once. */
  preunmaps = 0;
  outOfMemory = 0;
  /** Pages that a transfer would have carried, had their contents not been given up. */
  discardedBytes = 0;
  pagesToDevice = 0;
  pagesToHost = 0;
  /** Pages that came back to a device after a CPU fault had taken them away. */
  bounces = 0;
  /** Time of the driver's threads, copies included, ps. */
  driverPs = 0;
  /** Time of kernels, and how much of it the device stood still, ps. */
  kernelPs = 0;
  stallPs = 0;
  /** Calls that the program had to make: prefetches, advice. */
  apiCalls = 0;

  outcome(result: string, what: string, object: string | null, timePs: number, access: number): void {
    this.book.add(result, what, object, timePs, access);
  }
}
