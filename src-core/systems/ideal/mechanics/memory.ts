/**
 * Page faults and what follows: the counterpart of a driver's fault handler on top of the kernel's memory management.
 * Faults are serviced in batches (a GPU fault buffer fetch, or one CPU fault): the migration policy says where each
 * granule is served, the prefetch policy adds neighbours, the eviction policy makes room, the link moves the bytes, and
 * every step is reported with its cause. One copy of everything and no page tables of the kernel: rule set R0 (docs/r0-rules.md);
 * memory systems of their own have these.
 */
import { assert } from '../../../base/assert';
import { NO_GRANULE, type Granule, asGranule } from '../../../base/indices';
import { EVICTION, MIGRATION, NO_EVENT, NO_OBJECT } from '../../../model/events';
import { CPU, READ, type AccessOp, type ProcessorIndex, asProcessor } from '../../../model/processor';
import type { DeviceFaults } from '../../../contracts/fault-service';
import { bufferedFaults } from '../../../hardware/gpu/buffered-faults';
import { BatchService, type BatchedMemory } from '../../../kit/batch-service';
import { METRIC, REASON } from '../../../kit/codes';
import type { FaultList } from '../../../kit/fault-list';
import { PENDING, type HotMasks } from '../../../contracts/accessed-memory';
import { MemorySystem, type MemoryConfig } from '../../../kit/memory-system';
import type { Move } from '../../../kit/moves';
import { HIT_MASK, OWNER_MASK } from '../../../kit/residency';
import type { PlainFaults } from '../../../contracts/plain-faults';
import { PlainFaultRuns } from './plain-faults';
import { RemoteMappings } from './remote-mappings';
import { Wanted } from './wanted';

export class IdealMemory extends MemorySystem implements BatchedMemory {
  override readonly deviceFaults: DeviceFaults | null;
  override readonly plainFaults: PlainFaults;
  private readonly faults: BatchService;
  private readonly remote = new RemoteMappings(this.granules);
  private readonly wanted = new Wanted();
  private readonly move: Move;
  /** Faults of the VA block for which the prefetch policy is asked, and what its wishes go back to. */
  private readonly block = {
    device: CPU,
    first: asGranule(0),
    outer: asGranule(0),
    faulted: new Int32Array(512),
    count: 0,
  };
  private blockCause = NO_EVENT;
  private readonly masks: readonly HotMasks[];

  constructor(config: MemoryConfig) {
    super(config);
    this.move = this.moves.create();
    this.faults = new BatchService(this, config.devices + 1);
    this.deviceFaults = bufferedFaults(config.machine, this, this.faults, config.devices + 1);
    this.plainFaults = new PlainFaultRuns(this, this.remote);
    const { space, granuleBytes } = config;
    this.masks = Array.from({ length: config.devices + 1 }, (_, processor) => ({
      mask: new Uint8Array(4).fill(HIT_MASK),
      want: new Uint8Array(4).fill(processor + 1),
    }));
    for (const object of space.objects) {
      if (object.initially !== 'host') continue;
      const last = Math.floor((object.offset + object.bytes - 1) / granuleBytes);
      for (let g = asGranule(Math.floor(object.offset / granuleBytes)); g <= last; g++)
        if (this.residency.ownerOf(g) === -1) this.residency.place(g, CPU);
    }
  }

  hotState(_processor: ProcessorIndex): Uint8Array {
    return this.residency.state;
  }
  hotMasks(processor: ProcessorIndex): HotMasks {
    return this.masks[processor]!;
  }
  setPending(_processor: ProcessorIndex, granule: Granule, isPending: boolean): void {
    const { state } = this.residency;
    state[granule] = isPending ? state[granule]! | PENDING : state[granule]! & ~PENDING;
  }

  // --- remote access ---
  /** true: the processor maps the granule where it lies. */
  mapsRemotely(processor: ProcessorIndex, granule: Granule): boolean {
    return this.remote.has(processor, granule);
  }

  /** Remote accesses that may still be made before the access counter moves the granule; Infinity where none counts. */
  remoteBudget(processor: ProcessorIndex, granule: Granule): number {
    const threshold = this.config.policies.migration.counterThreshold;
    if (threshold === null || processor === CPU) return Infinity;
    return this.remote.budget(processor, granule, threshold);
  }

  /** `count` accesses over the link. */
  remoteAccess(processor: ProcessorIndex, granule: Granule, count: number, bytes: number): void {
    this.remoteBytes[processor] = this.remoteBytes[processor]! + bytes;
    this.ledger.count(this.ledger.objectOf[granule]!, METRIC.remoteBytes, bytes);
    this.remote.used(processor, granule, count);
  }

  /** The access counter of a granule reached its threshold: the driver moves it to the device. */
  counterNotifies(processor: ProcessorIndex, granule: Granule): void {
    this.beginBatch();
    const start = this.settleClock(processor);
    const { timing } = this.config.machine;
    this.wanted.count = 0;
    this.wanted.push(granule, REASON.accessCounter, this.remote.causeOf(granule), this.config.policies.migrationIndex);
    const end = this.bring(processor, start + (timing?.batchFixed.value ?? 0));
    this.stall(this.ledger.objectOf[granule]!, end - start);
    this.clocks.reach(processor, end);
    this.config.batchServiced();
  }

