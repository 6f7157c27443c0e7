/**
 * Runs accesses against the memory system. Hits cost a comparison; everything else goes to `segment`. Accesses are taken
 * in segments: the part of a run that stays inside one granule (in every lane, for groups of lanes).
 *
 * A processor that faults one at a time (the CPU, a pointer chase, a machine without batches) is serviced on the spot.
 * Otherwise the fault joins the open batch, the segment waits, and the stream goes on, as other warps would.
 */
import { assert } from '../base/assert';
import { GROUP_LANES, type AccessBatch } from '../contracts/access-stream';
import { metricIndex } from '../model/events';
import { CPU, type AccessOp, type ProcessorIndex } from '../model/processor';
import { HIT_MASK, PENDING, TRACKED } from '../os/residency';
import { reasonCode } from '../model/events';
import type { MemorySystem } from '../os/memory-system';
import { FaultBuffer, WaitingAccesses } from './fault-buffer';

const FIRST_TOUCH = reasonCode('first-touch');
const OP_METRIC = [
  [metricIndex('cpuReads'), metricIndex('cpuWrites'), metricIndex('cpuReadWrites'), metricIndex('cpuAtomics')],
  [metricIndex('gpuReads'), metricIndex('gpuWrites'), metricIndex('gpuReadWrites'), metricIndex('gpuAtomics')],
] as const;
/** After this many replays an access is serviced on the spot, so that a batch larger than the device makes progress. */
const MAX_REPLAYS = 2;

/** Position inside a batch. */
export interface Cursor {
  group: number;
  /** Iteration of the group, or number of the point. */
  at: number;
}

interface Lanes {
  readonly address: Float64Array;
  readonly stride: Float64Array;
  readonly bytes: Float64Array;
  readonly op: Uint8Array;
  readonly object: Int32Array;
}

export class Executor {
  /** Stop at the next segment border; set from outside (pause, step) and by nobody else. */
  halt = false;
  processor: ProcessorIndex = CPU;
  /** Each access depends on the one before. */
  dependent = false;
  /** Segments executed; pacing of the run loop. */
  segments = 0;
  private keepOrder = false;
  private followUse = false;
  private readonly buffer: FaultBuffer;
  private waiting = new WaitingAccesses();
  /** Emptied lists, for batches that close while another one is being replayed. */
  private readonly spare: WaitingAccesses[] = [];
  private readonly granuleBytes: number;
  private readonly perByte: number;
  // Lanes of the group in hand.
  private readonly laneAddress = new Float64Array(GROUP_LANES);
  private readonly laneStride = new Float64Array(GROUP_LANES);
  private readonly laneBytes = new Float64Array(GROUP_LANES);
  private readonly laneOp = new Uint8Array(GROUP_LANES);
  private readonly laneObject = new Int32Array(GROUP_LANES);
  private readonly laneGranule = new Int32Array(GROUP_LANES);
  /** Iterations of that group which are made, and not in the books of its objects yet. */
  private unbooked = 0;

  /**
   * @param touched hears of every run of device accesses to a granule: [first, last] access numbers and the distance
   *   between two of them. Given only when the future is being recorded.
   */
  constructor(
    private readonly memory: MemorySystem,
    private readonly touched: ((granule: number, first: number, last: number, step: number) => void) | null = null,
  ) {
    this.granuleBytes = memory.granuleBytes;
    this.perByte = 1 / memory.granuleBytes;
    this.buffer = new FaultBuffer(memory.config.machine.faultBatchEntries.value);
    this.policyChanged();
  }

  /** The eviction policy was replaced. Where everything fits, order is not kept: nothing will ever be evicted. */
  policyChanged(): void {
    const { eviction } = this.memory.config.policies;
    const mayEvict = this.memory.granules > this.memory.residency.capacity;
    this.keepOrder = mayEvict && eviction.order === 'access';
    this.followUse = mayEvict && eviction.used !== undefined;
  }

