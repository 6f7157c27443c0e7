/** Single accesses by element number: local ones are counted in loops that do nothing else. */
import { BATCH_POINTS, type AccessBatch, type Cursor } from '../contracts/access-stream';
import type { PlainFaults } from '../contracts/plain-faults';
import { looksOf } from '../hardware/access-delay';
import { CPU_METRIC, DEVICE_METRIC } from '../hardware/op-metrics';
import { CPU } from '../model/processor';
import { type Granule, asGranule } from '../base/indices';
import type { Segments } from './segments';
import type { Turn } from './turn';

export class Points {
  /** Granule of each point of the current batch. */
  private readonly granule = new Int32Array(BATCH_POINTS);
  private readonly faults: PlainFaults | null;
  private readonly faulting = { granules: 1, hop: 1, object: 0 };
  /** Points before this one are counted. */
  private settled = 0;
  /** Accesses of the last point that was not local, not yet counted for its object. */
  private pieces = 0;

  constructor(
    private readonly inner: Segments,
    private readonly turn: Turn,
  ) {
    this.faults = inner.memory.plainFaults;
  }

  /** Points from the cursor on, until the batch ends or the turn does. true: the batch has ended. */
  run(batch: AccessBatch, cursor: Cursor): boolean {
    const { inner, turn } = this;
    const start = cursor.at;
    let end = Math.min(batch.points, start + turn.accessesLeft(), start + turn.segmentsLeft());
    const straddles = this.locate(batch, start, end);
    const { run } = inner;
    this.settled = start;
    this.pieces = 0;
    let i = start;
    while (i < end) {
      if (inner.plain) i = straddles ? this.passWhole(batch, i, end) : this.pass(batch, i, end);
      if (i >= end) break;
      this.settle(batch, i);
      run.op = batch.pointOp;
      run.granule = asGranule(this.granule[i]!);
      run.address = batch.base + batch.index[i]! * batch.pitch;
      run.stride = 0;
      run.count = 1;
      run.bytes = batch.pointBytes;
      this.settled = ++i;
      if (straddles && this.leavesGranule(run.address, run.granule, run.bytes)) {
        this.pieces = inner.element(run.address, run.bytes, batch.pointOp, batch.pointObject);
        end = Math.min(end, i + turn.accessesLeft()); // each further piece uses up the turn
      } else this.one(batch);
      if (turn.halt) break;
    }
    this.settle(batch, i);
    turn.segments += i - start;
    cursor.at = i;
    return i >= batch.points;
  }

  /** Fills `granule`. true: elements may lie in two. */
  private locate({ index, base, pitch, pointBytes }: AccessBatch, start: number, end: number): boolean {
    const { granule } = this;
    const { granuleBytes } = this.inner.memory;
    const perByte = 1 / granuleBytes;
    if (pitch === granuleBytes && base % granuleBytes === 0) {
      const first = base * perByte;
      for (let i = start; i < end; i++) granule[i] = index[i]! + first;
    } else for (let i = start; i < end; i++) granule[i] = (base + index[i]! * pitch) * perByte;
    return !(pitch > 0 && granuleBytes % pitch === 0 && base % pitch === 0 && pointBytes <= pitch);
  }

  private leavesGranule(address: number, granule: Granule, bytes: number): boolean {
    return address + bytes > (granule + 1) * this.inner.memory.granuleBytes;
  }

  /** Passes local points. Returns the first that is not local. */
  private pass(batch: AccessBatch, from: number, end: number): number {
    const { inner, granule } = this;
    const { memory, processor } = inner;
    const delay = memory.delays[processor] ?? null;
    const masks = memory.hotMasks(processor);
    const mask = masks.mask[batch.pointOp]!;
    const here = masks.want[batch.pointOp]!;
    const state = memory.hotState(processor);
    const isOrdered = memory.uses.keepsOrder && processor !== CPU;
    if (isOrdered && delay === null)
      return memory.residency.recency.touchPoints(granule, state, { from, end, mask, wanted: here }, processor);
    const looks = looksOf(delay, inner.dependent);
    let i = from;
    if (delay === null) while (i < end && (state[granule[i]!]! & mask) === here) i++;
    else
      for (; i < end && (state[granule[i]!]! & mask) === here; i++) {
        if (isOrdered) memory.residency.recency.touch(asGranule(granule[i]!), processor);
        if ((i & looks) === looks) delay.point(granule[i]! >>> inner.reached.blockShift, inner.dependent);
      }
    return i;
  }

  /** `pass`, up to the first point that lies in two granules. */
  private passWhole(batch: AccessBatch, from: number, end: number): number {
    const { index, base, pitch, pointBytes } = batch;
    let i = from;
    while (i < end && !this.leavesGranule(base + index[i]! * pitch, asGranule(this.granule[i]!), pointBytes)) i++;
    return i === from ? from : this.pass(batch, from, i);
  }

  /** Makes the access of `run`, which is not local. */
  private one(batch: AccessBatch): void {
    const { inner, faulting } = this;
    const { memory, run } = inner;
    faulting.object = batch.pointObject;
    const { granule } = run;
    if (inner.plain && this.faults && this.faults.serve(inner.processor, run, faulting) === 1)
      memory.busy(inner.processor, run.bytes);
    else inner.make(batch.pointObject);
    memory.accessCount++;
    this.pieces = 1;
    inner.follow(granule);
  }

  /** Counts the points before `i`, and the pieces, so that the counts are current when a batch opens. */
  private settle({ pointBytes, pointObject, pointOp }: AccessBatch, i: number): void {
    const { memory, processor } = this.inner;
    const points = i - this.settled;
    const metric = (processor === CPU ? CPU_METRIC : DEVICE_METRIC)[pointOp];
    memory.accessCount += points;
    memory.busy(processor, points * pointBytes);
    memory.ledger.count(pointObject, metric, points + this.pieces);
    this.pieces = 0;
  }
}
