/**
 * Faults of the simulated GPU, for the engine's front end. There is no fault buffer: a fault is decided in the moment in
 * which it is raised, its thread group waits for the page alone, and others run on until all that fit on the device wait.
 * An access to a page on its way is merged with the fault that asked for it. Source: UVMSmart, gpu-sim.cc, gmmu_t::cycle.
 */
import type { AccessOp, ProcessorIndex } from '../../../model/processor';
import { IndexList } from '../../../base/index-list';
import type { FaultPath } from '../../../contracts/fault-service';
import { type Granule, asGranule } from '../../../base/indices';
import type { Gmmu } from './gmmu';

export interface QueueHost {
  /** The device's clock, ps. */
  deviceNowPs(): number;
  /** A fault is raised: begins a batch of its own and reports it. Returns the ordinal of its event. */
  faultBegins(granule: Granule, op: AccessOp, object: number): number;
  faultEnds(): void;
  /** An access waits for a page that was on its way already. */
  merged(): void;
  /** The device stood still, waiting for these pages. */
  stoodStill(granules: readonly number[], ps: number): void;
}

export class UvmsmartQueue implements FaultPath {
  private readonly replayed = new IndexList();
  /** No fault is ever refused. */
  private readonly none = new IndexList();
  private readonly awaited = new Set<number>();
  /** Awaited pages that are there. */
  private arrived: number[] = [];
  private last: readonly number[] = [];

  constructor(
    private readonly host: QueueHost,
    private readonly gmmu: Gmmu,
    /** From the access until the fault is seen, ps. */
    private readonly pageWalkPs: () => number,
    /** From the arrival of a page until those who waited have their data and others can take their place, ps. */
    private readonly memoryPs: number,
  ) {}

  /** Waiting accesses continue as soon as their page has arrived. */
  batchEntries(): number {
    return 1;
  }
  entries(_device: ProcessorIndex): number {
    this.gmmu.advance(this.host.deviceNowPs());
    return this.arrived.length;
  }

  /** A transfer ended. */
  arrives(page: Granule): void {
    if (this.awaited.delete(page)) this.arrived.push(page);
  }

  raise(_device: ProcessorIndex, _utlb: number, granule: Granule, op: AccessOp, object: number, atPs: number): boolean {
    const { gmmu, host } = this;
    gmmu.advance(atPs + this.pageWalkPs());
    gmmu.reserve(granule);
    if (gmmu.isHere(granule)) {
      if (!this.arrived.includes(granule)) this.arrived.push(granule); // it came while the page table was walked
      return true;
    }
    this.awaited.add(granule);
    if (gmmu.isComing(granule)) {
      host.merged();
      return true;
    }
    const cause = host.faultBegins(granule, op, object);
    gmmu.fault(granule, cause);
    host.faultEnds();
    return true;
  }

  serviceBatch(_device: ProcessorIndex): number {
    const at = this.gmmu.advance(Infinity, () => this.arrived.length > 0);
    this.last = this.arrived;
    this.arrived = [];
    for (const page of this.last) this.replayed.push(asGranule(page));
    return at + this.memoryPs;
  }

  refused(_device: ProcessorIndex): IndexList {
    return this.none;
  }
  released(_device: ProcessorIndex): IndexList {
    return this.replayed;
  }

  stalled(ps: number): void {
    this.host.stoodStill(this.last, ps);
  }

  isFatal(_device: ProcessorIndex, _granule: number, _op: AccessOp): boolean {
    return false;
  }
}