  /** Executes from the cursor on until the batch ends, `maxAccesses` were made, `maxSegments` passed or `halt` was set. */
  execute(batch: AccessBatch, cursor: Cursor, maxAccesses: number, maxSegments: number): boolean {
    const stopAt = this.memory.accessCount + maxAccesses;
    const lastSegment = this.segments + maxSegments;
    if (this.processor !== CPU && this.buffer.device !== this.processor) this.drain();
    if (batch.kind === 'points') return this.points(batch, cursor, stopAt, lastSegment);
    while (cursor.group < batch.groups) {
      const first = batch.laneOf[cursor.group]!;
      const lanes = batch.laneOf[cursor.group + 1]! - first;
      const count = batch.count[cursor.group]!;
      if (lanes === 1) this.single(batch, first, cursor, count, stopAt, lastSegment);
      else this.group(batch, first, lanes, cursor, count, stopAt, lastSegment);
      if (cursor.at < count) return false;
      cursor.group++;
      cursor.at = 0;
      if (this.halt || this.segments >= lastSegment || this.memory.accessCount >= stopAt)
        return cursor.group >= batch.groups;
    }
    return true;
  }

  /** Services the open batch and replays what waits, until nothing does: the end of a kernel. */
  drain(): void {
    while (this.buffer.count > 0 || this.waiting.count > 0) this.closeBatch();
  }

  // --- runs of one lane ---
  private single(
    batch: AccessBatch,
    lane: number,
    cursor: Cursor,
    count: number,
    stopAt: number,
    lastSegment: number,
  ): void {
    const { memory, granuleBytes } = this;
    const { state, newest } = memory.residency;
    const p = this.processor;
    const here = p + 1;
    const op = batch.op[lane]! as AccessOp;
    const object = batch.object[lane]!;
    const base = batch.address[lane]!;
    const stride = batch.stride[lane]!;
    const bytes = batch.bytes[lane]!;
    const ordered = this.keepOrder && p !== CPU;
    const plain = !this.followUse && this.touched === null;
    const metric = OP_METRIC[p === CPU ? 0 : 1][op];
    let i = cursor.at;
    let counted = 0;
    while (i < count) {
      if (this.halt || this.segments >= lastSegment || memory.accessCount >= stopAt) break;
      this.segments++;
      const address = base + i * stride;
      const granule = Math.floor(address * this.perByte);
      const room = (granule + 1) * granuleBytes - address - bytes;
      if (room < 0) {
        memory.ledger.count(object, metric, counted); // whatever may open a batch finds the books up to date
        counted = this.element(address, bytes, op, object, 0);
        i++;
        continue;
      }
      let n = count - i;
      if (stride > 0) n = Math.min(n, Math.floor(room / stride) + 1);
      else if (stride < 0) n = Math.min(n, Math.floor((address - granule * granuleBytes) / -stride) + 1);
      n = Math.min(n, Math.max(1, stopAt - memory.accessCount));
      if (plain && (state[granule]! & HIT_MASK) === here) {
        if (ordered && newest[p] !== granule) memory.residency.touch(granule, p);
        memory.busy(p, n * bytes);
      } else {
        memory.ledger.count(object, metric, counted);
        counted = 0;
        this.segment(granule, address, stride, n, bytes, op, object, 0);
      }
      memory.accessCount += n;
      this.follow(granule);
      counted += n;
      i += n;
    }
    cursor.at = i;
    memory.ledger.count(object, metric, counted);
  }

