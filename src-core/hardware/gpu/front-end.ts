/**
 * The device's side of a memory system with a fault buffer: makes thread groups of a kernel's accesses. A hit costs one
 * comparison; a group that misses becomes a group in flight (groups-in-flight.ts).
 */
import { GROUP_LANES, type AccessBatch, type Cursor } from '../../contracts/access-stream';
import type { AccessOp, ProcessorIndex } from '../../model/processor';
import { looksOf } from '../access-delay';
import type { AccessedMemory } from '../../contracts/accessed-memory';
import type { DeviceFaults, FaultHardware } from '../../contracts/fault-service';
import { type Granule, asGranule } from '../../base/indices';
import { DEVICE_METRIC } from '../op-metrics';
import type { ReachedAccesses } from '../reached-accesses';
import { GroupsInFlight } from './groups-in-flight';
import { MOST_SLOTS } from './thread-group';

/** Points that hit between two checks for a pause. */
const POINTS_BETWEEN_LOOKS = 4096;

export class GpuFrontEnd {
  private readonly hardware: FaultHardware;
  private readonly flight: GroupsInFlight;
  private readonly granuleBytes: number;
  private readonly perByte: number;
  /** Iterations of the current group that were executed but not yet counted for the objects. */
  private unbooked = 0;
  /** Granule of each lane, filled by `room`. */
  private readonly here = new Int32Array(GROUP_LANES);

  constructor(
    private readonly memory: AccessedMemory,
    private readonly reached: ReachedAccesses,
    { hardware, path }: DeviceFaults,
  ) {
    this.granuleBytes = memory.granuleBytes;
    this.perByte = 1 / memory.granuleBytes;
    this.hardware = hardware;
    this.flight = new GroupsInFlight(memory, reached, hardware, path);
  }

  private get device(): ProcessorIndex {
    return this.flight.device;
  }
  /**
   * Selects the device of the next accesses; before a kernel on another device begins, all waiting accesses have to
   * finish.
   */
  begin(device: ProcessorIndex): void {
    this.flight.begin(device);
  }
  /** A kernel begins: its first thread group goes to the first SM. */
  kernelBegins(): void {
    this.flight.kernelBegins();
  }
  /** An access to the granule waits for its replay. */
  isExpected(granule: Granule): boolean {
    return this.flight.isExpected(granule);
  }
  isIdle(): boolean {
    return this.flight.isIdle();
  }
  /** Ends a kernel: runs until nothing waits and the last replay has reached the device. */
  drain(): void {
    this.flight.drain();
  }

  /** Executes from the cursor on until the batch ends or `isDone` says so. true: the batch is finished. */
  execute(batch: AccessBatch, cursor: Cursor, stopAt: number, isDone: (segments: number) => boolean): boolean {
    if (batch.kind === 'points') return this.points(batch, cursor, stopAt, isDone);
    while (cursor.group < batch.groups) {
      this.group(batch, cursor, stopAt, isDone);
      if (cursor.at < batch.count[cursor.group]!) return false;
      cursor.group++;
      cursor.at = 0;
      if (isDone(0)) return cursor.group >= batch.groups;
    }
    return true;
  }

  private group(batch: AccessBatch, cursor: Cursor, stopAt: number, isDone: (segments: number) => boolean): void {
    const { memory, hardware } = this;
    const first = batch.laneOf[cursor.group]!;
    const lanes = batch.laneOf[cursor.group + 1]! - first;
    const count = batch.count[cursor.group]!;
    // Asked before it counts, so that a slice of one segment makes one.
    while (cursor.at < count && !isDone(0)) {
      isDone(1);
      const { at } = cursor;
      const most = Math.max(1, Math.ceil((stopAt - memory.accessCount) / lanes));
      const room = this.room(batch, first, lanes, at, Math.min(count - at, most));
      if (room > 0 && this.hits(batch, first, lanes, room)) {
        memory.accessCount += room * lanes;
        this.unbooked += room;
        cursor.at += room;
        continue;
      }
      this.book(batch, first, lanes);
      const threads = batch.dependent ? 1 : hardware.threadsPerGroup;
      let slots = 1;
      let perSlot = room > 1 ? this.beforeCounter(batch, first, lanes, room) : room;
      if (perSlot < threads) {
        slots = Math.min(threads - (at % threads), count - at, MOST_SLOTS);
        perSlot = 1;
      }
      const group = this.flight.take();
      group.begin(lanes, slots, perSlot, threads);
      for (let lane = 0; lane < lanes; lane++) {
        const k = first + lane;
        const address = batch.address[k]! + at * batch.stride[k]!;
        group.setLane(lane, batch.op[k]! as AccessOp, batch.object[k]!, address, batch.stride[k]!, batch.bytes[k]!);
        memory.ledger.count(batch.object[k]!, DEVICE_METRIC[batch.op[k]! as AccessOp], slots * perSlot);
      }
      memory.accessCount += slots * perSlot * lanes;
      cursor.at += slots * perSlot;
      this.flight.launch(group, batch.dependent);
    }
    this.book(batch, first, lanes);
  }

