/**
 * A run on the Linux model. Processes have page tables of their own (os/linux), devices see memory through the memory
 * system that was chosen (backends/), and this file is what stands between them and the engine: the hot path's bytes
 * follow every page-table change, pages that change their place become transfers, and what Linux answers that is not
 * data becomes an outcome. The operating system works on faults and calls, never on hits.
 */
import { assert } from '../../base/assert';
import { EVICTION, NO_OBJECT } from '../../model/events';
import type { SystemChoice, SystemSummary } from '../../model/memory-system';
import { MAIN_PROCESS, type OsStep } from '../../model/os-action';
import { CPU, processorName, type AccessOp, type ProcessorIndex } from '../../model/processor';
import { toVirtual } from '../../model/space';
import { handleFault } from '../linux/fault';
import { exit } from '../linux/fork';
import { ungup } from '../linux/gup';
import type { Kernel, KernelConfig } from '../linux/kernel';
import { Memcg, vmaAt, type Mm, type Process } from '../linux/mm';
import { PAGE_BYTES, type Page } from '../linux/page';
import { pageOf, entryAt, type Pte } from '../linux/page-table';
import { createKernel } from '../linux/create-kernel';
import { REASON } from './reasons';
import { Whereabouts } from './whereabouts';
import { MemorySystem, type HotMasks, type MemoryConfig } from '../memory-system';
import { PENDING, TRACKED } from '../residency';
import type { Backend, DeviceFaultPage, HeldPin, LinuxHost } from './backend';
import { ACCESS_BITS, FRESH, LINUX_MASKS, LOCAL_NEED, localBits, READ_LOCAL, REMOTE_NEED, remoteBits } from './bits';
import { Contents } from './contents';
import { cpuFaultCost, kernelCost, type CounterMarks, markCounters } from './cpu-cost';
import { METRIC, Moves, NO_CONTEXT, type MoveContext } from './moves';
import { noteEvacuation, notePeaks } from './peaks';
import { Tally } from './tally';
import { answerUserfault } from './userfaults';
import { executeCall } from './calls';
import { mapPieces } from './map-pieces';
import { signalOf } from './signals';
import { SpaceMap } from './space-map';
import { summarizeSystem } from './summary';

/** A CPU fault is retried so often (COW after swap-in after …) before it is our bug. */
const MOST_CPU_FAULTS = 16;

export class LinuxMemory extends MemorySystem implements LinuxHost {
  readonly kernel: Kernel;
  readonly map: SpaceMap;
  readonly tally = new Tally();
  readonly moves: Moves;
  readonly whereabouts: Whereabouts;
  readonly contents: Contents | null;
  /** By index of SpaceMap.processes; null before its fork. */
  readonly processes: (Process | null)[] = [];
  private readonly processOfMm = new Map<Mm, number>();
  private readonly hot: Uint8Array[];
  /** Granules that a device ever touched (6c). */
  readonly touchedByDevice: Uint8Array;
  /** Under which cause pages move now. */
  context: MoveContext = NO_CONTEXT(REASON.fault);
  /** Requirement 5: nothing may migrate. */
  private isOff = false;
  wasOff = false;
  /** Work of the operation in progress that the clock does not know yet, ps. */
  private owedPs = 0;
  override readonly watches: boolean;

  constructor(
    readonly system: SystemChoice,
    readonly backend: Backend,
    config: MemoryConfig,
  ) {
    super(
      config,
      (granule, on) => {
        for (const state of this.hot) state[granule] = on ? state[granule]! | TRACKED : state[granule]! & ~TRACKED;
      },
      Math.max(1, Math.ceil(config.space.bytes / config.granuleBytes)) + 1,
    );
    assert(config.granuleBytes === PAGE_BYTES, 'the Linux model works on pages of 4 KiB');
    this.hot = Array.from({ length: config.devices + 1 }, () => new Uint8Array(this.granules));
    this.touchedByDevice = new Uint8Array(this.granules);
    this.whereabouts = new Whereabouts(this);
    this.map = new SpaceMap(config.space, this.granules);
    this.kernel = createKernel(this.kernelConfig());
    this.moves = new Moves(config, this.link, this.lastTransfer);
    this.contents = system.params['contents'] === true ? new Contents(this) : null;
    this.watches = this.contents !== null;
    this.kernel.hooks = {
      entryChanged: (mm, vpn, pages, entry) => {
        this.entryChanged(mm, vpn, pages, entry);
      },
      forked: (_parent, child) => {
        this.setProcess(this.map.processIndex(child.name), child);
      },
      copied: (_from, to, _pages, reason) => {
        if (reason === 'cow' && to) this.whereabouts.copied(to);
      },
      notified: () => {
        this.tally.notifierEvents++;
      },
    };
    this.migrationOff = system.id === 'off';
    this.backend.attach(this);
    const main = this.kernel.spawn(MAIN_PROCESS, new Memcg('run', Infinity)); // a cgroup of their own
    this.setProcess(0, main);
    mapPieces(this);
    this.flush(0); // what is on a device from the start
  }