  // --- lists of elements ---
  private points(batch: AccessBatch, cursor: Cursor, stopAt: number, lastSegment: number): boolean {
    const { memory, granuleBytes, perByte } = this;
    const { residency } = memory;
    const { state } = residency;
    const p = this.processor;
    const here = p + 1;
    const { index, base, pitch, pointBytes: bytes, pointOp: op, pointObject: object } = batch;
    const straddles = !(pitch > 0 && granuleBytes % pitch === 0 && base % pitch === 0 && bytes <= pitch);
    const ordered = this.keepOrder && p !== CPU;
    const plain = !this.followUse && this.touched === null;
    let end = Math.min(
      batch.points,
      cursor.at + Math.max(0, stopAt - memory.accessCount),
      cursor.at + Math.max(0, lastSegment - this.segments),
    );
    const start = cursor.at;
    const metric = OP_METRIC[p === CPU ? 0 : 1][op];
    let pieces = 0; // of points that are not in the books of the object yet
    let settled = start; // points before this one are counted
    let i = start;
    let newest = residency.newest[p]!;
    for (; i < end; i++) {
      const address = base + index[i]! * pitch;
      const granule = (address * perByte) | 0;
      if (
        plain &&
        (state[granule]! & HIT_MASK) === here &&
        !(straddles && address + bytes > (granule + 1) * granuleBytes)
      ) {
        if (ordered && newest !== granule) {
          residency.touch(granule, p);
          newest = granule;
        }
        continue;
      }
      memory.accessCount += i - settled;
      memory.busy(p, (i - settled) * bytes);
      memory.ledger.count(object, metric, i - settled + pieces); // a batch that opens now finds the books up to date
      settled = i + 1;
      if (straddles && address + bytes > (granule + 1) * granuleBytes) {
        pieces = this.element(address, bytes, op, object, 0);
        end = Math.min(end, settled + Math.max(0, stopAt - memory.accessCount)); // each further piece uses up the turn
      } else {
        this.segment(granule, address, 0, 1, bytes, op, object, 0);
        memory.accessCount++;
        pieces = 1;
        this.follow(granule);
      }
      newest = residency.newest[p]!;
      if (this.halt) {
        i++;
        break;
      }
    }
    memory.accessCount += i - settled;
    memory.busy(p, (i - settled) * bytes);
    this.segments += i - start;
    cursor.at = i;
    memory.ledger.count(object, metric, i - settled + pieces);
    return i >= batch.points;
  }

  // --- groups of lanes in lock step ---
  private group(
    batch: AccessBatch,
    first: number,
    lanes: number,
    cursor: Cursor,
    count: number,
    stopAt: number,
    lastSegment: number,
  ): void {
    assert(lanes <= GROUP_LANES, 'a group has more lanes than GROUP_LANES');
    const { memory } = this;
    for (let lane = 0; lane < lanes; lane++) {
      this.laneStride[lane] = batch.stride[first + lane]!;
      this.laneBytes[lane] = batch.bytes[first + lane]!;
      this.laneOp[lane] = batch.op[first + lane]!;
      this.laneObject[lane] = batch.object[first + lane]!;
    }
    let i = cursor.at;
    while (i < count) {
      if (this.halt || this.segments >= lastSegment || memory.accessCount >= stopAt) break;
      this.segments++;
      for (let lane = 0; lane < lanes; lane++)
        this.laneAddress[lane] = batch.address[first + lane]! + i * this.laneStride[lane]!;
      const n = this.laneRoom(
        lanes,
        Math.min(count - i, Math.max(1, Math.ceil((stopAt - memory.accessCount) / lanes))),
      );
      if (n === 0) {
        this.bookLanes(lanes);
        this.oneByOne(lanes);
        i++;
        continue;
      }
      const done = this.groupSegment(lanes, n, 0);
      memory.accessCount += done.counted;
      if (done.counted > 0) for (let lane = 0; lane < lanes; lane++) this.follow(this.laneGranule[lane]!);
      this.unbooked += done.iterations - done.booked;
      i += done.iterations;
    }
    cursor.at = i;
    this.bookLanes(lanes);
  }

  /** Brings the books of the lanes' objects up to date: before anything that may open a batch, and at the end. */
  private bookLanes(lanes: number): void {
    if (this.unbooked === 0) return;
    const metrics = OP_METRIC[this.processor === CPU ? 0 : 1];
    for (let lane = 0; lane < lanes; lane++)
      this.memory.ledger.count(this.laneObject[lane]!, metrics[this.laneOp[lane]! as AccessOp], this.unbooked);
    this.unbooked = 0;
  }

  /** Iterations, at most `most`, in which no lane leaves its granule; 0 when an element spans two. Fills laneGranule. */
  private laneRoom(lanes: number, most: number): number {
    const { granuleBytes, perByte } = this;
    let n = most;
    for (let lane = 0; lane < lanes; lane++) {
      const address = this.laneAddress[lane]!;
      const stride = this.laneStride[lane]!;
      const granule = Math.floor(address * perByte);
      this.laneGranule[lane] = granule;
      const room = (granule + 1) * granuleBytes - address - this.laneBytes[lane]!;
      if (room < 0) return 0;
      if (stride > 0) n = Math.min(n, Math.floor(room / stride) + 1);
      else if (stride < 0) n = Math.min(n, Math.floor((address - granule * granuleBytes) / -stride) + 1);
    }
    return n;
  }

