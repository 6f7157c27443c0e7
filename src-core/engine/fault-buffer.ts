/**
 * The open fault batch of one device, and the accesses that wait for it. Stands for the replayable fault buffer: warps
 * whose access faulted stall and are replayed after the batch, the others run on. Bounded: a full buffer closes the batch.
 */
import type { AccessOp, ProcessorIndex } from '../model/processor';

/** Most groups of accesses that wait for one batch, and their lanes. */
export const MAX_WAITING = 4096;
const MAX_LANES = 4 * MAX_WAITING;

/** Accesses set aside, as groups of lanes (the same encoding as AccessBatch). */
export class WaitingAccesses {
  count = 0;
  readonly laneOf = new Int32Array(MAX_WAITING + 1);
  readonly iterations = new Float64Array(MAX_WAITING);
  /** How often the group was set aside already. */
  readonly attempts = new Uint8Array(MAX_WAITING);
  readonly address = new Float64Array(MAX_LANES);
  readonly stride = new Float64Array(MAX_LANES);
  readonly bytes = new Float64Array(MAX_LANES);
  readonly op = new Uint8Array(MAX_LANES);
  readonly object = new Int32Array(MAX_LANES);

  fits(lanes: number): boolean {
    return this.count < MAX_WAITING && this.laneOf[this.count]! + lanes <= MAX_LANES;
  }

  addLane(lane: number, address: number, stride: number, bytes: number, op: AccessOp, object: number): void {
    const at = this.laneOf[this.count]! + lane;
    this.address[at] = address;
    this.stride[at] = stride;
    this.bytes[at] = bytes;
    this.op[at] = op;
    this.object[at] = object;
  }

  endGroup(lanes: number, iterations: number, attempts: number): void {
    this.iterations[this.count] = iterations;
    this.attempts[this.count] = Math.min(attempts, 255);
    this.laneOf[this.count + 1] = this.laneOf[this.count]! + lanes;
    this.count++;
  }

  clear(): void {
    this.count = 0;
  }
}

export class FaultBuffer {
  device: ProcessorIndex = 0;
  /** Number of the open batch. */
  batch = 0;
  count = 0;
  readonly granule: Int32Array;
  /** Ordinal of each fault event. */
  readonly cause: Float64Array;
  /** Kind of access that faulted. */
  readonly op: Uint8Array;
  onlyFirstTouch = true;

  constructor(readonly entries: number) {
    this.granule = new Int32Array(entries);
    this.cause = new Float64Array(entries);
    this.op = new Uint8Array(entries);
  }

  add(granule: number, cause: number, firstTouch: boolean, op: AccessOp): void {
    this.granule[this.count] = granule;
    this.cause[this.count] = cause;
    this.op[this.count] = op;
    this.count++;
    if (!firstTouch) this.onlyFirstTouch = false;
  }

  /** Sorted copies, ascending by granule as the driver sorts by address, and an empty buffer. */
  take(): { granules: Int32Array; causes: Float64Array; ops: Uint8Array; count: number } {
    const order = Array.from({ length: this.count }, (_, i) => i).sort((a, b) => this.granule[a]! - this.granule[b]!);
    const granules = Int32Array.from(order, (i) => this.granule[i]!);
    const causes = Float64Array.from(order, (i) => this.cause[i]!);
    const ops = Uint8Array.from(order, (i) => this.op[i]!);
    const { count } = this;
    this.count = 0;
    this.onlyFirstTouch = true;
    return { granules, causes, ops, count };
  }
}
