/** The numbers and checks of a run on the Linux model, for people and for `run --json`. */
import type { LinuxHost } from './backend';
import type { RequirementRow, LinuxNumbers, SystemReport } from '../../model/memory-system';
import { PS_PER_S } from '../../base/units';
import { PAGE_BYTES } from '../../kernel/page';
import { booksOf } from './books';
import { requirementsOf } from './requirements';

export function summarizeSystem(memory: LinuxHost): SystemReport {
  const numbers = numbersOf(memory);
  const requirements: readonly RequirementRow[] = requirementsOf(memory, numbers);
  return {
    numbers,
    ...(memory.backend.figures && { figures: memory.backend.figures() }),
    requirements,
    outcomes: [...memory.tally.outcomes.values()],
  };
}

function numbersOf(memory: LinuxHost): LinuxNumbers {
  const { tally, kernel, config } = memory;
  const bounces = memory.locations.bounces();
  const timed = config.machine.timing !== null;
  const stall = tally.deviceStallPs;
  const data = config.space.objects.reduce((sum, { bytes, process }) => sum + (process === undefined ? bytes : 0), 0);
  const books = booksOf(kernel);
  return {
    accessesPerSecond: accessesPerSecond(memory),
    workItems: timed ? tally.items.latencies() : null,
    barriers: timed ? tally.barriers.latencies() : null,
    deviceBusy: timed && tally.deviceStepPs > 0 ? Math.max(0, 1 - stall / tally.deviceStepPs) : null,
    pagesToDevice: tally.pagesToDevice,
    pagesToHost: tally.pagesToHost,
    bounces: bounces.total,
    bouncesOfWorstPage: bounces.worst,
    duplicationFactor: data > 0 ? (data + tally.copyBytesPeak) / data : 1,
    relocatedPointers: tally.relocatedPointers,
    apiCalls: tally.apiCalls,
    staleReads: tally.staleReads,
    evacuationPs: tally.evacuationPs,
    evacuationResidueBytes: tally.residuePages * PAGE_BYTES,
    pinnedBytesPeak: tally.pinnedPagesPeak * PAGE_BYTES,
    untouchedDeviceBytes: memory.locations.untouchedPages() * PAGE_BYTES,
    contentMismatches: memory.contents?.mismatches ?? null,
    strayKernelBytes: tally.strayKernelPages * PAGE_BYTES,
    peakDeviceBytes: tally.peakDevicePages * PAGE_BYTES,
    peakHostBytes: tally.peakHostPages * PAGE_BYTES,
    swapOuts: kernel.counters.swapOuts,
    swapIns: kernel.counters.swapIns,
    hintFaults: kernel.counters.numaHintFaults,
    cowBreaks: kernel.counters.cowBreaks,
    notifierEvents: tally.notifierEvents,
    rssConsistent: books.rss,
    memcgConsistent: books.memcg,
  };
}

/** Per simulated second; null without a clock. */
function accessesPerSecond({ clocks, config, accessCount }: LinuxHost): number | null {
  const ps = clocks.latest();
  return config.machine.timing && ps > 0 ? (accessCount / ps) * PS_PER_S : null;
}