  private readonly done = { iterations: 0, counted: 0, booked: 0 };

  private outcome(
    iterations: number,
    counted: number,
    booked: number,
  ): { iterations: number; counted: number; booked: number } {
    this.done.iterations = iterations;
    this.done.counted = counted;
    this.done.booked = booked;
    return this.done;
  }

  /**
   * n iterations that stay in the granules of laneGranule. Answers how many were made, how many accesses the caller still
   * has to count, and how many iterations are already in the books of the objects.
   */
  private groupSegment(
    lanes: number,
    n: number,
    attempts: number,
  ): { iterations: number; counted: number; booked: number } {
    const { memory } = this;
    const { state } = memory.residency;
    const p = this.processor;
    let hit = !this.followUse && this.touched === null;
    let reachable = true;
    for (let lane = 0; lane < lanes; lane++) {
      const granule = this.laneGranule[lane]!;
      if ((state[granule]! & HIT_MASK) === p + 1) continue;
      hit = false;
      if (memory.isLocal(p, granule)) continue;
      if (!memory.mapsRemotely(p, granule) || memory.remoteBudget(p, granule) <= n * lanes) reachable = false;
    }
    if (hit) {
      let bytes = 0;
      for (let lane = 0; lane < lanes; lane++) {
        if (this.keepOrder && p !== CPU) memory.residency.touch(this.laneGranule[lane]!, p);
        bytes += this.laneBytes[lane]!;
      }
      memory.busy(p, n * bytes);
      return this.outcome(n, n * lanes, 0);
    }
    if (attempts === 0) this.bookLanes(lanes);
    if (reachable && (n === 1 || this.mayReorder(lanes))) {
      this.reachableLanes(lanes, n);
      return this.outcome(n, n * lanes, 0);
    }
    if (!reachable && this.batches(attempts) && this.raiseMissing(lanes)) {
      this.setAsideLanes(lanes, n, attempts);
      return this.outcome(n, n * lanes, 0);
    }
    // In order, one iteration; what follows is decided again by how things stand then.
    this.oneByOne(lanes, attempts);
    return this.outcome(1, 0, 1);
  }

  /** No lane will fault: their segments may be taken one lane after the other. */
  private reachableLanes(lanes: number, n: number): void {
    const { memory } = this;
    const now = memory.accessCount;
    for (let lane = 0; lane < lanes; lane++) {
      const granule = this.laneGranule[lane]!;
      const here = memory.isLocal(this.processor, granule);
      this.reach(
        here,
        granule,
        this.laneAddress[lane]!,
        this.laneStride[lane]!,
        n,
        this.laneBytes[lane]!,
        this.laneOp[lane]! as AccessOp,
      );
      this.touched?.(granule, now + lane, now + lane + (n - 1) * lanes, lanes);
    }
    for (let lane = 0; lane < lanes; lane++)
      if (memory.isLocal(this.processor, this.laneGranule[lane]!)) this.recent(this.laneGranule[lane]!);
  }

  /** May lanes be taken one after the other? Not when two of them share a granule whose question is open. */
  private mayReorder(lanes: number): boolean {
    for (let a = 0; a < lanes; a++) {
      const granule = this.laneGranule[a]!;
      if (!this.memory.ledger.needsOrder(granule)) continue;
      for (let b = 0; b < lanes; b++)
        if (b !== a && this.laneGranule[b] === granule && this.laneOp[a] !== this.laneOp[b]) return false;
    }
    return true;
  }

  /** One iteration, access by access, from laneAddress on. Replays (attempts above 0) were counted when they were met. */
  private oneByOne(lanes: number, attempts = 0): void {
    const metrics = OP_METRIC[this.processor === CPU ? 0 : 1];
    const book = attempts === 0;
    const kept = this.keepLanes(lanes);
    for (let lane = 0; lane < lanes; lane++) {
      const op = kept.op[lane]! as AccessOp;
      const object = kept.object[lane]!;
      const pieces = this.element(kept.address[lane]!, kept.bytes[lane]!, op, object, attempts, book);
      if (book) this.memory.ledger.count(object, metrics[op], pieces);
    }
    this.restoreLanes(kept);
  }

