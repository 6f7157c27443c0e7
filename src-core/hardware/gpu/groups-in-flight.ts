/**
 * Thread groups on one device: their slots on the device, the granules that they wait for, and how they continue. A
 * group whose access faults waits for the replay and others run on; when all groups that fit on the device wait, the
 * device stalls. Stands for the block scheduler (groups are handed out in order), the scoreboard (see thread-group.ts)
 * and replay. Left out: reordering between groups that could run, so that the order of faults is the order of the
 * program.
 */
import { assert } from '../../base/assert';
import type { ProcessorIndex } from '../../model/processor';
import type { AccessedMemory } from '../../contracts/accessed-memory';
import type { FaultHardware, FaultPath } from '../../contracts/fault-service';
import { type Granule, asGranule } from '../../base/indices';
import type { ReachedAccesses } from '../reached-accesses';
import { utlbOfGroup } from './fault-hardware';
import { GroupAccesses } from './group-accesses';
import { Landings } from './landings';
import { ThreadGroup } from './thread-group';

/**
 * Batches in a row after which no access could be made: that many indicate a bug in the engine; throttled faults end
 * earlier.
 */
const MOST_IDLE_BATCHES = 100_000;

/**
 * After so many, groups use each granule as it comes. A group goes on when all its faults are answered; where the device cannot
 * hold the granules of one group, the next batch takes away what the last one brought, and no group would ever go on.
 */
const PATIENT_BATCHES = 32;

export class GroupsInFlight {
  /** Thread groups issued in this kernel: decides which SM, and so which uTLB, the next one gets. */
  private groups = 0;
  private sequence = 0;
  private readonly accesses: GroupAccesses;
  /** Weight of the groups that wait. */
  private waitingGroups = 0;
  private readonly landings = new Landings();
  /** Groups whose fault found no room, by uTLB, oldest first. */
  private readonly blocked: ThreadGroup[][];
  private blockedGroups = 0;
  /** Batches since an access of a group in flight was made. */
  private idleBatches = 0;
  private readonly spare: ThreadGroup[] = [];
  private readonly woken: ThreadGroup[] = [];
  private wokenCount = 0;

  constructor(
    private readonly memory: AccessedMemory,
    reached: ReachedAccesses,
    private readonly hardware: FaultHardware,
    private readonly faults: FaultPath,
  ) {
    this.accesses = new GroupAccesses(memory, reached, faults);
    this.blocked = Array.from({ length: hardware.utlbs }, () => []);
  }

  get device(): ProcessorIndex {
    return this.accesses.device;
  }

  /** An access to the granule waits for its replay. */
  isExpected(granule: Granule): boolean {
    return this.accesses.waiters.has(granule);
  }

  /**
   * Selects the device of the next accesses; before a kernel on another device begins, all waiting accesses have to
   * finish.
   */
  begin(device: ProcessorIndex): void {
    if (device === this.device) return;
    this.drain();
    this.accesses.device = device;
    this.groups = 0;
  }

  /** A kernel begins: its first thread group goes to the first SM. */
  kernelBegins(): void {
    this.groups = 0;
  }

  isIdle(): boolean {
    return this.waitingGroups === 0;
  }

  /** Ends a kernel: runs until nothing waits and the last replay has reached the device. */
  drain(): void {
    while (this.waitingGroups > 0) this.service();
    for (let atPs = this.landings.nextPs(); atPs < Infinity; atPs = this.landings.nextPs()) {
      this.waitUntil(atPs);
      this.landings.landUntil(atPs);
    }
  }

  /** An empty group; `launch` takes it back. */
  take(): ThreadGroup {
    return this.spare.pop() ?? new ThreadGroup();
  }

  /** A new group comes onto the device: first it needs a place. */
  launch(group: ThreadGroup, dependent: boolean): void {
    const { memory, hardware, faults } = this;
    this.accesses.isDependent = dependent;
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
    const { hardware, memory, device, landings } = this;
    let time = now;
    for (;;) {
      landings.landUntil(time);
      if (this.waitingGroups + landings.weight + weight <= hardware.groupsInFlight) return;
      const nextPs = landings.nextPs();
      if (nextPs < Infinity) {
        this.waitUntil(nextPs);
        time = memory.clocks.now(device);
      } else if (this.waitingGroups > 0) this.service();
      else return;
    }
  }

  /** The device stalls. */
  private waitUntil(atPs: number): void {
    const { memory, device } = this;
    const now = memory.settleClock(device);
    if (atPs <= now) return;
    this.faults.stalled(atPs - now);
    memory.clocks.reach(device, atPs);
  }

  /** Services one batch and continues the groups that its replay releases. */
  private service(): void {
    const { faults, device, accesses } = this;
    for (;;) {
      if (accesses.progressed) this.idleBatches = 0;
      accesses.progressed = false;
      assert(
        this.idleBatches++ < MOST_IDLE_BATCHES,
        'thread groups wait for faults that no batch ever answers for good',
      );
      const at = faults.serviceBatch(device);
      const released = faults.released(device);
      const refused = faults.refused(device);
      for (let i = 0; i < refused.count; i++) accesses.refuse(asGranule(refused.items[i]!));
      refused.clear();
      const { items, count } = released;
      for (let i = 0; i < count; i++) {
        const granule = asGranule(items[i]!);
        if (this.idleBatches > PATIENT_BATCHES)
          accesses.waiters.each(granule, (group) => {
            accesses.makeIn(group, granule, at);
          });
        accesses.waiters.release(granule, this.wake);
      }
      released.clear();
      const blocked = this.blockedGroups;
      this.replay(at);
      if (count > 0 || this.blockedGroups < blocked) return;
    }
  }

  private readonly wake = (group: ThreadGroup): void => {
    if (!group.isBlocked) this.woken[this.wokenCount++] = group;
  };

  /** Runs groups that no longer wait, in the order of issue, then those whose fault found no room before. */
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
    this.accesses.make(group, atPs);
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
    this.landings.push(atPs, group.weight);
  }
}
/** It could not raise a single fault. */
const isStuck = (group: ThreadGroup): boolean => group.isBlocked && group.waiting === 0;

/** Almost always: faults are answered in the order in which they were raised. */
function isInOrder(groups: readonly ThreadGroup[], count: number): boolean {
  for (let i = 1; i < count; i++) if (groups[i - 1]!.sequence > groups[i]!.sequence) return false;
  return true;
}
