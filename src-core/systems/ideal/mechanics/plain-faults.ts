/**
 * Runs of the plainest faults of rule set R0 (docs/r0-rules.md): each granule that a device touches comes from the host, or
 * into being, and the granule that was used, or brought, longest ago makes room. Policies that decide anything else, clocks,
 * and everything that looks at single accesses leave it to the general way (memory.ts), which does the same.
 */
import { TRACKED, type AccessRun } from '../../../contracts/accessed-memory';
import type { FaultingGranules, PlainFaults } from '../../../contracts/plain-faults';
import { Addresses } from '../../../kit/addresses';
import { REASON } from '../../../kit/codes';
import type { MemorySystem } from '../../../kit/memory-system';
import { BOUNCED, OWNER_MASK } from '../../../kit/residency';
import { CPU, type ProcessorIndex, asProcessor } from '../../../model/processor';
import { type Granule, asGranule } from '../../../base/indices';
import { createFaultRun, FaultRunBooks, RUN_FAULTS } from './fault-run';
import type { RemoteMappings } from './remote-mappings';

/** Of one fault: itself, the eviction that makes room, the migration. */
const EVENTS_PER_FAULT = 3;
/** State of a granule at the host under OWNER_MASK. */
const AT_HOST = CPU + 1;

export class PlainFaultRuns implements PlainFaults {
  private readonly events = createFaultRun();
  private readonly books: FaultRunBooks;
  private readonly canServe: boolean;
  private readonly arrivals: Addresses;
  private readonly departures: Addresses;

  /** @param remote mappings of a granule go when it moves */
  constructor(
    private readonly memory: MemorySystem,
    private readonly remote: RemoteMappings,
  ) {
    const { machine, usefulBytes, space } = memory.config;
    this.books = new FaultRunBooks(memory);
    this.arrivals = new Addresses(space);
    this.departures = new Addresses(space);
    this.canServe = machine.timing === null && !usefulBytes && !memory.ledger.hasShared && memory.deviceFaults === null;
  }

  serve(processor: ProcessorIndex, run: AccessRun, { granules, hop, object }: FaultingGranules): number {
    if (!this.canServe || processor === CPU || !this.arePoliciesPlain()) return 0;
    const { memory, events } = this;
    const { residency, config } = memory;
    const free = residency.free(processor);
    const wanted = Math.min(granules, RUN_FAULTS, free > 0 ? free : Infinity);
    const room = Math.floor(config.sink.roomForRun() / EVENTS_PER_FAULT);
    const most = Math.min(wanted, room, config.quietBatches(EVENTS_PER_FAULT));
    const owner = residency.state[run.granule]! & OWNER_MASK;
    if (most < 1 || owner > AT_HOST) return 0;
    this.begin(processor, run, object);
    events.addressStep = hop * memory.granuleBytes;
    events.hasEvictions = free === 0;
    events.source = asProcessor(owner - 1);
    events.faultReason = owner === AT_HOST ? REASON.notResident : REASON.firstTouch;
    events.count = this.move(run, hop, most);
    if (events.count === 0) return 0;
    memory.batches += events.count;
    memory.batchNow = memory.batches;
    this.books.book(events);
    return events.count;
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
  private begin(processor: ProcessorIndex, { op, granule, count }: AccessRun, object: number): void {
    const { events, memory } = this;
    const { policies } = memory.config;
    events.access = memory.accessCount;
    events.accessStep = count;
    events.batch = memory.batches + 1;
    events.step = memory.step;
    events.processor = processor;
    events.op = op;
    events.object = object;
    events.granuleBytes = memory.granuleBytes;
    events.address = this.arrivals.of(granule * memory.granuleBytes);
    events.migrationPolicy = policies.migrationIndex;
    events.evictionPolicy = policies.evictionIndex;
  }

  /** Moves granules from that of the run on, as long as their faults are all alike. Returns how many. */
  private move(run: AccessRun, hop: number, most: number): number {
    const { memory, events, remote } = this;
    const { residency, ledger } = memory;
    const { state } = residency;
    const { lastTransfer } = memory.moves;
    const { causes, processor, object, hasEvictions } = events;
    const owner = events.source + 1;
    const perFault = hasEvictions ? EVENTS_PER_FAULT : EVENTS_PER_FAULT - 1;
    const hasMappings = !remote.isEmpty();
    let ordinal = memory.config.sink.count;
    let moved = 0;
    for (let granule = run.granule; moved < most; granule = asGranule(granule + hop), moved++, ordinal += perFault) {
      if ((state[granule]! & (OWNER_MASK | BOUNCED)) !== owner) break;
      if (hasMappings && remote.has(processor, granule)) break; // an earlier policy mapped it: its accesses do not fault
      causes[moved] = lastTransfer[granule]!;
      ledger.objectOf[granule] = object;
      if (hasEvictions) {
        const victim = residency.replaceOldest(granule, processor);
        this.evict(victim, moved);
        lastTransfer[victim] = ordinal + 1;
        if (hasMappings) remote.forget(victim);
      } else residency.place(granule, processor);
      if (hasMappings) remote.forget(granule);
      if (owner === AT_HOST && ledger.arrives(granule, run.op)) this.track(granule, run);
      lastTransfer[granule] = ordinal + perFault - 1;
    }
    return moved;
  }

  /** The granule lost its place to that of fault number `fault`. */
  private evict(victim: Granule, fault: number): void {
    const { memory, events } = this;
    const { ledger, residency, granuleBytes } = memory;
    ledger.leaves(victim);
    residency.state[victim] = (residency.state[victim]! & ~BOUNCED) | TRACKED;
    events.victimObjects[fault] = ledger.objectOf[victim]!;
    events.victimAddresses[fault] = this.departures.of(victim * granuleBytes);
  }

  /** The ledger looks at the bytes of the accesses. */
  private track(granule: Granule, { op, granule: first, address, stride, count, bytes }: AccessRun): void {
    const { ledger, residency, granuleBytes } = this.memory;
    residency.state[granule] = residency.state[granule]! | TRACKED;
    ledger.accessed(granule, op, address - first * granuleBytes, stride, count, bytes, true);
  }
}
