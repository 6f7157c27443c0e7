/**
 * Groups of lanes in lock step: in each iteration every lane makes one access. As long as no lane leaves its granule
 * and all are here, any number of iterations costs one check per lane.
 */
import { assert } from '../base/assert';
import { GROUP_LANES, type AccessBatch } from '../contracts/access-stream';
import { CPU, type AccessOp } from '../model/processor';
import { CPU_METRIC, DEVICE_METRIC } from '../hardware/op-metrics';
import { asGranule } from '../base/indices';
import type { Segments } from './segments';

type LaneColumns = Pick<AccessBatch, 'address' | 'stride' | 'bytes' | 'op' | 'object'>;

/** The lanes of one group at one iteration. */
class Lanes {
  count = 0;
  readonly address = new Float64Array(GROUP_LANES);
  readonly stride = new Float64Array(GROUP_LANES);
  readonly bytes = new Float64Array(GROUP_LANES);
  readonly op = new Uint8Array(GROUP_LANES);
  readonly object = new Int32Array(GROUP_LANES);
  /** Filled by room(). */
  readonly granule = new Int32Array(GROUP_LANES);
  /** Iterations that were executed but not yet counted for the objects. */
  unbooked = 0;

  load(from: LaneColumns, first: number, count: number): void {
    assert(count <= GROUP_LANES, 'a group has more lanes than GROUP_LANES');
    this.count = count;
    this.unbooked = 0;
    for (let lane = 0; lane < count; lane++) {
      this.stride[lane] = from.stride[first + lane]!;
      this.bytes[lane] = from.bytes[first + lane]!;
      this.op[lane] = from.op[first + lane]!;
      this.object[lane] = from.object[first + lane]!;
    }
  }

  moveTo(from: LaneColumns, first: number, iteration: number): void {
    for (let lane = 0; lane < this.count; lane++)
      this.address[lane] = from.address[first + lane]! + iteration * this.stride[lane]!;
  }

  /** Iterations, at most `most`, in which no lane leaves its granule; 0 when an element spans two. */
  room(most: number, granuleBytes: number): number {
    const perByte = 1 / granuleBytes;
    let n = most;
    for (let lane = 0; lane < this.count; lane++) {
      const address = this.address[lane]!;
      const stride = this.stride[lane]!;
      const granule = Math.floor(address * perByte);
      this.granule[lane] = granule;
      const room = (granule + 1) * granuleBytes - address - this.bytes[lane]!;
      if (room < 0) return 0;
      if (stride > 0) n = Math.min(n, Math.floor(room / stride) + 1);
      else if (stride < 0) n = Math.min(n, Math.floor((address - granule * granuleBytes) / -stride) + 1);
    }
    return n;
  }
}

/** The part of the executor's cursor that a group of lanes moves. */
interface LaneCursor {
  readonly group: number;
  at: number;
  lane?: number;
}

export class LaneGroups {
  private readonly hand = new Lanes();
  private readonly granuleBytes: number;
  private readonly done = { iterations: 0, counted: 0, booked: 0, stoppedAt: 0 };
  private halted: () => boolean = () => false;

  constructor(private readonly segments: Segments) {
    this.granuleBytes = segments.memory.granuleBytes;
  }

  /**
   * Executes iterations of a group from the cursor on, until its end or until `pace` returns false. Moves the cursor.
   * @param pace called before each segment; returns false to stop
   * @param halted a fault batch was serviced after which the run was to stop, even between two lanes
   */
  run(batch: AccessBatch, cursor: LaneCursor, stopAt: number, pace: () => boolean, halted: () => boolean): void {
    const { segments, hand } = this;
    const { memory } = segments;
    const first = batch.laneOf[cursor.group]!;
    const count = batch.count[cursor.group]!;
    this.halted = halted;
    hand.load(batch, first, batch.laneOf[cursor.group + 1]! - first);
    while (cursor.at < count && pace()) {
      hand.moveTo(batch, first, cursor.at);
      const most = Math.max(1, Math.ceil((stopAt - memory.accessCount) / hand.count));
      const n = hand.room(Math.min(count - cursor.at, most), this.granuleBytes);
      const resumed = cursor.lane ?? 0;
      if (n === 0 || resumed > 0) {
        this.book(hand);
        cursor.lane = this.oneByOne(hand, resumed);
        if (cursor.lane === 0) cursor.at++;
        continue;
      }
      const done = this.segment(hand, n);
      memory.accessCount += done.counted;
      if (done.counted > 0)
        for (let lane = 0; lane < hand.count; lane++) segments.follow(asGranule(hand.granule[lane]!));
      hand.unbooked += done.iterations - done.booked;
      cursor.at += done.iterations;
      cursor.lane = done.stoppedAt;
    }
    this.book(hand);
  }

