/** What one service call brings to a processor: granules ascending, each with the reason it is wanted for. Emptied and filled again. */
import type { Granule } from '../../../base/indices';

export class Wanted {
  count = 0;
  granule = new Int32Array(512);
  reason = new Uint8Array(512);
  policy = new Uint8Array(512);
  /** Ordinal of the event that asked for it. */
  cause = new Uint32Array(512);
  /** Where it came from, once it was taken; −1: it was populated in place. */
  source = new Int8Array(512);

  push(granule: Granule, reason: number, cause: number, policy: number): void {
    if (this.count === this.granule.length) this.grow();
    const at = this.count++;
    this.granule[at] = granule;
    this.reason[at] = reason;
    this.policy[at] = policy;
    this.cause[at] = cause;
  }

  /** Puts all in ascending order; no granule is there twice. */
  sort(): void {
    const { count, granule, reason, policy, cause } = this;
    const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => granule[a]! - granule[b]!);
    for (const column of [granule, reason, policy, cause]) {
      const before = column.slice(0, count);
      for (let i = 0; i < count; i++) column[i] = before[order[i]!]!;
    }
  }

  private grow(): void {
    const length = 2 * this.granule.length;
    const { granule, reason, policy, cause, source } = this;
    (this.granule = new Int32Array(length)).set(granule);
    (this.reason = new Uint8Array(length)).set(reason);
    (this.policy = new Uint8Array(length)).set(policy);
    (this.cause = new Uint32Array(length)).set(cause);
    (this.source = new Int8Array(length)).set(source);
  }
}
