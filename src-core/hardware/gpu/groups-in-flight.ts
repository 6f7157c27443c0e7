/**
 * Thread groups on one device: a place for each, what they wait for, and how they go on. A group whose access faults waits
 * for the replay and others run on; when all groups that fit on the device wait, the device stands still. Stands for the block
 * scheduler (groups are handed out in order), the scoreboard (see thread-group.ts) and replay. Left out: reordering between
 * groups that could run, so that the order of faults is the order of the program.
 */
import { assert } from '../../base/assert';
import { READ, type AccessOp, type ProcessorIndex } from '../../model/processor';
import type { AccessedMemory } from '../../contracts/accessed-memory';
import type { FaultHardware, FaultPath } from '../../contracts/fault-service';
import { DEVICE_METRIC } from '../op-metrics';
import { ReusedRun } from '../access-run';
import type { ReachedAccesses } from '../reached-accesses';
import { utlbOfGroup } from './fault-hardware';
import { ThreadGroup, Waiters } from './thread-group';

/** Batches in a row after which no access could be made: so many are our bug, not a workload; throttled faults end too. */
const MOST_IDLE_BATCHES = 100_000;

export class GroupsInFlight {
  device: ProcessorIndex = 1;
  /** Thread groups issued in this kernel: decides which SM, and so which uTLB, the next one gets. */
  private groups = 0;
  private sequence = 0;
  private readonly waiters: Waiters;
  /** Weight of the groups that wait. */
  private waitingGroups = 0;
  /** Groups whose replay is on its way: they occupy the device until then. */
  private readonly landsAtPs: number[] = [];
  private readonly landingWeight: number[] = [];
  private landingHead = 0;
  private landingGroups = 0;
  /** Groups whose fault found no room, by uTLB, oldest first. */
  private readonly blocked: ThreadGroup[][];
  private blockedGroups = 0;
  /** Batches since an access of a group in flight was made. */
  private idleBatches = 0;
  private readonly spare: ThreadGroup[] = [];
  private readonly woken: ThreadGroup[] = [];
  private wokenCount = 0;
  /** Accesses of the current piece. */
  private readonly run = new ReusedRun();
  /** The kernel's accesses form a chain. */
  private isDependent = false;
  private readonly granuleBytes: number;
  private readonly perByte: number;

  constructor(
    private readonly memory: AccessedMemory,
    private readonly reached: ReachedAccesses,
    private readonly hardware: FaultHardware,
    private readonly faults: FaultPath,
  ) {
    this.granuleBytes = memory.granuleBytes;
    this.perByte = 1 / memory.granuleBytes;
    this.waiters = new Waiters(memory.granules);
    this.blocked = Array.from({ length: hardware.utlbs }, () => []);
  }

  /** Which device's accesses come next; a kernel on another device first has to finish what waits. */
  begin(device: ProcessorIndex): void {
    if (device === this.device) return;
    this.drain();
    this.device = device;
    this.groups = 0;
  }

  /** A kernel begins: its first thread group goes to the first SM. */
  kernelBegins(): void {
    this.groups = 0;
  }

  isIdle(): boolean {
    return this.waitingGroups === 0;
  }

  /** Until nothing waits, and the device has reached the last replay: the end of a kernel. */
  drain(): void {
    while (this.waitingGroups > 0) this.service();
    for (; this.landingHead < this.landsAtPs.length; this.landingHead++)
      this.waitUntil(this.landsAtPs[this.landingHead]!);
    this.landsAtPs.length = 0;
    this.landingWeight.length = 0;
    this.landingHead = 0;
    this.landingGroups = 0;
  }

  /** An empty group; `launch` takes it back. */
  take(): ThreadGroup {
    return this.spare.pop() ?? new ThreadGroup();
  }

  /** A new group comes onto the device: first it needs a place. */
  launch(group: ThreadGroup, dependent: boolean): void {
    const { memory, hardware, faults } = this;
    this.isDependent = dependent;
    const now = memory.settleClock(this.device);
    this.makePlace(Math.min(group.weight, hardware.groupsInFlight), now);
    group.sequence = this.sequence++;
    group.utlb = utlbOfGroup(hardware, this.groups);
    this.groups += group.weight;
    this.waitingGroups += group.weight;
    this.issue(group, memory.clocks.now(this.device));
    if (dependent) while (this.waitingGroups > 0) this.service();
    else while (faults.entries(this.device) >= faults.batchEntries()) this.service();
    if (dependent) this.drain();
  }

  /** Waits until `weight` more thread groups fit on the device. */
  private makePlace(weight: number, now: number): void {
    const { hardware, memory, device } = this;
    let time = now;
    for (;;) {
      while (this.landingHead < this.landsAtPs.length && this.landsAtPs[this.landingHead]! <= time) this.land();
      if (this.waitingGroups + this.landingGroups + weight <= hardware.groupsInFlight) return;
      if (this.landingHead < this.landsAtPs.length) {
        this.waitUntil(this.landsAtPs[this.landingHead]!);
        time = memory.clocks.now(device);
      } else if (this.waitingGroups > 0) this.service();
      else return;
    }
  }

  /** The device stands still. */
  private waitUntil(atPs: number): void {
    const { memory, device } = this;
    const now = memory.settleClock(device);
    if (atPs <= now) return;
    this.faults.stalled(atPs - now);
    memory.clocks.reach(device, atPs);
  }

