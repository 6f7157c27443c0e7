/**
 * Runs accesses against the memory system. Hits cost a comparison; everything else goes to `engine/segments.ts`. Accesses
 * are taken in segments: the part of a run that stays inside one granule (in every lane, for groups of lanes).
 */
import type { AccessBatch, Cursor } from '../contracts/access-stream';
import { CPU, type AccessOp, type ProcessorIndex } from '../model/processor';
import type { MemorySystem } from '../kit/memory-system';
import { looksOf } from '../hardware/access-delay';
import { GpuFrontEnd } from '../hardware/gpu/front-end';
import { LaneGroups } from './lane-groups';
import { CPU_METRIC, DEVICE_METRIC } from '../hardware/op-metrics';
import { Segments, type TouchListener } from './segments';

export class Executor {
  /** Stop at the next segment border; set only from outside (pause, step). */
  halt = false;
  /** Segments executed; pacing of the run loop. */
  segments = 0;
  private readonly inner: Segments;
  private readonly groups: LaneGroups;
  /** Runs devices that have thread groups. */
  private readonly front: GpuFrontEnd | null;
  private readonly granuleBytes: number;
  private readonly perByte: number;
  private stopAt = 0;
  private lastSegment = 0;

  /** @param touched given only when the future is being recorded */
  constructor(
    private readonly memory: MemorySystem,
    touched: TouchListener | null = null,
  ) {
    this.inner = new Segments(memory, touched);
    this.groups = new LaneGroups(this.inner);
    this.front = memory.deviceFaults ? new GpuFrontEnd(memory, this.inner.reached, memory.deviceFaults) : null;
    this.granuleBytes = memory.granuleBytes;
    this.perByte = 1 / memory.granuleBytes;
  }

  get processor(): ProcessorIndex {
    return this.inner.processor;
  }

  /** Whose accesses come next, and whether each depends on the one before. */
  begin(processor: ProcessorIndex, dependent: boolean): void {
    this.inner.processor = processor;
    this.inner.dependent = dependent;
  }

  /** The eviction policy was replaced. */
  policyChanged(): void {
    this.inner.policyChanged();
  }

  /** A kernel or host function begins on the processor. */
  stepBegins(processor: ProcessorIndex): void {
    if (processor !== CPU) this.front?.kernelBegins();
  }

  /** Services the faults of devices and replays what waits, until nothing does: the end of a kernel. */
  drain(): void {
    this.front?.drain();
  }

  /** An access to the granule waits for its replay. */
  isExpected(granule: number): boolean {
    return this.front?.isExpected(granule) === true;
  }

  /** true: no fault waits for its batch and no access for its replay. */
  isIdle(): boolean {
    return this.front?.isIdle() !== false;
  }

  /** Executes from the cursor on until the batch ends, `maxAccesses` were made, `maxSegments` passed or `halt` was set. */
  execute(batch: AccessBatch, cursor: Cursor, maxAccesses: number, maxSegments: number): boolean {
    const { inner } = this;
    this.stopAt = this.memory.accessCount + maxAccesses;
    this.lastSegment = this.segments + maxSegments;
    this.memory.turnBegins(inner.processor);
    if (inner.processor !== CPU && this.front) {
      this.front.begin(inner.processor);
      return this.front.execute(batch, cursor, this.stopAt, this.spend);
    }
    if (batch.kind === 'points') return this.points(batch, cursor);
    while (cursor.group < batch.groups) {
      const lanes = batch.laneOf[cursor.group + 1]! - batch.laneOf[cursor.group]!;
      if (lanes === 1) this.single(batch, cursor);
      else this.groups.run(batch, cursor, this.stopAt, this.pace, this.halted);
      if (cursor.at < batch.count[cursor.group]!) return false;
      cursor.group++;
      cursor.at = 0;
      if (this.isDone()) return cursor.group >= batch.groups;
    }
    return true;
  }

  private isDone(): boolean {
    return this.halt || this.segments >= this.lastSegment || this.memory.accessCount >= this.stopAt;
  }

  private readonly halted = (): boolean => this.halt;

  /** Counts segments of the front end; true: it has to stop. */
  private readonly spend = (segments: number): boolean => {
    this.segments += segments;
    return this.isDone();
  };

  /** Asked before each segment of a group. */
  private readonly pace = (): boolean => {
    if (this.isDone()) return false;
    this.segments++;
    return true;
  };

