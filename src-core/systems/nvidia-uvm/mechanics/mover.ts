/**
 * Makes pages resident (uvm_va_block_make_resident): unmaps them everywhere, finds memory, copies from their holders,
 * closest first, and keeps the masks and the books. One transfer event per contiguous run with one source and one cause.
 */
import { countPages, createPageMask, nextClear, nextSet, type PageMask } from '../../../base/page-mask';
import { MOVE_CAUSE, type MigrationEvent, type MoveCause } from '../decisions/thrashing-detector';
import { closestProcessor } from '../decisions/residency';
import { READ_DUPLICATION } from '../decisions/vocabulary';
import { EVICTION, MIGRATION, NO_EVENT } from '../../../model/events';
import { REASON } from '../../../kit/codes';
import type { Move } from '../../../kit/moves';
import { BOUNCED, OWNER_MASK } from '../../../kit/residency';
import { type ProcessorIndex, asProcessor, CPU, NO_PROCESSOR } from '../../../model/processor';
import type { UvmHost } from './host';
import { PageTables } from './page-tables';
import { LIST, type VaBlock } from './va-block';

/** What pages move for. */
export interface MoveOrder {
  destination: ProcessorIndex;
  pages: PageMask;
  /** Of `pages`, those that come along without having faulted; null where none can. */
  prefetched: PageMask | null;
  cause: MoveCause;
  /** REASON code of what did not come along. */
  reason: number;
  /** Read duplication: holders keep their copy. */
  copies: boolean;
  /** Ordinal of the event behind a page of the block. */
  causeOf: (page: number) => number;
  policy: number;
}

export class Mover {
  private readonly moving = createPageMask();
  private readonly rest = createPageMask();
  private readonly part = createPageMask();
  private readonly lost = createPageMask();
  private readonly event: MigrationEvent = {
    ...{ block: 0, first: 0, outer: 0, destination: CPU, cause: MOVE_CAUSE.replayableFault },
    ...{ copied: false, readDuplicationEnabled: false, firstStagedLeg: false },
  };

  readonly tables: PageTables;
  private readonly moved: Move;

  constructor(private readonly host: UvmHost) {
    this.moved = host.moves.create();
    this.tables = new PageTables(host);
  }

  /** The destination has memory for all pages of the order; see Populator. Of pages with several copies a move leaves one. */
  move(block: VaBlock, order: MoveOrder): void {
    const { moving } = this;
    const { destination, pages } = order;
    const here = block.resident[destination]!;
    if (!order.copies) this.collapse(block, order);
    let any = 0;
    for (let i = 0; i < moving.length; i++) any |= moving[i] = pages[i]! & ~here[i]!;
    if (any === 0) return;
    if (order.copies) this.tables.downgrade(block, moving);
    else this.tables.unmap(block, moving, NO_PROCESSOR);
    this.copyAll(block, order);
    this.settle(block, order);
  }

  /** Of several copies the destination's stays, or the one that it will be copied from. */
  private collapse(block: VaBlock, order: MoveOrder): void {
    const { host, rest, part } = this;
    let left = 0;
    for (let i = 0; i < rest.length; i++) left |= rest[i] = order.pages[i]! & block.readDuplicated[i]!;
    for (let holders = left === 0 ? 0 : this.holdersOf(block, rest); holders !== 0;) {
      const keeper = closestProcessor(holders, order.destination, host.topology);
      holders &= ~(1 << keeper);
      left = 0;
      for (let i = 0; i < rest.length; i++) {
        left |= part[i] = rest[i]! & block.resident[keeper]![i]!;
        rest[i] = rest[i]! & ~part[i]!;
      }
      if (left !== 0) this.keepOnly(block, keeper, part, order.reason);
    }
  }

  /** Processors that hold any of the pages. */
  private holdersOf(block: VaBlock, pages: PageMask): number {
    let holders = 0;
    for (let p = CPU; p < block.resident.length; p++)
      for (let i = 0; i < pages.length; i++)
        if ((block.resident[p]![i]! & pages[i]!) !== 0) {
          holders |= 1 << p;
          break;
        }
    return holders;
  }

  private copyAll(block: VaBlock, order: MoveOrder): void {
    const { host, moving, rest, part } = this;
    const { destination } = order;
    let left = 0;
    for (let i = 0; i < rest.length; i++) left |= rest[i] = moving[i]!;
    let holders = this.holdersOf(block, rest);
    left = this.dropDiscarded(block, order) ? this.leftOf(rest) : left;
    while (holders !== 0 && left !== 0) {
      const source = closestProcessor(holders, destination, host.topology);
      holders &= ~(1 << source);
      left = 0;
      for (let i = 0; i < rest.length; i++) {
        part[i] = rest[i]! & block.resident[source]![i]!;
        left |= rest[i] = rest[i]! & ~part[i]!;
      }
      if (source === CPU || destination === CPU) this.tables.mapForDma(block, part);
      this.runs(block, order, part, source);
      // In the books a transfer takes pages away from a device: with a copy it has them still.
      if (order.copies && source !== CPU) this.appears(block, NO_PROCESSOR, source, part, order.reason);
    }
    if (left !== 0) this.runs(block, order, rest, NO_PROCESSOR);
  }