  /**
   * Counts the outstanding iterations for the lanes' objects. Called before anything that may open a batch, and at the
   * end.
   */
  private book(lanes: Lanes): void {
    if (lanes.unbooked === 0) return;
    const metrics = this.segments.processor === CPU ? CPU_METRIC : DEVICE_METRIC;
    for (let lane = 0; lane < lanes.count; lane++)
      this.segments.memory.ledger.count(lanes.object[lane]!, metrics[lanes.op[lane]! as AccessOp], lanes.unbooked);
    lanes.unbooked = 0;
  }

  private outcome(iterations: number, counted: number, booked: number, stoppedAt = 0): typeof this.done {
    this.done.iterations = iterations;
    this.done.counted = counted;
    this.done.booked = booked;
    this.done.stoppedAt = stoppedAt;
    return this.done;
  }

  /**
   * n iterations that stay in the lanes' granules. Returns how many were made, how many accesses the caller still has
   * to count, and how many iterations are already counted for the objects.
   */
  private segment(lanes: Lanes, n: number): typeof this.done {
    const { segments } = this;
    const { memory, processor: p } = segments;
    const state = memory.hotState(p);
    const delay = memory.delays[p] ?? null;
    const { mask, want } = memory.hotMasks(p);
    const all = n * lanes.count;
    let hit = segments.plain;
    let reachable = true;
    for (let lane = 0; lane < lanes.count; lane++) {
      const granule = asGranule(lanes.granule[lane]!);
      const op = lanes.op[lane]! as AccessOp;
      if ((state[granule]! & mask[op]!) === want[op]!) continue;
      hit = false;
      if (memory.isLocal(p, granule, op)) continue;
      if (!memory.mapsRemotely(p, granule, op) || memory.remoteBudget(p, granule) <= all) reachable = false;
    }
    if (hit) {
      let bytes = 0;
      for (let lane = 0; lane < lanes.count; lane++) {
        segments.recent(asGranule(lanes.granule[lane]!));
        bytes += lanes.bytes[lane]!;
        delay?.access(lanes.granule[lane]! >>> segments.reached.blockShift, n, true, segments.dependent);
      }
      memory.busy(p, n * bytes);
      return this.outcome(n, all, 0);
    }
    this.book(lanes);
    if (reachable && (n === 1 || this.mayReorder(lanes))) {
      this.reachAll(lanes, n);
      return this.outcome(n, all, 0);
    }
    // One iteration in order; the next one is decided by the state after it.
    const stoppedAt = this.oneByOne(lanes, 0);
    return stoppedAt > 0 ? this.outcome(0, 0, 0, stoppedAt) : this.outcome(1, 0, 1);
  }

  /** No lane will fault: their segments may be taken one lane after the other. */
  private reachAll(lanes: Lanes, n: number): void {
    const { segments } = this;
    const { memory, processor, run } = segments;
    const now = memory.accessCount;
    for (let lane = 0; lane < lanes.count; lane++) {
      const granule = asGranule(lanes.granule[lane]!);
      const op = lanes.op[lane]! as AccessOp;
      run.granule = granule;
      run.op = op;
      run.address = lanes.address[lane]!;
      run.stride = lanes.stride[lane]!;
      run.count = n;
      run.bytes = lanes.bytes[lane]!;
      segments.reach(memory.isLocal(processor, granule, op));
      segments.onAccess?.(granule, now + lane, now + lane + (n - 1) * lanes.count, lanes.count);
    }
  }

  /**
   * true: lanes may be taken one after the other. Not allowed if two of them share a granule whose question is open.
   */
  private mayReorder(lanes: Lanes): boolean {
    const { ledger } = this.segments.memory;
    for (let a = 0; a < lanes.count; a++) {
      const granule = asGranule(lanes.granule[a]!);
      if (!ledger.needsOrder(granule)) continue;
      for (let b = 0; b < lanes.count; b++)
        if (b !== a && lanes.granule[b] === granule && lanes.op[a] !== lanes.op[b]) return false;
    }
    return true;
  }

  /**
   * One iteration, access by access, from a lane on. Returns the lane to go on with after a halt, 0 when it was finished.
   */
  private oneByOne(lanes: Lanes, from: number): number {
    const { segments } = this;
    const metrics = segments.processor === CPU ? CPU_METRIC : DEVICE_METRIC;
    for (let lane = from; lane < lanes.count; lane++) {
      const op = lanes.op[lane]! as AccessOp;
      const object = lanes.object[lane]!;
      const pieces = segments.element(lanes.address[lane]!, lanes.bytes[lane]!, op, object);
      segments.memory.ledger.count(object, metrics[op], pieces);
      if (lane + 1 < lanes.count && this.halted()) return lane + 1;
    }
    return 0;
  }
}