  /** Iterations of a group of one lane. */
  private single(batch: AccessBatch, cursor: Cursor): void {
    const lane = batch.laneOf[cursor.group]!;
    const count = batch.count[cursor.group]!;
    const { inner, memory, granuleBytes, stopAt, lastSegment } = this;
    const { newest } = memory.residency;
    const p = inner.processor;
    const delay = memory.delays[p] ?? null;
    const state = memory.hotState(p);
    const op = batch.op[lane]! as AccessOp;
    const masks = memory.hotMasks(p);
    const mask = masks.mask[op]!;
    const here = masks.want[op]!;
    const object = batch.object[lane]!;
    const base = batch.address[lane]!;
    const stride = batch.stride[lane]!;
    const bytes = batch.bytes[lane]!;
    const ordered = memory.uses.keepsOrder && p !== CPU;
    const { plain, run } = inner;
    const metric = (p === CPU ? CPU_METRIC : DEVICE_METRIC)[op];
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
        counted = inner.element(address, bytes, op, object);
        i++;
        continue;
      }
      let n = count - i;
      if (stride > 0) n = Math.min(n, Math.floor(room / stride) + 1);
      else if (stride < 0) n = Math.min(n, Math.floor((address - granule * granuleBytes) / -stride) + 1);
      n = Math.min(n, Math.max(1, stopAt - memory.accessCount));
      if (plain && (state[granule]! & mask) === here) {
        if (ordered && newest[p] !== granule) memory.residency.touch(granule, p);
        memory.busy(p, n * bytes);
        delay?.access(granule >>> inner.reached.blockShift, n, true, inner.dependent);
      } else {
        memory.ledger.count(object, metric, counted);
        counted = 0;
        run.granule = granule;
        run.op = op;
        run.address = address;
        run.stride = stride;
        run.count = n;
        run.bytes = bytes;
        inner.make(object);
      }
      memory.accessCount += n;
      inner.follow(granule);
      counted += n;
      i += n;
    }
    cursor.at = i;
    memory.ledger.count(object, metric, counted);
  }

  /** Single elements by number. */
  private points(batch: AccessBatch, cursor: Cursor): boolean {
    const { inner, memory, granuleBytes, perByte, stopAt, lastSegment } = this;
    const { residency } = memory;
    const p = inner.processor;
    const delay = memory.delays[p] ?? null;
    const looks = looksOf(delay, inner.dependent);
    const state = memory.hotState(p);
    const { index, base, pitch, pointBytes: bytes, pointOp: op, pointObject: object } = batch;
    const masks = memory.hotMasks(p);
    const mask = masks.mask[op]!;
    const here = masks.want[op]!;
    const straddles = !(pitch > 0 && granuleBytes % pitch === 0 && base % pitch === 0 && bytes <= pitch);
    const ordered = memory.uses.keepsOrder && p !== CPU;
    const { plain, run } = inner;
    let end = Math.min(
      batch.points,
      cursor.at + Math.max(0, stopAt - memory.accessCount),
      cursor.at + Math.max(0, lastSegment - this.segments),
    );
    const start = cursor.at;
    const metric = (p === CPU ? CPU_METRIC : DEVICE_METRIC)[op];
    let pieces = 0; // of points that are not in the books of the object yet
    let settled = start; // points before this one are counted
    let i = start;
    let newest = residency.newest[p]!;
    for (; i < end; i++) {
      const address = base + index[i]! * pitch;
      const granule = (address * perByte) | 0;
      if (
        plain &&
        (state[granule]! & mask) === here &&
        !(straddles && address + bytes > (granule + 1) * granuleBytes)
      ) {
        if (ordered && newest !== granule) {
          residency.touch(granule, p);
          newest = granule;
        }
        if ((i & looks) === looks) delay!.point(granule >>> inner.reached.blockShift, inner.dependent);
        continue;
      }
      memory.accessCount += i - settled;
      memory.busy(p, (i - settled) * bytes);
      memory.ledger.count(object, metric, i - settled + pieces); // a batch that opens now finds the books up to date
      settled = i + 1;
      if (straddles && address + bytes > (granule + 1) * granuleBytes) {
        pieces = inner.element(address, bytes, op, object);
        end = Math.min(end, settled + Math.max(0, stopAt - memory.accessCount)); // each further piece uses up the turn
      } else {
        run.granule = granule;
        run.op = op;
        run.address = address;
        run.stride = 0;
        run.count = 1;
        run.bytes = bytes;
        inner.make(object);
        memory.accessCount++;
        pieces = 1;
        inner.follow(granule);
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
}
