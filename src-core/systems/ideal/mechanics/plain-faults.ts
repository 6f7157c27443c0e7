/**
 * Runs of the plainest faults of rule set R0 (docs/r0-rules.md): each granule that a device touches comes from the host, or
 * into being, and the granule that was used, or brought, longest ago makes room. Policies that decide anything else, clocks,
 * and everything that looks at single accesses leave it to the general way (ideal-memory.ts), which does the same.
 */
import { TRACKED, type AccessRun } from '../../../contracts/accessed-memory';
import type { FaultingGranules, PlainFaults } from '../../../contracts/plain-faults';
import { Addresses } from '../../../kit/addresses';
import { METRIC, REASON } from '../../../kit/codes';
import type { MemorySystem } from '../../../kit/memory-system';
import { BOUNCED, OWNER_MASK } from '../../../kit/residency';
import type { FaultEvent, TransferEvent } from '../../../model/event-sink';
import { EVICTION, MIGRATION, NO_EVENT } from '../../../model/events';
import { CPU, READ, type ProcessorIndex } from '../../../model/processor';

/** Of one fault: itself, the eviction that makes room, the migration. */
const EVENTS_PER_FAULT = 3;
/** State of a granule at the host under OWNER_MASK. */
const AT_HOST = CPU + 1;

const transfer = (kind: TransferEvent['kind']): TransferEvent => ({
  ...{ kind, timePs: 0, access: 0, batch: 0, step: 0, durationPs: 0, source: CPU, target: CPU },
  ...{ object: 0, address: 0, bytes: 0, policy: 0, reason: 0, cause: NO_EVENT },
});

export class PlainFaultRuns implements PlainFaults {
  private readonly fault: FaultEvent = {
    ...{ timePs: 0, access: 0, batch: 0, step: 0, processor: CPU, op: READ },
    ...{ object: 0, address: 0, policy: 0, reason: 0, cause: NO_EVENT },
  };
  private readonly eviction = transfer(EVICTION);
  private readonly migration = transfer(MIGRATION);
  private readonly canServe: boolean;
  private readonly arrivals: Addresses;
  private readonly departures: Addresses;

  /** @param forget removes mappings of the granule's former place */
  constructor(
    private readonly memory: MemorySystem,
    private readonly forget: (granule: number) => void,
  ) {
    const { machine, usefulBytes, space } = memory.config;
    this.arrivals = new Addresses(space);
    this.departures = new Addresses(space);
    this.canServe = machine.timing === null && !usefulBytes && !memory.ledger.hasShared && memory.deviceFaults === null;
  }

  serve(processor: ProcessorIndex, run: AccessRun, { granules, hop, object }: FaultingGranules): number {
    const { memory } = this;
    if (!this.canServe || processor === CPU || !this.arePoliciesPlain()) return 0;
    const { residency, ledger } = memory;
    const { state } = residency;
    const most = Math.min(granules, memory.config.quietBatches(EVENTS_PER_FAULT));
    this.begin(processor, run, object);
    let arrivals = 0;
    let served = 0;
    for (let granule = run.granule; served < most; granule += hop, served++) {
      const owner = state[granule]! & OWNER_MASK;
      if (owner > AT_HOST || (state[granule]! & BOUNCED) !== 0) break;
      const cause = this.raise(granule, owner === 0, memory.accessCount + served * run.count);
      if (residency.free(processor) === 0) this.evict(residency.replaceOldest(granule, processor), cause);
      else residency.place(granule, processor);
      this.forget(granule);
      if (owner === AT_HOST) {
        arrivals++;
        if (ledger.arrives(granule, run.op)) this.track(granule, run);
      }
      this.migrate(granule, owner - 1, cause);
    }
    ledger.count(object, METRIC.gpuFaults, served);
    ledger.count(object, METRIC.migrations, arrivals);
    ledger.count(object, METRIC.bytesToDevice, arrivals * memory.granuleBytes);
    return served;
  }

  private arePoliciesPlain(): boolean {
    const { eviction, prefetch, migration } = this.memory.config.policies;
    return (
      eviction.isOldestFirst === true &&
      eviction.used === undefined &&
      prefetch.choose === undefined &&
      migration.isAlwaysMigrating === true &&
      migration.populates === undefined
    );
  }

  /** Fills in what all events of a call have in common. */
  private begin(processor: ProcessorIndex, { op }: AccessRun, object: number): void {
    const { fault, eviction, migration, memory } = this;
    const { granuleBytes, step } = memory;
    const { policies } = memory.config;
    fault.processor = processor;
    fault.op = op;
    fault.policy = policies.migrationIndex;
    fault.object = migration.object = object;
    fault.step = eviction.step = migration.step = step;
    eviction.source = migration.target = processor;
    eviction.bytes = migration.bytes = granuleBytes;
    eviction.policy = policies.evictionIndex;
    eviction.reason = REASON.capacity;
    migration.policy = policies.migrationIndex;
    migration.reason = REASON.fault;
  }

  /** The fault of the granule, in a batch of its own. Returns its ordinal. */
  private raise(granule: number, isFirstTouch: boolean, access: number): number {
    const { fault, eviction, migration, memory } = this;
    const batch = ++memory.batches;
    memory.batchNow = batch;
    memory.ledger.objectOf[granule] = fault.object;
    fault.access = eviction.access = migration.access = access;
    fault.batch = eviction.batch = migration.batch = batch;
    fault.address = migration.address = this.arrivals.of(granule * memory.granuleBytes);
    fault.reason = isFirstTouch ? REASON.firstTouch : REASON.notResident;
    fault.cause = memory.moves.lastTransfer[granule]!;
    return memory.config.sink.fault(fault);
  }

  /** Books the victim, which has lost its place. */
  private evict(victim: number, cause: number): void {
    const { eviction, memory } = this;
    const { ledger, granuleBytes, residency } = memory;
    const object = ledger.objectOf[victim]!;
    ledger.count(object, METRIC.migrations, 1);
    ledger.count(object, METRIC.evictions, 1);
    ledger.count(object, METRIC.bytesToHost, granuleBytes);
    ledger.leaves(victim);
    residency.state[victim] = (residency.state[victim]! & ~BOUNCED) | TRACKED;
    this.forget(victim);
    eviction.object = object;
    eviction.address = this.departures.of(victim * granuleBytes);
    eviction.cause = cause;
    memory.moves.lastTransfer[victim] = memory.config.sink.transfer(eviction);
  }

  /** The ledger looks at the bytes of the accesses. */
  private track(granule: number, { op, granule: first, address, stride, count, bytes }: AccessRun): void {
    const { ledger, residency, granuleBytes } = this.memory;
    residency.state[granule] = residency.state[granule]! | TRACKED;
    ledger.accessed(granule, op, address - first * granuleBytes, stride, count, bytes, true);
  }

  private migrate(granule: number, source: ProcessorIndex, cause: number): void {
    const { migration, memory } = this;
    migration.source = source;
    migration.cause = cause;
    memory.moves.lastTransfer[granule] = memory.config.sink.transfer(migration);
  }
}
