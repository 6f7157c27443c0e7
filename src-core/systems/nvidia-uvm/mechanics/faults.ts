/**
 * The bottom half for replayable faults of one GPU (uvm_gpu_replayable_faults.c): merges a fetched batch,
 * sorts it, services block after block, and replays by the policy in force. The front end calls it when the device has nothing left
 * to run or a batch is full; the driver's thread works beside the device until then.
 */
import type { FaultBuffer, FaultColumns, FaultService } from '../../../contracts/fault-service';
import { FLUSH, type PrefetchFaultGate } from '../decisions/questions';
import { createFaultBatch, type FaultBatch } from '../decisions/fault-batch';
import { flushMode, gatePrefetchFaults, mayFetch } from '../decisions/fault-servicing';
import { ACCESS, OPERATION, type AccessType } from '../decisions/vocabulary';
import { ATOMIC, READ, WRITE, type AccessOp, type ProcessorIndex, asProcessor } from '../../../model/processor';
import { type Granule, asGranule } from '../../../base/indices';
import type { UvmHost } from './host';
import { nowNs } from './mover';
import { ANSWER, type BlockService, type PageFault } from './service';

/** By AccessOp: reads are READ, device atomics ATOMIC_WEAK, everything else WRITE. */
const GPU_ACCESS: readonly AccessType[] = [ACCESS.read, ACCESS.write, ACCESS.write, ACCESS.atomicWeak];

class FaultDriver {
  /** When the driver's thread is free again, ps. */
  freePs = 0;
  private readonly batch: FaultBatch;
  private readonly faults: PageFault[] = [];
  private answers = new Uint8Array(1024);
  private readonly gate: PrefetchFaultGate = { enabled: true, disabledAtNs: 0 };
  /** Batches, and batches with throttled faults, of this run of the bottom half. */
  private batchesNow = 0;
  private throttledNow = 0;
  private replaysNow = 0;
  private isRunning = false;

  constructor(
    private readonly host: UvmHost,
    private readonly service: BlockService,
    private readonly device: ProcessorIndex,
    utlbs: number,
    /** Granules to which accesses raise no faults any more. */
    private readonly fatal: Set<number>,
  ) {
    this.batch = createFaultBatch({ capacity: 1 << 16, utlbs });
  }

  /** One batch, from fetching to replay. Returns when the replay reaches the device, ps. */
  serviceBatch(devicePs: number, fetched: FaultColumns, buffer: FaultBuffer): number {
    const { host } = this;
    const { work, params, tally } = host;
    const raisedPs = fetched.count === 0 ? devicePs : fetched.atPs[0]!;
    const startPs = Math.max(this.freePs, raisedPs);
    work.begin(startPs);
    this.wakeUp(raisedPs);
    this.merge(fetched);
    tally.batches++;
    work.undivided('batchFixed');
    work.undivided('batchPerFault', this.batch.unique);
    work.driver('preprocessPerEntry', this.batch.unique);
    this.batch.sort();
    const throttled = this.serviceBlocks();
    // Where a batch costs nothing, time would stand still while the device asks again and again for a throttled page.
    if (throttled && host.config.machine.timing && work.endPs <= startPs)
      work.begin(Math.max(startPs + 1, this.service.throttledUntilNs * 1000));
    this.batchesNow++;
    if (throttled) this.throttledNow++;
    gatePrefetchFaults(
      this.gate,
      0,
      params.uvm_perf_fault_batch_count,
      params.uvm_perf_reenable_prefetch_faults_lapse_msec,
      nowNs(host),
    );
    this.replay();
    for (let i = 0; i < this.batch.unique; i++) buffer.answer(asGranule(this.batch.page[this.batch.order[i]!]!));
    if (buffer.outstanding === 0) this.endRun();
    host.tally.driverPs += work.endPs - startPs;
    this.freePs = work.endPs;
    return this.freePs;
  }

  /** The bottom half runs while there are faults, up to its limits; then an interrupt has to start it again. */
  private wakeUp(raisedPs: number): void {
    const { host } = this;
    const { params, work } = host;
    const goesOn =
      this.isRunning &&
      raisedPs <= this.freePs &&
      mayFetch(
        this.batchesNow,
        this.throttledNow,
        params.uvm_perf_fault_max_batches_per_service,
        params.uvm_perf_fault_max_throttle_per_service,
      );
    if (goesOn) return;
    if (this.isRunning) this.endRun();
    this.isRunning = true;
    host.tally.services++;
    work.driver('interrupt');
  }

  private endRun(): void {
    const { host } = this;
    // ONCE replays when the buffer is drained; nothing else leaves the bottom half without a replay.
    if (this.isRunning && (host.params.uvm_perf_fault_replay_policy === 'once' || this.replaysNow === 0))
      this.countReplay();
    this.isRunning = false;
    this.batchesNow = 0;
    this.throttledNow = 0;
    this.replaysNow = 0;
  }

