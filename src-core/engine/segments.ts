/**
 * Accesses inside one granule, whatever its state: the part of the executor where faults happen.
 *
 * A processor that faults one at a time (the CPU, a pointer chase, a machine without batches) is serviced on the spot.
 * Otherwise the fault joins the open batch, the segment waits, and the stream goes on, as other warps would.
 */
import { reasonCode } from '../model/events';
import { CPU, type AccessOp, type ProcessorIndex } from '../model/processor';
import type { MemorySystem } from '../kit/memory-system';
import { ReusedRun } from '../hardware/access-run';
import { ReachedAccesses } from '../hardware/reached-accesses';
import { FaultBuffer, WaitingAccesses } from './fault-buffer';

const FIRST_TOUCH = reasonCode('first-touch');
/** After this many replays an access is serviced on the spot, so that a batch larger than the device makes progress. */
const MAX_REPLAYS = 2;

/** Called for each run of accesses to a granule: [first, last] access numbers and the distance between two of them. */
export type TouchListener = (granule: number, first: number, last: number, step: number) => void;

export class Segments {
  processor: ProcessorIndex = CPU;
  /** Each access depends on the one before. */
  dependent = false;
  /** Accesses of a batch are being made, which waited together: none of them is part of a chain. */
  private replaying = false;
  /** Hits move granules in the recency list. */
  keepOrder = false;
  /** Only the recency list observes hits, so a hit may be skipped. */
  plain = true;
  readonly buffer: FaultBuffer;
  waiting = new WaitingAccesses();
  /** Granules that waiting accesses are about to touch, and how many of them; kept only where a policy looks ahead. */
  private readonly expected: Map<number, number> | null;
  /** Replays a group of lanes; set by who runs groups. */
  replayLanes: (waited: WaitingAccesses, k: number, attempts: number) => void = () => undefined;
  private followUse = false;
  /** Emptied lists, for batches that close while another one is being replayed. */
  private readonly spare: WaitingAccesses[] = [];
  private readonly granuleBytes: number;
  readonly reached: ReachedAccesses;
  private readonly run = new ReusedRun();

  constructor(
    readonly memory: MemorySystem,
    readonly touched: TouchListener | null,
  ) {
    this.granuleBytes = memory.granuleBytes;
    this.reached = new ReachedAccesses(memory);
    this.buffer = new FaultBuffer(memory.config.machine.faultBatchEntries.value);
    this.expected = memory.config.nextUse ? new Map() : null;
    this.policyChanged();
  }

  /** An access to the granule waits: for a policy that looks ahead its next use is now. */
  isExpected(granule: number): boolean {
    return this.expected?.has(granule) === true;
  }

  /** Every granule that a waiting group touches. */
  private expect(waited: WaitingAccesses, k: number, change: 1 | -1): void {
    const { expected } = this;
    if (!expected) return;
    for (let lane = waited.laneOf[k]!; lane < waited.laneOf[k + 1]!; lane++) {
      const granule = Math.floor(waited.address[lane]! / this.granuleBytes);
      const count = (expected.get(granule) ?? 0) + change;
      if (count > 0) expected.set(granule, count);
      else expected.delete(granule);
    }
  }

  /** Sets aside the group whose lanes were added to `waiting`. */
  setAside(lanes: number, iterations: number, attempts: number): void {
    this.waiting.endGroup(lanes, iterations, attempts);
    this.expect(this.waiting, this.waiting.count - 1, 1);
  }

  /** The eviction policy was replaced. Where everything fits, order is not kept: nothing will ever be evicted. */
  policyChanged(): void {
    const { eviction } = this.memory.config.policies;
    const mayEvict = this.memory.granules > this.memory.residency.capacity;
    this.keepOrder = mayEvict && eviction.order === 'access';
    this.followUse = mayEvict && eviction.used !== undefined;
    this.plain = !this.followUse && this.touched === null && !this.memory.watches;
  }

  /** Services the open batch and replays what waits, until nothing does: the end of a kernel. */
  drain(): void {
    while (this.buffer.count > 0 || this.waiting.count > 0) this.closeBatch();
  }

