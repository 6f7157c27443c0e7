/**
 * Page faults and what follows: the counterpart of a driver's fault handler on top of the kernel's memory management.
 * Faults are serviced in batches (a GPU fault buffer fetch, or one CPU fault): the migration policy says where each
 * granule is served, the prefetch policy adds neighbours, the eviction policy makes room, the link moves the bytes, and
 * every step is reported with its cause. One copy of everything and no page tables of the kernel: rule set R0 (docs/r0-rules.md);
 * memory systems of their own have these.
 */
import { assert } from '../../../base/assert';
import { NO_GRANULE, type Granule } from '../../../contracts/policy';
import { EVICTION, MIGRATION, NO_OBJECT, NO_PROCESSOR } from '../../../model/events';
import { CPU, type AccessOp, type ProcessorIndex } from '../../../model/processor';
import { toVirtual } from '../../../model/space';
import { METRIC, REASON } from '../../../kit/codes';
import { PENDING, type HotMasks } from '../../../contracts/accessed-memory';
import { MemorySystem, type MemoryConfig } from '../../../kit/memory-system';
import { RemoteMappings } from './remote-mappings';
import { BOUNCED, HIT_MASK, OWNER_MASK } from '../../../kit/residency';

/** What one service call brings in. Reused. */
interface Wanted {
  granule: Granule;
  reason: number;
  cause: number;
  policy: number;
}

export class ManagedMemory extends MemorySystem {
  private readonly remote = new RemoteMappings(this.granules);
  private readonly faulted = new Int32Array(512);
  private readonly wanted: Wanted[] = [];
  private wantedCount = 0;
  private readonly masks: readonly HotMasks[];

  constructor(config: MemoryConfig) {
    super(config);
    const { space, granuleBytes } = config;
    this.masks = Array.from({ length: config.devices + 1 }, (_, processor) => ({
      mask: new Uint8Array(4).fill(HIT_MASK),
      want: new Uint8Array(4).fill(processor + 1),
    }));
    for (const object of space.objects) {
      if (object.initially !== 'host') continue;
      const last = Math.floor((object.offset + object.bytes - 1) / granuleBytes);
      for (let g = Math.floor(object.offset / granuleBytes); g <= last; g++)
        if (this.residency.ownerOf(g) === -1) this.residency.place(g, CPU);
    }
  }

