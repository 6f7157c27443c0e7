/** What a run on the Linux model measures beside the totals: the raw material of SystemNumbers. */
import { PS_PER_S } from '../../base/units';
import { NO_OBJECT } from '../../model/events';
import type { Latencies, OutcomeRow } from '../../model/memory-system';
import { CPU, processorName, type ProcessorIndex } from '../../model/processor';
import type { Mm } from '../linux/mm';
import type { NotifyRange } from '../linux/notifier';
import { PAGE_BYTES } from '../linux/page';
import { uffdCopy } from '../linux/userfaultfd';
import { USERFAULT } from './costs';
import type { LinuxMemory } from './linux-memory';

/** Latencies kept one by one; past it the run keeps every second, fourth … of them, and says the exact count and maximum. */
const MOST_SAMPLES = 65_536;

class Samples {
  count = 0;
  max = 0;
  private every = 1;
  private kept: number[] = [];

  add(value: number): void {
    if (value > this.max) this.max = value;
    if (this.count++ % this.every !== 0) return;
    this.kept.push(value);
    if (this.kept.length <= MOST_SAMPLES) return;
    this.kept = this.kept.filter((_, i) => i % 2 === 0);
    this.every *= 2;
  }

  /** Nearest-rank percentiles; null when nothing was measured. */
  latencies(): Latencies | null {
    if (this.count === 0) return null;
    const sorted = [...this.kept].sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
    return { count: this.count, p50Ps: at(0.5), p99Ps: at(0.99), maxPs: this.max };
  }
}

export class RunNumbers {
  pagesToDevice = 0;
  pagesToHost = 0;
  apiCalls = 0;
  relocatedPointers = 0;
  staleReads = 0;
  notifierEvents = 0;
  pinnedPages = 0;
  pinnedPagesPeak = 0;
  /** Bytes of second copies that exist now: device buffers. */
  copyBytes = 0;
  copyBytesPeak = 0;
  peakDevicePages = 0;
  peakHostPages = 0;
  strayKernelPages = 0;
  /** Kernel pages that were asked for. */
  kernelRequests = 0;
  /** Time that devices stood still, waiting for faults and copies. */
  deviceStallPs = 0;
  migrationsWhileOff = 0;
  evacuationPs: number | null = null;
  residuePages = 0;
  /** Process-data pages that a device could not reach, by outcome. */
  readonly outcomes = new Map<string, { -readonly [K in keyof OutcomeRow]: OutcomeRow[K] }>();
  private readonly items = new Samples();
  private readonly barriers = new Samples();
  deviceStepPs = 0;
  private readonly registered = new Map<Mm, { start: number; end: number }[]>();

  constructor(private readonly memory: LinuxMemory) {}

  notified(_range: NotifyRange): void {
    this.notifierEvents++;
  }
  step(processor: ProcessorIndex, durationPs: number): void {
    this.items.add(durationPs);
    if (processor !== CPU) this.deviceStepPs += durationPs;
  }
  barrier(durationPs: number): void {
    this.barriers.add(durationPs);
  }
  workItems(): Latencies | null {
    return this.memory.config.machine.timing ? this.items.latencies() : null;
  }
  barrierLatencies(): Latencies | null {
    return this.memory.config.machine.timing ? this.barriers.latencies() : null;
  }
  accessesPerSecond(): number | null {
    const ps = this.memory.clocks.latest();
    return this.memory.config.machine.timing && ps > 0 ? (this.memory.accessCount / ps) * PS_PER_S : null;
  }

  pin(pages: number): void {
    this.pinnedPages += pages;
    this.pinnedPagesPeak = Math.max(this.pinnedPagesPeak, this.pinnedPages);
  }
  copies(bytes: number): void {
    this.copyBytes += bytes;
    this.copyBytesPeak = Math.max(this.copyBytesPeak, this.copyBytes);
  }

  /** Called after each operation: highest use of memories. */
  peaks(): void {
    const { kernel, backend, config } = this.memory;
    this.peakHostPages = Math.max(this.peakHostPages, kernel.used[0]!);
    let device = 0;
    for (let d = 1; d <= config.devices; d++) device += backend.capacity(d) - backend.free(d);
    this.peakDevicePages = Math.max(this.peakDevicePages, device);
  }

  outcome(result: string, what: string, object: number, timePs: number, access: number): void {
    const name = object === NO_OBJECT ? null : (this.memory.config.space.objects[object]?.name ?? null);
    const key = `${result}\n${what}\n${name ?? ''}`;
    const row = this.outcomes.get(key);
    if (row) row.count++;
    else this.outcomes.set(key, { result, what, object: name, count: 1, timePs, access });
  }

  /** Accesses of a process that is gone, or was never there. */
  notExecuted(processor: ProcessorIndex, object: number): void {
    const { clocks, accessCount } = this.memory;
    this.outcome(
      'not executed',
      `${processorName(processor)}: its process is gone`,
      object,
      clocks.now(processor),
      accessCount,
    );
  }

  // --- userfaultfd ---
  register(mm: Mm, start: number, end: number): void {
    this.registered.set(mm, [...(this.registered.get(mm) ?? []), { start, end }]);
  }
  /** The handler answers a missing page with zeros. */
  userfault(mm: Mm, vpn: number): boolean {
    if (!this.registered.get(mm)?.some(({ start, end }) => vpn >= start && vpn < end)) return false;
    const { clocks, kernel } = this.memory;
    if (this.memory.config.machine.timing) clocks.reach(CPU, clocks.now(CPU) + USERFAULT.value);
    return uffdCopy(kernel, mm, vpn, null) === null;
  }

  /** Empties the devices at the end of the run, when the totals are closed: how long, and what stays (1a). */
  evacuate(): void {
    const { memory } = this;
    const { timing } = memory.config.machine;
    let ps = 0;
    for (let device = 1; device <= memory.config.devices; device++) {
      const pages = memory.residency.residents(device);
      this.residuePages += memory.residue(device);
      if (timing && pages > 0) ps += timing.evictionFixed.value + memory.transferPs(pages * PAGE_BYTES);
    }
    this.evacuationPs = timing ? ps : null;
  }
}
