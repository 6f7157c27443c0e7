/**
 * Runs accesses against the memory system. A hit costs one comparison; all other accesses go to `engine/segments.ts`.
 * Accesses are taken in segments: the part of a run that stays inside one granule (in every lane, for groups of lanes).
 */
import type { AccessBatch, Cursor } from '../contracts/access-stream';
import { CPU, type ProcessorIndex } from '../model/processor';
import type { MemorySystem } from '../kit/memory-system';
import { GpuFrontEnd } from '../hardware/gpu/front-end';
import type { Granule } from '../base/indices';
import { LaneGroups } from './lane-groups';
import { Points } from './points';
import { Segments, type AccessListener } from './segments';
import { SingleLane } from './single-lane';
import { Turn } from './turn';

export class Executor {
  readonly turn: Turn;
  private readonly inner: Segments;
  private readonly lane: SingleLane;
  private readonly points: Points;
  private readonly groups: LaneGroups;
  /** Runs devices that have thread groups. */
  private readonly front: GpuFrontEnd | null;

  /** @param onAccess given only when the future is being recorded */
  constructor(
    private readonly memory: MemorySystem,
    onAccess: AccessListener | null = null,
  ) {
    this.turn = new Turn(memory);
    this.inner = new Segments(memory, onAccess);
    this.lane = new SingleLane(this.inner, this.turn);
    this.points = new Points(this.inner, this.turn);
    this.groups = new LaneGroups(this.inner);
    this.front = memory.deviceFaults ? new GpuFrontEnd(memory, this.inner.reached, memory.deviceFaults) : null;
  }

  get processor(): ProcessorIndex {
    return this.inner.processor;
  }

  /** Sets the processor of the next accesses, and whether each depends on the one before. */
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

  /** Ends a kernel: services faults and replays accesses until none waits. */
  drain(): void {
    this.front?.drain();
  }

  /** An access to the granule waits for its replay. */
  isExpected(granule: Granule): boolean {
    return this.front?.isExpected(granule) === true;
  }

  /** true: no fault waits for its batch and no access for its replay. */
  isIdle(): boolean {
    return this.front?.isIdle() !== false;
  }

  /** Executes from the cursor on until the batch ends, `maxAccesses` were made, `maxSegments` passed or `halt` was set. */
  execute(batch: AccessBatch, cursor: Cursor, maxAccesses: number, maxSegments: number): boolean {
    const { inner, turn } = this;
    turn.begin(maxAccesses, maxSegments);
    this.memory.turnBegins(inner.processor);
    if (inner.processor !== CPU && this.front) {
      this.front.begin(inner.processor);
      return this.front.execute(batch, cursor, turn.stopAt, this.spend);
    }
    if (batch.kind === 'points') return this.points.run(batch, cursor);
    while (cursor.group < batch.groups) {
      const lanes = batch.laneOf[cursor.group + 1]! - batch.laneOf[cursor.group]!;
      if (lanes === 1) this.lane.run(batch, cursor);
      else this.groups.run(batch, cursor, turn.stopAt, this.pace, this.halted);
      if (cursor.at < batch.count[cursor.group]!) return false;
      cursor.group++;
      cursor.at = 0;
      if (turn.isDone()) return cursor.group >= batch.groups;
    }
    return true;
  }

  private readonly halted = (): boolean => this.turn.halt;

  /** Counts segments of the front end; true: it has to stop. */
  private readonly spend = (segments: number): boolean => {
    this.turn.segments += segments;
    return this.turn.isDone();
  };

  /** Called before each segment of a group. */
  private readonly pace = (): boolean => {
    if (this.turn.isDone()) return false;
    this.turn.segments++;
    return true;
  };
}
