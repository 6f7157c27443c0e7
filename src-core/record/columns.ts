/** Event columns in memory: one block per event kind, growing by doubling, sealed as a chunk of fixed length. */
import { EVENT_TABLE } from '../model/catalog/event-kinds';
import { EVENT_COLUMNS, EVENT_KINDS, type EventColumn } from '../model/events';
import { evenUpTo } from './even';

export type ColumnArray = Uint8Array | Uint16Array | Uint32Array | Float64Array;
export const COLUMN_NAMES = Object.keys(EVENT_COLUMNS) as EventColumn[];

const MAKE: Readonly<Record<(typeof EVENT_COLUMNS)[EventColumn], new (length: number) => ColumnArray>> = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  f64: Float64Array,
};

/** By the code of the kind; the others are null in a recording, and not hashed. */
export const COLUMNS_OF_KIND: readonly (readonly EventColumn[])[] = EVENT_TABLE.map(({ columns }) => columns);
/** Kinds whose rows carry a JSON text. */
export const HAS_DETAIL: readonly boolean[] = EVENT_TABLE.map(({ detail }) => detail !== null);

export class ColumnBlock {
  readonly columns: Record<EventColumn, ColumnArray>;
  /** Rows from the first on that are known to rise by equal steps, by column; more may. Packing does not look at them again. */
  readonly even: Record<EventColumn, number>;
  /** JSON per row, for the kinds that have one. */
  readonly details: string[] = [];

  /** @param count rows that are there already, to be filled */
  constructor(
    readonly kind: number,
    public count = 0,
    private capacity = count > 0 ? count : 256,
  ) {
    const made: Partial<Record<EventColumn, ColumnArray>> = {};
    for (const name of COLUMN_NAMES)
      made[name] = new MAKE[EVENT_COLUMNS[name]](COLUMNS_OF_KIND[kind]!.includes(name) ? this.capacity : 0);
    this.columns = made as Record<EventColumn, ColumnArray>;
    this.even = Object.fromEntries(COLUMN_NAMES.map((name) => [name, 0])) as Record<EventColumn, number>;
  }

  /** Number of the new row. */
  row(): number {
    if (this.count === this.capacity) this.grow();
    return this.count++;
  }

  /** Number of the first of `count` new rows. */
  addRows(count: number): number {
    while (this.count + count > this.capacity) this.grow();
    this.count += count;
    return this.count - count;
  }

  /** Rows [first, first + count) of a column, which are the last, were given the values start, start + step, … */
  filled(name: EventColumn, first: number, count: number, start: number, step: number): void {
    const values = this.columns[name];
    const before = first > 1 ? values[1]! - values[0]! : step;
    const known = this.look(name, first);
    const goesOn = known === first && (first === 0 || start - values[first - 1]! === before);
    if (goesOn && (count === 1 || step === before)) this.even[name] = first + count;
  }

  /** Looks how far a column rises by equal steps before row `end`. Returns the number of rows that are known to. */
  look(name: EventColumn, end: number): number {
    const values = this.columns[name];
    const known = Math.max(this.even[name], Math.min(end, 2));
    return (this.even[name] = known < end ? evenUpTo(values, known, end, values[1]! - values[0]!) : known);
  }

  clear(): void {
    this.count = 0;
    this.details.length = 0;
    for (const name of COLUMNS_OF_KIND[this.kind]!) this.even[name] = 0;
  }

  private grow(): void {
    this.capacity *= 2;
    for (const name of COLUMNS_OF_KIND[this.kind]!) {
      const larger = new MAKE[EVENT_COLUMNS[name]](this.capacity);
      larger.set(this.columns[name]);
      this.columns[name] = larger;
    }
  }
}

/** Consecutive events: their kinds in order, and a block of rows per kind. */
export interface EventChunk {
  readonly firstOrdinal: number;
  /** Kind of event firstOrdinal + i. */
  readonly order: Uint8Array;
  count: number;
  readonly blocks: readonly ColumnBlock[];
}

export const emptyBlocks = (): ColumnBlock[] => EVENT_KINDS.map((_, kind) => new ColumnBlock(kind));