  /** Iterations, at most `most`, in which no lane leaves its granule; 0 when an element spans two. */
  private room(batch: AccessBatch, first: number, lanes: number, at: number, most: number): number {
    const { granuleBytes, perByte, here } = this;
    let n = most;
    for (let lane = 0; lane < lanes; lane++) {
      const k = first + lane;
      const stride = batch.stride[k]!;
      const address = batch.address[k]! + at * stride;
      const granule = Math.floor(address * perByte);
      here[lane] = granule;
      const left = (granule + 1) * granuleBytes - address - batch.bytes[k]!;
      if (left < 0) return 0;
      if (stride > 0) n = Math.min(n, Math.floor(left / stride) + 1);
      else if (stride < 0) n = Math.min(n, Math.floor((address - granule * granuleBytes) / -stride) + 1);
    }
    return n;
  }

  /** Of n iterations in the granules of `here`, those that come before an access counter moves one of these. */
  private beforeCounter(batch: AccessBatch, first: number, lanes: number, n: number): number {
    const { memory, device, here } = this;
    let least = n;
    for (let lane = 0; lane < lanes; lane++) {
      const granule = asGranule(here[lane]!);
      const op = batch.op[first + lane]! as AccessOp;
      if (memory.isLocal(device, granule, op) || !memory.mapsRemotely(device, granule, op)) continue;
      least = Math.min(least, Math.max(1, memory.remoteBudget(device, granule)));
    }
    return least;
  }

  /** true: no observer or policy needs each access. */
  private isPlain(): boolean {
    return !this.memory.hasObserver && !this.memory.uses.follows;
  }

  /** n iterations in the granules of `here`: true, and made, where all lanes are plain hits. */
  private hits(batch: AccessBatch, first: number, lanes: number, n: number): boolean {
    const { memory, device, here } = this;
    if (!this.isPlain()) return false;
    const state = memory.hotState(device);
    const { mask, want } = memory.hotMasks(device);
    let bytes = 0;
    for (let lane = 0; lane < lanes; lane++) {
      const op = batch.op[first + lane]!;
      if ((state[here[lane]!]! & mask[op]!) !== want[op]!) return false;
      bytes += batch.bytes[first + lane]!;
    }
    memory.busy(device, n * bytes);
    if (memory.uses.keepsOrder)
      for (let lane = 0; lane < lanes; lane++) memory.uses.touch(device, asGranule(here[lane]!));
    const delay = memory.delays[device] ?? null;
    if (delay)
      for (let lane = 0; lane < lanes; lane++)
        delay.access(here[lane]! >>> this.reached.blockShift, n, true, batch.dependent);
    return true;
  }

  private book(batch: AccessBatch, first: number, lanes: number): void {
    if (this.unbooked === 0) return;
    for (let k = first; k < first + lanes; k++)
      this.memory.ledger.count(batch.object[k]!, DEVICE_METRIC[batch.op[k]! as AccessOp], this.unbooked);
    this.unbooked = 0;
  }

  /** Irregular accesses: thread groups of consecutive points. */
  private points(batch: AccessBatch, cursor: Cursor, stopAt: number, isDone: (segments: number) => boolean): boolean {
    const { memory, hardware, perByte, granuleBytes, device } = this;
    const { index, base, pitch, pointBytes: bytes, pointOp: op, pointObject: object } = batch;
    const state = memory.hotState(device);
    const delay = memory.delays[device] ?? null;
    const looks = looksOf(delay, batch.dependent);
    const { blockShift } = this.reached;
    const masks = memory.hotMasks(device);
    const mask = masks.mask[op]!;
    const want = masks.want[op]!;
    const straddles = !(pitch > 0 && granuleBytes % pitch === 0 && base % pitch === 0 && bytes <= pitch);
    const threads = batch.dependent ? 1 : hardware.threadsPerGroup;
    let settled = cursor.at;
    const settle = (to: number): void => {
      memory.accessCount += to - settled;
      memory.busy(device, (to - settled) * bytes);
      memory.ledger.count(object, DEVICE_METRIC[op], to - settled);
      settled = to;
    };
    let i = cursor.at;
    while (i < batch.points) {
      const begun = i;
      const { uses } = memory;
      const { keepsOrder, unitShift } = uses;
      const isPlain = this.isPlain();
      let used = -1;
      const end = Math.min(batch.points, i + POINTS_BETWEEN_LOOKS, i + Math.max(1, stopAt - memory.accessCount));
      for (; isPlain && i < end; i++) {
        const address = base + index[i]! * pitch;
        const granule = asGranule((address * perByte) | 0);
        if ((state[granule]! & mask) !== want || (straddles && address + bytes > (granule + 1) * granuleBytes)) break;
        if (keepsOrder && granule >>> unitShift !== used) {
          uses.touch(device, granule);
          used = granule >>> unitShift;
        }
        if ((i & looks) === looks) delay!.point(granule >>> blockShift, batch.dependent);
      }
      if (i === end) {
        settle(i);
        if (i < batch.points && isDone(end - begun)) break;
        continue;
      }
      settle(i);
      const slots = Math.min(threads - (i % threads), batch.points - i, MOST_SLOTS);
      const group = this.flight.take();
      group.begin(1, slots, 1, threads);
      group.setLane(0, op, object, 0, 0, bytes);
      group.isPoints = true;
      for (let slot = 0; slot < slots; slot++) group.points[slot] = base + index[i + slot]! * pitch;
      memory.accessCount += slots;
      memory.ledger.count(object, DEVICE_METRIC[op], slots);
      i += slots;
      settled = i;
      this.flight.launch(group, batch.dependent);
      if (isDone(i - begun)) break;
    }
    settle(i);
    cursor.at = i;
    return i >= batch.points;
  }
}