  /** The lanes in hand, put aside while faults are serviced: a replay uses the same columns. */
  private keepLanes(lanes: number): Lanes {
    return {
      address: this.laneAddress.slice(0, lanes),
      stride: this.laneStride.slice(0, lanes),
      bytes: this.laneBytes.slice(0, lanes),
      op: this.laneOp.slice(0, lanes),
      object: this.laneObject.slice(0, lanes),
    };
  }

  private restoreLanes(kept: Lanes): void {
    this.laneAddress.set(kept.address);
    this.laneStride.set(kept.stride);
    this.laneBytes.set(kept.bytes);
    this.laneOp.set(kept.op);
    this.laneObject.set(kept.object);
  }

  /** One element, in one piece per granule. Counts the accesses when `count`; answers the pieces. */
  private element(
    address: number,
    bytes: number,
    op: AccessOp,
    object: number,
    attempts: number,
    count = true,
  ): number {
    const { granuleBytes } = this;
    let pieces = 0;
    for (let at = address; at < address + bytes;) {
      const granule = Math.floor(at / granuleBytes);
      const end = Math.min(address + bytes, (granule + 1) * granuleBytes);
      this.segment(granule, at, 0, 1, end - at, op, object, attempts);
      if (count) this.memory.accessCount++;
      this.follow(granule);
      pieces++;
      at = end;
    }
    return pieces;
  }

  // --- everything that is not a plain hit ---
  /** Faults join a batch, rather than being serviced on the spot. */
  private batches(attempts: number): boolean {
    return this.processor !== CPU && !this.dependent && this.buffer.entries > 1 && attempts < MAX_REPLAYS;
  }

  /** n accesses inside one granule, whatever its state. */
  private segment(
    granule: number,
    start: number,
    stride: number,
    count: number,
    bytes: number,
    op: AccessOp,
    object: number,
    attempts: number,
  ): void {
    const { memory } = this;
    const p = this.processor;
    let address = start;
    let n = count;
    for (;;) {
      if (memory.isLocal(p, granule)) {
        this.reach(true, granule, address, stride, n, bytes, op);
        this.touched?.(granule, memory.accessCount, memory.accessCount + n - 1, 1);
        this.recent(granule);
        return;
      }
      if (memory.mapsRemotely(p, granule)) {
        const budget = memory.remoteBudget(p, granule);
        const k = Math.min(n, budget);
        if (k > 0) this.reach(false, granule, address, stride, k, bytes, op);
        n -= k;
        address += k * stride;
        if (k >= budget) memory.counterNotifies(p, granule);
        if (n === 0) return;
        continue;
      }
      if (!this.batches(attempts)) {
        memory.faultNow(p, granule, op, object);
        continue;
      }
      if (this.buffer.count >= this.buffer.entries) {
        this.closeBatch(); // a group of lanes filled it to the last entry
        continue;
      }
      this.raise(granule, op, object);
      if (!this.waiting.fits(1)) this.closeBatch();
      this.waiting.addLane(0, address, stride, bytes, op, object);
      this.waiting.endGroup(1, n, attempts);
      if (this.buffer.count >= this.buffer.entries) this.closeBatch();
      return;
    }
  }

  /** n accesses that do not fault: in the processor's own memory, or over the link. */
  private reach(
    here: boolean,
    granule: number,
    address: number,
    stride: number,
    n: number,
    bytes: number,
    op: AccessOp,
  ): void {
    const { memory } = this;
    if (here) memory.busy(this.processor, n * bytes);
    else memory.remoteAccess(this.processor, granule, n, n * bytes);
    if ((memory.residency.state[granule]! & TRACKED) !== 0)
      memory.ledger.accessed(granule, op, address - granule * this.granuleBytes, stride, n, bytes, here);
  }

  private recent(granule: number): void {
    if (this.keepOrder && this.processor !== CPU) this.memory.residency.touch(granule, this.processor);
  }

  /** Tells a policy that follows uses; called when the accesses are counted, so that its next use lies ahead. */
  private follow(granule: number): void {
    const p = this.processor;
    if (!this.followUse || p === CPU || !this.memory.isLocal(p, granule)) return;
    this.memory.config.policies.eviction.used?.(p, granule, this.memory);
  }