  private kernelConfig(): KernelConfig {
    const { params } = this.system;
    const { config } = this;
    const devicePages = Math.floor(config.deviceMemoryBytes / PAGE_BYTES);
    const hostMib = params['hostMemory'] as number;
    return {
      profile: params['profile'] as 'cur' | '612',
      contents: params['contents'] === true,
      nodes: [
        {
          name: 'host',
          pages: hostMib > 0 ? hostMib * 256 : Number.MAX_SAFE_INTEGER,
          fallback: true,
          kernelAllocations: true,
          movable: false,
        },
        ...this.backend.nodes(devicePages, config.devices),
      ],
      swapPages: (params['swap'] as number) * 256,
      thp: params['thp'] as 'always' | 'madvise' | 'never',
      hugetlbPages: Number.MAX_SAFE_INTEGER,
    };
  }

  get migrationOff(): boolean {
    return this.isOff;
  }
  set migrationOff(isOff: boolean) {
    this.isOff = isOff;
    this.wasOff ||= isOff;
  }

  // --- processes ---
  setProcess(index: number, process: Process): void {
    while (this.processes.length <= index) this.processes.push(null);
    this.processes[index] = process;
    this.processOfMm.set(process.mm, index);
  }
  /** The live process of a granule; null before its fork and after its end. */
  processOf(granule: number): Process | null {
    const process = this.processes[this.map.process(granule)];
    return process && !process.exited ? process : null;
  }
  granuleOf(mm: Mm, vpn: number): number {
    const process = this.processOfMm.get(mm);
    return process === undefined ? -1 : this.map.granule(process, vpn);
  }

  // --- page tables into bytes ---
  private entryChanged(mm: Mm, vpn: number, pages: number, entry: Pte | null): void {
    const process = this.processOfMm.get(mm);
    if (process === undefined) return;
    for (let i = 0; i < pages; i++) {
      const granule = this.map.granule(process, vpn + i);
      if (granule >= 0) this.pageChanged(mm, vpn + i, granule, entry, entry ? pageOf(entry, pages > 1, vpn + i) : null);
    }
  }

  /** `page` is the base page that the entry gives for vpn. */
  private pageChanged(mm: Mm, vpn: number, granule: number, entry: Pte | null, page: Page | null): void {
    this.whereabouts.entryChanged(granule, entry, page); // first: what leaves a device takes its entry there with it
    this.contents?.entryChanged(granule, page);
    this.writeBits(mm, vpn, granule, entry, page);
  }

  private writeBits(mm: Mm, vpn: number, granule: number, entry: Pte | null, page: Page | null): void {
    this.setBits(CPU, granule, this.cpuBits(mm, vpn, entry, page));
    for (let device = 1; device < this.hot.length; device++) {
      const bits = this.backend.sharedTable?.(device, mm, vpn, entry) ?? -1;
      if (bits >= 0) this.setBits(device, granule, bits);
    }
  }

  private cpuBits(mm: Mm, vpn: number, entry: Pte | null, page: Page | null): number {
    if (!entry || entry.protnone) return 0;
    if (entry.state !== 'present' && entry.state !== 'zero' && entry.state !== 'special') return 0;
    if (vmaAt(mm, vpn)?.prot === 'none') return 0;
    const far = page !== null && this.backend.ownerOfPage(page) !== CPU;
    return far ? remoteBits(entry.write) : localBits(entry.write);
  }

  /** After mprotect, which may leave entries as they are: the bits of a range again. */
  refreshBits(mm: Mm, start: number, end: number): void {
    for (let vpn = start; vpn < end; vpn++) {
      const granule = this.granuleOf(mm, vpn);
      const found = entryAt(mm, vpn);
      if (granule < 0) continue;
      this.writeBits(mm, vpn, granule, found?.entry ?? null, found ? pageOf(found.entry, found.huge, vpn) : null);
    }
  }

  /** Writes the access bits of one processor. */
  setBits(processor: ProcessorIndex, granule: number, bits: number): void {
    const state = this.hot[processor]!;
    const fresh = processor !== CPU && (bits & READ_LOCAL) !== 0 && this.touchedByDevice[granule] === 0 ? FRESH : 0;
    state[granule] = (state[granule]! & ~(ACCESS_BITS | FRESH)) | bits | fresh;
  }
  bits(processor: ProcessorIndex, granule: number): number {
    return this.hot[processor]![granule]! & ACCESS_BITS;
  }