  private land(): void {
    this.landingGroups -= this.landingWeight[this.landingHead]!;
    this.landingHead++;
    if (this.landingHead === this.landsAtPs.length || this.landingHead > 8192) {
      this.landsAtPs.splice(0, this.landingHead);
      this.landingWeight.splice(0, this.landingHead);
      this.landingHead = 0;
    }
  }

  /** One batch, and what its replay lets go on. */
  private service(): void {
    const { faults, device } = this;
    for (;;) {
      assert(
        this.idleBatches++ < MOST_IDLE_BATCHES,
        'thread groups wait for faults that no batch ever answers for good',
      );
      const at = faults.serviceBatch(device);
      const released = faults.released(device);
      const { items, count } = released;
      for (let i = 0; i < count; i++) this.waiters.release(items[i]!, this.wake);
      released.clear();
      const blocked = this.blockedGroups;
      this.replay(at);
      if (count > 0 || this.blockedGroups < blocked) return;
    }
  }

  private readonly wake = (group: ThreadGroup): void => {
    if (!group.isBlocked) this.woken[this.wokenCount++] = group;
  };

  /** Runs what waits no longer, in the order of issue, then what found no room before. */
  private replay(atPs: number): void {
    const { woken } = this;
    const count = this.wokenCount;
    this.wokenCount = 0;
    if (!isInOrder(woken, count)) {
      woken.length = count;
      woken.sort((a, b) => a.sequence - b.sequence);
    }
    // Groups that wait again, for what they do next, are woken by a later batch.
    for (let i = 0; i < count; i++) this.issue(woken[i]!, atPs);
    if (this.blockedGroups === 0) return;
    for (const list of this.blocked) {
      if (list.length === 0) continue;
      const waiting = list.splice(0);
      for (let i = 0; i < waiting.length; i++) {
        const group = waiting[i]!;
        if (group.waiting > 0) {
          list.push(group);
          continue;
        }
        group.isBlocked = false;
        this.blockedGroups--;
        this.issue(group, atPs);
        if (isStuck(group)) {
          // Its uTLB is full again: later accesses cannot enter either.
          for (i++; i < waiting.length; i++) list.push(waiting[i]!);
        }
      }
    }
  }

  /** Goes on with a group until its accesses are made or wait. */
  private issue(group: ThreadGroup, atPs: number): void {
    const { memory } = this;
    let loads = 0;
    let isShort = false;
    for (let lane = group.next; lane < group.lanes && !isShort; lane++) {
      const op = group.op[lane]! as AccessOp;
      if (op !== READ && loads > 0) break;
      let left = group.left[lane]!;
      while (left !== 0) {
        const slot = 31 - Math.clz32(left & -left);
        left &= left - 1;
        if (this.access(group, lane, slot, op, atPs)) group.left[lane] = group.left[lane]! & ~(1 << slot);
        else if (group.isBlocked) {
          isShort = true;
          break;
        } else if (op === READ) loads++;
      }
      if (group.left[lane] === 0 && lane === group.next) group.next++;
    }
    if (group.isBlocked) {
      this.blocked[group.utlb]!.push(group);
      this.blockedGroups++;
      return;
    }
    if (group.next < group.lanes && group.waiting > 0) return;
    assert(group.next === group.lanes, 'a thread group neither waits nor goes on');
    this.waitingGroups -= group.weight;
    this.spare.push(group);
    if (atPs <= memory.clocks.now(this.device)) return;
    this.landsAtPs.push(atPs);
    this.landingWeight.push(group.weight);
    this.landingGroups += group.weight;
  }

  /** One slot of one lane: true where its access was made, or can never be made. Otherwise a fault was raised, or blocked. */
  private access(group: ThreadGroup, lane: number, slot: number, op: AccessOp, atPs: number): boolean {
    const { granuleBytes, run } = this;
    const start = group.addressOf(lane, slot);
    const bytes = group.bytes[lane]!;
    const granule = Math.floor(start * this.perByte);
    run.op = op;
    run.stride = group.stride[lane]!;
    if (start + bytes > (granule + 1) * granuleBytes) return this.pieces(group, lane, slot, atPs);
    run.granule = granule;
    run.address = start;
    run.count = group.perSlot;
    run.bytes = bytes;
    return this.piece(group, lane, atPs);
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
      const granule = Math.floor(at * this.perByte);
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

  /** The accesses of `run`, inside one granule; the answer is that of `access`. */
  private piece(group: ThreadGroup, lane: number, atPs: number): boolean {
    const { memory, device, faults, run } = this;
    const { granule, op } = run;
    const isLocal = memory.isLocal(device, granule, op);
    if (isLocal || memory.mapsRemotely(device, granule, op)) {
      this.reached.made(device, run, isLocal, this.isDependent);
      this.idleBatches = 0;
      return true;
    }
    if (faults.isFatal(device, granule, op)) return true;
    if (!faults.raise(device, group.utlb, granule, op, group.object[lane]!, atPs)) group.isBlocked = true;
    else this.waiters.add(granule, group);
    return false;
  }
}
/** It could not raise a single fault. */
const isStuck = (group: ThreadGroup): boolean => group.isBlocked && group.waiting === 0;

/** Almost always: faults are answered in the order in which they were raised. */
function isInOrder(groups: readonly ThreadGroup[], count: number): boolean {
  for (let i = 1; i < count; i++) if (groups[i - 1]!.sequence > groups[i]!.sequence) return false;
  return true;
}
