/** Granules that processors map where they lie, and how often devices used them from afar (access counters). */
import type { Granule } from '../../../base/indices';
import { NO_EVENT } from '../../../model/events';
import type { ProcessorIndex } from '../../../model/processor';

/** What a counter can tell at most; it stays there. */
const COUNTER_MAX = 65535;

export class RemoteMappings {
  /** One bit per processor that maps the granule; made by the first mapping, as most runs have none. */
  private mappers: Uint8Array | null = null;
  /** Ordinal of the fault that last mapped the granule: what a move by access counter goes back to. */
  private causes: Uint32Array | null = null;
  /** Accesses by granule, for each device whose accesses count. */
  private readonly counters: (Uint16Array | undefined)[] = [];

  constructor(private readonly granules: number) {}

  has(processor: ProcessorIndex, granule: Granule): boolean {
    return this.mappers !== null && (this.mappers[granule]! & (1 << processor)) !== 0;
  }

  /** true: nothing was ever mapped or counted. */
  isEmpty(): boolean {
    return this.mappers === null && this.counters.length === 0;
  }

  /** @param cause ordinal of the fault */
  add(processor: ProcessorIndex, granule: Granule, cause: number): void {
    this.causes ??= new Uint32Array(this.granules).fill(NO_EVENT);
    this.causes[granule] = cause;
    this.mappers ??= new Uint8Array(this.granules);
    this.mappers[granule] = this.mappers[granule]! | (1 << processor);
  }

  causeOf(granule: Granule): number {
    return this.causes?.[granule] ?? NO_EVENT;
  }

  /** The granule moves: mappings of its old place are removed, and counting restarts. */
  forget(granule: Granule): void {
    if (this.mappers) this.mappers[granule] = 0;
    for (const counter of this.counters) if (counter) counter[granule] = 0;
  }

  /** Accesses until the counter reaches the threshold; from the first question on the processor's accesses count. */
  budget(processor: ProcessorIndex, granule: Granule, threshold: number): number {
    const counter = (this.counters[processor] ??= new Uint16Array(this.granules));
    return Math.max(0, threshold - counter[granule]!);
  }

  used(processor: ProcessorIndex, granule: Granule, count: number): void {
    const counter = this.counters[processor];
    if (counter) counter[granule] = Math.min(COUNTER_MAX, counter[granule]! + count);
  }
}