  /** Pages move for this reason while `work` runs. */
  under<T>(context: MoveContext, work: () => T): T {
    const before = this.context;
    this.context = context;
    try {
      return work();
    } finally {
      this.context = before;
    }
  }

  place(): { access: number; batch: number; step: number } {
    return { access: this.accessCount, batch: this.batchNow, step: this.step };
  }

  /** Sends what moved; answers when all has arrived. */
  flush(readyPs: number): number {
    const { timing } = this.config.machine;
    this.whereabouts.settleHoles();
    notePeaks(this);
    const begins = readyPs + (timing ? this.owedPs : 0);
    this.owedPs = 0;
    return this.moves.flush(begins, timing?.evictionFixed.value ?? 0, this.place());
  }

  spend(ps: number): void {
    this.owedPs += ps;
  }

  // --- views of policies ---
  override capacity(device: ProcessorIndex = 1): number {
    return this.backend.capacity(device);
  }
  override free(device: ProcessorIndex): number {
    return this.backend.free(device);
  }
  protect(granule: number): void {
    this.protectedNow.add(granule);
  }
  unprotect(): void {
    this.protectedNow.clear();
  }

  // --- the executor's questions ---
  hotState(processor: ProcessorIndex): Uint8Array {
    return this.hot[processor]!;
  }
  hotMasks(_processor: ProcessorIndex): HotMasks {
    return LINUX_MASKS;
  }
  isLocal(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    const state = this.hot[processor]!;
    if ((state[granule]! & FRESH) !== 0) {
      state[granule] = state[granule]! & ~FRESH;
      this.whereabouts.used(granule);
    }
    return (state[granule]! & LOCAL_NEED[op]!) !== 0;
  }
  mapsRemotely(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return (this.hot[processor]![granule]! & REMOTE_NEED[op]!) !== 0;
  }
  remoteBudget(processor: ProcessorIndex, granule: number): number {
    return processor === CPU ? Infinity : (this.backend.remoteBudget?.(processor, granule) ?? Infinity);
  }
  remoteAccess(processor: ProcessorIndex, granule: number, count: number, bytes: number): void {
    this.remoteBytes[processor] = this.remoteBytes[processor]! + bytes;
    this.ledger.count(this.ledger.objectOf[granule]!, METRIC.remoteBytes, bytes);
    if (processor !== CPU) this.backend.counted?.(processor, granule, count);
  }
  counterNotifies(processor: ProcessorIndex, granule: number): void {
    this.beginBatch();
    const start = this.settleClock(processor);
    const { timing } = this.config.machine;
    this.under({ ...NO_CONTEXT(REASON.counter), policy: this.config.policies.migrationIndex }, () =>
      this.backend.counterNotifies?.(processor, granule),
    );
    const end = this.flush(start + (timing?.batchFixed.value ?? 0));
    this.stall(this.ledger.objectOf[granule]!, end - start);
    this.clocks.reach(processor, end);
    this.config.batchServiced();
  }
  setPending(processor: ProcessorIndex, granule: number): void {
    const state = this.hot[processor]!;
    state[granule] = state[granule]! | PENDING;
  }
  isPending(processor: ProcessorIndex, granule: number): boolean {
    return (this.hot[processor]![granule]! & PENDING) !== 0;
  }
  override watched(
    processor: ProcessorIndex,
    granule: number,
    op: AccessOp,
    start: number,
    stride: number,
    count: number,
    bytes: number,
  ): void {
    this.contents?.accessed(processor, granule, op, start - granule * PAGE_BYTES, stride, count, bytes);
  }

  // --- faults ---
  decide(processor: ProcessorIndex, granule: number, op: AccessOp): number {
    const process = this.processOf(granule);
    const found = process ? entryAt(process.mm, this.map.vpn(granule)) : null;
    if (processor !== CPU) return this.backend.decide(processor, granule, op);
    if (!found) return REASON.firstTouch;
    const { state, protnone } = found.entry;
    if (state === 'swap') return REASON.swapIn;
    if (state === 'exclusive') return REASON.exclusive;
    if (state === 'private') return REASON.notResident;
    return protnone ? REASON.numaHint : REASON.noPermission;
  }

