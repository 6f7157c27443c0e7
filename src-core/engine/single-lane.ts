/**
 * Iterations of a group of one lane. Granules that the lane passes from end to end, with equally many accesses in each,
 * are taken many at a time: local ones by a scan of their states, faulting ones by the memory system. All others are
 * taken segment by segment.
 */
import { countAlike, viewColumn, type ByteColumn } from '../base/byte-column';
import type { AccessBatch, Cursor } from '../contracts/access-stream';
import type { PlainFaults } from '../contracts/plain-faults';
import { CPU, type AccessOp } from '../model/processor';
import { CPU_METRIC, DEVICE_METRIC } from '../hardware/op-metrics';
import { asGranule } from '../base/indices';
import type { Segments } from './segments';
import type { Turn } from './turn';

/** How a lane passes granules, all alike but the first and the last. */
interface Passage {
  /** Accesses in each; 0 where they differ. */
  accesses: number;
  /** From one granule to the next. */
  hop: number;
}

export class SingleLane {
  private column: ByteColumn = viewColumn(new Uint8Array(0));
  private readonly passage: Passage = { accesses: 0, hop: 1 };
  private readonly faults: PlainFaults | null;
  /** Accesses that were executed but not yet counted for the object. */
  private unbooked = 0;

  constructor(
    private readonly inner: Segments,
    private readonly turn: Turn,
  ) {
    this.faults = inner.memory.plainFaults;
  }

  run(batch: AccessBatch, cursor: Cursor): void {
    const { inner, turn, passage } = this;
    const { memory, run } = inner;
    const lane = batch.laneOf[cursor.group]!;
    const count = batch.count[cursor.group]!;
    const object = batch.object[lane]!;
    const base = batch.address[lane]!;
    const { granuleBytes } = memory;
    const perByte = 1 / granuleBytes;
    run.op = batch.op[lane]! as AccessOp;
    run.stride = batch.stride[lane]!;
    run.bytes = batch.bytes[lane]!;
    this.prepare(base);
    const metric = (inner.processor === CPU ? CPU_METRIC : DEVICE_METRIC)[run.op];
    const { stride, bytes } = run;
    this.unbooked = 0;
    let i = cursor.at;
    while (i < count && !turn.isDone()) {
      const address = base + i * stride;
      const granule = asGranule(Math.floor(address * perByte));
      run.granule = granule;
      run.address = address;
      if (passage.accesses > 0 && address - granule * granuleBytes < stride) {
        const whole = this.wholeGranules(count - i, object);
        if (whole > 0) {
          i += whole * passage.accesses;
          continue;
        }
      }
      turn.segments++;
      const room = (granule + 1) * granuleBytes - address - bytes;
      if (room < 0) {
        memory.ledger.count(object, metric, this.unbooked); // the counts have to be current before a batch can open
        this.unbooked = inner.element(address, bytes, run.op, object);
        run.stride = stride;
        run.bytes = bytes;
        i++;
        continue;
      }
      let n = count - i;
      if (stride > 0) n = Math.min(n, Math.floor(room / stride) + 1);
      else if (stride < 0) n = Math.min(n, Math.floor((address - granule * granuleBytes) / -stride) + 1);
      i += this.segment(Math.min(n, Math.max(1, turn.accessesLeft())), object, metric);
    }
    cursor.at = i;
    memory.ledger.count(object, metric, this.unbooked);
  }

  /** Values that are the same for all segments of the lane. */
  private prepare(base: number): void {
    const { inner, passage } = this;
    const { memory, run, processor } = inner;
    const state = memory.hotState(processor);
    if (this.column.bytes !== state) this.column = viewColumn(state);
    const { stride, bytes } = run;
    const { granuleBytes } = memory;
    passage.accesses = 0;
    passage.hop = 1;
    if (!inner.plain || stride <= 0 || (memory.delays[processor] ?? null) !== null) return;
    const step = Math.min(stride, granuleBytes);
    if (granuleBytes % step !== 0 || stride % step !== 0 || (base % step) + bytes > step) return;
    passage.accesses = granuleBytes / step;
    passage.hop = stride / step;
  }

  /** Passes whole granules, starting with that of the run. Returns how many were passed. */
  private wholeGranules(iterations: number, object: number): number {
    const { inner, turn, passage } = this;
    const { memory, run, processor } = inner;
    const { accesses, hop } = passage;
    const most = Math.floor(Math.min(iterations, turn.accessesLeft()) / accesses);
    const granules = Math.min(most, turn.segmentsLeft());
    if (granules < 1) return 0;
    let passed = this.atHand(granules);
    if (passed > 0) {
      if (processor !== CPU && memory.uses.keepsOrder)
        memory.residency.recency.touchRun(run.granule, passed, hop, processor);
    } else if (this.faults === null || processor === CPU) return 0;
    else {
      run.count = accesses;
      passed = this.faults.serve(processor, run, { granules, hop, object });
    }
    memory.busy(processor, passed * accesses * run.bytes);
    memory.accessCount += passed * accesses;
    turn.segments += passed;
    this.unbooked += passed * accesses;
    return passed;
  }

  /** Granules from that of the run on, at most so many, that are local to the processor. */
  private atHand(granules: number): number {
    const { inner, column, passage } = this;
    const { granule, op } = inner.run;
    const masks = inner.memory.hotMasks(inner.processor);
    const mask = masks.mask[op]!;
    const here = masks.want[op]!;
    if (passage.hop === 1) return countAlike(column, granule, granules, mask, here);
    const { bytes } = column;
    let n = 0;
    while (n < granules && (bytes[granule + n * passage.hop]! & mask) === here) n++;
    return n;
  }

  /** `n` accesses inside the granule of the run. */
  private segment(n: number, object: number, metric: number): number {
    const { inner, column } = this;
    const { memory, run, processor } = inner;
    const masks = memory.hotMasks(processor);
    const { granule } = run;
    if (inner.plain && (column.bytes[granule]! & masks.mask[run.op]!) === masks.want[run.op]!) {
      if (processor !== CPU && memory.uses.keepsOrder) memory.residency.recency.touch(granule, processor);
      memory.busy(processor, n * run.bytes);
      memory.delays[processor]?.access(granule >>> inner.reached.blockShift, n, true, inner.dependent);
    } else {
      memory.ledger.count(object, metric, this.unbooked);
      this.unbooked = 0;
      run.count = n;
      inner.make(object);
      run.count = n;
    }
    memory.accessCount += n;
    inner.follow(granule);
    this.unbooked += n;
    return n;
  }
}
