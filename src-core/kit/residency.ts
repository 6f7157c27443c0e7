/**
 * Where each granule lives: one byte of state per granule, a recency list and a dense resident set per device. The real
 * counterpart is the va_block state of the UVM driver (resident masks per processor) and its root-chunk lists; here
 * every granule has one owner, as in rule set R0; memory systems with several copies keep these themselves.
 *
 * The state byte is laid out so that the hot path needs one comparison: (state & HIT_MASK) === processor + 1 means "here,
 * and nothing else to do".
 */
import { assert } from '../base/assert';
import { createByteColumn, rewrite } from '../base/byte-column';
import { PENDING, TRACKED } from '../contracts/accessed-memory';
import { CPU, type ProcessorIndex } from '../model/processor';

/** Owner: 0 = not populated, otherwise processor index + 1. */
export const OWNER_MASK = 0b0000_0111;
/** Left a device because the CPU touched it; the next way back is a ping-pong. */
export const BOUNCED = 0b0010_0000;
export const HIT_MASK = OWNER_MASK | TRACKED | PENDING;

const NONE = -1;

/** Points [from, end), and what the state of their granules has to be. */
interface PointRange {
  readonly from: number;
  readonly end: number;
  readonly mask: number;
  readonly wanted: number;
}

export class Residency {
  readonly state: Uint8Array;
  private readonly column;
  /** Most recent granule of each processor's list; read in the hot path. */
  readonly newest: Int32Array;
  private readonly oldestOf: Int32Array;
  /** Neighbours in the recency list of the owning device. */
  private readonly older: Int32Array;
  private readonly newer: Int32Array;
  private readonly slot: Int32Array;
  private readonly residentSets: Int32Array[] = [];
  private readonly count: Int32Array;

  /**
   * @param granules of the whole space
   * @param processors CPU included
   * @param capacity granules that each device can hold
   */
  constructor(
    readonly granules: number,
    readonly processors: number,
    readonly capacity: number,
  ) {
    assert(
      granules < 2 ** 31,
      `the space has ${granules} granules; at most 2^31 − 1 are supported: choose a larger granularity`,
    );
    this.column = createByteColumn(granules);
    this.state = this.column.bytes;
    this.newest = new Int32Array(processors).fill(NONE);
    this.oldestOf = new Int32Array(processors).fill(NONE);
    this.older = new Int32Array(granules).fill(NONE);
    this.newer = new Int32Array(granules).fill(NONE);
    this.slot = new Int32Array(granules).fill(NONE);
    this.count = new Int32Array(processors);
    for (let p = 0; p < processors; p++)
      this.residentSets.push(new Int32Array(p === CPU ? 0 : Math.min(capacity, granules)));
  }

  /** The owner, or −1 while the granule is not populated. */
  ownerOf(granule: number): ProcessorIndex {
    return (this.state[granule]! & OWNER_MASK) - 1;
  }

  /** The state of neighbours: keeps the bits `kept`, sets the bits `set`. */
  rewrite(first: number, count: number, kept: number, set: number): void {
    rewrite(this.column, first, count, kept, set);
  }

  residents(device: ProcessorIndex): number {
    return this.count[device]!;
  }

  residentAt(device: ProcessorIndex, index: number): number {
    return this.residentSets[device]![index]!;
  }

  free(device: ProcessorIndex): number {
    return this.capacity - this.count[device]!;
  }

  oldest(device: ProcessorIndex): number {
    return this.oldestOf[device]!;
  }

  younger(granule: number): number {
    return this.newer[granule]!;
  }

  /** Makes the processor the owner. On a device the granule becomes its newest; the device must have room. */
  place(granule: number, processor: ProcessorIndex): void {
    this.state[granule] = (this.state[granule]! & ~OWNER_MASK) | (processor + 1);
    if (processor === CPU) return;
    const at = this.count[processor]!;
    assert(at < this.capacity, 'a granule was placed on a full device');
    this.residentSets[processor]![at] = granule;
    this.slot[granule] = at;
    this.count[processor] = at + 1;
    this.link(granule, processor);
  }

