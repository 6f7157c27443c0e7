/**
 * A thread group (warp, wavefront) in flight, or a bundle of them that stay inside one granule in every lane. Lanes are
 * instructions in order; slots are threads whose accesses of one instruction fall into different granules.
 *
 * Loads are issued without waiting for one another; an access that writes waits for the loads before it, as a store
 * needs its values (the scoreboard of every GPU). Hence the driver's log of `c[i] = a[i] + b[i]`: loads first, then
 * stores.
 */
import { GROUP_LANES } from '../../contracts/access-stream';
import type { AccessOp } from '../../model/processor';

/** Threads that one bit mask holds; more than a wavefront of CDNA (64) is taken as two. */
export const MOST_SLOTS = 32;

export class ThreadGroup {
  /** Order of issue. */
  sequence = 0;
  utlb = 0;
  /** Thread groups that this object stands for. */
  weight = 1;
  lanes = 0;
  slots = 0;
  /** Accesses of one slot, all in one granule; 1 where there are several slots. */
  perSlot = 1;
  /** First lane that is not finished. */
  next = 0;
  /** Distinct faults that it waits for. */
  waiting = 0;
  /** A fault of it found no room; it has to be raised after a replay. */
  isBlocked = false;
  readonly op = new Uint8Array(GROUP_LANES);
  readonly object = new Int32Array(GROUP_LANES);
  readonly bytes = new Float64Array(GROUP_LANES);
  /** Distance of two slots, or of two accesses inside a slot. */
  readonly stride = new Float64Array(GROUP_LANES);
  readonly address = new Float64Array(GROUP_LANES);
  /** Slots of a lane whose access is not made yet. */
  readonly left = new Uint32Array(GROUP_LANES);
  /** Addresses of irregular accesses; used where `isPoints`. */
  readonly points = new Float64Array(MOST_SLOTS);
  isPoints = false;
  /**
   * What is made of a slot that is made in part, by lane and slot: bytes of an element that spans granules, accesses of a slot
   * that has several; 0 outside of these.
   */
  private parts: Float64Array | null = null;

  /** @param slots 1 with any number of accesses, or up to MOST_SLOTS of one access each */
  begin(lanes: number, slots: number, perSlot: number, threadsPerGroup: number): void {
    this.lanes = lanes;
    this.slots = slots;
    this.perSlot = perSlot;
    this.weight = Math.max(1, Math.ceil(perSlot / threadsPerGroup));
    this.next = 0;
    this.waiting = 0;
    this.isBlocked = false;
    this.isPoints = false;
    const all = slots === MOST_SLOTS ? 0xffffffff : (1 << slots) - 1;
    for (let lane = 0; lane < lanes; lane++) this.left[lane] = all;
  }

  setLane(lane: number, op: AccessOp, object: number, address: number, stride: number, bytes: number): void {
    this.op[lane] = op;
    this.object[lane] = object;
    this.address[lane] = address;
    this.stride[lane] = stride;
    this.bytes[lane] = bytes;
  }

  /** Its last fault found room. */
  mayRaise(): boolean {
    return !this.isBlocked;
  }

  /** How much of the slot is made: bytes of an element that spans granules, or accesses. */
  made(lane: number, slot: number): number {
    return this.parts?.[lane * MOST_SLOTS + slot] ?? 0;
  }
  /** @param amount 0 when all of it is, so that the next user of the group finds nothing */
  setMade(lane: number, slot: number, amount: number): void {
    if (amount === 0 && !this.parts) return;
    this.parts ??= new Float64Array(GROUP_LANES * MOST_SLOTS);
    this.parts[lane * MOST_SLOTS + slot] = amount;
  }

  /** Accesses that touch bytes [from, to) and are not made never will be. */
  abandon(from: number, to: number): void {
    for (let lane = this.next; lane < this.lanes; lane++) {
      let left = this.left[lane]!;
      while (left !== 0) {
        const slot = 31 - Math.clz32(left & -left);
        left &= left - 1;
        const address = this.addressOf(lane, slot);
        if (address >= to || address + this.bytes[lane]! <= from) continue;
        this.left[lane] = this.left[lane]! & ~(1 << slot);
        this.setMade(lane, slot, 0);
      }
    }
    while (this.next < this.lanes && this.left[this.next] === 0) this.next++;
  }

  addressOf(lane: number, slot: number): number {
    return this.isPoints ? this.points[slot]! : this.address[lane]! + slot * this.stride[lane]!;
  }
}
