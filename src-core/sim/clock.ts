/**
 * One clock per processor, in whole picoseconds since the run began. They meet at step boundaries. Doubles hold whole
 * picoseconds exactly up to 2^53, which is 2 h 30 min; the clock refuses to go beyond.
 */
import { assert } from '../base/assert';

/** Largest instant that is exact. */
export const MAX_TIME_PS = Number.MAX_SAFE_INTEGER;

export class Clocks {
  private readonly nowPs: Float64Array;

  constructor(processors: number) {
    this.nowPs = new Float64Array(processors);
  }

  now(processor: number): number {
    return this.nowPs[processor]!;
  }

  /** Moves one processor forward to `instantPs`; earlier instants leave it where it is. */
  reach(processor: number, instantPs: number): void {
    assert(instantPs <= MAX_TIME_PS, 'simulated time passed 2^53 ps (2 h 30 min): the clock would no longer be exact');
    if (instantPs > this.nowPs[processor]!) this.nowPs[processor] = instantPs;
  }

  /** The latest of all processors. */
  latest(): number {
    let latest = 0;
    for (const now of this.nowPs) if (now > latest) latest = now;
    return latest;
  }

  /** All processors wait for the latest one: the end of a step or of concurrent steps. */
  meet(): number {
    const latest = this.latest();
    this.nowPs.fill(latest);
    return latest;
  }
}
