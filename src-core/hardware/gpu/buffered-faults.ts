/**
 * The replayable fault buffers of all devices, and their hardware: it accepts faults, delivers them in batches, and
 * resumes the accesses to serviced granules when a replay reaches the device.
 */
import { IndexList } from '../../base/index-list';
import type { AccessedMemory } from '../../contracts/accessed-memory';
import type { DeviceFaults, FaultBuffer, FaultHardware, FaultPath, FaultService } from '../../contracts/fault-service';
import { metricIndex } from '../../model/events';
import type { MachineSpec } from '../../model/machine';
import { CPU, type AccessOp, type ProcessorIndex, asProcessor } from '../../model/processor';
import { type Granule, asGranule } from '../../base/indices';
import { faultHardware, hasThreadGroups } from './fault-hardware';
import { FetchedFaults } from './fetched-faults';
import { FaultRing } from './fault-ring';

const STALL_PS = metricIndex('stallPs');

class Buffer implements FaultBuffer {
  readonly released = new IndexList();
  readonly refused = new IndexList();

  constructor(
    private readonly device: ProcessorIndex,
    readonly ring: FaultRing,
    private readonly service: FaultService,
  ) {}

  get outstanding(): number {
    return this.ring.outstanding;
  }

  answer(granule: Granule): void {
    if (!this.ring.answer(granule)) return;
    this.service.setPending(this.device, granule, false);
    this.released.push(granule);
  }

  refuse(granule: Granule): void {
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
  private readonly stalledObjects = new IndexList();

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
  released(device: ProcessorIndex): IndexList {
    return this.of(device).released;
  }
  refused(device: ProcessorIndex): IndexList {
    return this.of(device).refused;
  }
  isFatal(device: ProcessorIndex, granule: Granule, op: AccessOp): boolean {
    return this.service.isFatal?.(device, granule, op) === true;
  }

  /** The faults of a device on the granule have their answer; at any time, a batch in service or not. */
  answer(device: ProcessorIndex, granule: Granule): void {
    this.of(device).answer(granule);
  }

  raise(device: ProcessorIndex, utlb: number, granule: Granule, op: AccessOp, object: number, atPs: number): boolean {
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
    for (let i = 0; i < count; i++) stalledObjects.push(asGranule(this.memory.ledger.objectOf[items[i]!]!));
    return replayedPs;
  }

  stalled(ps: number): void {
    const { items, count } = this.stalledObjects;
    for (let i = 0; i < count; i++) this.memory.ledger.count(items[i]!, STALL_PS, ps / count);
    this.service.stalled(ps);
  }
}