  private leftOf(pages: PageMask): number {
    let any = 0;
    for (const word of pages) any |= word;
    return any;
  }

  /** Discarded pages are not copied: they are populated again or freed. */
  private dropDiscarded(block: VaBlock, order: MoveOrder): boolean {
    const { host, rest, part } = this;
    let any = 0;
    for (let i = 0; i < part.length; i++) {
      any |= part[i] = rest[i]! & block.discarded[i]!;
      rest[i] = rest[i]! & ~part[i]!;
    }
    if (any === 0) return false;
    host.tally.discardedBytes += countPages(part) * host.granuleBytes;
    for (let p = asProcessor(CPU + 1); p < block.resident.length; p++) {
      if (p === order.destination) continue;
      for (let i = 0; i < this.lost.length; i++) this.lost[i] = part[i]! & block.resident[p]![i]!;
      this.appears(block, p, NO_PROCESSOR, this.lost, REASON.explicit);
    }
    this.runs(block, order, part, NO_PROCESSOR);
    return true;
  }

  /** Pages leave a device (no target) or appear on one (no source) without a copy: rows for the residency books. */
  private appears(
    block: VaBlock,
    source: ProcessorIndex,
    target: ProcessorIndex,
    pages: PageMask,
    reason: number,
  ): void {
    const { host } = this;
    const { outer } = block;
    for (let first = nextSet(pages, block.first, outer); first < outer;) {
      const end = nextClear(pages, first, outer);
      const { moved } = this;
      this.of(block, first, end, source);
      moved.kind = MIGRATION;
      moved.target = target;
      moved.policy = 0;
      moved.reason = reason;
      moved.cause = NO_EVENT;
      host.moves.report(moved, host.wire ? host.work.threadPs : 0, 0);
      first = nextSet(pages, end, outer);
    }
  }

  /**
   * Of pages with several copies, those of one processor stay.
   * @param reason REASON code of what ends the others
   */
  keepOnly(block: VaBlock, processor: ProcessorIndex, pages: PageMask, reason: number): void {
    const { host, lost } = this;
    this.tables.unmap(block, pages, processor);
    for (let p = CPU; p < block.resident.length; p++) {
      if (p === processor) continue;
      let any = 0;
      for (let i = 0; i < lost.length; i++) any |= lost[i] = block.resident[p]![i]! & pages[i]!;
      if (any === 0) continue;
      if (p !== CPU) this.appears(block, p, NO_PROCESSOR, lost, reason);
      this.leave(block, p, lost);
    }
    const { state } = host.residency;
    const base = block.index * host.pagesPerBlock;
    for (let page = nextSet(pages, block.first, block.outer); page < block.outer;) {
      state[base + page] = (state[base + page]! & ~OWNER_MASK) | (processor + 1);
      page = nextSet(pages, page + 1, block.outer);
    }
    for (let i = 0; i < pages.length; i++) block.readDuplicated[i] = block.readDuplicated[i]! & ~pages[i]!;
    host.tally.readDuplicateInvalidates += countPages(pages);
    host.tools.mask('ReadDuplicateInvalidate', 'read-duplication', processor, block, pages);
  }

  /** Pages are on a processor no longer. A whole block that keeps its memory on a GPU without using it is the first to go. */
  private leave(block: VaBlock, processor: ProcessorIndex, pages: PageMask): void {
    const there = block.resident[processor]!;
    let held = 0;
    let left = 0;
    for (let i = 0; i < pages.length; i++) {
      held |= there[i]!;
      left |= there[i] = there[i]! & ~pages[i]!;
    }
    const root = processor === CPU || held === 0 || left !== 0 ? null : block.backing[processor]!.root;
    if (root) this.host.memoryOf[processor]!.move(root, LIST.unused);
  }

  /** Runs of one cause: a page that faulted and neighbours that came along are transfers of their own. */
  private runs(block: VaBlock, order: MoveOrder, pages: PageMask, source: ProcessorIndex): void {
    const { prefetched } = order;
    const { outer } = block;
    for (let first = nextSet(pages, block.first, outer); first < outer;) {
      let end = nextClear(pages, first, outer);
      if (prefetched) {
        const isPrefetch = ((prefetched[first >>> 5]! >>> (first & 31)) & 1) === 1;
        end = isPrefetch ? nextClear(prefetched, first, end) : nextSet(prefetched, first, end);
        this.run(block, order, first, end, source, isPrefetch);
      } else this.run(block, order, first, end, source, false);
      first = nextSet(pages, end, outer);
    }
  }

