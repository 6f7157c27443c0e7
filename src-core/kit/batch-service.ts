/**
 * A driver that takes faults as the buffer gives them: entries for one page are one fault, faults are reported and served in
 * the order of their addresses, and one batch after the other. A fault of a processor without a buffer is a batch of its own.
 */
import { READ, type AccessOp, type ProcessorIndex, GPU0 } from '../model/processor';
import type { FaultBuffer, FaultColumns, FaultService } from '../contracts/fault-service';
import { REASON } from './codes';
import { FaultList } from './fault-list';
import type { MachineSpec } from '../model/machine';
import { type Granule, asGranule } from '../base/indices';
import type { MemoryConfig, MemorySystem } from './memory-system';

/** Room for the number of an entry in a sort key: granules below 2^31 leave 22 bits. */
const ENTRY_STEPS = 2 ** 22;

/** The common part of a memory system, as far as serving batches needs it. */
type CommonPart = Pick<
  MemorySystem,
  'beginBatch' | 'report' | 'settleClock' | 'stall' | 'objectOf' | 'clocks' | 'isLocal' | 'mapsRemotely'
>;

/** The methods that a memory system adds so that its faults can be served in batches. */
export interface BatchedMemory extends CommonPart {
  readonly config: Pick<MemoryConfig, 'batchServiced'> & { readonly machine: Pick<MachineSpec, 'faultBatchEntries'> };
  /** A fault of the granule waits in a device's buffer, or waits no longer. */
  setPending(processor: ProcessorIndex, granule: Granule, isPending: boolean): void;
  /** The reason code of a fault. */
  decide(processor: ProcessorIndex, granule: Granule, op: AccessOp): number;
  /** First granule of the page that a fault on this one is about; the granule itself unless pages are larger. */
  pageOf?(granule: Granule): number;
  /** false: no process is left for the fault; an outcome is recorded. */
  mayServe?(processor: ProcessorIndex, granule: Granule, object: number): boolean;
  /** true: the fault that was served last on this granule ended in an outcome, and its access can never be made. */
  wasRefused?(granule: Granule): boolean;
  /**
   * Serves faults from `startPs` on.
   * @returns when everything is there for the processor, ps
   */
  serve(processor: ProcessorIndex, faults: FaultList, startPs: number): number;
  /** The device stalled for so long, or the processor while its fault was served. */
  stoodStill?(processor: ProcessorIndex, ps: number): void;
}

export class BatchService implements FaultService {
  private readonly faults = new FaultList();
  private keys = new Float64Array(256);
  /** By device, when its driver is free again, ps. */
  private readonly freePs: Float64Array;
  /** The last batch made no progress: the next one is of a single fault, which finds the whole device. */
  private isAlone = false;
  private device: ProcessorIndex = GPU0;

  constructor(
    private readonly memory: BatchedMemory,
    processors: number,
  ) {
    this.freePs = new Float64Array(processors);
  }

  /** Serves one fault while the processor waits. false: its access can never be made; that is an outcome. */
  faultNow(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number): boolean {
    const { memory, faults } = this;
    if (memory.mayServe?.(processor, granule, object) === false) return false;
    memory.beginBatch();
    faults.clear();
    faults.entries = 1;
    this.report(processor, granule, op, object);
    const startPs = memory.settleClock(processor);
    const endPs = memory.serve(processor, faults, startPs);
    memory.stall(memory.objectOf(granule), endPs - startPs);
    memory.stoodStill?.(processor, endPs - startPs);
    memory.clocks.reach(processor, endPs);
    memory.config.batchServiced();
    return this.isReachable(processor, granule, op);
  }

  private report(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number): void {
    const { memory, faults } = this;
    const reason = memory.decide(processor, granule, op);
    const cause = memory.report(processor, granule, op, object, reason);
    faults.push(granule, op, cause, reason === REASON.firstTouch);
  }

  private isReachable(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    return this.memory.isLocal(processor, granule, op) || this.memory.mapsRemotely(processor, granule, op);
  }

  // --- what the fault buffers of devices ask ---
  beginBatch(): void {
    this.memory.beginBatch();
  }
  batchEntries(): number {
    return this.isAlone ? 1 : this.memory.config.machine.faultBatchEntries.value;
  }
  keepsAnswered(): boolean {
    return false;
  }
  setPending(device: ProcessorIndex, granule: Granule, isPending: boolean): void {
    this.memory.setPending(device, granule, isPending);
  }
  stalled(ps: number): void {
    this.memory.stoodStill?.(this.device, ps);
  }

  service(device: ProcessorIndex, batch: FaultColumns, buffer: FaultBuffer): number {
    const { memory, faults, freePs } = this;
    this.device = device;
    const raisedPs = batch.count > 0 ? batch.atPs[0]! : memory.clocks.now(device);
    const startPs = Math.max(freePs[device]!, raisedPs);
    this.collect(device, batch, buffer);
    const endPs = faults.count > 0 ? memory.serve(device, faults, startPs) : startPs;
    freePs[device] = endPs;
    this.refuse(device, buffer);
    for (let i = 0; i < batch.count; i++) buffer.answer(asGranule(batch.granule[i]!));
    memory.config.batchServiced();
    return endPs;
  }

  /** Fills `faults` with the batch in the order of addresses, and reports each. */
  private collect(device: ProcessorIndex, batch: FaultColumns, buffer: FaultBuffer): void {
    const { memory, faults } = this;
    const { count } = batch;
    faults.clear();
    faults.entries = count;
    this.sort(batch);
    for (let i = 0; i < count;) {
      const entry = this.entry(i);
      const granule = asGranule(batch.granule[entry]!);
      const page = memory.pageOf?.(granule) ?? granule;
      let op = batch.op[entry]! as AccessOp;
      for (i++; i < count; i++) {
        const other = asGranule(batch.granule[this.entry(i)]!);
        if ((memory.pageOf?.(other) ?? other) !== page) break;
        if (op === READ) op = batch.op[this.entry(i)]! as AccessOp;
      }
      // Granules that an earlier batch brought along need no service.
      if (this.isReachable(device, granule, op)) continue;
      const object = batch.object[entry]!;
      if (memory.mayServe?.(device, granule, object) === false) buffer.refuse(granule);
      else this.report(device, granule, op, object);
    }
  }

  private entry(index: number): number {
    return this.keys[index]! % ENTRY_STEPS;
  }

  /** Numbers of the entries, by granule and then by age, in the keys. */
  private sort({ granule, count }: FaultColumns): void {
    if (this.keys.length < count) this.keys = new Float64Array(2 * count);
    const { keys } = this;
    let isAscending = true;
    for (let i = 0; i < count; i++) {
      keys[i] = granule[i]! * ENTRY_STEPS + i;
      if (i > 0 && keys[i]! < keys[i - 1]!) isAscending = false;
    }
    if (!isAscending) keys.subarray(0, count).sort();
  }

  /**
   * Accesses that can never be made end here. A fault that is not within reach without an outcome lost its place to another
   * of its batch, larger than the device: it is raised again, and served alone if nothing of the batch was done.
   */
  private refuse(device: ProcessorIndex, buffer: FaultBuffer): void {
    const { memory, faults } = this;
    let done = 0;
    for (let i = 0; i < faults.count; i++) {
      const granule = asGranule(faults.granule[i]!);
      if (this.isReachable(device, granule, faults.op[i]! as AccessOp)) done++;
      else if (faults.count === 1 || memory.wasRefused?.(granule) === true) {
        buffer.refuse(granule);
        done++;
      }
    }
    this.isAlone = faults.count > 0 && done === 0;
  }
}
