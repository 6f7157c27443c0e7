/**
 * A run on the Linux model. Processes have page tables of their own (kernel), devices see memory through the memory
 * system that was chosen (systems/<id>), and this file connects them to the engine: the hot path's bytes follow every
 * page-table change, and pages that change their place become transfers. The kernel model runs on faults and calls,
 * never on hits.
 */
import { EVICTION } from '../../model/events';
import type { SystemReport } from '../../model/memory-system';
import { MAIN_PROCESS, type OsStep } from '../../model/os-action';
import { CPU, type AccessOp, type ProcessorIndex, GPU0 } from '../../model/processor';
import type { Kernel } from '../../kernel/kernel';
import { Memcg, vmaAt, type Mm, type Process } from '../../kernel/mm';
import { PAGE_BYTES } from '../../kernel/page';
import { eachEntry } from '../../kernel/page-table';
import { HOLE, P } from '../../kernel/pte-tables';
import { createKernel } from '../../kernel/create-kernel';
import type { DeviceFaults } from '../../contracts/fault-service';
import { bufferedFaults } from '../../hardware/gpu/buffered-faults';
import { BatchService, type BatchedMemory } from '../batch-service';
import { METRIC, REASON } from '../codes';
import type { FaultList } from '../fault-list';
import { PageLocations } from './page-locations';
import type { AccessRun, HotMasks } from '../../contracts/accessed-memory';
import { type Granule, asGranule } from '../../base/indices';
import { MemorySystem, type MemoryConfig } from '../memory-system';
import type { Backend, DeviceFaultPage, LinuxHost } from './backend';
import { AccessBits } from './access-bits';
import { LinuxOutcomes } from './outcomes';
import { ACCESS_MASKS } from '../access-table';
import { Contents } from './contents';
import { kernelConfigOf, retuneKernel } from './kernel-config';
import { reasonOfCpuFault, serveCpuFault } from './cpu-faults';
import { kernelCost, markCounters, serviceCost } from './fault-cost';
import { NO_CONTEXT, PendingMoves, type MoveContext } from './pending-moves';
import { noteEvacuation, notePeaks } from './peaks';
import { Tally } from './tally';
import { executeCall } from './calls';
import { mapPieces } from './map-pieces';
import type { LinuxParams } from './params';
import { Processes } from './processes';
import { SpaceMap } from './space-map';
import { summarizeSystem } from './summary';

export class LinuxMemory extends MemorySystem implements LinuxHost, BatchedMemory {
  readonly kernel: Kernel;
  readonly map: SpaceMap;
  readonly tally = new Tally();
  readonly pending: PendingMoves;
  readonly locations: PageLocations;
  readonly contents: Contents | null;
  readonly processes: Processes = new Processes(this);
  readonly outcomes: LinuxOutcomes = new LinuxOutcomes(this);
  readonly access: AccessBits;
  readonly slowness: Float64Array;
  /** The cause of the moves in progress. */
  context: MoveContext = NO_CONTEXT(REASON.fault);
  /** Requirement 5: nothing may migrate. */
  private isOff = false;
  wasOff = false;
  /** Work of the operation in progress that is not yet added to the clock, ps. */
  private owedPs = 0;
  override readonly hasObserver: boolean;
  override readonly deviceFaults: DeviceFaults | null;
  private readonly faults: BatchService;
  /** When service of the current batch began, ps. */
  private servedFromPs = 0;

