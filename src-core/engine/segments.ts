/**
 * Accesses inside one granule, whatever its state, by a processor that executes one access at a time: the CPU, and a
 * device whose machine gives it no thread groups (rule set R0). Its faults are serviced immediately.
 */
import { CPU, type AccessOp, type ProcessorIndex } from '../model/processor';
import type { MemorySystem } from '../kit/memory-system';
import { ReusedRun } from '../hardware/access-run';
import { ReachedAccesses } from '../hardware/reached-accesses';
import { type Granule, asGranule } from '../base/indices';

/** Called for each run of accesses to a granule: [first, last] access numbers and the distance between two of them. */
export type AccessListener = (granule: Granule, first: number, last: number, step: number) => void;

export class Segments {
  processor: ProcessorIndex = CPU;
  /** Each access depends on the one before. */
  dependent = false;
  /** Only the recency list observes hits, so a hit may be skipped. */
  plain = true;
  readonly reached: ReachedAccesses;
  /** The current accesses; the code that executes lanes fills it too. */
  readonly run = new ReusedRun();
  private readonly granuleBytes: number;

  constructor(
    readonly memory: MemorySystem,
    readonly onAccess: AccessListener | null,
  ) {
    this.granuleBytes = memory.granuleBytes;
    this.reached = new ReachedAccesses(memory);
    this.policyChanged();
  }

  /** The eviction policy was replaced. */
  policyChanged(): void {
    const { memory } = this;
    memory.uses.policyChanged?.();
    this.plain = !memory.uses.follows && this.onAccess === null && !memory.hasObserver;
  }

  /** One element, in one piece per granule, counted. Returns the pieces. */
  element(address: number, bytes: number, op: AccessOp, object: number): number {
    const { granuleBytes, run } = this;
    let pieces = 0;
    for (let at = address; at < address + bytes;) {
      const granule = asGranule(Math.floor(at / granuleBytes));
      const end = Math.min(address + bytes, (granule + 1) * granuleBytes);
      run.granule = granule;
      run.op = op;
      run.address = at;
      run.stride = 0;
      run.count = 1;
      run.bytes = end - at;
      this.make(object);
      this.memory.accessCount++;
      this.follow(granule);
      pieces++;
      at = end;
    }
    return pieces;
  }

  /** Makes the accesses of `run`; its fault, where it has one, goes to the object. */
  make(object: number): void {
    const { memory, run, processor: p } = this;
    const { granule, op } = run;
    for (;;) {
      if (memory.isLocal(p, granule, op)) {
        this.reach(true);
        this.onAccess?.(granule, memory.accessCount, memory.accessCount + run.count - 1, 1);
        return;
      }
      if (memory.mapsRemotely(p, granule, op)) {
        const { count } = run;
        const budget = memory.remoteBudget(p, granule);
        run.count = Math.min(count, budget);
        if (run.count > 0) this.reach(false);
        run.address += run.count * run.stride;
        if (run.count >= budget) memory.counterNotifies(p, granule);
        run.count = count - run.count;
        if (run.count === 0) return;
        continue;
      }
      if (!memory.faultNow(p, granule, op, object)) return; // it ended in an outcome (SIGBUS, OOM …), so nothing was accessed
    }
  }

  /** The accesses of `run` do not fault: they are in the processor's own memory, or go over the link. */
  reach(isLocal: boolean): void {
    this.reached.made(this.processor, this.run, isLocal, this.dependent);
  }

  /** Notes a hit in the recency list. */
  recent(granule: Granule): void {
    const { processor, memory } = this;
    if (processor !== CPU && memory.uses.keepsOrder) memory.uses.touch(processor, granule);
  }

  /** Notifies a policy that observes accesses. Called when the accesses are counted, so that its next use is in the future. */
  follow(granule: Granule): void {
    const { processor, memory } = this;
    if (processor !== CPU && memory.uses.follows) memory.uses.follow(processor, granule);
  }
}
