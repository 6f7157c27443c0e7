/**
 * The fewest fetches with which units of memory can be paged to devices of a given capacity, over all choices of victims, all
 * prefetches and (inside an epoch) all orders of the visits.
 *
 * A stay is the time between two visits of a unit by the same device; a unit that may stay need not be fetched again. Stays
 * that another processor ends cannot be kept. Of the rest, no more than the capacity can be kept at any moment, and keeping
 * the most of them is done by giving up the one that ends last whenever there are too many: Belady's rule (IBM Systems
 * Journal 5(2), 1966), in the form of Carlisle and Lloyd for colourings of intervals (Discrete Applied Mathematics 59, 1995).
 * Fetching ahead of time changes when a unit arrives, not how often, so prefetching runs are covered too.
 */
import { Staircase } from '../../base/staircase';
import type { Visits } from '../../model/bounds';
import { CPU, type ProcessorIndex, asProcessor } from '../../model/processor';

export interface PagingRules {
  /** Units that each device holds; Infinity for devices without limit. */
  readonly capacity: number;
  /**
   * `any`: a unit is in one place, and each processor that touches it takes it. `write`: several may have copies until one writes, and
   * a unit that was never written is zero and costs no transfer.
   */
  readonly takes: 'any' | 'write';
}

export interface Paging {
  /** Visits of devices that did not find their unit: faults, where each is one. */
  readonly fetches: Staircase;
  /** Units that had to be carried to a device, by access number. */
  readonly toDevice: Staircase;
  /** Units that had to be carried to the host, as far as they are needed there. */
  readonly toHost: Staircase;
  /** Different units that devices have visited; one that two devices visit counts twice. */
  readonly footprint: Staircase;
}

/** Accesses that lanes in lock step make together: a visit is over when so many came after its first one. */
const MOST_LANES = 64;
/** Epochs between two yields. */
const SLICE = 4096;
/** No stay ends in the first epoch. */
const NEVER = 0;
const NO_HOLDER = -1;
/** Several processors were there at the same time: the last one is unknown. */
const UNKNOWN = 7;

/** Stays by the epoch in which they end; the last is given up first. */
class LastEnding {
  private readonly ends: number[] = [];
  private readonly units: number[] = [];
  get size(): number {
    return this.ends.length;
  }
  push(end: number, unit: number): void {
    let at = this.ends.length;
    this.ends.push(end);
    this.units.push(unit);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.ends[parent]! >= end) break;
      this.ends[at] = this.ends[parent]!;
      this.units[at] = this.units[parent]!;
      at = parent;
    }
    this.ends[at] = end;
    this.units[at] = unit;
  }
  /** The unit whose stay ends last; the heap is not empty. */
  pop(): number {
    const top = this.units[0]!;
    const end = this.ends.pop()!;
    const unit = this.units.pop()!;
    const size = this.ends.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.ends[child + 1]! > this.ends[child]!) child++;
      if (this.ends[child]! <= end) break;
      this.ends[at] = this.ends[child]!;
      this.units[at] = this.units[child]!;
      at = child;
    }
    this.ends[at] = end;
    this.units[at] = unit;
    return top;
  }
  /** Forgets the stays that are over. */
  sweep(epoch: number): void {
    const kept = this.ends.flatMap((end, i) => (end > epoch ? [[end, this.units[i]!] as const] : []));
    this.ends.length = 0;
    this.units.length = 0;
    for (const [end, unit] of kept) this.push(end, unit);
  }
}

/** What one device keeps. */
class Kept {
  /** By unit: epoch in which its stay ends, NEVER when it is not kept. */
  private readonly until: Int32Array;
  private readonly heap = new LastEnding();
  private count = 0;
  private readonly seen: Uint8Array;
  constructor(
    units: number,
    private readonly limited: boolean,
  ) {
    this.until = new Int32Array(units);
    this.seen = new Uint8Array(units);
  }
  /** true: the device was never there before. */
  isNew(unit: number): boolean {
    if (this.seen[unit] === 1) return false;
    this.seen[unit] = 1;
    return true;
  }
  /** The unit is visited in this epoch; true: it was there. */
  arrives(unit: number, epoch: number): boolean {
    if (epoch === NEVER || this.until[unit] !== epoch) return false;
    this.until[unit] = NEVER;
    this.count--;
    return true;
  }
  keep(unit: number, until: number): void {
    this.until[unit] = until;
    if (this.limited) this.heap.push(until, unit);
    this.count++;
  }
  /** Gives up stays until so many are left. */
  limit(most: number, epoch: number): void {
    if (!this.limited) return;
    while (this.count > most) {
      this.until[this.heap.pop()] = NEVER;
      this.count--;
    }
    if (this.heap.size > 2 * this.count + 4096) this.heap.sweep(epoch);
  }
}