  private run(
    block: VaBlock,
    order: MoveOrder,
    first: number,
    outer: number,
    source: ProcessorIndex,
    isPrefetch: boolean,
  ): void {
    const { host, moved } = this;
    const { destination } = order;
    const { work, wire } = host;
    const isMove = source !== NO_PROCESSOR;
    this.of(block, first, outer, isMove ? source : NO_PROCESSOR);
    moved.kind = order.cause === MOVE_CAUSE.eviction ? EVICTION : MIGRATION;
    moved.target = destination;
    moved.policy = order.policy;
    moved.reason = isPrefetch ? REASON.prefetch : order.reason;
    moved.cause = order.causeOf(first);
    let endPs = work.threadPs;
    let durationPs = 0;
    if (isMove) {
      work.driver('dmaSetup');
      if (wire) {
        endPs = wire.transfer(source, destination, work.threadPs, moved.bytes);
        durationPs = endPs - wire.startedPs;
        work.arrives(endPs);
      }
      this.book(order);
    } else host.residency.rewrite(moved.first, moved.count, ~(OWNER_MASK | BOUNCED), destination + 1);
    if (!isMove && destination === CPU) return; // host memory that was populated: not a transfer
    host.moves.report(moved, wire ? Math.max(0, endPs - durationPs) : 0, durationPs);
    if (isMove && order.copies)
      host.tools.pages('ReadDuplicate', 'read-duplication', destination, block.index, first, outer);
    if (!isMove || !host.thrashing) return;
    const { event } = this;
    event.block = block.index;
    event.first = first;
    event.outer = outer;
    event.destination = destination;
    event.cause = isPrefetch ? MOVE_CAUSE.prefetch : order.cause;
    event.copied = order.copies;
    event.readDuplicationEnabled = host.ranges.of(block.index).readDuplication === READ_DUPLICATION.enabled;
    host.thrashing.migrated(event, nowNs(host));
  }

  /** The pages that `moved` is about. */
  private of(block: VaBlock, first: number, outer: number, source: ProcessorIndex): void {
    const { host, moved } = this;
    moved.first = block.index * host.pagesPerBlock + first;
    moved.count = outer - first;
    moved.object = host.ledger.objectOf[moved.first]!;
    moved.source = source;
    moved.bytes = moved.count * host.granuleBytes;
  }

  /** Counters and questions of the pages of one run; the masks follow in `settle`. */
  private book(order: MoveOrder): void {
    const { moved, host } = this;
    const { tally } = host;
    tally.bounces += host.moves.book(moved);
    if (moved.target === CPU) {
      tally.pagesToHost += moved.count;
      tally.transfersToHost++;
    } else {
      tally.pagesToDevice += moved.count;
      tally.transfersToDevice++;
    }
    if (order.copies) tally.readDuplicates += moved.count;
  }

  /** The masks after the copies. */
  private settle(block: VaBlock, order: MoveOrder): void {
    const { host, moving } = this;
    const { destination, copies } = order;
    const here = block.resident[destination]!;
    for (let i = 0; i < moving.length; i++) {
      here[i] = here[i]! | moving[i]!;
      block.evicted[destination]![i] = block.evicted[destination]![i]! & ~moving[i]!;
      if (!copies) block.readDuplicated[i] = block.readDuplicated[i]! & ~moving[i]!;
    }
    for (let p = CPU; p < block.resident.length; p++) {
      if (p === destination) continue;
      if (!copies) this.leave(block, p, moving);
      else
        for (let i = 0; i < moving.length; i++)
          block.readDuplicated[i] = block.readDuplicated[i]! | (moving[i]! & block.resident[p]![i]!);
    }
    const root = destination === CPU ? null : block.backing[destination]!.root;
    if (root) host.memoryOf[destination]!.move(root, LIST.used);
  }
}

/** The driver's clock, ns; never 0, which it takes for "never". */
export const nowNs = (host: UvmHost): number => Math.floor(host.work.threadPs / 1000) + 1;

/** Pages that are resident nowhere. */
export function unpopulated(block: VaBlock, pages: PageMask, into: PageMask): number {
  for (let i = 0; i < into.length; i++) {
    let held = 0;
    for (let p = CPU; p < block.resident.length; p++) held |= block.resident[p]![i]!;
    into[i] = pages[i]! & ~held;
  }
  return countPages(into);
}