  /**
   * @param backend the driver, which has its own parameters
   * @param params those of the kernel, as they are in force
   * @param config its granularity is the driver's migration unit; the kernel works on pages
   */
  constructor(
    readonly backend: Backend,
    private readonly params: LinuxParams,
    config: MemoryConfig,
  ) {
    super(
      { ...config, granuleBytes: PAGE_BYTES },
      (granule, on, count) => {
        this.access.track(granule, on, count);
      },
      Math.max(1, Math.ceil(config.space.bytes / PAGE_BYTES)) + 1,
    );
    this.faults = new BatchService(this, config.devices + 1);
    this.deviceFaults = bufferedFaults(config.machine, this, this.faults, config.devices + 1);
    this.slowness = new Float64Array(config.devices + 1).fill(1);
    this.access = new AccessBits(this, config.devices, this.granules);
    this.locations = new PageLocations(this);
    this.map = new SpaceMap(config.space);
    this.kernel = createKernel(kernelConfigOf(params, backend, this.config));
    this.pending = new PendingMoves(
      this.moves,
      this.links,
      (processor) => this.backend.linkEnd?.(processor) ?? processor,
      this.backend.copyPages ?? Infinity,
    );
    this.contents = params.contents ? new Contents(this) : null;
    this.hasObserver = this.contents !== null;
    this.kernel.hooks = {
      entriesChanged: (mm, vpn, pages) => {
        this.entriesChanged(mm, vpn, pages);
      },
      forked: (_parent, child) => {
        this.processes.set(this.map.processIndex(child.name), child);
      },
      copied: (_from, to, _pages, reason) => {
        if (reason === 'cow') this.locations.copied(to);
      },
      notified: () => {
        this.tally.notifierEvents++;
      },
    };
    this.backend.attach(this);
    const main = this.kernel.spawn(MAIN_PROCESS, new Memcg('run', Infinity)); // a cgroup of their own
    this.processes.set(0, main);
    mapPieces(this);
    this.flush(0); // what is on a device from the start
  }

  get migrationOff(): boolean {
    return this.isOff;
  }
  set migrationOff(isOff: boolean) {
    this.isOff = isOff;
    this.wasOff ||= isOff;
  }

  // --- page tables into bytes ---
  private entriesChanged(mm: Mm, start: number, pages: number): void {
    const process = this.processes.index(mm);
    if (process < 0) return;
    const { map, locations, contents, access } = this;
    const isReadable = vmaAt(mm, start)?.prot !== 'none';
    eachEntry(mm, start, start + pages, (vpn, bits, frame) => {
      const granule = map.granule(process, vpn);
      if (granule < 0) return;
      locations.entryChanged(granule, bits & P.state, frame); // first: what leaves a device takes its entry there with it
      contents?.entryChanged(granule, frame < 0 ? null : this.kernel.frames.page(frame));
      access.write(mm, granule, isReadable ? bits : HOLE, frame);
    });
  }

  /** Runs `work`; pages that move meanwhile record this reason and cause. */
  withCause<T>(context: MoveContext, work: () => T): T {
    const before = this.context;
    this.context = context;
    try {
      return work();
    } finally {
      this.context = before;
    }
  }

  /** Sends the collected moves. Returns when all bytes have arrived. */
  flush(readyPs: number): number {
    const { timing } = this.config.machine;
    this.locations.settleHoles();
    notePeaks(this);
    const begins = readyPs + (timing ? this.owedPs : 0);
    this.owedPs = 0;
    return this.pending.flush(begins, timing?.evictionFixed.value ?? 0);
  }

  spend(ps: number): void {
    this.owedPs += ps;
  }

  // --- views of policies ---
  override capacity(device: ProcessorIndex = GPU0): number {
    return this.backend.capacity(device);
  }
  override free(device: ProcessorIndex): number {
    return this.backend.free(device);
  }
  protect(granule: Granule): void {
    this.protectedNow.add(granule);
  }
  unprotect(): void {
    this.protectedNow.clear();
  }

