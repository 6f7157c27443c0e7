/**
 * The device accesses of a whole run, known in advance: which granule is touched at which access numbers. Made by a first
 * pass over the workload on a device without limits. Only Belady's bound needs it.
 */
import { Refusal } from '../model/refusal';
import type { Granule } from '../base/indices';

/** Runs of accesses that are kept (28 bytes each). */
export const MAX_FUTURE_RUNS = 16 * 1024 * 1024;

export class FutureRecorder {
  private granule = new Int32Array(4096);
  private first = new Float64Array(4096);
  private last = new Float64Array(4096);
  private step = new Float64Array(4096);
  private count = 0;

  constructor(private readonly granules: number) {}

  /** The device touched the granule at first, first + step, … last. */
  onAccess(granule: Granule, first: number, last: number, step: number): void {
    const before = this.count - 1;
    if (
      before >= 0 &&
      this.granule[before] === granule &&
      this.last[before]! + 1 === first &&
      (step === 1 || first === last)
    ) {
      if (this.step[before] === 1 || this.first[before] === this.last[before]) {
        this.step[before] = 1;
        this.last[before] = last;
        return;
      }
    }
    if (this.count === this.granule.length) this.grow();
    this.granule[this.count] = granule;
    this.first[this.count] = first;
    this.last[this.count] = last;
    this.step[this.count] = step;
    this.count++;
  }

  private grow(): void {
    if (this.count >= MAX_FUTURE_RUNS)
      throw new Refusal(
        `eviction=belady looks into the future of the run, and this run makes more than ${MAX_FUTURE_RUNS} separate visits of granules; use a larger granularity or fewer iterations, or another eviction policy`,
      );
    const size = this.granule.length * 2;
    const larger = (old: Float64Array) => {
      const made = new Float64Array(size);
      made.set(old);
      return made;
    };
    const granule = new Int32Array(size);
    granule.set(this.granule);
    this.granule = granule;
    this.first = larger(this.first);
    this.last = larger(this.last);
    this.step = larger(this.step);
  }

  /** Sorts the visits by granule. */
  finish(): Future {
    const { granules, count } = this;
    const start = new Int32Array(granules + 1);
    for (let i = 0; i < count; i++) start[this.granule[i]! + 1]!++;
    for (let g = 0; g < granules; g++) start[g + 1]! += start[g]!;
    const fill = start.slice(0, granules);
    const first = new Float64Array(count);
    const last = new Float64Array(count);
    const step = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const at = fill[this.granule[i]!]!++;
      first[at] = this.first[i]!;
      last[at] = this.last[i]!;
      step[at] = this.step[i]!;
    }
    return new Future({ start, first, last, step });
  }
}

/** Visits of a run that was made before, sorted by granule. */
export class Future {
  /** By granule: its first visit that has not ended. */
  private readonly next: Int32Array;

  constructor(
    private readonly visits: {
      /** By granule: number of its first visit. */
      readonly start: Int32Array;
      readonly first: Float64Array;
      readonly last: Float64Array;
      readonly step: Float64Array;
    },
  ) {
    this.next = visits.start.slice(0, visits.start.length - 1);
  }

  /**
   * Access number at which a device needs the granule again; Infinity = never. `now` is the number of accesses executed so
   * far; it goes back only with the whole run.
   */
  nextUse(granule: Granule, now: number): number {
    const { start, first, last, step } = this.visits;
    const end = start[granule + 1]!;
    let at = this.next[granule]!;
    while (at < end && last[at]! < now) at++;
    this.next[granule] = at;
    // Lanes of one group that share a granule give visits that overlap: the soonest of them counts.
    let soonest = Infinity;
    for (; at < end && first[at]! < soonest; at++) {
      if (last[at]! < now) continue;
      const begin = first[at]!;
      soonest = Math.min(soonest, begin >= now ? begin : begin + Math.ceil((now - begin) / step[at]!) * step[at]!);
    }
    return soonest;
  }
}
