/** The numbers and checks of a run on the Linux model, for people and for `run --json`. */
import type { RequirementRow, SystemNumbers, SystemSummary } from '../../model/memory-system';
import { PAGE_BYTES } from '../linux/page';
import { booksOf } from './books';
import type { LinuxMemory } from './linux-memory';
import { requirementsOf } from './requirements';

export function summarizeSystem(memory: LinuxMemory): SystemSummary {
  const { system } = memory;
  const numbers = numbersOf(memory);
  const requirements: readonly RequirementRow[] = requirementsOf(memory, numbers);
  return {
    id: system.id,
    title: system.id, // the session knows the registry and its titles
    params: system.params,
    numbers,
    requirements,
    outcomes: [...memory.numbers.outcomes.values()],
  };
}

function numbersOf(memory: LinuxMemory): SystemNumbers {
  const { numbers, kernel, config } = memory;
  const bounces = memory.whereabouts.bounces();
  const timed = config.machine.timing !== null;
  const stall = numbers.deviceStallPs;
  const data = config.space.objects.reduce((sum, { bytes, process }) => sum + (process === undefined ? bytes : 0), 0);
  const books = booksOf(kernel);
  return {
    accessesPerSecond: numbers.accessesPerSecond(),
    workItems: numbers.workItems(),
    barriers: numbers.barrierLatencies(),
    deviceBusy: timed && numbers.deviceStepPs > 0 ? Math.max(0, 1 - stall / numbers.deviceStepPs) : null,
    pagesToDevice: numbers.pagesToDevice,
    pagesToHost: numbers.pagesToHost,
    bounces: bounces.total,
    bouncesOfWorstPage: bounces.worst,
    duplicationFactor: data > 0 ? (data + numbers.copyBytesPeak) / data : 1,
    relocatedPointers: numbers.relocatedPointers,
    apiCalls: numbers.apiCalls,
    staleReads: numbers.staleReads,
    evacuationPs: numbers.evacuationPs,
    evacuationResidueBytes: numbers.residuePages * PAGE_BYTES,
    pinnedBytesPeak: numbers.pinnedPagesPeak * PAGE_BYTES,
    untouchedDeviceBytes: memory.whereabouts.untouchedPages() * PAGE_BYTES,
    contentMismatches: memory.contents?.mismatches ?? null,
    strayKernelBytes: numbers.strayKernelPages * PAGE_BYTES,
    peakDeviceBytes: numbers.peakDevicePages * PAGE_BYTES,
    peakHostBytes: numbers.peakHostPages * PAGE_BYTES,
    swapOuts: kernel.counters.swapOuts,
    swapIns: kernel.counters.swapIns,
    hintFaults: kernel.counters.numaHintFaults,
    cowBreaks: kernel.counters.cowBreaks,
    notifierEvents: numbers.notifierEvents,
    rssConsistent: books.rss,
    memcgConsistent: books.memcg,
  };
}