  faultNow(processor: ProcessorIndex, granule: number, op: AccessOp, object: number): boolean {
    if (!this.processOf(granule)) {
      const what = `${processorName(processor)}: its process is gone`;
      this.tally.outcome('not executed', what, this.nameOf(object), this.clocks.now(processor), this.accessCount);
      return false;
    }
    this.beginBatch();
    const reason = this.decide(processor, granule, op);
    const ordinal = this.report(processor, granule, op, object, reason);
    this.service(processor, [granule], [ordinal], 1, reason === REASON.firstTouch, [op]);
    return this.isLocal(processor, granule, op) || this.mapsRemotely(processor, granule, op);
  }

  override beginBatch(): void {
    super.beginBatch();
    this.backend.tick?.(this.clocks.latest());
  }

  service(
    processor: ProcessorIndex,
    granules: ArrayLike<number>,
    causes: ArrayLike<number>,
    count: number,
    onlyFirstTouch: boolean,
    ops: ArrayLike<number>,
  ): void {
    const { timing } = this.config.machine;
    const start = this.settleClock(processor);
    const marks = markCounters(this.kernel);
    let ready = start;
    const { policies } = this.config;
    const faults: DeviceFaultPage[] = [];
    for (let i = 0; i < count; i++) {
      const granule = granules[i]!;
      const state = this.hot[processor]!;
      state[granule] = state[granule]! & ~PENDING;
      if (processor !== CPU) this.whereabouts.used(granule);
      if (i > 0 && granules[i - 1] === granule) continue;
      faults.push({ granule, op: ops[i]! as AccessOp, cause: causes[i]! });
      this.moves.causes.set(granule, causes[i]!);
    }
    const context = { ...NO_CONTEXT(REASON.fault), policy: policies.migrationIndex, cause: causes[0]! };
    this.under(context, () => {
      if (processor === CPU) this.cpuFault(faults[0]!);
      else this.backend.deviceFaults(processor, faults);
    });
    if (timing) ready += this.costOf(processor, count, onlyFirstTouch, marks);
    const arrived = this.flush(ready);
    const end = processor === CPU ? arrived : (this.backend.arrives?.(processor, ready, arrived) ?? arrived);
    this.moves.causes.clear();
    const share = (end - start) / count;
    for (let i = 0; i < count; i++) this.stall(this.ledger.objectOf[granules[i]!]!, share);
    if (processor !== CPU) this.tally.deviceStallPs += end - start;
    this.clocks.reach(processor, end);
    this.config.batchServiced();
  }

  private costOf(processor: ProcessorIndex, count: number, onlyFirstTouch: boolean, marks: CounterMarks): number {
    const { timing } = this.config.machine;
    if (!timing) return 0;
    const inKernel = kernelCost(this.kernel, marks, timing);
    if (processor !== CPU) return timing.batchFixed.value + count * timing.batchPerFault.value + inKernel;
    return cpuFaultCost(timing, onlyFirstTouch, this.moves.travels()) + inKernel;
  }

  private cpuFault({ granule, op }: DeviceFaultPage): void {
    this.backend.cpuFaults?.(granule, op);
    for (let attempt = 0; attempt < MOST_CPU_FAULTS; attempt++) {
      if (this.isLocal(CPU, granule, op) || this.mapsRemotely(CPU, granule, op)) return;
      const process = this.processOf(granule);
      if (!process) return;
      const result = handleFault(this.kernel, process.mm, this.map.vpn(granule), { write: op !== 0 });
      if (result === 'ok') continue;
      if (result === 'uffd' && this.answerUserfault(granule)) continue;
      this.outcome(signalOf(result), CPU, granule, op, process);
      return;
    }
    assert(false, 'a CPU fault was handled again and again without making the access possible');
  }

  /** Answers a missing page of a userfaultfd range; false: nobody registered it. */
  answerUserfault(granule: number): boolean {
    const process = this.processOf(granule);
    return process !== null && answerUserfault(this, process.mm, this.map.vpn(granule));
  }

  /** An access ended in something that is not data. A signal ends the process, as its default action does. */
  outcome(result: string, processor: ProcessorIndex, granule: number, op: AccessOp, process: Process): void {
    const object = this.ledger.objectOf[granule]!;
    const verb = ['read', 'write', 'read-write', 'atomic'][op]!;
    const what = `${processorName(processor)} ${verb}`;
    const address = toVirtual(this.config.space, granule * PAGE_BYTES);
    this.record(processor, object, address, PAGE_BYTES, REASON.outcome, what, result);
    if (processor === CPU) {
      this.releaseMm(process.mm);
      exit(this.kernel, process, 0, result === 'OOM' ? 'SIGKILL' : result);
    }
  }

  private nameOf(object: number): string | null {
    return this.config.space.objects[object]?.name ?? null;
  }