  /** One element, in one piece per granule. Counts the accesses when `count`; answers the pieces. */
  element(address: number, bytes: number, op: AccessOp, object: number, attempts: number, count = true): number {
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

  /** Faults join a batch, rather than being serviced on the spot. */
  batches(attempts: number): boolean {
    return this.processor !== CPU && !this.dependent && this.buffer.entries > 1 && attempts < MAX_REPLAYS;
  }

  /** n accesses inside one granule, whatever its state. */
  segment(
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
      if (memory.isLocal(p, granule, op)) {
        this.reach(true, granule, address, stride, n, bytes, op);
        this.touched?.(granule, memory.accessCount, memory.accessCount + n - 1, 1);
        this.recent(granule);
        return;
      }
      if (memory.mapsRemotely(p, granule, op)) {
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
        if (memory.faultNow(p, granule, op, object)) continue;
        return; // it ended in an outcome (SIGBUS, OOM …): nothing was accessed
      }
      if (this.buffer.count >= this.buffer.entries) {
        this.closeBatch(); // a group of lanes filled it to the last entry
        continue;
      }
      this.raise(granule, op, object);
      if (!this.waiting.fits(1)) this.closeBatch();
      this.waiting.addLane(0, address, stride, bytes, op, object);
      this.setAside(1, n, attempts);
      if (this.buffer.count >= this.buffer.entries) this.closeBatch();
      return;
    }
  }

  /** n accesses that do not fault: in the processor's own memory, or over the link. */
  reach(here: boolean, granule: number, address: number, stride: number, n: number, bytes: number, op: AccessOp): void {
    const { run } = this;
    run.granule = granule;
    run.op = op;
    run.address = address;
    run.stride = stride;
    run.count = n;
    run.bytes = bytes;
    this.reached.made(this.processor, run, here, this.dependent && !this.replaying);
  }

  /** Notes a hit in the recency list. */
  recent(granule: number): void {
    if (this.keepOrder && this.processor !== CPU && this.memory.ownerOf(granule) === this.processor)
      this.memory.residency.touch(granule, this.processor);
  }

  /** Notifies a policy that observes accesses. Called when the accesses are counted, so that its next use is in the future. */
  follow(granule: number): void {
    const p = this.processor;
    if (!this.followUse || p === CPU || this.memory.ownerOf(granule) !== p) return;
    this.memory.config.policies.eviction.used?.(p, granule, this.memory);
  }

  /** Puts a fault into the open batch, opening one when there is none; a granule that already waits there is a duplicate. */
  raise(granule: number, op: AccessOp, object: number): void {
    const { memory, buffer } = this;
    if (memory.isPending(this.processor, granule)) return;
    if (buffer.count === 0) {
      memory.beginBatch();
      buffer.device = this.processor;
      buffer.batch = memory.batchNow;
    }
    memory.batchNow = buffer.batch;
    const reason = memory.decide(this.processor, granule, op);
    const ordinal = memory.report(this.processor, granule, op, object, reason);
    buffer.add(granule, ordinal, reason === FIRST_TOUCH, op);
    memory.setPending(this.processor, granule);
  }

  /** Services the open batch, then replays what waited for it. Replayed accesses were counted when they were met. */
  closeBatch(): void {
    const { memory, buffer } = this;
    if (buffer.count > 0) {
      memory.batchNow = buffer.batch;
      const only = buffer.onlyFirstTouch;
      const { granules, causes, ops, count } = buffer.take();
      memory.service(buffer.device, granules, causes, count, only, ops);
    }
    const waited = this.waiting;
    this.waiting = this.spare.pop() ?? new WaitingAccesses();
    const { processor, replaying } = this;
    this.processor = buffer.device;
    this.replaying = true;
    for (let k = 0; k < waited.count; k++) {
      this.replay(waited, k);
      this.expect(waited, k, -1);
      this.followAll(waited, k);
    }
    this.processor = processor;
    this.replaying = replaying;
    waited.clear();
    this.spare.push(waited);
  }

  /** The replayed granules are needed later from here on, not now. */
  private followAll(waited: WaitingAccesses, k: number): void {
    for (let lane = waited.laneOf[k]!; lane < waited.laneOf[k + 1]!; lane++)
      this.follow(Math.floor(waited.address[lane]! / this.granuleBytes));
  }

  private replay(waited: WaitingAccesses, k: number): void {
    const first = waited.laneOf[k]!;
    const attempts = waited.attempts[k]! + 1;
    if (waited.laneOf[k + 1]! - first > 1) {
      this.replayLanes(waited, k, attempts);
      return;
    }
    const address = waited.address[first]!;
    const granule = Math.floor(address / this.granuleBytes);
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
  }
}
