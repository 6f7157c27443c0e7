/** Durations of steps and waits, from which a run's percentiles are made. Bounded, however many there are. */
import type { Latencies } from '../model/memory-system';

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