  // --- the executor's questions ---
  hotState(processor: ProcessorIndex): Uint8Array {
    return this.access.of(processor);
  }
  hotMasks(_processor: ProcessorIndex): HotMasks {
    return ACCESS_MASKS;
  }
  isLocal(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    if (this.access.firstUse(processor, granule)) this.locations.used(granule);
    return this.access.isLocal(processor, granule, op);
  }
  mapsRemotely(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    return this.access.isRemote(processor, granule, op);
  }
  remoteBudget(processor: ProcessorIndex, granule: Granule): number {
    return processor === CPU ? Infinity : (this.backend.remoteBudget?.(processor, granule) ?? Infinity);
  }
  override busy(processor: ProcessorIndex, bytes: number): void {
    this.localBytes[processor] = this.localBytes[processor]! + bytes * this.slowness[processor]!;
  }
  remoteAccess(processor: ProcessorIndex, granule: Granule, count: number, bytes: number): void {
    this.remoteBytes[processor] = this.remoteBytes[processor]! + bytes * (this.backend.remoteWeight ?? 1);
    this.ledger.count(this.ledger.objectOf[granule]!, METRIC.remoteBytes, bytes);
    if (processor !== CPU) this.backend.counted?.(processor, granule, count);
  }
  counterNotifies(processor: ProcessorIndex, granule: Granule): void {
    if (this.backend.counterReached) {
      this.backend.counterReached(processor, granule);
      return;
    }
    this.beginBatch();
    const start = this.settleClock(processor);
    const { timing } = this.config.machine;
    this.withCause({ ...NO_CONTEXT(REASON.accessCounter), policy: this.config.policies.migrationIndex }, () =>
      this.backend.counterNotifies?.(processor, granule),
    );
    const end = this.flush(start + (timing?.batchFixed.value ?? 0));
    this.stall(this.ledger.objectOf[granule]!, end - start);
    this.clocks.reach(processor, end);
    this.config.batchServiced();
  }
  counterBatch(readyPs: number, work: () => void): number {
    this.beginBatch();
    this.withCause({ ...NO_CONTEXT(REASON.accessCounter), policy: this.config.policies.migrationIndex }, work);
    const arrivedPs = this.flush(readyPs);
    this.config.batchServiced();
    return arrivedPs;
  }
  waitFor(processor: ProcessorIndex, untilPs: number): void {
    this.settleClock(processor);
    this.clocks.reach(processor, untilPs);
  }
  /** A fault is one for the whole page of the kernel. */
  setPending(processor: ProcessorIndex, granule: Granule, on: boolean): void {
    const { first, outer } = this.processes.basePage(granule);
    for (let g = asGranule(first); g < outer; g++) this.access.setPending(processor, g, on);
  }
  pageOf(granule: Granule): number {
    return this.processes.basePage(granule).first;
  }
  override onAccess(processor: ProcessorIndex, { granule, op, address, stride, count, bytes }: AccessRun): void {
    this.contents?.accessed(processor, granule, op, address - granule * PAGE_BYTES, stride, count, bytes);
  }

  // --- faults ---
  decide(processor: ProcessorIndex, granule: Granule, op: AccessOp): number {
    return processor === CPU ? reasonOfCpuFault(this, granule) : this.backend.decide(processor, granule, op);
  }

  faultNow(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number): boolean {
    return this.faults.faultNow(processor, granule, op, object);
  }
  mayServe(processor: ProcessorIndex, granule: Granule, object: number): boolean {
    if (this.processes.of(granule)) return true;
    this.outcomes.gone(processor, object);
    return false;
  }
  wasRefused(granule: Granule): boolean {
    return this.outcomes.refused.has(granule);
  }

  override beginBatch(): void {
    super.beginBatch();
    this.backend.tick?.(this.clocks.latest());
  }

  serve(processor: ProcessorIndex, faults: FaultList, startPs: number): number {
    const { timing } = this.config.machine;
    const marks = markCounters(this.kernel);
    const { policies } = this.config;
    const { count, granule, op, cause } = faults;
    this.servedFromPs = startPs;
    const pages: DeviceFaultPage[] = [];
    this.outcomes.refused.clear();
    for (let i = 0; i < count; i++) {
      if (processor !== CPU) this.locations.used(asGranule(granule[i]!));
      pages.push({ granule: asGranule(granule[i]!), op: op[i]! as AccessOp, cause: cause[i]! });
      this.pending.causes.set(granule[i]!, cause[i]!);
    }
    const context = { ...NO_CONTEXT(REASON.fault), policy: policies.migrationIndex, cause: cause[0]! };
    this.withCause(context, () => {
      if (processor === CPU) serveCpuFault(this, pages[0]!);
      else this.backend.deviceFaults(processor, pages);
    });
    const costPs = timing ? serviceCost(this, timing, processor, faults, marks) : 0;
    const readyPs = startPs + costPs;
    const arrivedPs = this.flush(readyPs);
    this.pending.causes.clear();
    return processor === CPU ? arrivedPs : (this.backend.arrives?.(processor, readyPs, arrivedPs) ?? arrivedPs);
  }
  driverNowPs(): number {
    return this.servedFromPs;
  }
  stoodStill(processor: ProcessorIndex, ps: number): void {
    if (processor !== CPU) this.tally.deviceStallPs += ps;
  }

