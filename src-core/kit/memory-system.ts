/**
 * The common part of all memory systems: owners of granules, counts, clocks, and the queries of the executor. Each
 * system defines how it handles a fault: the idealised one of rule set R0 (systems/ideal/mechanics/memory.ts) and those
 * on the Linux model (kit/linux).
 */
import { assert } from '../base/assert';
import type { EventMoment, EventSink, FaultEvent } from '../model/event-sink';
import type { CreatedSystem, RunnableSystem } from '../contracts/memory-system';
import { type Granule, asGranule } from '../base/indices';
import type { EvictionView } from '../contracts/policy';
import type { AccessedMemory, AccessRun, HotMasks, UseOrder } from '../contracts/accessed-memory';
import type { DeviceFaults } from '../contracts/fault-service';
import type { PlainFaults } from '../contracts/plain-faults';
import { AccessDelay, remoteRate } from '../hardware/access-delay';
import { Interconnect } from '../hardware/interconnect';
import { NO_EVENT } from '../model/events';
import type { MachineSpec } from '../model/machine';
import type { SystemReport } from '../model/memory-system';
import type { OsStep } from '../model/os-action';
import { CPU, READ, type AccessOp, type ProcessorIndex, GPU0 } from '../model/processor';
import { VA_BLOCK_BYTES, type SpaceSpec } from '../model/space';
import { Clocks } from '../sim/clock';
import { Addresses } from './addresses';
import { METRIC } from './codes';
import { Ledger } from './ledger';
import { Moves } from './moves';
import type { PoliciesInForce } from './policies-in-force';
import { RecencyOrder } from './recency-order';
import { Residency } from './residency';

const PS_PER_SECOND = 1e12;

export interface MemoryConfig {
  readonly space: SpaceSpec;
  readonly machine: MachineSpec;
  readonly devices: number;
  readonly deviceMemoryBytes: number;
  readonly granuleBytes: number;
  readonly usefulBytes: boolean;
  readonly policies: PoliciesInForce;
  readonly sink: EventSink;
  /** Called at the start of each fault batch, before any decision of it. */
  readonly batchBegins: () => void;
  /** Called when a fault batch has been serviced. */
  readonly batchServiced: () => void;
  /**
   * How many batches of at most `events` events each may pass from now on without a call of the two: nothing waits for
   * them, and the run does not stop at them.
   */
  readonly quietBatches: (events: number) => number;
  /** Objects that devices touch, with the first device that does; null where the source cannot tell (traces). */
  readonly deviceObjects: ReadonlyMap<number, ProcessorIndex> | null;
  /** The next use of a granule, for Belady's policy; null if no policy needs it. */
  readonly nextUse: ((granule: Granule) => number) | null;
  /** Called for each executed segment of accesses. Unset without an observer. */
  readonly onAccess?: MemorySystem['onAccess'];
}

/** The arguments of a run for the memory system that it creates, without the machine. */
export type MemoryKit = Omit<MemoryConfig, 'machine'>;

/** An entry of systems/index.ts. */
export type MemorySystemEntry = RunnableSystem<MemoryKit, MemorySystem>;

/** The memory system of a run, with a function to change its parameters. */
export type MemorySystemInRun = CreatedSystem<MemorySystem>;

function delaysOf(
  { gpu, timing }: MachineSpec,
  processors: number,
  granules: number,
  granuleBytes: number,
): readonly (AccessDelay | null)[] {
  const blocks = Math.ceil((granules * granuleBytes) / VA_BLOCK_BYTES);
  return Array.from({ length: processors }, (_, processor) => {
    if (!timing || (processor === CPU ? !timing.remote : !gpu)) return null;
    return new AccessDelay(processor === CPU ? null : gpu!, timing, blocks, granuleBytes === VA_BLOCK_BYTES);
  });
}