  private merge(fetched: FaultColumns): void {
    const { batch, host, objects } = this;
    const { tally, work } = host;
    batch.maxBatchSize = host.params.uvm_perf_fault_batch_count;
    batch.coalesce = host.params.uvm_perf_fault_coalesce;
    batch.begin();
    for (let i = 0; i < fetched.count; i++) {
      objects[i] = fetched.object[i]!;
      batch.add(0, fetched.granule[i]!, GPU_ACCESS[fetched.op[i]!]!, fetched.utlb[i]!, false);
    }
    tally.fetched += batch.cached;
    tally.coalesced += batch.unique;
    work.driver('fetchPerEntry', batch.cached);
  }

  /** true: a fault of the batch was throttled. */
  private serviceBlocks(): boolean {
    const { batch, host } = this;
    const { pagesPerBlock } = host;
    let throttled = false;
    for (let from = 0; from < batch.unique;) {
      const index = Math.floor(batch.page[batch.order[from]!]! / pagesPerBlock);
      let to = from + 1;
      while (to < batch.unique && Math.floor(batch.page[batch.order[to]!]! / pagesPerBlock) === index) to++;
      if (this.serviceBlock(index, from, to)) throttled = true;
      if (host.params.uvm_perf_fault_replay_policy === 'block') this.countReplay();
      from = to;
    }
    host.tally.duplicates += batch.duplicates;
    return throttled;
  }

  private serviceBlock(index: number, from: number, to: number): boolean {
    const { batch, host, faults } = this;
    const block = host.blockAt(index);
    const base = index * host.pagesPerBlock;
    let count = 0;
    for (let i = from; i < to; i++) {
      const row = batch.order[i]!;
      if (i > from && batch.isDuplicate(i)) continue; // less intrusive than the one before, which is serviced for both
      const fault = (faults[count] ??= { page: 0, access: ACCESS.read, mask: 0, op: READ, object: 0 });
      fault.page = batch.page[row]! - base;
      fault.access = batch.access[row]! as AccessType;
      fault.mask = batch.accessMask[row]!;
      fault.op = opOf(fault.access);
      fault.object = this.objects[row]!;
      count++;
    }
    batch.countDuplicates(from, to);
    if (count > this.answers.length) this.answers = new Uint8Array(2 * count);
    host.work.driver('perBlock');
    this.service.serve(block, this.device, faults, count, OPERATION.replayableFault, this.answers);
    let throttled = false;
    for (let i = 0; i < count; i++) {
      if (this.answers[i] === ANSWER.throttled) {
        throttled = true;
        host.tally.throttledFaults++;
      } else if (this.answers[i] === ANSWER.outOfMemory || this.answers[i] === ANSWER.fatal) {
        const result = this.answers[i] === ANSWER.fatal ? 'SIGSEGV' : 'OOM';
        const { page, op } = faults[i]!;
        this.fatal.add(base + page);
        host.outcome(result, this.device, asGranule(base + page), op);
      }
    }
    return throttled;
  }

  /** Object of each entry of the batch. */
  private readonly objects: number[] = [];

  private replay(): void {
    const { host, batch } = this;
    const { params, tally } = host;
    if (params.uvm_perf_fault_replay_policy === 'batch_flush') {
      if (flushMode(batch.duplicates, batch.cached, params.uvm_perf_fault_replay_update_put_ratio) === FLUSH.updatePut)
        tally.flushesUpdatePut++;
      else tally.flushesCachedPut++;
      this.countReplay();
    } else if (params.uvm_perf_fault_replay_policy === 'batch') this.countReplay();
  }

  private countReplay(): void {
    this.host.tally.replays++;
    this.replaysNow++;
    this.host.work.driver('replay');
  }
}

/** What NVIDIA's driver does about the faults of all GPUs: a bottom half for each. */
export class UvmFaults implements FaultService {
  private readonly drivers: readonly FaultDriver[];
  private readonly fatal = new Set<number>();

  constructor(
    private readonly host: UvmHost,
    service: BlockService,
    utlbs: number,
  ) {
    this.drivers = Array.from(
      { length: host.topology.processors },
      (_, device) => new FaultDriver(host, service, asProcessor(device), utlbs, this.fatal),
    );
  }

  beginBatch(): void {
    this.host.beginBatch();
  }
  batchEntries(): number {
    return this.host.params.uvm_perf_fault_batch_count;
  }
  keepsAnswered(): boolean {
    return this.host.params.uvm_perf_fault_replay_policy !== 'batch_flush';
  }
  setPending(device: ProcessorIndex, granule: Granule, isPending: boolean): void {
    this.host.access.setPending(device, granule, isPending);
  }

  service(device: ProcessorIndex, batch: FaultColumns, buffer: FaultBuffer): number {
    const { host } = this;
    const replayedPs = this.drivers[device]!.serviceBatch(host.clocks.now(device), batch, buffer);
    host.tools.flush();
    host.config.batchServiced();
    return replayedPs;
  }

  stalled(ps: number): void {
    this.host.tally.stallPs += ps;
  }

  isFatal(_device: ProcessorIndex, granule: Granule, _op: AccessOp): boolean {
    return this.fatal.size > 0 && this.fatal.has(granule);
  }
}

/** The access of an entry, as the engine names it. */
const OP_OF = [READ, READ, WRITE, ATOMIC, ATOMIC] as const;
const opOf = (access: AccessType): AccessOp => OP_OF[access];
