/**
 * The link between host and device memory: two directions, each serving one transfer after the other. It stands for
 * PCIe or a coherent link with a copy engine per direction. A transfer takes size ÷ rate(size); the rate grows with the
 * size, which holds the cost per transfer (packets, DMA set-up): the curve fitted to PCIe by the UVMSmart simulator
 * (ISCA 2019). Left out: contention with remote accesses, several copy engines per direction, reordering.
 */
import { assert } from '../base/assert';
import { arctan } from '../base/math';
import { bytesPerSecond, KIB, PS_PER_S, type BytesPerSecond } from '../base/units';
import type { LinkSpec } from '../model/machine';

/** 0: towards the device, 1: towards the host. */
export type LinkDirection = 0 | 1;

const TWO_OVER_PI = 0.6366197723675814;
/** Sizes whose duration is kept: granules are at most 512 sizes, prefetch adds few; the rest is computed again. */
const MOST_SIZES = 4096;

export class Link {
  private readonly durations = new Map<number, number>();
  /** When each direction is free again, ps. A half-duplex link uses the first for both. */
  private readonly freeAtPs = new Float64Array(2);
  private readonly spec: LinkSpec;

  constructor(spec: LinkSpec) {
    this.spec = spec;
  }

  /** Rate of one transfer of this size, which must be above 0. */
  rate(bytes: number): BytesPerSecond {
    assert(bytes > 0, 'a link carries at least one byte per transfer');
    const { asymptote, kneePerKib } = this.spec;
    return bytesPerSecond(asymptote.value * TWO_OVER_PI * arctan((bytes / KIB) * kneePerKib.value));
  }

  /** How long a transfer of this size occupies its direction, in whole ps, rounded up. */
  durationPs(bytes: number): number {
    const kept = this.durations.get(bytes);
    if (kept !== undefined) return kept;
    const duration = Math.ceil((bytes / this.rate(bytes)) * PS_PER_S);
    if (this.durations.size < MOST_SIZES) this.durations.set(bytes, duration);
    return duration;
  }

  /**
   * Queues a transfer that may start at `earliestPs`, behind those queued before it in the same direction. Answers the
   * instant at which the bytes have arrived: usable at that ps, not before.
   */
  transfer(direction: LinkDirection, earliestPs: number, bytes: number): number {
    assert(Number.isSafeInteger(earliestPs) && earliestPs >= 0, 'simulated time is whole picoseconds from 0 on');
    const lane = this.spec.duplex.value ? direction : 0;
    const end = Math.max(earliestPs, this.freeAtPs[lane]!) + this.durationPs(bytes);
    assert(end <= Number.MAX_SAFE_INTEGER, 'simulated time went beyond 2 h 30 min, where picoseconds stop being exact');
    this.freeAtPs[lane] = end;
    return end;
  }
}