  // --- what calls and backends need ---
  /** How long the link needs for so many bytes in one transfer; 0 without a clock. */
  transferPs(from: ProcessorIndex, to: ProcessorIndex, bytes: number): number {
    return this.links && bytes > 0 ? this.links.durationPs(from, to, bytes) : 0;
  }

  /** Evacuates a device. Returns the pages that stay. */
  evacuate(device: ProcessorIndex): number {
    return this.withCause({ ...NO_CONTEXT(REASON.evacuate), kind: EVICTION }, () => this.backend.evacuate(device));
  }
  /** What an evacuation now would leave: pinned pages, and the kernel's own. */
  residue(device: ProcessorIndex): number {
    if (this.backend.residue) return this.backend.residue(device);
    return (this.kernel.kernelPages[device] ?? 0) + this.locations.pinnedOn(device);
  }

  /** An explicit move of a range, as a driver's migrate call or prefetch makes it. */
  migrateRange(process: Process, start: number, end: number, to: ProcessorIndex): string {
    if (this.migrationOff) return 'EPERM';
    return this.withCause(NO_CONTEXT(REASON.explicit), () => this.backend.migrateRange(process.mm, start, end, to));
  }

  /** mremap: the granules of the workload follow the memory. */
  moved(process: Process, from: number, pages: number, to: number): void {
    const index = this.processes.all.indexOf(process);
    this.map.move(index, from, pages, to);
    for (let vpn = to; vpn < to + pages; vpn++) this.entriesChanged(process.mm, vpn, 1);
  }

  // --- results ---
  override turnBegins(processor: ProcessorIndex): void {
    const { backend, tally } = this;
    if (processor === CPU || backend.waits?.(processor) !== true) return;
    const start = this.settleClock(processor);
    const end = this.flush(Math.max(start, backend.resume?.(processor) ?? start));
    tally.deviceStallPs += end - start;
    this.clocks.reach(processor, end);
  }
  override stepBegins(processor: ProcessorIndex): void {
    this.backend.tick?.(this.clocks.latest());
    this.backend.stepBegins?.(processor);
  }
  override stepEnds(processor: ProcessorIndex, beganPs: number): void {
    this.backend.stepEnds?.(processor);
    const duration = this.clocks.now(processor) - beganPs;
    this.tally.items.add(duration);
    if (processor !== CPU) this.tally.deviceStepPs += duration;
  }
  override barrier(durationPs: number): void {
    this.tally.barriers.add(durationPs);
  }
  override call(step: OsStep): void {
    const start = this.settleClock(CPU);
    const marks = markCounters(this.kernel);
    this.beginBatch();
    executeCall(this, step);
    const { timing } = this.config.machine;
    const end = this.flush(start + (timing ? kernelCost(this.kernel, marks, timing) : 0));
    if (timing && step.action.kind === 'unplug')
      this.tally.evacuationPs = Math.max(this.tally.evacuationPs ?? 0, end - start);
    this.clocks.reach(CPU, end);
    this.config.batchServiced();
  }
  override paramsChanged(): void {
    retuneKernel(this.kernel, this.params);
    this.backend.paramsChanged?.();
  }
  override ends(): void {
    noteEvacuation(this);
  }
  override systemReport(): SystemReport {
    return summarizeSystem(this);
  }
}