  /** One row of kind `os`, and the account of outcomes where the result is not success. */
  record(
    processor: ProcessorIndex,
    object: number,
    address: number,
    bytes: number,
    reason: number,
    what: string,
    result: string,
    detail: Readonly<Record<string, unknown>> = {},
  ): void {
    const time = this.settleClock(processor);
    if (result !== 'ok') this.tally.outcome(result, what, this.nameOf(object), time, this.accessCount);
    const { access, batch, step } = this.place();
    this.config.sink.os(
      time,
      access,
      batch,
      step,
      processor,
      object,
      address,
      Math.min(bytes, 0xffffffff),
      reason,
      JSON.stringify({ what, result, ...detail }),
    );
  }

  // --- what calls and backends need ---
  /** References that the workload holds through `pin`. */
  readonly pins: HeldPin[] = [];

  releaseMm(mm: Mm): void {
    for (const held of this.pins.filter((each) => each.mm === mm)) this.unpin(held);
    this.backend.processEnds?.(mm);
  }
  unpin(held: HeldPin): void {
    this.pins.splice(this.pins.indexOf(held), 1);
    ungup(this.kernel, held.page, { write: true, pin: true, longTerm: held.longTerm });
    this.tally.pin(-1);
  }
  adopt(process: Process): void {
    this.setProcess(this.processes.indexOf(process), process);
  }

  /** A page of a copy that is no page of Linux: an explicit copy to a device buffer, or back. */
  travel(granule: number, from: ProcessorIndex, to: ProcessorIndex): void {
    const object = this.ledger.objectOf[granule]!;
    if (object === NO_OBJECT) return;
    this.ledger.leaving(granule);
    if (this.residency.ownerOf(granule) >= 0) this.residency.remove(granule);
    this.residency.place(granule, to);
    this.whereabouts.book(granule, object, from, to);
  }
  /** The granule is with `owner` again, and no bytes moved: a buffer was dropped. */
  settle(granule: number, owner: ProcessorIndex): void {
    const before = this.residency.ownerOf(granule);
    if (before === owner) return;
    this.ledger.leaving(granule);
    if (before >= 0) this.residency.remove(granule);
    this.residency.place(granule, owner);
    if (before > CPU) this.moves.add(this.context, granule, this.ledger.objectOf[granule]!, before, -1);
  }
  /** How long the link needs for so many bytes in one transfer; 0 without a clock. */
  transferPs(bytes: number): number {
    return this.link && bytes > 0 ? this.link.durationPs(bytes) : 0;
  }

  untouchedPages(): number {
    return this.whereabouts.untouchedPages();
  }
  bounces(): { readonly total: number; readonly worst: number } {
    return this.whereabouts.bounces();
  }

  /** Empties a device; answers the pages that stay. */
  evacuate(device: ProcessorIndex): number {
    return this.under({ ...NO_CONTEXT(REASON.evacuate), kind: EVICTION }, () => this.backend.evacuate(device));
  }
  /** What an evacuation now would leave: pinned pages, and the kernel's own. */
  residue(device: ProcessorIndex): number {
    if (this.backend.residue) return this.backend.residue(device);
    return (this.kernel.kernelPages[device] ?? 0) + this.whereabouts.pinnedOn(device);
  }

  /** An explicit move of a range, as a driver's migrate call or prefetch makes it. */
  migrateRange(process: Process, start: number, end: number, to: ProcessorIndex): string {
    if (this.migrationOff) return 'EPERM';
    return this.under(NO_CONTEXT(REASON.explicit), () => this.backend.migrateRange(process.mm, start, end, to));
  }

  /** A free place in the address space, above everything that the workload mapped. */
  freeVpn(process: Process): number {
    const top = process.mm.vmas.reduce((most, vma) => Math.max(most, vma.end), 0);
    return Math.ceil((top + 1) / 512) * 512;
  }
  /** mremap: the workload's name for the memory follows it. */
  moved(process: Process, from: number, pages: number, to: number): void {
    const index = this.processes.indexOf(process);
    this.map.move(index, from, pages, to);
    for (let vpn = to; vpn < to + pages; vpn++) {
      const found = entryAt(process.mm, vpn);
      const granule = this.map.granule(index, vpn);
      if (granule < 0) continue;
      this.pageChanged(
        process.mm,
        vpn,
        granule,
        found?.entry ?? null,
        found ? pageOf(found.entry, found.huge, vpn) : null,
      );
    }
  }

  // --- what the run tells ---
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
  override ends(): void {
    noteEvacuation(this);
  }
  override systemSummary(): SystemSummary {
    return summarizeSystem(this);
  }
}
