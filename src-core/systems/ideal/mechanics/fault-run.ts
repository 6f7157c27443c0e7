/** The events of a run of plain faults, filled again for each run, and their books. */
import { METRIC, REASON } from '../../../kit/codes';
import type { MemorySystem } from '../../../kit/memory-system';
import type { EventSink, FaultEvent, FaultRunEvents, TransferEvent } from '../../../model/event-sink';
import { EVICTION, MIGRATION } from '../../../model/events';
import { CPU, READ } from '../../../model/processor';

/** Faults of one run at most. */
export const RUN_FAULTS = 4096;
/** So few faults are reported one by one: to fill columns in one go takes longer. */
const FEW = 8;

export type FaultRun = { -readonly [Field in keyof FaultRunEvents]: FaultRunEvents[Field] };

export const createFaultRun = (): FaultRun => ({
  ...{ count: 0, hasEvictions: false, access: 0, accessStep: 0, batch: 0, step: 0 },
  ...{ processor: CPU, op: READ, object: 0, granuleBytes: 0, address: 0, addressStep: 0 },
  ...{ source: CPU, evictionTarget: CPU, migrationPolicy: 0, evictionPolicy: 0 },
  ...{ faultReason: REASON.notResident, migrationReason: REASON.fault, evictionReason: REASON.capacity },
  causes: new Uint32Array(RUN_FAULTS),
  victimAddresses: new Float64Array(RUN_FAULTS),
  victimObjects: new Uint16Array(RUN_FAULTS),
});

const transferFor = (kind: TransferEvent['kind'], reason: number): TransferEvent => ({
  ...{ kind, timePs: 0, access: 0, batch: 0, step: 0, durationPs: 0, source: CPU, target: CPU },
  ...{ object: 0, address: 0, bytes: 0, policy: 0, reason, cause: 0 },
});

export class FaultRunBooks {
  private readonly fault: FaultEvent = {
    ...{ timePs: 0, access: 0, batch: 0, step: 0, processor: CPU, op: READ },
    ...{ object: 0, address: 0, policy: 0, reason: 0, cause: 0 },
  };
  private readonly eviction = transferFor(EVICTION, REASON.capacity);
  private readonly migration = transferFor(MIGRATION, REASON.fault);

  constructor(private readonly memory: MemorySystem) {}

  /** Counters of the objects, and the events. */
  book(run: FaultRun): void {
    const { ledger, config, granuleBytes } = this.memory;
    const { count, object } = run;
    ledger.count(object, METRIC.gpuFaults, count);
    if (run.source === CPU) {
      ledger.count(object, METRIC.migrations, count);
      ledger.count(object, METRIC.bytesToDevice, count * granuleBytes);
    }
    if (run.hasEvictions) this.countEvictions(run);
    if (count > FEW) config.sink.faultRun(run);
    else for (let i = 0; i < count; i++) this.report(config.sink, run, i);
  }

  /** Victims of one object after the other. */
  private countEvictions({ victimObjects, count }: FaultRun): void {
    const { ledger, granuleBytes } = this.memory;
    for (let from = 0; from < count;) {
      const object = victimObjects[from]!;
      let to = from + 1;
      while (to < count && victimObjects[to] === object) to++;
      ledger.count(object, METRIC.migrations, to - from);
      ledger.count(object, METRIC.evictions, to - from);
      ledger.count(object, METRIC.bytesToHost, (to - from) * granuleBytes);
      from = to;
    }
  }

  /** The events of one fault. */
  private report(sink: EventSink, run: FaultRun, index: number): void {
    const { fault, eviction, migration } = this;
    fault.access = eviction.access = migration.access = run.access + index * run.accessStep;
    fault.batch = eviction.batch = migration.batch = run.batch + index;
    fault.step = eviction.step = migration.step = run.step;
    fault.processor = eviction.source = migration.target = run.processor;
    fault.op = run.op;
    fault.object = migration.object = run.object;
    fault.address = migration.address = run.address + index * run.addressStep;
    fault.policy = migration.policy = run.migrationPolicy;
    fault.reason = run.faultReason;
    fault.cause = run.causes[index]!;
    eviction.cause = migration.cause = sink.fault(fault);
    eviction.bytes = migration.bytes = run.granuleBytes;
    if (run.hasEvictions) {
      eviction.object = run.victimObjects[index]!;
      eviction.address = run.victimAddresses[index]!;
      eviction.policy = run.evictionPolicy;
      sink.transfer(eviction);
    }
    migration.source = run.source;
    sink.transfer(migration);
  }
}
