/** The fault buffers of all GPUs behind the interface that the engine's front end uses. */
import type { AccessOp, ProcessorIndex } from '../../../model/processor';
import type { FaultQueue } from '../../../contracts/fault-queue';
import { METRIC } from '../../../kit/codes';
import { GranuleList } from '../../../base/granule-list';
import { ACCESS_RANK, FaultDriver } from './fault-driver';
import { FaultRing } from '../../../hardware/gpu/fault-ring';
import { utlbOfGroup, type FaultHardware } from '../../../hardware/gpu/fault-hardware';
import type { UvmHost } from './host';
import type { BlockService } from './service';

export interface UvmQueueHost extends UvmHost {
  beginBatch(): void;
  /** Reports a fault event. Answers its ordinal. */
  fault(device: ProcessorIndex, granule: number, op: AccessOp, object: number, reason: number): number;
  outcome(result: string, device: ProcessorIndex, granule: number, op: AccessOp): void;
}

export class UvmQueue implements FaultQueue {
  readonly released = new GranuleList();
  readonly drivers: readonly FaultDriver[];
  /** Objects of the last batch's pages. */
  private readonly answeredObjects = new GranuleList();
  private readonly fatal = new Set<number>();

  constructor(
    private readonly host: UvmQueueHost,
    service: BlockService,
    private readonly hardware: FaultHardware,
  ) {
    this.drivers = Array.from({ length: host.topology.processors }, (_, device) => {
      const ring = new FaultRing(hardware.utlbs, hardware.faultsPerUtlb, hardware.bufferEntries, host.granules);
      return new FaultDriver(
        host,
        service,
        device,
        ring,
        hardware.utlbs,
        (granule, op, object, reason) => host.fault(device, granule, op, object, reason),
        (result, granule, op) => {
          this.fatal.add(granule);
          host.outcome(result, device, granule, op);
        },
      );
    });
  }

  get threadsPerGroup(): number {
    return this.hardware.threadsPerGroup;
  }
  get groupsInFlight(): number {
    return this.hardware.groupsInFlight;
  }
  get utlbs(): number {
    return this.hardware.utlbs;
  }
  utlbOf(group: number): number {
    return utlbOfGroup(this.hardware, group);
  }
  batchEntries(): number {
    return this.host.knobs.batchCount;
  }
  entries(device: ProcessorIndex): number {
    return this.drivers[device]!.ring.outstanding;
  }

  raise(device: ProcessorIndex, utlb: number, granule: number, op: AccessOp, object: number, atPs: number): boolean {
    const { ring } = this.drivers[device]!;
    if (!ring.raise(granule, utlb, op, object, atPs, ACCESS_RANK)) return false;
    this.host.access.setPending(device, granule, true);
    return true;
  }

  serviceBatch(device: ProcessorIndex): number {
    const { host } = this;
    host.beginBatch();
    const end = this.drivers[device]!.serviceBatch(host.clocks.now(device), this.released);
    this.answeredObjects.clear();
    const { items, count } = this.released;
    for (let i = 0; i < count; i++) this.answeredObjects.push(host.ledger.objectOf[items[i]!]!);
    host.tools.flush();
    host.config.batchServiced();
    return end;
  }

  stalled(ps: number): void {
    const { host } = this;
    host.tally.stallPs += ps;
    const { items, count } = this.answeredObjects;
    const share = ps / count;
    for (let i = 0; i < count; i++) host.ledger.count(items[i]!, METRIC.stallPs, share);
  }

  isFatal(_device: ProcessorIndex, granule: number, _op: AccessOp): boolean {
    return this.fatal.size > 0 && this.fatal.has(granule);
  }
}
