/** Rows of a run of plain faults, column by column: the same rows as of its events one by one. */
import { EVICTION, FAULT, MIGRATION, type EventColumn } from '../model/events';
import type { FaultRunEvents } from '../model/event-sink';
import type { ColumnArray, ColumnBlock } from './columns';

/** Kinds of the events of one fault, in their order. */
export const kindsOf = ({ hasEvictions }: Pick<FaultRunEvents, 'hasEvictions'>): readonly number[] =>
  hasEvictions ? [FAULT, EVICTION, MIGRATION] : [FAULT, MIGRATION];

/** New rows of one block. */
class Rows {
  private readonly first: number;

  constructor(
    private readonly block: ColumnBlock,
    private readonly count: number,
  ) {
    this.first = block.addRows(count);
  }

  equal(column: EventColumn, value: number): void {
    this.block.columns[column].fill(value, this.first, this.first + this.count);
    this.block.filled(column, this.first, this.count, this.block.columns[column][this.first]!, 0);
  }

  even(column: EventColumn, start: number, step: number): void {
    const values = this.block.columns[column];
    if (values instanceof Float64Array) fillDoubles(values, this.first, this.count, start, step);
    else fillWords(values as Uint32Array, this.first, this.count, start, step);
    this.block.filled(column, this.first, this.count, start, step);
  }

  copied(column: EventColumn, from: ColumnArray): void {
    this.block.columns[column].set(from.subarray(0, this.count), this.first);
    this.block.look(column, this.first + this.count);
  }

  /** The columns that events of all kinds have. */
  moments(kind: number, ordinal: number, perFault: number, events: FaultRunEvents): void {
    this.equal('kind', kind);
    this.even('ordinal', ordinal, perFault);
    this.equal('time', 0);
    this.even('access', events.access, events.accessStep);
    this.even('batch', events.batch, 1);
    this.equal('step', events.step);
  }
}

/** One loop per type of column, so that each stays fast. */
function fillDoubles(values: Float64Array, first: number, count: number, start: number, step: number): void {
  for (let i = 0; i < count; i++) values[first + i] = start + i * step;
}

function fillWords(values: Uint32Array, first: number, count: number, start: number, step: number): void {
  for (let i = 0; i < count; i++) values[first + i] = start + i * step;
}

/** Appends the rows to the blocks. @param ordinal of the first event */
export function addFaultRun(blocks: readonly ColumnBlock[], ordinal: number, events: FaultRunEvents): void {
  const { count } = events;
  const perFault = kindsOf(events).length;
  const faults = new Rows(blocks[FAULT]!, count);
  faults.moments(FAULT, ordinal, perFault, events);
  faults.equal('processor', events.processor);
  faults.equal('op', events.op);
  faults.equal('object', events.object);
  faults.even('address', events.address, events.addressStep);
  faults.equal('policy', events.migrationPolicy);
  faults.equal('reason', events.faultReason);
  faults.copied('cause', events.causes);
  if (events.hasEvictions) {
    const evictions = new Rows(blocks[EVICTION]!, count);
    evictions.moments(EVICTION, ordinal + 1, perFault, events);
    transfers(evictions, ordinal, perFault, events);
    evictions.equal('source', events.processor);
    evictions.equal('target', events.evictionTarget);
    evictions.copied('object', events.victimObjects);
    evictions.copied('address', events.victimAddresses);
    evictions.equal('policy', events.evictionPolicy);
    evictions.equal('reason', events.evictionReason);
  }
  const migrations = new Rows(blocks[MIGRATION]!, count);
  migrations.moments(MIGRATION, ordinal + perFault - 1, perFault, events);
  transfers(migrations, ordinal, perFault, events);
  migrations.equal('source', events.source);
  migrations.equal('target', events.processor);
  migrations.equal('object', events.object);
  migrations.even('address', events.address, events.addressStep);
  migrations.equal('policy', events.migrationPolicy);
  migrations.equal('reason', events.migrationReason);
}

/** Both transfers of a fault are caused by it. */
function transfers(rows: Rows, faultOrdinal: number, perFault: number, { granuleBytes }: FaultRunEvents): void {
  rows.equal('duration', 0);
  rows.equal('bytes', granuleBytes);
  rows.even('cause', faultOrdinal, perFault);
}