  /** What a fault will be: decided by the migration policy, unless the machine leaves no choice. */
  decide(processor: ProcessorIndex, granule: Granule, op: AccessOp): number {
    const owner = this.residency.ownerOf(granule);
    if (owner === -1) return REASON.firstTouch;
    if (processor === CPU && owner !== CPU && !this.config.machine.hostMapsDevice.value) return REASON.notResident;
    return this.config.policies.migration.onFault(processor, granule, op, this) === 'map-remote'
      ? REASON.remoteMap
      : REASON.notResident;
  }

  faultNow(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number): boolean {
    return this.faults.faultNow(processor, granule, op, object);
  }

  serve(processor: ProcessorIndex, faults: FaultList, startPs: number): number {
    const { timing } = this.config.machine;
    let ready = startPs;
    if (timing) {
      if (processor !== CPU) ready += timing.batchFixed.value + faults.count * timing.batchPerFault.value;
      else ready += faults.onlyFirstTouch ? timing.cpuFirstTouch.value : timing.cpuFault.value;
    }
    const { wanted, residency } = this;
    const { policies } = this.config;
    wanted.count = 0;
    for (let i = 0; i < faults.count; i++) {
      const granule = asGranule(faults.granule[i]!);
      const cause = faults.cause[i]!;
      const owner = residency.ownerOf(granule);
      if (owner === -1 && processor !== CPU && policies.migration.populates === 'host') {
        residency.place(granule, CPU);
        this.remote.add(processor, granule, cause);
      } else if (owner !== -1 && this.decide(processor, granule, READ) === REASON.remoteMap)
        this.remote.add(processor, granule, cause);
      else wanted.push(granule, REASON.fault, cause, policies.migrationIndex);
    }
    if (wanted.count > 0 && policies.prefetch.choose) this.prefetch(processor);
    return this.bring(processor, ready);
  }

  /** Asks the prefetch policy, VA block by VA block, and adds its wishes to what is wanted. */
  private prefetch(processor: ProcessorIndex): void {
    const { wanted, block, granulesPerBlock, ledger } = this;
    const faults = wanted.count;
    block.device = processor;
    for (let i = 0; i < faults;) {
      const index = Math.floor(wanted.granule[i]! / granulesPerBlock);
      this.blockCause = wanted.cause[i]!;
      block.count = 0;
      for (; i < faults && Math.floor(wanted.granule[i]! / granulesPerBlock) === index; i++)
        block.faulted[block.count++] = wanted.granule[i]!;
      block.first = asGranule(index * granulesPerBlock);
      block.outer = asGranule(Math.min(block.first + granulesPerBlock, this.granules));
      const last = block.faulted[block.count - 1]!;
      while (block.outer - 1 > last && ledger.objectOf[block.outer - 1] === NO_OBJECT) block.outer--;
      this.config.policies.prefetch.choose?.(block, this, this.wantNeighbour);
    }
    if (wanted.count > faults) wanted.sort();
  }

  private readonly wantNeighbour = (granule: Granule): void => {
    const { block } = this;
    if (granule < block.first || granule >= block.outer || this.residency.ownerOf(granule) === block.device) return;
    if (this.ledger.objectOf[granule] === NO_OBJECT) return; // not allocated: there is nothing to move
    for (let k = 0; k < block.count; k++) if (block.faulted[k] === granule) return;
    this.wanted.push(granule, REASON.prefetch, this.blockCause, this.config.policies.prefetchIndex);
  };

  /**
   * Brings the wanted granules (ascending) to the processor from `ready` on. Neighbours from the same place travel as one
   * transfer. Returns the instant at which all have arrived.
   */
  private bring(processor: ProcessorIndex, ready: number): number {
    const { wanted } = this;
    let end = ready;
    let roomAt = ready;
    let runStart = 0;
    const guard = wanted.count > 1;
    let faultsToCome = 0;
    for (let i = 0; i < wanted.count; i++) if (wanted.reason[i] !== REASON.prefetch) faultsToCome++;
    for (let i = 0; i < wanted.count; i++) {
      const granule = asGranule(wanted.granule[i]!);
      const isPrefetch = wanted.reason[i] === REASON.prefetch;
      if (!isPrefetch) faultsToCome--;
      // A neighbour may not take the place of a granule that faulted: it would be evicted by its own batch.
      const isRefused =
        isPrefetch && processor !== CPU && this.protectedNow.size + faultsToCome >= this.residency.capacity;
      if (isRefused || (processor !== CPU && this.residency.free(processor) === 0)) {
        const victim = isRefused ? NO_GRANULE : this.victim(processor, isPrefetch);
        if (victim === NO_GRANULE) {
          this.refusedPrefetches++;
          end = Math.max(end, this.sendRun(processor, runStart, i, roomAt));
          runStart = i + 1;
          continue;
        }
        // A batch larger than the device evicts what it brought itself: that has to arrive before it can leave.
        const isInRun = i > runStart && victim >= wanted.granule[runStart]! && victim <= wanted.granule[i - 1]!;
        if (isInRun) {
          end = Math.max(end, this.sendRun(processor, runStart, i, roomAt));
          runStart = i;
        }
        roomAt = Math.max(roomAt, this.evict(victim, processor, isInRun ? end : ready, wanted.cause[i]!));
      }
      const owner = this.residency.ownerOf(granule);
      if (i > runStart && (wanted.granule[i - 1] !== granule - 1 || wanted.source[i - 1] !== owner)) {
        end = Math.max(end, this.sendRun(processor, runStart, i, roomAt));
        runStart = i;
      }
      wanted.source[i] = owner;
      this.take(granule, processor);
      if (guard) this.protectedNow.add(granule);
    }
    end = Math.max(end, this.sendRun(processor, runStart, wanted.count, roomAt));
    if (guard) this.protectedNow.clear();
    return Math.max(end, roomAt);
  }

