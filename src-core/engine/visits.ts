/** Records which processor visited which unit of memory in each epoch (model/bounds.ts) during a run. */
import type { Visits } from '../model/bounds';
import { READ, type AccessOp, type ProcessorIndex } from '../model/processor';
import type { SpaceSpec } from '../model/space';

/** Visits that are kept: 22 bytes each where every visit is an epoch, 6 where an epoch is a step. */
export const MAX_VISITS = 16 * 1024 * 1024;

/** A column that grows by doubling. */
class Column<A extends Int32Array | Float64Array | Uint8Array> {
  length = 0;
  constructor(
    private array: A,
    private readonly make: (size: number) => A,
  ) {}
  push(value: number): void {
    if (this.length === this.array.length) {
      const larger = this.make(2 * this.length);
      larger.set(this.array);
      this.array = larger;
    }
    this.array[this.length++] = value;
  }
  get(index: number): number {
    return this.array[index]!;
  }
  set(index: number, value: number): void {
    this.array[index] = value;
  }
  done(): A {
    return this.array.subarray(0, this.length) as A;
  }
}

const FIRST_SIZE = 4096;
const ints = (): Column<Int32Array> => new Column(new Int32Array(FIRST_SIZE), (size) => new Int32Array(size));
const floats = (): Column<Float64Array> => new Column(new Float64Array(FIRST_SIZE), (size) => new Float64Array(size));
const octets = (): Column<Uint8Array> => new Column(new Uint8Array(FIRST_SIZE), (size) => new Uint8Array(size));

export class VisitRecorder {
  /** More visits came than are kept; `finish` answers null. */
  overflowed = false;
  private readonly start = floats();
  private readonly access = floats();
  private readonly unit = ints();
  private readonly processor = octets();
  private readonly wrote = octets();
  /** By processor and unit: number of the newest visit + 1. */
  private readonly newest: (Uint32Array | undefined)[] = [];
  private readonly units: number;
  private lastUnit = -1;
  private lastProcessor = -1;
  private opened = false;

  /** @param inOrder each visit of another unit is an epoch of its own; otherwise epochs begin where `epoch` is called */
  constructor(
    private readonly space: SpaceSpec,
    private readonly unitBytes: number,
    private readonly devices: number,
    private readonly inOrder: boolean,
  ) {
    this.units = Math.max(1, Math.ceil(space.bytes / unitBytes));
  }

  /** Ends the epoch before and begins the next, at this many accesses. */
  epoch(access: number): void {
    this.start.push(this.unit.length);
    this.access.push(access);
    this.opened = true;
  }

  visit(access: number, processor: ProcessorIndex, unit: number, op: AccessOp): void {
    if (this.overflowed) return;
    const wrote = op === READ ? 0 : 1;
    if (unit === this.lastUnit && processor === this.lastProcessor && !this.opened) {
      if (wrote === 1) this.wrote.set(this.unit.length - 1, 1);
      return;
    }
    if (this.inOrder && !this.opened) this.epoch(access);
    this.opened = false;
    const newest = (this.newest[processor] ??= new Uint32Array(this.units));
    const known = newest[unit]! - 1;
    if (known >= this.start.get(this.start.length - 1)) {
      if (wrote === 1) this.wrote.set(known, 1);
      return;
    }
    if (this.unit.length >= MAX_VISITS) {
      this.overflowed = true;
      return;
    }
    this.lastUnit = unit;
    this.lastProcessor = processor;
    this.unit.push(unit);
    this.processor.push(processor);
    this.wrote.push(wrote);
    newest[unit] = this.unit.length;
  }

  /** After this many accesses. null: there were too many visits to keep. */
  finish(accesses: number): Visits | null {
    if (this.overflowed) return null;
    const { space, unitBytes, units, devices } = this;
    const epochs = this.start.length;
    this.start.push(this.unit.length);
    const initiallyHost = new Uint8Array(units);
    for (const { initially, offset, bytes } of space.objects)
      if (initially === 'host')
        initiallyHost.fill(1, Math.floor(offset / unitBytes), Math.floor((offset + bytes - 1) / unitBytes) + 1);
    return {
      unitBytes,
      units,
      devices,
      epochs,
      accesses,
      start: this.start.done(),
      access: this.access.done(),
      unit: this.unit.done(),
      processor: this.processor.done(),
      wrote: this.wrote.done(),
      initiallyHost,
    };
  }
}
