/** What NVIDIA's driver does about the faults of all GPUs: a bottom half for each. */
import type { FaultBuffer, FaultColumns, FaultService } from '../../../contracts/fault-service';
import type { AccessOp, ProcessorIndex } from '../../../model/processor';
import { FaultDriver } from './fault-driver';
import type { UvmHost } from './host';
import type { BlockService } from './service';

export interface UvmFaultsHost extends UvmHost {
  beginBatch(): void;
  /** Reports a fault event. Returns its ordinal. */
  fault(device: ProcessorIndex, granule: number, op: AccessOp, object: number, reason: number): number;
  outcome(result: string, device: ProcessorIndex, granule: number, op: AccessOp): void;
}

export class UvmFaults implements FaultService {
  private readonly drivers: readonly FaultDriver[];
  private readonly fatal = new Set<number>();

  constructor(
    private readonly host: UvmFaultsHost,
    service: BlockService,
    utlbs: number,
  ) {
    this.drivers = Array.from(
      { length: host.topology.processors },
      (_, device) =>
        new FaultDriver(
          host,
          service,
          device,
          utlbs,
          (granule, op, object, reason) => host.fault(device, granule, op, object, reason),
          (result, granule, op) => {
            this.fatal.add(granule);
            host.outcome(result, device, granule, op);
          },
        ),
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
  setPending(device: ProcessorIndex, granule: number, isPending: boolean): void {
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

  isFatal(_device: ProcessorIndex, granule: number, _op: AccessOp): boolean {
    return this.fatal.size > 0 && this.fatal.has(granule);
  }
}