  private victim(device: ProcessorIndex, forPrefetch: boolean): Granule {
    const { eviction } = this.config.policies;
    const victim = eviction.victim(device, this);
    if (victim !== NO_GRANULE || forPrefetch) return victim;
    // Everything on the device came with this very batch: the batch is larger than the device.
    this.protectedNow.clear();
    const own = eviction.victim(device, this);
    assert(own !== NO_GRANULE, 'a full device offers no victim');
    return own;
  }

  /** Changes the owner; the move is booked, and its bytes follow, in sendRun. */
  private take(granule: Granule, processor: ProcessorIndex): void {
    this.moves.relocate(granule, processor);
    this.remote.forget(granule);
    if (processor !== CPU) this.config.policies.eviction.used?.(processor, granule, this);
  }

  /** Sends wanted[from..to) (one source, adjacent) over the link and books it, in one piece per object and reason. */
  private sendRun(processor: ProcessorIndex, from: number, to: number, earliest: number): number {
    if (from >= to) return 0;
    const { wanted, move, granuleBytes } = this;
    const source = asProcessor(wanted.source[from]!);
    if (source === -1 && processor === CPU) return 0; // host memory that was populated: not a transfer
    const travels = source !== -1 && this.links !== null;
    const count = to - from;
    const end = travels ? this.links.transfer(source, processor, earliest, count * granuleBytes) : 0;
    const total = travels ? end - this.links.startedPs : 0;
    move.kind = MIGRATION;
    move.source = source;
    move.target = processor;
    for (let at = from; at < to;) {
      const outer = this.pieceEnd(at, to);
      move.first = wanted.granule[at]!;
      move.count = outer - at;
      move.object = this.ledger.objectOf[move.first]!;
      move.bytes = move.count * granuleBytes;
      move.policy = wanted.policy[at]!;
      move.reason = wanted.reason[at]!;
      move.cause = wanted.cause[at]!;
      if (source === -1) this.moves.report(move, earliest, 0);
      else {
        this.moves.book(move);
        const begins = end - total + Math.floor((total * (at - from)) / count);
        this.moves.report(move, begins, end - total + Math.floor((total * (outer - from)) / count) - begins);
      }
      at = outer;
    }
    return end;
  }

  /** Where the granules of one object that are wanted for one reason end; they are adjacent. */
  private pieceEnd(from: number, to: number): number {
    const { granule, reason, policy } = this.wanted;
    const { objectOf } = this.ledger;
    const object = objectOf[granule[from]!];
    let at = from + 1;
    while (at < to && objectOf[granule[at]!] === object && reason[at] === reason[from] && policy[at] === policy[from])
      at++;
    return at;
  }

  /** Moves a victim to the host. Returns when its room is free. */
  private evict(granule: Granule, device: ProcessorIndex, ready: number, cause: number): number {
    const { move, granuleBytes } = this;
    this.moves.relocate(granule, CPU);
    this.remote.forget(granule);
    const begins = ready + (this.config.machine.timing?.evictionFixed.value ?? 0);
    const end = this.links?.transfer(device, CPU, begins, granuleBytes) ?? 0;
    const duration = this.links ? end - this.links.startedPs : 0;
    move.kind = EVICTION;
    move.first = granule;
    move.count = 1;
    move.object = this.ledger.objectOf[granule]!;
    move.source = device;
    move.target = CPU;
    move.bytes = granuleBytes;
    move.policy = this.config.policies.evictionIndex;
    move.reason = REASON.capacity;
    move.cause = cause;
    this.moves.book(move);
    this.moves.report(move, end - duration, duration);
    return end;
  }

  /** true: the granule is here for the processor, questions aside. */
  isLocal(processor: ProcessorIndex, granule: Granule): boolean {
    return (this.residency.state[granule]! & OWNER_MASK) === processor + 1;
  }
}
