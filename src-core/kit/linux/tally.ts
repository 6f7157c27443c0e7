/** What a run on the Linux model counts beside the totals: the raw material of SystemNumbers. Knows nothing of the run. */
import type { Latencies } from '../../model/memory-system';
import { Outcomes } from '../outcomes';

/** Latencies kept one by one; past it the run keeps every second, fourth … of them, and says the exact count and maximum. */
const MOST_SAMPLES = 65_536;

export class Samples {
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

export class Tally {
  pagesToDevice = 0;
  pagesToHost = 0;
  apiCalls = 0;
  relocatedPointers = 0;
  staleReads = 0;
  notifierEvents = 0;
  pinnedPagesPeak = 0;
  /** Bytes of second copies: device buffers. */
  copyBytesPeak = 0;
  peakDevicePages = 0;
  peakHostPages = 0;
  strayKernelPages = 0;
  /** Kernel pages that were asked for. */
  kernelRequests = 0;
  /** Time that devices stood still, waiting for faults and copies, and all time of their steps. ps. */
  deviceStallPs = 0;
  deviceStepPs = 0;
  migrationsWhileOff = 0;
  evacuationPs: number | null = null;
  residuePages = 0;
  private readonly book = new Outcomes();
  readonly outcomes = this.book.rows;
  readonly items = new Samples();
  readonly barriers = new Samples();
  private pinnedPages = 0;
  private copyBytes = 0;

  pin(pages: number): void {
    this.pinnedPages += pages;
    this.pinnedPagesPeak = Math.max(this.pinnedPagesPeak, this.pinnedPages);
  }
  copies(bytes: number): void {
    this.copyBytes += bytes;
    this.copyBytesPeak = Math.max(this.copyBytesPeak, this.copyBytes);
  }
  outcome(result: string, what: string, object: string | null, timePs: number, access: number): void {
    this.book.add(result, what, object, timePs, access);
  }
}
