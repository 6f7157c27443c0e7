/**
 * A link: two directions, each serving transfers in the order of their arrival. It stands for PCIe, NVLink, Infinity
 * Fabric or CXL with one or several copy engines per direction. A transfer occupies its engine for size ÷ rate(size);
 * the rate grows with the size, which holds the cost per transfer (packets, DMA set-up): the curve fitted to PCIe by
 * the UVMSmart simulator (ISCA 2019). Several engines overlap that cost, but all bytes of a direction still share one
 * wire, which never carries more than the asymptote. Left out: contention with remote accesses, reordering.
 */
import { assert } from '../base/assert';
import { arctan } from '../base/math';
import { bytesPerSecond, KIB, PS_PER_S, type BytesPerSecond } from '../base/units';
import type { LinkSpec } from '../model/machine';

/** 0: towards the device, 1: towards the host. */
export type LinkDirection = 0 | 1;
export const TO_DEVICE = 0;
export const TO_HOST = 1;

const TWO_OVER_PI = 0.6366197723675814;
/** Sizes whose duration is kept, per direction: granules are at most 512 sizes, prefetch adds few; the rest is computed again. */
const MOST_SIZES = 4096;

export class Link {
  /** When the transfer accepted last began to move bytes, ps. */
  startedPs = 0;
  private readonly durations = [new Map<number, number>(), new Map<number, number>()] as const;
  private readonly engines: number;
  private readonly latencyPs: number;
  /** When each engine of each direction is free again, ps. A half-duplex link uses those of direction 0 for both. */
  private readonly engineFreePs: Float64Array;
  /** When the wire of each direction has carried all bytes accepted so far, ps. */
  private readonly wireFreePs = new Float64Array(2);
  private readonly spec: LinkSpec;

  constructor(spec: LinkSpec) {
    this.spec = spec;
    this.engines = spec.copyEnginesPerDirection?.value ?? 1;
    this.latencyPs = spec.latency?.value ?? 0;
    this.engineFreePs = new Float64Array(2 * this.engines);
  }

  /** Rate of one transfer of this size, which must be above 0. */
  rate(bytes: number, direction: LinkDirection = TO_DEVICE): BytesPerSecond {
    assert(bytes > 0, 'a link carries at least one byte per transfer');
    const bent = TWO_OVER_PI * arctan((bytes / KIB) * this.spec.kneePerKib.value);
    return bytesPerSecond(this.asymptote(direction) * bent);
  }

  /** How long a transfer of this size occupies its engine, in whole ps, rounded up. */
  durationPs(bytes: number, direction: LinkDirection = TO_DEVICE): number {
    const durations = this.durations[direction];
    const kept = durations.get(bytes);
    if (kept !== undefined) return kept;
    const duration = Math.ceil((bytes / this.rate(bytes, direction)) * PS_PER_S);
    if (durations.size < MOST_SIZES) durations.set(bytes, duration);
    return duration;
  }

  /**
   * Queues a transfer that may start at `earliestPs`, behind those queued before it in the same direction, and sets
   * `startedPs`. Returns the instant at which the bytes have arrived: usable at that ps, not before. A link without limit
   * (asymptote Infinity) never delays a processor, even if its clock is behind that of the last transfer.
   */
  transfer(direction: LinkDirection, earliestPs: number, bytes: number): number {
    assert(Number.isSafeInteger(earliestPs) && earliestPs >= 0, 'simulated time is whole picoseconds from 0 on');
    const durationPs = this.durationPs(bytes, direction);
    if (durationPs === 0) {
      this.startedPs = earliestPs;
      return earliestPs + this.latencyPs;
    }
    const lane = this.spec.duplex.value ? direction : TO_DEVICE;
    const engine = this.nextEngine(lane);
    const start = Math.max(earliestPs, this.engineFreePs[engine]!);
    const wirePs = Math.ceil((bytes / this.asymptote(direction)) * PS_PER_S);
    const sent = Math.max(this.wireFreePs[lane]!, start) + wirePs;
    const end = Math.max(start + durationPs, sent);
    const arrives = end + this.latencyPs;
    assert(
      arrives <= Number.MAX_SAFE_INTEGER,
      'simulated time went beyond 2 h 30 min, where picoseconds stop being exact',
    );
    this.wireFreePs[lane] = sent;
    this.engineFreePs[engine] = end;
    this.startedPs = start;
    return arrives;
  }

  private asymptote(direction: LinkDirection): number {
    const { asymptote, asymptoteToHost } = this.spec;
    return direction === TO_HOST && asymptoteToHost ? asymptoteToHost.value : asymptote.value;
  }

  /** The engine of a direction that is free first; the lowest of equals. */
  private nextEngine(lane: LinkDirection): number {
    const first = lane * this.engines;
    let best = first;
    for (let engine = first + 1; engine < first + this.engines; engine++)
      if (this.engineFreePs[engine]! < this.engineFreePs[best]!) best = engine;
    return best;
  }
}