export abstract class MemorySystem implements EvictionView, AccessedMemory {
  readonly residency: Residency;
  readonly ledger: Ledger;
  /** The order in which devices use their memory. */
  readonly uses: UseOrder;
  readonly clocks: Clocks;
  readonly granuleBytes: number;
  readonly granulesPerBlock: number;
  readonly granules: number;
  /** Accesses executed so far; the executor counts. */
  accessCount = 0;
  /** Fault batches begun so far. */
  batches = 0;
  /** The batch that events belong to now. */
  batchNow = 0;
  /** Step instance in progress. */
  step = 0;
  /** Prefetch intentions refused for lack of room. */
  refusedPrefetches = 0;
  readonly moves: Moves;
  private readonly faultEvent: FaultEvent = {
    ...{ timePs: 0, access: 0, batch: 0, step: 0, processor: CPU, op: READ },
    ...{ object: 0, address: 0, policy: 0, reason: 0, cause: NO_EVENT },
  };
  private readonly addresses: Addresses;
  protected readonly protectedNow = new Set<Granule>();
  protected readonly links: Interconnect | null;
  /** By processor: the time of accesses beside their bytes; null if the machine gives no constants. */
  readonly delays: readonly (AccessDelay | null)[];
  /** Of independent accesses over the link, bytes per second; 0 without a clock. */
  private readonly remoteRate: number;
  /** Bytes accessed since the clock was last brought up to date. */
  protected readonly localBytes: Float64Array;
  protected readonly remoteBytes: Float64Array;

  /**
   * @param tracked called when the ledger opens or closes a question on a granule
   * @param residencyCapacity granules that may be booked on a device, where they are not what fills it
   */
  constructor(
    readonly config: MemoryConfig,
    tracked: ((granule: Granule, on: boolean, count: number) => void) | null = null,
    residencyCapacity: number | null = null,
  ) {
    const { space, machine, granuleBytes } = config;
    this.granuleBytes = granuleBytes;
    this.granulesPerBlock = VA_BLOCK_BYTES / granuleBytes;
    this.granules = Math.max(1, Math.ceil(space.bytes / granuleBytes));
    const processors = config.devices + 1;
    const capacity = Math.floor(config.deviceMemoryBytes / granuleBytes);
    assert(capacity >= 1, 'device memory smaller than one granule was accepted');
    this.residency = new Residency(this.granules, processors, residencyCapacity ?? capacity);
    this.ledger = new Ledger(space, granuleBytes, this.residency, config.usefulBytes, tracked);
    this.uses = new RecencyOrder(this.residency, config.policies, this);
    this.clocks = new Clocks(processors);
    this.moves = new Moves(this);
    this.addresses = new Addresses(space);
    this.links = machine.timing ? new Interconnect(machine.timing, processors) : null;
    this.remoteRate = machine.timing ? remoteRate(machine.timing) : 0;
    this.delays = delaysOf(machine, processors, this.granules, granuleBytes);
    this.localBytes = new Float64Array(processors);
    this.remoteBytes = new Float64Array(processors);
    this.hasObserver = config.onAccess !== undefined;
  }

