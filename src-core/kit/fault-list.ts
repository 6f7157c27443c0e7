/** Faults that are served together, as columns: one per granule, granules ascending. Emptied and filled again. */
import type { AccessOp } from '../model/processor';
import type { Granule } from '../base/indices';

const INITIAL = 256;

export class FaultList {
  count = 0;
  /** Entries of the buffer that were fetched for them: several for one granule, and some for granules that need no service. */
  entries = 0;
  granule = new Int32Array(INITIAL);
  /** The access that asks for most. */
  op = new Uint8Array(INITIAL);
  /** Ordinal of the fault's event. */
  cause = new Uint32Array(INITIAL);
  /** No processor held any of these granules. */
  onlyFirstTouch = true;

  clear(): void {
    this.count = 0;
    this.entries = 0;
    this.onlyFirstTouch = true;
  }

  push(granule: Granule, op: AccessOp, cause: number, isFirstTouch: boolean): void {
    if (this.count === this.granule.length) this.grow();
    this.granule[this.count] = granule;
    this.op[this.count] = op;
    this.cause[this.count] = cause;
    this.count++;
    if (!isFirstTouch) this.onlyFirstTouch = false;
  }

  private grow(): void {
    const { granule, op, cause } = this;
    const longer = 2 * granule.length;
    this.granule = new Int32Array(longer);
    this.granule.set(granule);
    this.op = new Uint8Array(longer);
    this.op.set(op);
    this.cause = new Uint32Array(longer);
    this.cause.set(cause);
  }
}