/** By visit: the epoch of the device's next visit, if the unit may stay until then; else NEVER. */
function* staysOf(visits: Visits, takes: PagingRules['takes']): Generator<undefined, Int32Array> {
  const { start, unit, processor, wrote, epochs, devices, units } = visits;
  const stays = new Int32Array(unit.length);
  const next = Array.from({ length: devices + 1 }, () => new Int32Array(units));
  for (let epoch = epochs - 1; epoch >= 0; epoch--) {
    const [from, to] = [start[epoch]!, start[epoch + 1]!];
    for (let i = from; i < to; i++) if (processor[i] !== CPU) stays[i] = next[processor[i]!]![unit[i]!]!;
    for (let i = from; i < to; i++)
      if (takes === 'any' || wrote[i] === 1)
        for (let device = 1; device <= devices; device++) if (device !== processor[i]) next[device]![unit[i]!] = NEVER;
    for (let i = from; i < to; i++) if (processor[i] !== CPU) next[processor[i]!]![unit[i]!] = epoch;
    if (epoch % SLICE === 0) yield;
  }
  return stays;
}

/** Whose the newest contents of units are. */
class Contents {
  private readonly holder: Int8Array;
  private readonly changed: Int32Array;
  constructor(
    private readonly visits: Visits,
    private readonly takes: PagingRules['takes'],
  ) {
    this.holder = new Int8Array(visits.units).fill(NO_HOLDER);
    this.changed = new Int32Array(visits.units).fill(-1);
    for (let unit = 0; unit < visits.units; unit++) if (visits.initiallyHost[unit] === 1) this.holder[unit] = CPU;
  }
  /** Never touched or never written: moving it costs no transfer. */
  isFresh(unit: number): boolean {
    return this.holder[unit] === NO_HOLDER;
  }
  /** The host needs a unit that only a device has. */
  isAway(unit: number): boolean {
    const holder = this.holder[unit]!;
    return holder !== NO_HOLDER && holder !== CPU && holder !== UNKNOWN;
  }
  /** Visit i happened; visits of an epoch are noted when all of them have been looked at. */
  note(i: number, epoch: number): void {
    const unit = this.visits.unit[i]!;
    const processor = asProcessor(this.visits.processor[i]!);
    if (this.takes === 'write' && this.visits.wrote[i] !== 1) {
      // The host got a copy of its own: it does not have to be transferred again before the next write.
      if (processor === CPU && this.holder[unit] !== NO_HOLDER) this.set(unit, CPU, epoch);
      return;
    }
    this.set(unit, processor, epoch);
  }
  private set(unit: number, processor: ProcessorIndex, epoch: number): void {
    const shared = this.changed[unit] === epoch && this.holder[unit] !== processor;
    this.holder[unit] = shared ? UNKNOWN : processor;
    this.changed[unit] = epoch;
  }
}

/** Yields every few thousand epochs; returns the counts. */
export function* fewestFetches(visits: Visits, rules: PagingRules): Generator<undefined, Paging> {
  const { start, access, unit, processor, epochs, devices, units } = visits;
  const stays = yield* staysOf(visits, rules.takes);
  const kept = Array.from({ length: devices + 1 }, () => new Kept(units, rules.capacity < units));
  const contents = new Contents(visits, rules.takes);
  const made = {
    fetches: new Staircase(),
    toDevice: new Staircase(),
    toHost: new Staircase(),
    footprint: new Staircase(),
  };
  const sums = { fetches: 0, toDevice: 0, toHost: 0, footprint: 0 };
  const here = new Uint8Array(devices + 1);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const [from, to] = [start[epoch]!, start[epoch + 1]!];
    for (let i = from; i < to; i++) {
      const at = unit[i]!;
      if (processor[i] === CPU) {
        if (contents.isAway(at)) sums.toHost++;
        continue;
      }
      here[processor[i]!] = 1;
      const device = kept[processor[i]!]!;
      if (device.isNew(at)) sums.footprint++;
      if (device.arrives(at, epoch)) continue;
      sums.fetches++;
      if (!contents.isFresh(at)) sums.toDevice++;
    }
    for (let i = from; i < to; i++) contents.note(i, epoch);
    // A visited unit takes a place of its own, whatever else stays; at the end of the epoch those that stay take theirs.
    for (let device = 1; device <= devices; device++)
      if (here[device] === 1) kept[device]!.limit(rules.capacity - 1, epoch);
    for (let i = from; i < to; i++) if (stays[i] !== NEVER) kept[processor[i]!]!.keep(unit[i]!, stays[i]!);
    for (let device = 1; device <= devices; device++)
      if (here[device] === 1) kept[device]!.limit(rules.capacity, epoch);
    here.fill(0);
    const reached = Math.max(access[epoch + 1] ?? visits.accesses, access[epoch]! + MOST_LANES);
    made.fetches.add(reached, sums.fetches);
    made.toDevice.add(reached, sums.toDevice);
    made.toHost.add(reached, sums.toHost);
    made.footprint.add(reached, sums.footprint);
    if (epoch % SLICE === 0) yield;
  }
  return made;
}