  // --- what the executor asks ---
  /** State bytes by granule for the hot path, as the processor sees them. */
  abstract hotState(processor: ProcessorIndex): Uint8Array;
  abstract hotMasks(processor: ProcessorIndex): HotMasks;
  /** true: the access finds the granule in the processor's own memory, questions aside. */
  abstract isLocal(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean;
  /** true: the processor may make the access where the granule lies, over the link. */
  abstract mapsRemotely(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean;
  /** Remote accesses that may still be made before the access counter moves the granule; Infinity where none counts. */
  abstract remoteBudget(processor: ProcessorIndex, granule: Granule): number;
  /** `count` accesses over the link. */
  abstract remoteAccess(processor: ProcessorIndex, granule: Granule, count: number, bytes: number): void;
  abstract counterNotifies(processor: ProcessorIndex, granule: Granule): void;
  /** Services one fault at once, as a batch of its own. false: the access cannot be made at all; it is an outcome. */
  abstract faultNow(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number): boolean;
  /** Called for each executed segment of accesses, if `hasObserver` is true. */
  onAccess(processor: ProcessorIndex, run: AccessRun): void {
    this.config.onAccess?.(processor, run);
  }
  tracked({ granule, op, address, stride, count, bytes }: AccessRun, isLocal: boolean): void {
    this.ledger.accessed(granule, op, address - granule * this.granuleBytes, stride, count, bytes, isLocal);
  }
  /** How devices raise faults; null: one after the other, each serviced immediately, like those of the CPU. */
  readonly deviceFaults: DeviceFaults | null = null;
  /** A fast path for faults that only move granules; null: there is none. */
  readonly plainFaults: PlainFaults | null = null;
  /** true: every access is passed to `onAccess`; none is a plain hit. */
  readonly hasObserver: boolean;

  // --- results ---
  /** Accesses of the processor come next. Called as often as the run pauses: only the first call of a turn may find work. */
  turnBegins(_processor: ProcessorIndex): void {}
  stepBegins(_processor: ProcessorIndex): void {}
  /** @param beganPs when the step began; the processor's clock is up to date, and may be moved on */
  stepEnds(_processor: ProcessorIndex, _beganPs: number): void {}
  /** Concurrent steps met again after so long. */
  barrier(_durationPs: number): void {}
  /** A call to the operating system; nothing in systems without one. */
  call(_step: OsStep): void {}
  /** See `Tunable`. Nothing to do for systems that read their parameters where they use them. */
  paramsChanged(): void {}
  /** The run has ended; the accounts are closed next. */
  ends(): void {}
  systemReport(): SystemReport | null {
    return null;
  }

  // --- MemoryView and EvictionView ---
  ownerOf(granule: Granule): ProcessorIndex {
    return this.residency.ownerOf(granule);
  }
  objectOf(granule: Granule): number {
    return this.ledger.objectOf[granule]!;
  }
  capacity(_device: ProcessorIndex = GPU0): number {
    return this.residency.capacity;
  }
  free(device: ProcessorIndex): number {
    return this.residency.free(device);
  }
  accesses(): number {
    return this.accessCount;
  }
  oldest(device: ProcessorIndex): Granule {
    return asGranule(this.residency.recency.oldest[device]!);
  }
  younger(granule: Granule): Granule {
    return this.residency.recency.younger(granule);
  }
  residents(device: ProcessorIndex): number {
    return this.residency.residents(device);
  }
  residentAt(device: ProcessorIndex, index: number): Granule {
    return this.residency.residentAt(device, index);
  }
  isProtected(granule: Granule): boolean {
    return this.protectedNow.has(granule);
  }
  nextUse(granule: Granule): number {
    assert(this.config.nextUse !== null, 'a policy asked for the future of a run that has none');
    return this.config.nextUse(granule);
  }

  // --- time ---
  /** Accounts for bytes accessed by a processor; the clock moves when something happens. */
  busy(processor: ProcessorIndex, bytes: number): void {
    this.localBytes[processor] = this.localBytes[processor]! + bytes;
  }

  /** Brings a processor's clock up to date with the accesses it made. Only at points that pausing cannot shift. */
  settleClock(processor: ProcessorIndex): number {
    const { timing } = this.config.machine;
    if (!timing) return 0;
    const local = this.localBytes[processor]!;
    const remote = this.remoteBytes[processor]!;
    if (local > 0 || remote > 0) {
      const ps = this.busyPs(processor);
      this.localBytes[processor] = 0;
      this.remoteBytes[processor] = 0;
      this.delays[processor]?.settle();
      this.clocks.reach(processor, this.clocks.now(processor) + ps);
    }
    return this.clocks.now(processor);
  }

  /** The time of the clock after bringing it up to date, ps. */
  nowPs(processor: ProcessorIndex): number {
    return this.clocks.now(processor) + this.busyPs(processor);
  }

  /** Time of accesses that are not yet added to the clock, whole ps. */
  private busyPs(processor: ProcessorIndex): number {
    const { timing } = this.config.machine;
    if (!timing) return 0;
    const rate = processor === CPU ? timing.hostBandwidth.value : timing.deviceBandwidth.value;
    const seconds = this.localBytes[processor]! / rate + this.remoteBytes[processor]! / this.remoteRate;
    const bytesPs = Math.round(seconds * PS_PER_SECOND);
    return this.delays[processor]?.with(bytesPs) ?? bytesPs;
  }

  // --- faults ---
  beginBatch(): void {
    this.batchNow = ++this.batches;
    this.config.batchBegins();
  }

  /** Reports a fault in the batch begun last. Returns its ordinal. */
  report(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number, reason: number): number {
    this.ledger.objectOf[granule] = object;
    this.ledger.count(object, processor === CPU ? METRIC.cpuFaults : METRIC.gpuFaults, 1);
    const { sink, policies } = this.config;
    const event = this.faultEvent;
    event.timePs = this.settleClock(processor);
    event.access = this.accessCount;
    event.batch = this.batchNow;
    event.step = this.step;
    event.processor = processor;
    event.op = op;
    event.object = object;
    event.address = this.addresses.of(granule * this.granuleBytes);
    event.policy = policies.migrationIndex;
    event.reason = reason;
    event.cause = this.moves.lastTransfer[granule]!;
    return sink.fault(event);
  }

  /** The position in the run of an event recorded now. */
  moment(timePs: number): EventMoment {
    return { timePs, access: this.accessCount, batch: this.batchNow, step: this.step };
  }

  stall(object: number, ps: number): void {
    if (ps > 0) this.ledger.count(object, METRIC.stallPs, ps);
  }
}
