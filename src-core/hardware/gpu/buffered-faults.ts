/**
 * The replayable fault buffers of all devices, and their hardware: it accepts faults, delivers them in batches, and
 * resumes the accesses to serviced granules when a replay reaches the device.
 */
import { GranuleList } from '../../base/granule-list';
import type { AccessedMemory } from '../../contracts/accessed-memory';
import type { DeviceFaults, FaultBuffer, FaultHardware, FaultPath, FaultService } from '../../contracts/fault-service';
import { metricIndex } from '../../model/events';
import type { MachineSpec } from '../../model/machine';
import { CPU, type AccessOp, type ProcessorIndex, asProcessor } from '../../model/processor';
import { faultHardware, hasThreadGroups } from './fault-hardware';
import { FetchedFaults } from './fetched-faults';
import { FaultRing } from './fault-ring';

const STALL_PS = metricIndex('stallPs');

class Buffer implements FaultBuffer {
  readonly released = new GranuleList();
  readonly refused = new GranuleList();

  constructor(
    private readonly device: ProcessorIndex,
    readonly ring: FaultRing,
    private readonly service: FaultService,
  ) {}

  get outstanding(): number {
    return this.ring.outstanding;
  }

  answer(granule: number): void {
    if (!this.ring.answer(granule)) return;
    this.service.setPending(this.device, granule, false);
    this.released.push(granule);
  }

  refuse(granule: number): void {
    this.refused.push(granule);
    this.answer(granule);
  }
}

/** The hardware between thread groups and fault service; null on machines whose faults are serviced one by one. */
export function bufferedFaults(
  machine: MachineSpec,
  memory: AccessedMemory,
  service: FaultService,
  processors: number,
): DeviceFaults | null {
  if (!hasThreadGroups(machine)) return null;
  const hardware = faultHardware(machine);
  return { hardware, path: new BufferedFaults(hardware, memory, service, processors) };
}

export class BufferedFaults implements FaultPath {
  private readonly buffers: readonly (Buffer | null)[];
  private readonly batch = new FetchedFaults();
  /** Objects of the granules that the last batch released; the stall is charged to them. */
  private readonly stalledObjects = new GranuleList();

  constructor(
    hardware: FaultHardware,
    private readonly memory: AccessedMemory,
    private readonly service: FaultService,
    processors: number,
  ) {
    const { utlbs, faultsPerUtlb, bufferEntries } = hardware;
    this.buffers = Array.from({ length: processors }, (_, device) =>
      device === CPU
        ? null
        : new Buffer(asProcessor(device), new FaultRing(utlbs, faultsPerUtlb, bufferEntries), service),
    );
  }

  private of(device: ProcessorIndex): Buffer {
    return this.buffers[device]!;
  }

  batchEntries(): number {
    return this.service.batchEntries();
  }
  entries(device: ProcessorIndex): number {
    return this.of(device).ring.outstanding;
  }
  released(device: ProcessorIndex): GranuleList {
    return this.of(device).released;
  }
  refused(device: ProcessorIndex): GranuleList {
    return this.of(device).refused;
  }
  isFatal(device: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return this.service.isFatal?.(device, granule, op) === true;
  }

  /** The faults of a device on the granule have their answer; at any time, a batch in service or not. */
  answer(device: ProcessorIndex, granule: number): void {
    this.of(device).answer(granule);
  }

  raise(device: ProcessorIndex, utlb: number, granule: number, op: AccessOp, object: number, atPs: number): boolean {
    if (!this.of(device).ring.raise(granule, utlb, op, object, atPs)) return false;
    this.service.setPending(device, granule, true);
    return true;
  }

  serviceBatch(device: ProcessorIndex): number {
    const { service, batch, stalledObjects } = this;
    const buffer = this.of(device);
    service.beginBatch();
    batch.fetch(buffer.ring, service.batchEntries(), service.keepsAnswered());
    const replayedPs = service.service(device, batch, buffer);
    stalledObjects.clear();
    const { items, count } = buffer.released;
    for (let i = 0; i < count; i++) stalledObjects.push(this.memory.ledger.objectOf[items[i]!]!);
    return replayedPs;
  }

  stalled(ps: number): void {
    const { items, count } = this.stalledObjects;
    for (let i = 0; i < count; i++) this.memory.ledger.count(items[i]!, STALL_PS, ps / count);
    this.service.stalled(ps);
  }
}
