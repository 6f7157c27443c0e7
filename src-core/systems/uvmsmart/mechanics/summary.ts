/** The numbers of a run for people and for `run --json`. What the simulator has no notion of is zero or null. */
import type { SystemReport } from '../../../model/memory-system';
import { PS_PER_S } from '../../../base/units';
import type { Clocks } from '../../../sim/clock';
import type { MemoryConfig } from '../../../kit/memory-system';
import { WITHOUT_LINUX } from '../../../kit/without-linux';
import type { Books } from './books';
import type { Gmmu } from './gmmu';
import type { UvmsmartTally } from './tally';
import { PAGE_BYTES } from '../decisions/units';

/** What the numbers are taken from. */
interface Counted {
  readonly config: MemoryConfig;
  readonly clocks: Clocks;
  readonly accessCount: number;
  readonly tally: UvmsmartTally;
  readonly books: Books;
  readonly gmmu: Gmmu;
}

export function summarizeUvmsmart(memory: Counted): SystemReport {
  const { tally, config, clocks, accessCount } = memory;
  const isTimed = config.machine.timing !== null;
  const { bounces } = memory.books;
  const ps = clocks.latest();
  const bytes = config.space.objects.reduce((sum, object) => sum + object.bytes, 0);
  return {
    figures: tally.figures(isTimed),
    numbers: {
      ...WITHOUT_LINUX,
      accessesPerSecond: isTimed && ps > 0 ? (accessCount / ps) * PS_PER_S : null,
      workItems: isTimed ? tally.items.latencies() : null,
      barriers: isTimed ? tally.barriers.latencies() : null,
      deviceBusy: isTimed && tally.kernelPs > 0 ? Math.max(0, 1 - tally.deviceStallPs / tally.kernelPs) : null,
      pagesToDevice: tally.readPages,
      pagesToHost: tally.writtenPages,
      bounces: bounces.total,
      bouncesOfWorstPage: bounces.worst,
      duplicationFactor: 1,
      relocatedPointers: 0,
      apiCalls: 0,
      staleReads: 0,
      untouchedDeviceBytes: memory.gmmu.untouchedPages() * PAGE_BYTES,
      peakDeviceBytes: tally.peakPages * PAGE_BYTES,
      peakHostBytes: bytes,
    },
    requirements: [],
    outcomes: [],
  };
}
