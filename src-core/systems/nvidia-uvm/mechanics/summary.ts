/** The numbers of a run for people and for `run --json`: what every system has, and the driver's own statistics. */
import { PS_PER_S } from '../../../base/units';
import type { SystemFigure, SystemReport } from '../../../model/memory-system';
import { WITHOUT_LINUX } from '../../../kit/without-linux';
import type { UvmTally } from './tally';
import type { Samples } from '../../../kit/samples';
import type { UvmHost } from './host';

/** A counter of the tally. */
type Counter = { [K in keyof UvmTally]: UvmTally[K] extends number ? K : never }[keyof UvmTally];

/** Counters in the order of the summary, with the driver's own word where it has one. */
const FIGURES: readonly (readonly [id: Counter, title: string, unit: 'count' | 'bytes'])[] = [
  ['services', 'Runs of the driver’s bottom half', 'count'],
  ['batches', 'Fault batches of the GPUs', 'count'],
  ['fetched', 'Fault buffer entries fetched', 'count'],
  ['coalesced', 'Entries after coalescing', 'count'],
  ['duplicates', 'Duplicate faults', 'count'],
  ['stale', 'Stale faults', 'count'],
  ['nonReplayable', 'Non-replayable faults', 'count'],
  ['replays', 'Replays', 'count'],
  ['flushesUpdatePut', 'Flushes with PUT re-read', 'count'],
  ['flushesCachedPut', 'Flushes up to the cached PUT', 'count'],
  ['blocksServiced', 'VA blocks serviced', 'count'],
  ['retries', 'Blocks serviced again after an eviction', 'count'],
  ['transfersToDevice', 'Transfers to devices', 'count'],
  ['transfersToHost', 'Transfers to the host', 'count'],
  ['evictedRoots', 'Root chunks evicted', 'count'],
  ['chunksPopulated', 'Chunks populated', 'count'],
  ['bytesZeroed', 'Memory zeroed', 'bytes'],
  ['thrashingDetected', 'Pages found thrashing', 'count'],
  ['throttledFaults', 'Faults throttled', 'count'],
  ['throttlingStarts', 'Throttlings begun', 'count'],
  ['throttlingEnds', 'Throttlings ended', 'count'],
  ['pins', 'Faults answered by a pin', 'count'],
  ['mapRemote', 'Pages mapped remotely', 'count'],
  ['revocations', 'Permissions revoked', 'count'],
  ['preunmaps', 'Groups of blocks unmapped ahead', 'count'],
  ['readDuplicates', 'Pages read-duplicated', 'count'],
  ['readDuplicateInvalidates', 'Pages whose copies were dropped', 'count'],
  ['discardedBytes', 'Discarded instead of moved', 'bytes'],
  ['outOfMemory', 'Blocks that found no memory', 'count'],
];

/** What the summary reads of a run. */
interface Summarized extends UvmHost {
  readonly items: Samples;
  readonly barriers: Samples;
  peakDeviceBytes(): number;
  pmaCalls(): number;
}

export function summarizeUvm(memory: Summarized): SystemReport {
  const { tally, config, clocks, accessCount } = memory;
  const isTimed = config.machine.timing !== null;
  const ps = clocks.latest();
  const figures: SystemFigure[] = FIGURES.map(([id, title, unit]) => ({ id, title, unit, value: tally[id] }));
  return {
    figures: [
      ...figures,
      { id: 'pmaCalls', title: 'Calls of the physical allocator', unit: 'count', value: memory.pmaCalls() },
      { id: 'driverBusyPs', title: 'Driver at work', unit: 'ps', value: isTimed ? tally.driverPs : null },
    ],
    numbers: {
      ...WITHOUT_LINUX,
      accessesPerSecond: isTimed && ps > 0 ? (accessCount / ps) * PS_PER_S : null,
      workItems: isTimed ? memory.items.latencies() : null,
      barriers: isTimed ? memory.barriers.latencies() : null,
      deviceBusy: isTimed && tally.kernelPs > 0 ? Math.max(0, 1 - tally.stallPs / tally.kernelPs) : null,
      pagesToDevice: tally.pagesToDevice,
      pagesToHost: tally.pagesToHost,
      bounces: tally.bounces,
      bouncesOfWorstPage: null,
      duplicationFactor: null,
      relocatedPointers: 0,
      apiCalls: tally.apiCalls,
      staleReads: 0,
      untouchedDeviceBytes: null,
      peakDeviceBytes: memory.peakDeviceBytes(),
      peakHostBytes: config.space.objects.reduce((sum, object) => sum + object.bytes, 0),
    },
    requirements: [],
    outcomes: [...tally.outcomes.values()],
  };
}