  /** Takes the granule from its owner; it must have one. */
  remove(granule: number): void {
    const owner = this.ownerOf(granule);
    this.state[granule] = this.state[granule]! & ~OWNER_MASK;
    if (owner <= CPU) return;
    const set = this.residentSets[owner]!;
    const last = this.count[owner]! - 1;
    const at = this.slot[granule]!;
    const moved = set[last]!;
    set[at] = moved;
    this.slot[moved] = at;
    this.slot[granule] = NONE;
    this.count[owner] = last;
    this.unlink(granule, owner);
  }

  /** Moves a resident granule to the young end of its device's list. */
  touch(granule: number, device: ProcessorIndex): void {
    if (this.newest[device] === granule) return;
    this.unlink(granule, device);
    this.link(granule, device);
  }

  /** Makes the full device the owner of the granule in place of its oldest one, which goes to the host. Returns that one. */
  replaceOldest(granule: number, device: ProcessorIndex): number {
    const { state, older, newer, slot } = this;
    const victim = this.oldestOf[device]!;
    const next = newer[victim]!;
    this.oldestOf[device] = next;
    if (next === NONE) this.newest[device] = NONE;
    else older[next] = NONE;
    this.link(granule, device);
    const set = this.residentSets[device]!;
    const last = this.count[device]! - 1;
    const at = slot[victim]!;
    const moved = set[last]!;
    set[at] = moved;
    slot[moved] = at;
    slot[victim] = NONE;
    set[last] = granule;
    slot[granule] = last;
    state[victim] = (state[victim]! & ~OWNER_MASK) | (CPU + 1);
    state[granule] = (state[granule]! & ~OWNER_MASK) | (device + 1);
    return victim;
  }

  /**
   * `touch` for `count` granules of the device, `hop` apart, one after the other. Those that follow each other in the list
   * move as one piece, as they do in each pass of a sweep but the first.
   */
  touchRun(first: number, count: number, hop: number, device: ProcessorIndex): void {
    const { newer } = this;
    const outer = first + count * hop;
    for (let granule = first; granule < outer;) {
      let last = granule;
      while (last + hop < outer && newer[last] === last + hop) last += hop;
      this.moveToYoungEnd(granule, last, device);
      granule = last + hop;
    }
  }

  /**
   * `touch` for the granules that points name, in their order, as long as their state is `wanted` under the mask.
   * @returns the first point whose granule has another state, or `end`
   */
  touchPoints(granules: Int32Array, { from, end, mask, wanted }: PointRange, device: ProcessorIndex): number {
    const { state, older, newer } = this;
    let head = this.newest[device]!;
    let tail = this.oldestOf[device]!;
    let i = from;
    for (; i < end; i++) {
      const granule = granules[i]!;
      if ((state[granule]! & mask) !== wanted) break;
      if (granule === head) continue;
      const before = older[granule]!;
      const after = newer[granule]!; // there is one: the granule is not the newest
      older[after] = before;
      if (before === NONE) tail = after;
      else newer[before] = after;
      older[granule] = head;
      newer[head] = granule;
      newer[granule] = NONE;
      head = granule;
    }
    this.newest[device] = head;
    this.oldestOf[device] = tail;
    return i;
  }

  /** The piece of the list from `first` (older) to `last` becomes its young end. */
  private moveToYoungEnd(first: number, last: number, device: ProcessorIndex): void {
    const { older, newer, newest } = this;
    const after = newer[last]!;
    if (after === NONE) return;
    const before = older[first]!;
    older[after] = before;
    if (before === NONE) this.oldestOf[device] = after;
    else newer[before] = after;
    const head = newest[device]!;
    older[first] = head;
    newer[head] = first;
    newer[last] = NONE;
    newest[device] = last;
  }

  private link(granule: number, device: ProcessorIndex): void {
    const head = this.newest[device]!;
    this.older[granule] = head;
    this.newer[granule] = NONE;
    if (head === NONE) this.oldestOf[device] = granule;
    else this.newer[head] = granule;
    this.newest[device] = granule;
  }

  private unlink(granule: number, device: ProcessorIndex): void {
    const before = this.older[granule]!;
    const after = this.newer[granule]!;
    if (after === NONE) this.newest[device] = before;
    else this.older[after] = before;
    if (before === NONE) this.oldestOf[device] = after;
    else this.newer[before] = after;
  }
}
