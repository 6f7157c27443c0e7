/**
 * Accounts of granules that moved from one memory to another: counters of the objects, open questions, ping-pongs, the
 * event and who moved each granule last. Every memory system reports its moves here, so that the same move counts the
 * same under all of them. Each system itself tracks its pages and the times of its transfers.
 */
import type { EventSink, TransferEvent } from '../model/event-sink';
import { EVICTION, MIGRATION, NO_EVENT, NO_OBJECT } from '../model/events';
import { CPU, type ProcessorIndex } from '../model/processor';
import type { SpaceSpec } from '../model/space';
import { type Granule, asGranule } from '../base/indices';
import { Addresses } from './addresses';
import { METRIC, REASON } from './codes';
import type { Ledger } from './ledger';
import { BOUNCED, OWNER_MASK, type Residency } from './residency';

/** Neighbouring granules of one object that move in the same direction for the same reason. Reused for each move. */
export interface Move {
  kind: typeof MIGRATION | typeof EVICTION;
  first: number;
  count: number;
  object: number;
  /** NO_PROCESSOR (model/processor.ts): the memory came into being. */
  source: ProcessorIndex;
  /** NO_PROCESSOR: the memory went with its mapping. */
  target: ProcessorIndex;
  /** Bytes that crossed a link, or came into being or went; 0 where pages were only dropped. */
  bytes: number;
  policy: number;
  reason: number;
  /** Ordinal of the event that led to it. */
  cause: number;
}

/** The parts of the run that the accounts use. */
interface MovesHost {
  readonly config: { readonly sink: EventSink; readonly space: SpaceSpec };
  readonly granuleBytes: number;
  readonly granules: number;
  readonly ledger: Ledger;
  readonly residency: Residency;
  readonly accessCount: number;
  readonly batchNow: number;
  readonly step: number;
}

export class Moves {
  /** Ordinal of the transfer that last moved each granule: the cause of a later fault on it. */
  readonly lastTransfer: Uint32Array;
  /** A CPU fault took pages from a device in this run. */
  private anyBounced = false;
  private readonly event: TransferEvent = {
    ...{ kind: MIGRATION, timePs: 0, access: 0, batch: 0, step: 0, durationPs: 0 },
    ...{ source: CPU, target: CPU, object: 0, address: 0, bytes: 0, policy: 0, reason: 0, cause: NO_EVENT },
  };

  private readonly addresses: Addresses;

  constructor(private readonly host: MovesHost) {
    this.addresses = new Addresses(host.config.space);
    this.lastTransfer = new Uint32Array(host.granules).fill(NO_EVENT);
  }

  /** A move to fill, with the fields that are alike in most. */
  create(): Move {
    return {
      ...{ kind: MIGRATION, first: 0, count: 0, object: NO_OBJECT, source: CPU, target: CPU, bytes: 0 },
      ...{ policy: 0, reason: 0, cause: NO_EVENT },
    };
  }

  /** Changes the owner in the lists of residents, for systems that keep them. The move itself is booked with `book`. */
  relocate(granule: Granule, target: ProcessorIndex): void {
    const { ledger, residency } = this.host;
    ledger.leaving(granule);
    if (residency.ownerOf(granule) >= 0) residency.remove(granule);
    residency.place(granule, target);
  }

  /** Counters and questions of a move between two memories. Returns how many granules came back to a device after a CPU fault. */
  book(move: Readonly<Move>): number {
    this.count(move);
    return this.settle(move);
  }

  /** Counters of the object. */
  count({ kind, count, object, source, target, bytes, reason }: Readonly<Move>): void {
    const { ledger } = this.host;
    ledger.count(object, METRIC.migrations, count);
    if (target === CPU) {
      ledger.count(object, METRIC.bytesToHost, bytes);
      if (kind === EVICTION) ledger.count(object, METRIC.evictions, count);
    } else {
      ledger.count(object, METRIC.bytesToDevice, bytes);
      if (source !== CPU) ledger.count(object, METRIC.bytesPeer, bytes);
    }
    if (reason === REASON.prefetch) ledger.count(object, METRIC.prefetchedBytes, bytes);
  }

  /**
   * Questions of the granules, their owner, and ping-pongs: a granule that a CPU fault took from a device bounces when it
   * comes back to one. Returns how many did.
   */
  settle({ kind, first, count, object, target, reason }: Readonly<Move>): number {
    const { ledger } = this.host;
    const leaves = target === CPU && kind !== EVICTION && reason !== REASON.copyOut;
    let back = 0;
    if (leaves) this.anyBounced = true;
    else if (this.anyBounced && target !== CPU) back = this.bounced(first, count);
    const owner = target + 1;
    ledger.transferredRun(asGranule(first), count, target, ~(OWNER_MASK | BOUNCED), leaves ? owner | BOUNCED : owner);
    if (back > 0) ledger.count(object, METRIC.pingPongs, back);
    return back;
  }

  private bounced(first: number, count: number): number {
    const { state } = this.host.residency;
    let bounced = 0;
    for (let granule = first; granule < first + count; granule++) if ((state[granule]! & BOUNCED) !== 0) bounced++;
    return bounced;
  }

  /**
   * Reports the move as one event. Returns its ordinal.
   * @param timePs when its bytes began to move
   */
  report(move: Readonly<Move>, timePs: number, durationPs: number): number {
    const { host, event } = this;
    const { first, count, source, target } = move;
    event.kind = move.kind;
    event.timePs = timePs;
    event.durationPs = durationPs;
    event.access = host.accessCount;
    event.batch = host.batchNow;
    event.step = host.step;
    event.source = source;
    event.target = target;
    event.object = move.object;
    event.address = this.addresses.of(first * host.granuleBytes);
    event.bytes = move.bytes;
    event.policy = move.policy;
    event.reason = move.reason;
    event.cause = move.cause;
    const ordinal = host.config.sink.transfer(event);
    if (count === 1) this.lastTransfer[first] = ordinal;
    else this.lastTransfer.fill(ordinal, first, first + count);
    return ordinal;
  }
}