  // --- the open batch ---
  /** Puts a fault into the open batch, opening one when there is none; a granule that already waits there is a duplicate. */
  private raise(granule: number, op: AccessOp, object: number): void {
    const { memory, buffer } = this;
    const { state } = memory.residency;
    if ((state[granule]! & PENDING) !== 0) return;
    if (buffer.count === 0) {
      memory.beginBatch();
      buffer.device = this.processor;
      buffer.batch = memory.batchNow;
    }
    memory.batchNow = buffer.batch;
    const reason = memory.decide(this.processor, granule, op);
    const ordinal = memory.report(this.processor, granule, op, object, reason);
    buffer.add(granule, ordinal, reason === FIRST_TOUCH);
    state[granule] = state[granule]! | PENDING;
  }

  /** Raises faults for the lanes that are not here; false: none was needed (all are here or mapped remotely). */
  private raiseMissing(lanes: number): boolean {
    const { memory } = this;
    const p = this.processor;
    let missing = 0;
    for (let lane = 0; lane < lanes; lane++) {
      const granule = this.laneGranule[lane]!;
      if (memory.isLocal(p, granule) || memory.mapsRemotely(p, granule)) continue;
      missing++;
    }
    if (missing === 0) return false;
    if (this.buffer.count + missing > this.buffer.entries || !this.waiting.fits(lanes)) {
      const kept = this.keepLanes(lanes);
      this.closeBatch();
      this.restoreLanes(kept);
      this.laneRoom(lanes, 1);
      if (missing > this.buffer.entries) return false;
      return this.raiseMissing(lanes);
    }
    for (let lane = 0; lane < lanes; lane++) {
      const granule = this.laneGranule[lane]!;
      if (!memory.isLocal(p, granule) && !memory.mapsRemotely(p, granule))
        this.raise(granule, this.laneOp[lane]! as AccessOp, this.laneObject[lane]!);
    }
    return true;
  }

  private setAsideLanes(lanes: number, n: number, attempts: number): void {
    for (let lane = 0; lane < lanes; lane++)
      this.waiting.addLane(
        lane,
        this.laneAddress[lane]!,
        this.laneStride[lane]!,
        this.laneBytes[lane]!,
        this.laneOp[lane]! as AccessOp,
        this.laneObject[lane]!,
      );
    this.waiting.endGroup(lanes, n, attempts);
  }

  /** Services the open batch, then replays what waited for it. Replayed accesses were counted when they were met. */
  private closeBatch(): void {
    const { memory, buffer } = this;
    if (buffer.count > 0) {
      memory.batchNow = buffer.batch;
      const only = buffer.onlyFirstTouch;
      const { granules, causes, count } = buffer.take();
      memory.service(buffer.device, granules, causes, count, only);
    }
    const waited = this.waiting;
    this.waiting = this.spare.pop() ?? new WaitingAccesses();
    const { processor } = this;
    this.processor = buffer.device;
    for (let k = 0; k < waited.count; k++) this.replay(waited, k);
    this.processor = processor;
    waited.clear();
    this.spare.push(waited);
  }

  private replay(waited: WaitingAccesses, k: number): void {
    const first = waited.laneOf[k]!;
    const lanes = waited.laneOf[k + 1]! - first;
    const attempts = waited.attempts[k]! + 1;
    if (lanes === 1) {
      const address = waited.address[first]!;
      const granule = Math.floor(address * this.perByte);
      this.segment(
        granule,
        address,
        waited.stride[first]!,
        waited.iterations[k]!,
        waited.bytes[first]!,
        waited.op[first]! as AccessOp,
        waited.object[first]!,
        attempts,
      );
      this.follow(granule);
      return;
    }
    const load = (from: number): void => {
      for (let lane = 0; lane < lanes; lane++) {
        this.laneStride[lane] = waited.stride[first + lane]!;
        this.laneAddress[lane] = waited.address[first + lane]! + from * waited.stride[first + lane]!;
        this.laneBytes[lane] = waited.bytes[first + lane]!;
        this.laneOp[lane] = waited.op[first + lane]!;
        this.laneObject[lane] = waited.object[first + lane]!;
      }
    };
    for (let at = 0; at < waited.iterations[k]!;) {
      load(at);
      const n = this.laneRoom(lanes, waited.iterations[k]! - at);
      at += this.groupSegment(lanes, n, attempts).iterations;
      for (let lane = 0; lane < lanes; lane++) this.follow(this.laneGranule[lane]!);
    }
  }
}