  hotState(_processor: ProcessorIndex): Uint8Array {
    return this.residency.state;
  }
  hotMasks(processor: ProcessorIndex): HotMasks {
    return this.masks[processor]!;
  }
  setPending(_processor: ProcessorIndex, granule: Granule): void {
    this.residency.state[granule] = this.residency.state[granule]! | PENDING;
  }
  isPending(_processor: ProcessorIndex, granule: Granule): boolean {
    return (this.residency.state[granule]! & PENDING) !== 0;
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
    this.wantedCount = 0;
    this.want(granule, REASON.counter, this.remote.causeOf(granule), this.config.policies.migrationIndex);
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

  /** Services one fault at once, as a batch of its own. */
  faultNow(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number): boolean {
    this.beginBatch();
    const reason = this.decide(processor, granule, op);
    const ordinal = this.report(processor, granule, op, object, reason);
    this.service(processor, [granule], [ordinal], 1, reason === REASON.firstTouch);
    return true;
  }

  /**
   * Services the faults of a batch: granules ascending, each with the ordinal of its fault event. The processor stands
   * still until the end.
   */
  service(
    processor: ProcessorIndex,
    granules: ArrayLike<number>,
    causes: ArrayLike<number>,
    count: number,
    onlyFirstTouch: boolean,
  ): void {
    const { timing } = this.config.machine;
    const start = this.settleClock(processor);
    let ready = start;
    if (timing) {
      if (processor !== CPU) ready += timing.batchFixed.value + count * timing.batchPerFault.value;
      else ready += onlyFirstTouch ? timing.cpuFirstTouch.value : timing.cpuFault.value;
    }
    this.wantedCount = 0;
    for (let i = 0; i < count; i++) {
      const granule = granules[i]!;
      this.residency.state[granule] = this.residency.state[granule]! & ~PENDING;
      const owner = this.residency.ownerOf(granule);
      // Serviced meanwhile (a fault on the spot, another processor), and perhaps raised again since.
      if (owner === processor || (i > 0 && granules[i - 1] === granule)) continue;
      if (owner === -1 && processor !== CPU && this.config.policies.migration.populates === 'host') {
        this.residency.place(granule, CPU);
        this.remote.add(processor, granule, causes[i]!);
      } else if (owner !== -1 && this.decide(processor, granule, 0) === REASON.remoteMap)
        this.remote.add(processor, granule, causes[i]!);
      else this.want(granule, REASON.fault, causes[i]!, this.config.policies.migrationIndex);
    }
    if (this.wantedCount > 0) this.prefetch(processor);
    const end = this.bring(processor, ready);
    const share = (end - start) / count;
    for (let i = 0; i < count; i++) this.stall(this.ledger.objectOf[granules[i]!]!, share);
    this.clocks.reach(processor, end);
    this.config.batchServiced();
  }

  private want(granule: Granule, reason: number, cause: number, policy: number): void {
    const at = this.wantedCount++;
    const slot = this.wanted[at];
    if (slot) {
      slot.granule = granule;
      slot.reason = reason;
      slot.cause = cause;
      slot.policy = policy;
    } else this.wanted.push({ granule, reason, cause, policy });
  }

  /** Asks the prefetch policy, VA block by VA block, and adds its wishes to what is wanted. */
  private prefetch(processor: ProcessorIndex): void {
    const { policies } = this.config;
    const faults = this.wantedCount;
    for (let i = 0; i < faults;) {
      const block = Math.floor(this.wanted[i]!.granule / this.granulesPerBlock);
      const cause = this.wanted[i]!.cause;
      let count = 0;
      for (; i < faults && Math.floor(this.wanted[i]!.granule / this.granulesPerBlock) === block; i++)
        this.faulted[count++] = this.wanted[i]!.granule;
      const first = block * this.granulesPerBlock;
      let outer = Math.min(first + this.granulesPerBlock, this.granules);
      while (outer > first + 1 && outer - 1 > this.faulted[count - 1]! && this.ledger.objectOf[outer - 1] === NO_OBJECT)
        outer--;
      policies.prefetch.choose({ device: processor, first, outer, faulted: this.faulted, count }, this, (granule) => {
        if (granule < first || granule >= outer || this.residency.ownerOf(granule) === processor) return;
        if (this.ledger.objectOf[granule] === NO_OBJECT) return; // nobody allocated it: there is nothing to bring
        for (let k = 0; k < count; k++) if (this.faulted[k] === granule) return;
        this.want(granule, REASON.prefetch, cause, policies.prefetchIndex);
      });
    }
    if (this.wantedCount > faults) {
      this.wanted.length = Math.max(this.wanted.length, this.wantedCount);
      const sorted = this.wanted.slice(0, this.wantedCount).sort((a, b) => a.granule - b.granule);
      for (let i = 0; i < sorted.length; i++) this.wanted[i] = sorted[i]!;
    }
  }

  /**
   * Brings the wanted granules (ascending) to the processor from `ready` on. Neighbours from the same place travel as one
   * transfer. Answers the instant at which all have arrived.
   */
  private bring(processor: ProcessorIndex, ready: number): number {
    let end = ready;
    let roomAt = ready;
    let runStart = 0;
    const { wanted } = this;
    const guard = this.wantedCount > 1;
    let faultsToCome = 0;
    for (let i = 0; i < this.wantedCount; i++) if (wanted[i]!.reason !== REASON.prefetch) faultsToCome++;
    for (let i = 0; i < this.wantedCount; i++) {
      const { granule, reason } = wanted[i]!;
      const owner = this.residency.ownerOf(granule);
      const isPrefetch = reason === REASON.prefetch;
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
        const isInRun = i > runStart && victim >= wanted[runStart]!.granule && victim <= wanted[i - 1]!.granule;
        if (isInRun) {
          end = Math.max(end, this.sendRun(processor, runStart, i, roomAt));
          runStart = i;
        }
        roomAt = Math.max(roomAt, this.evict(victim, processor, isInRun ? end : ready, wanted[i]!.cause));
      }
      const before = i > runStart ? wanted[i - 1]! : null;
      if (
        before &&
        (before.granule !== granule - 1 || this.sources[before.granule - wanted[runStart]!.granule] !== owner)
      ) {
        end = Math.max(end, this.sendRun(processor, runStart, i, roomAt));
        runStart = i;
      }
      this.sources[granule - wanted[runStart]!.granule] = owner;
      this.take(granule, owner, processor, reason);
      if (guard) this.protectedNow.add(granule);
    }
    end = Math.max(end, this.sendRun(processor, runStart, this.wantedCount, roomAt));
    if (guard) this.protectedNow.clear();
    return Math.max(end, roomAt);
  }

  /** Where the granules of the run under construction came from; −1 = populated in place. */
  private readonly sources: number[] = [];

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

