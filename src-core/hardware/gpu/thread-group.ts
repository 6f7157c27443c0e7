/**
 * A thread group (warp, wavefront) in flight, or a bundle of them that stay inside one granule in every lane. Lanes are
 * instructions in order; slots are threads whose accesses of one instruction fall into different granules.
 *
 * Loads are issued without waiting for one another; whatever writes waits for the loads before it, as a store needs the
 * values it stores (the scoreboard of every GPU). Hence the driver's log of `c[i] = a[i] + b[i]`: loads first, then stores.
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
  /** Bytes of the elements that span granules and are made in part, by lane and slot; 0 outside of such an element. */
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

  /** Bytes of an element that spans granules which are made. */
  made(lane: number, slot: number): number {
    return this.parts?.[lane * MOST_SLOTS + slot] ?? 0;
  }
  /** @param bytes 0 when all are, so that the next user of the group finds none */
  setMade(lane: number, slot: number, bytes: number): void {
    if (bytes === 0 && !this.parts) return;
    this.parts ??= new Float64Array(GROUP_LANES * MOST_SLOTS);
    this.parts[lane * MOST_SLOTS + slot] = bytes;
  }

  addressOf(lane: number, slot: number): number {
    return this.isPoints ? this.points[slot]! : this.address[lane]! + slot * this.stride[lane]!;
  }
}

/** Groups that wait, by granule: lists in one pool of nodes. */
export class Waiters {
  /** One past the first node of a granule's list, 0 if no access waits. Created by the first fault. */
  private first: Int32Array | null = null;
  private readonly group: (ThreadGroup | null)[] = [];
  private following = new Int32Array(1024);
  /** First node of the list of free ones, −1 when it is empty. */
  private free = -1;
  private used = 0;

  constructor(private readonly granules: number) {}

  add(granule: number, group: ThreadGroup): void {
    this.first ??= new Int32Array(this.granules);
    let node = this.free;
    if (node >= 0) this.free = this.following[node]!;
    else {
      node = this.used++;
      if (node >= this.following.length) {
        const larger = new Int32Array(this.following.length * 2);
        larger.set(this.following);
        this.following = larger;
      }
    }
    this.group[node] = group;
    this.following[node] = this.first[granule]! - 1;
    this.first[granule] = node + 1;
    group.waiting++;
  }

  /** Takes the granule's list apart; calls `woken` for each group that waits for nothing else. */
  release(granule: number, woken: (group: ThreadGroup) => void): void {
    if (!this.first) return;
    let node = this.first[granule]! - 1;
    this.first[granule] = 0;
    while (node >= 0) {
      const group = this.group[node]!;
      this.group[node] = null;
      group.waiting--;
      if (group.waiting === 0) woken(group);
      const next = this.following[node]!;
      this.following[node] = this.free;
      this.free = node;
      node = next;
    }
  }
}
