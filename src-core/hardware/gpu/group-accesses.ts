/**
 * The accesses of a thread group in flight: each is made as soon as its granule is within reach; otherwise it raises a fault
 * and the group waits for the granule.
 */
import type { AccessedMemory } from '../../contracts/accessed-memory';
import type { FaultPath } from '../../contracts/fault-service';
import { READ, type AccessOp, type ProcessorIndex, GPU0 } from '../../model/processor';
import { type Granule, asGranule } from '../../base/indices';
import { ReusedRun } from '../access-run';
import { DEVICE_METRIC } from '../op-metrics';
import type { ReachedAccesses } from '../reached-accesses';
import type { ThreadGroup } from './thread-group';
import { Waiters } from './waiters';

export class GroupAccesses {
  device: ProcessorIndex = GPU0;
  /** The kernel's accesses form a chain. */
  isDependent = false;
  /** Accesses were made since this was set to false. */
  progressed = false;
  readonly waiters = new Waiters();
  private readonly run = new ReusedRun();
  private readonly granuleBytes: number;
  private readonly perByte: number;

  constructor(
    private readonly memory: AccessedMemory,
    private readonly reached: ReachedAccesses,
    private readonly faults: FaultPath,
  ) {
    this.granuleBytes = memory.granuleBytes;
    this.perByte = 1 / memory.granuleBytes;
  }

  /** Continues a group until its accesses are made, wait, or find no room for their fault. */
  make(group: ThreadGroup, atPs: number): void {
    let loads = 0;
    for (let lane = group.next; lane < group.lanes && group.mayRaise(); lane++) {
      const op = group.op[lane]! as AccessOp;
      if (op !== READ && loads > 0) break;
      let left = group.left[lane]!;
      while (left !== 0) {
        const slot = 31 - Math.clz32(left & -left);
        left &= left - 1;
        if (this.access(group, lane, slot, op, atPs)) group.left[lane] = group.left[lane]! & ~(1 << slot);
        else if (!group.mayRaise()) break;
        else if (op === READ) loads++;
      }
      if (group.left[lane] === 0 && lane === group.next) group.next++;
    }
  }

  /** The granule's faults were refused, so accesses that wait for it end without being executed. */
  refuse(granule: Granule): void {
    this.waiters.each(granule, (group) => {
      const low = granule * this.granuleBytes;
      group.abandon(low, low + this.granuleBytes);
    });
  }

  /**
   * Executes the accesses to this granule of a group that still waits for others, before another batch can evict it.
   */
  makeIn(group: ThreadGroup, granule: Granule, atPs: number): void {
    for (let lane = group.next; lane < group.lanes && group.mayRaise(); lane++) {
      const op = group.op[lane]! as AccessOp;
      if (op !== READ && lane > group.next) return;
      for (let left = group.left[lane]!; left !== 0 && group.mayRaise(); left &= left - 1) {
        const slot = 31 - Math.clz32(left & -left);
        const at = group.addressOf(lane, slot) + (group.perSlot > 1 ? 0 : group.made(lane, slot));
        if (Math.floor(at * this.perByte) !== granule || !this.isReachable(granule, op)) continue;
        if (this.access(group, lane, slot, op, atPs)) group.left[lane] = group.left[lane]! & ~(1 << slot);
      }
    }
  }

  private isReachable(granule: Granule, op: AccessOp): boolean {
    const { memory, device } = this;
    return memory.isLocal(device, granule, op) || memory.mapsRemotely(device, granule, op);
  }

  /** One slot of one lane: true where its access was made, or can never be made. Otherwise a fault was raised, or blocked. */
  private access(group: ThreadGroup, lane: number, slot: number, op: AccessOp, atPs: number): boolean {
    const { granuleBytes, run } = this;
    const start = group.addressOf(lane, slot);
    const bytes = group.bytes[lane]!;
    const granule = asGranule(Math.floor(start * this.perByte));
    run.op = op;
    run.stride = group.stride[lane]!;
    if (start + bytes > (granule + 1) * granuleBytes) return this.pieces(group, lane, slot, atPs);
    const made = group.perSlot > 1 ? group.made(lane, slot) : 0;
    run.granule = granule;
    run.address = start + made * run.stride;
    run.count = group.perSlot - made;
    run.bytes = bytes;
    if (this.piece(group, lane, atPs)) {
      if (made > 0) group.setMade(lane, slot, 0);
      return true;
    }
    if (run.count < group.perSlot) group.setMade(lane, slot, group.perSlot - run.count);
    return false;
  }

  /**
   * An element that spans granules, piece by piece, each as soon as its granule is here: where the device cannot hold all of
   * them, or others take one while the next is on its way, all would never be here at once.
   */
  private pieces(group: ThreadGroup, lane: number, slot: number, atPs: number): boolean {
    const { memory, granuleBytes, run } = this;
    const start = group.addressOf(lane, slot);
    const outer = start + group.bytes[lane]!;
    for (let at = start + group.made(lane, slot); at < outer;) {
      const granule = asGranule(Math.floor(at * this.perByte));
      const end = Math.min(outer, (granule + 1) * granuleBytes);
      run.granule = granule;
      run.address = at;
      run.count = 1;
      run.bytes = end - at;
      if (!this.piece(group, lane, atPs)) return false;
      // Pieces of an element count as accesses of their own, as everywhere in the engine.
      if (at > start) {
        memory.accessCount++;
        memory.ledger.count(group.object[lane]!, DEVICE_METRIC[run.op], 1);
      }
      group.setMade(lane, slot, end < outer ? end - start : 0);
      at = end;
    }
    return true;
  }

  /** The accesses of `run`, inside one granule; the answer is that of `access`, and `run` then holds what is left. */
  private piece(group: ThreadGroup, lane: number, atPs: number): boolean {
    const { memory, device, faults, run } = this;
    const { granule, op } = run;
    while (!memory.isLocal(device, granule, op)) {
      if (!memory.mapsRemotely(device, granule, op)) {
        if (faults.isFatal(device, granule, op)) return true;
        if (!faults.raise(device, group.utlb, granule, op, group.object[lane]!, atPs)) group.isBlocked = true;
        else this.waiters.add(granule, group);
        return false;
      }
      if (this.makeRemote()) return true;
    }
    this.made(true);
    return true;
  }

  /** Makes accesses over the link until an access counter reaches its threshold. true: all of `run` are made. */
  private makeRemote(): boolean {
    const { memory, device, run } = this;
    const { granule, count } = run;
    const budget = memory.remoteBudget(device, granule);
    run.count = Math.min(count, budget);
    if (run.count > 0) this.made(false);
    run.address += run.count * run.stride;
    const left = count - run.count;
    if (run.count >= budget) memory.counterNotifies(device, granule);
    run.count = left;
    return left === 0;
  }

  private made(isLocal: boolean): void {
    const { device, run, memory } = this;
    this.progressed = true;
    this.reached.made(device, run, isLocal, this.isDependent);
    if (isLocal && memory.uses.follows) memory.uses.follow(device, run.granule);
  }
}
