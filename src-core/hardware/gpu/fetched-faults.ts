/** Entries that were fetched from a fault buffer together: the columns that a memory system services. */
import type { FaultColumns } from '../../contracts/fault-service';
import type { FaultRing } from './fault-ring';

/** Entries of the first columns; doubled when a batch is larger. */
const INITIAL_ENTRIES = 256;

export class FetchedFaults implements FaultColumns {
  count = 0;
  granule = new Int32Array(INITIAL_ENTRIES);
  op = new Uint8Array(INITIAL_ENTRIES);
  object = new Uint16Array(INITIAL_ENTRIES);
  utlb = new Int32Array(INITIAL_ENTRIES);
  atPs = new Float64Array(INITIAL_ENTRIES);

  /**
   * Takes the oldest entries out of the buffer.
   * @param most of them
   * @param keepsAnswered entries whose granule was answered count like others; otherwise they are dropped on the way
   */
  fetch(ring: FaultRing, most: number, keepsAnswered: boolean): void {
    this.count = 0;
    for (;;) {
      if (!keepsAnswered) ring.dropAnswered();
      const slot = ring.peek();
      if (slot < 0 || this.count >= most) return;
      if (this.count === this.granule.length) this.grow();
      const at = this.count++;
      this.granule[at] = ring.granule(slot);
      this.op[at] = ring.op(slot);
      this.object[at] = ring.object(slot);
      this.utlb[at] = ring.utlb(slot);
      this.atPs[at] = ring.atPs(slot);
      ring.next();
    }
  }

  private grow(): void {
    const longer = 2 * this.granule.length;
    const move = <A extends Int32Array | Uint8Array | Uint16Array | Float64Array>(from: A, to: A): A => {
      to.set(from);
      return to;
    };
    this.granule = move(this.granule, new Int32Array(longer));
    this.op = move(this.op, new Uint8Array(longer));
    this.object = move(this.object, new Uint16Array(longer));
    this.utlb = move(this.utlb, new Int32Array(longer));
    this.atPs = move(this.atPs, new Float64Array(longer));
  }
}
