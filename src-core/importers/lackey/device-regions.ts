/**
 * Which instructions run "on the device": those between the call of a named function and its return, callees included.
 *
 * The rule follows the stack, because a callee may lie anywhere: a CALL is an instruction whose last record stores a
 * return address and after which control goes elsewhere; the slot of that store is kept. A region begins at the first
 * instruction of a device function and ends when a jump follows the load of its slot (RET). Keeping the slots of all
 * open calls also serves calls through a PLT stub or a tail call, where other instructions come between CALL and entry.
 * Assumes a stack that grows down and return addresses in memory (x86); without a known slot a region lasts only while
 * control is inside the function itself.
 */
import type { Plain } from '../../base/plain';
import { LOAD, STORE, type RecordKind } from './scanner';
import type { FunctionSymbol } from './tables';

/** Deepest nesting of calls that is followed; beyond it the outermost half is forgotten. */
const DEPTH_MAX = 65_536;

type RegionsPosition = {
  /** Start address of the function that runs, null on the host. */
  readonly inside: number | null;
  readonly entries: number;
  readonly entriesWithoutSlot: number;
  readonly slots: Float64Array;
  readonly slot: number;
  readonly lastStart: number;
  readonly lastEnd: number;
  /** Of the data record that came last: kind, address, bytes. */
  readonly data: readonly [RecordKind, number, number];
};

export class DeviceRegions {
  /** The device function that runs, or null on the host. */
  inside: FunctionSymbol | null = null;
  /** Number of regions started so far; distinguishes calls. */
  entries = 0;
  /** Entries of which the return slot was not known. */
  entriesWithoutSlot = 0;
  private readonly slots = new Float64Array(DEPTH_MAX);
  private depth = 0;
  private slot = NaN;
  private lastStart = NaN;
  private lastEnd = NaN;
  private dataKind: RecordKind = 0;
  private dataAddress = 0;
  private dataBytes = 0;

  constructor(private readonly functions: readonly FunctionSymbol[]) {}

  position(): RegionsPosition {
    const { inside, entries, entriesWithoutSlot, slot, lastStart, lastEnd } = this;
    return {
      ...{ inside: inside?.start ?? null, entries, entriesWithoutSlot, slot, lastStart, lastEnd },
      slots: this.slots.slice(0, this.depth),
      data: [this.dataKind, this.dataAddress, this.dataBytes],
    };
  }

  seek(position: Plain): void {
    const { inside, entries, entriesWithoutSlot, slots, slot, lastStart, lastEnd, data } = position as RegionsPosition;
    this.inside = this.functions.find(({ start }) => start === inside) ?? null;
    this.entries = entries;
    this.entriesWithoutSlot = entriesWithoutSlot;
    this.depth = slots.length;
    this.slots.set(slots);
    this.slot = slot;
    this.lastStart = lastStart;
    this.lastEnd = lastEnd;
    [this.dataKind, this.dataAddress, this.dataBytes] = data;
  }

  /** A data record of the instruction that came last. */
  data(kind: RecordKind, address: number, bytes: number): void {
    this.dataKind = kind;
    this.dataAddress = address;
    this.dataBytes = bytes;
  }

  /** The next instruction; `inside` and `entries` hold for it afterwards. */
  instruction(address: number, bytes: number): void {
    // A repeated string instruction comes back to itself after each store; that is no call.
    if (address !== this.lastEnd && address !== this.lastStart) this.jumped(address);
    this.lastStart = address;
    this.lastEnd = address + bytes;
    this.dataKind = 0;
  }

  private jumped(address: number): void {
    const word = this.dataBytes === 8 || this.dataBytes === 4;
    if (word && this.dataKind === STORE) this.push(this.dataAddress);
    else if (word && this.dataKind === LOAD) this.pop(this.dataAddress);
    if (this.inside && Number.isNaN(this.slot) && (address < this.inside.start || address >= this.inside.end))
      this.inside = null;
    if (this.inside) return;
    const entered = this.functions.find((candidate) => candidate.start === address);
    if (entered) this.enter(entered);
  }

  private enter(candidate: FunctionSymbol): void {
    this.inside = candidate;
    this.entries++;
    this.slot = this.depth > 0 ? this.slots[this.depth - 1]! : NaN;
    if (this.depth === 0) this.entriesWithoutSlot++;
  }

  /** A call: whatever lies at or below the new slot is an older, abandoned part of the stack (longjmp, exceptions). */
  private push(slot: number): void {
    while (this.depth > 0 && this.slots[this.depth - 1]! <= slot) this.depth--;
    if (this.depth === DEPTH_MAX) {
      this.slots.copyWithin(0, DEPTH_MAX / 2);
      this.depth = DEPTH_MAX / 2;
    }
    this.slots[this.depth++] = slot;
  }

  /** A jump after a load: a return if the load was of an open slot, else an indirect jump. */
  private pop(slot: number): void {
    let at = this.depth - 1;
    while (at >= 0 && this.slots[at]! < slot) at--;
    if (at >= 0 && this.slots[at] === slot) this.depth = at;
    if (slot === this.slot) {
      this.inside = null;
      this.slot = NaN;
    }
  }
}
