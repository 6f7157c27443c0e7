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
import { CPU, type ProcessorIndex, asProcessor } from '../model/processor';
import { type Granule, asGranule } from '../base/indices';
import { RecencyList } from './recency-list';

/** Owner: 0 = not populated, otherwise processor index + 1. */
export const OWNER_MASK = 0b0000_0111;
/** Left a device because the CPU touched it; the next way back is a ping-pong. */
export const BOUNCED = 0b0010_0000;
export const HIT_MASK = OWNER_MASK | TRACKED | PENDING;

const NONE = -1;

export class Residency {
  readonly state: Uint8Array;
  private readonly column;
  /** The order in which the granules of each device were last used. */
  readonly recency: RecencyList;
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
    this.recency = new RecencyList(granules, processors);
    this.slot = new Int32Array(granules).fill(NONE);
    this.count = new Int32Array(processors);
    for (let p = 0; p < processors; p++)
      this.residentSets.push(new Int32Array(p === CPU ? 0 : Math.min(capacity, granules)));
  }

  /** The owner, or −1 while the granule is not populated. */
  ownerOf(granule: Granule): ProcessorIndex {
    return asProcessor((this.state[granule]! & OWNER_MASK) - 1);
  }

  /** The state of neighbours: keeps the bits `kept`, sets the bits `set`. */
  rewrite(first: number, count: number, kept: number, set: number): void {
    rewrite(this.column, first, count, kept, set);
  }

  residents(device: ProcessorIndex): number {
    return this.count[device]!;
  }

  residentAt(device: ProcessorIndex, index: number): Granule {
    return asGranule(this.residentSets[device]![index]!);
  }

  free(device: ProcessorIndex): number {
    return this.capacity - this.count[device]!;
  }

  /** Makes the processor the owner. On a device the granule becomes its newest; the device must have room. */
  place(granule: Granule, processor: ProcessorIndex): void {
    this.state[granule] = (this.state[granule]! & ~OWNER_MASK) | (processor + 1);
    if (processor === CPU) return;
    const at = this.count[processor]!;
    assert(at < this.capacity, 'a granule was placed on a full device');
    this.residentSets[processor]![at] = granule;
    this.slot[granule] = at;
    this.count[processor] = at + 1;
    this.recency.add(granule, processor);
  }

  /** Takes the granule from its owner; it must have one. */
  remove(granule: Granule): void {
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
    this.recency.remove(granule, owner);
  }

  /** Makes the full device the owner of the granule in place of its oldest one, which goes to the host. Returns that one. */
  replaceOldest(granule: Granule, device: ProcessorIndex): Granule {
    const { state, slot, recency } = this;
    const victim = asGranule(recency.oldest[device]!);
    recency.remove(victim, device);
    recency.add(granule, device);
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
}
