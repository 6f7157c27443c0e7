/** What the driver counts besides faults and bytes: its own statistics, and what its tools events would say. */
export class UvmTally {
  /** Entries read from fault buffers, merged ones included (`num_cached_faults`). */
  fetched = 0;
  /** After merging with the last fault (`num_coalesced_faults`). */
  coalesced = 0;
  /** Instances of a page that was in its batch already (`num_duplicate_faults`). */
  duplicates = 0;
  /** Faults on pages that were mapped by the time they were looked at. */
  stale = 0;
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
  outOfMemory = 0;
}