  /** Changes the owner and keeps the books; the bytes follow in sendRun. */
  private take(granule: Granule, owner: ProcessorIndex, processor: ProcessorIndex, reason: number): void {
    const { residency, ledger } = this;
    const object = ledger.objectOf[granule]!;
    if (owner !== -1) {
      ledger.leaving(granule);
      residency.remove(granule);
    }
    residency.place(granule, processor);
    this.remote.forget(granule);
    if (owner !== -1) {
      ledger.transferred(granule, processor);
      ledger.count(object, METRIC.migrations, 1);
      if (processor === CPU) {
        ledger.count(object, METRIC.bytesToHost, this.granuleBytes);
        residency.state[granule] = residency.state[granule]! | BOUNCED;
      } else {
        ledger.count(object, METRIC.bytesToDevice, this.granuleBytes);
        if (owner !== CPU) ledger.count(object, METRIC.bytesPeer, this.granuleBytes);
        if ((residency.state[granule]! & BOUNCED) !== 0) {
          residency.state[granule] = residency.state[granule]! & ~BOUNCED;
          ledger.count(object, METRIC.pingPongs, 1);
        }
      }
      if (reason === REASON.prefetch) ledger.count(object, METRIC.prefetchedBytes, this.granuleBytes);
    }
    if (processor !== CPU) this.config.policies.eviction.used?.(processor, granule, this);
  }

  /** Sends wanted[from..to) (one source, adjacent) over the link and reports each granule. */
  private sendRun(processor: ProcessorIndex, from: number, to: number, earliest: number): number {
    if (from >= to) return 0;
    const source = this.sources[0]!;
    const count = to - from;
    if (source === -1) {
      this.reportPopulated(processor, from, to, earliest);
      return 0;
    }
    const bytes = count * this.granuleBytes;
    const end = this.links?.transfer(source, processor, earliest, bytes) ?? 0;
    const total = this.links ? end - this.links.startedPs : 0;
    const { sink, space } = this.config;
    for (let k = 0; k < count; k++) {
      const { granule, reason, cause, policy } = this.wanted[from + k]!;
      const begins = end - total + Math.floor((total * k) / count);
      const ends = end - total + Math.floor((total * (k + 1)) / count);
      const address = toVirtual(space, granule * this.granuleBytes);
      const object = this.ledger.objectOf[granule]!;
      this.lastTransfer[granule] = sink.transfer(
        MIGRATION,
        begins,
        ends - begins,
        this.accessCount,
        this.batchNow,
        this.step,
        source,
        processor,
        object,
        address,
        this.granuleBytes,
        policy,
        reason,
        cause,
      );
    }
    return end;
  }

  /** Granules that came into being on a device: no bytes move, but its memory fills. */
  private reportPopulated(processor: ProcessorIndex, from: number, to: number, timePs: number): void {
    if (processor === CPU) return;
    const { sink, space } = this.config;
    for (let i = from; i < to; i++) {
      const { granule, reason, cause, policy } = this.wanted[i]!;
      const address = toVirtual(space, granule * this.granuleBytes);
      const object = this.ledger.objectOf[granule]!;
      this.lastTransfer[granule] = sink.transfer(
        MIGRATION,
        timePs,
        0,
        this.accessCount,
        this.batchNow,
        this.step,
        NO_PROCESSOR,
        processor,
        object,
        address,
        0,
        policy,
        reason,
        cause,
      );
    }
  }

  /** Moves a victim to the host. Answers when its room is free. */
  private evict(granule: Granule, device: ProcessorIndex, ready: number, cause: number): number {
    const { residency, ledger } = this;
    const { timing } = this.config.machine;
    const object = ledger.objectOf[granule]!;
    ledger.leaving(granule);
    residency.remove(granule);
    residency.place(granule, CPU);
    residency.state[granule] = residency.state[granule]! & ~BOUNCED;
    this.remote.forget(granule);
    ledger.transferred(granule, CPU);
    ledger.count(object, METRIC.bytesToHost, this.granuleBytes);
    ledger.count(object, METRIC.migrations, 1);
    ledger.count(object, METRIC.evictions, 1);
    const begins = ready + (timing?.evictionFixed.value ?? 0);
    const end = this.links?.transfer(device, CPU, begins, this.granuleBytes) ?? 0;
    const duration = this.links ? end - this.links.startedPs : 0;
    const { sink, space, policies } = this.config;
    const address = toVirtual(space, granule * this.granuleBytes);
    this.lastTransfer[granule] = sink.transfer(
      EVICTION,
      end - duration,
      duration,
      this.accessCount,
      this.batchNow,
      this.step,
      device,
      CPU,
      object,
      address,
      this.granuleBytes,
      policies.evictionIndex,
      REASON.capacity,
      cause,
    );
    return end;
  }

  /** true: the granule is here for the processor, questions aside. */
  isLocal(processor: ProcessorIndex, granule: Granule): boolean {
    return (this.residency.state[granule]! & OWNER_MASK) === processor + 1;
  }
}
