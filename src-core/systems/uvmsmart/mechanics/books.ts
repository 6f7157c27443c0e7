/** What moves into the recording and the ledger: one row per transfer, counters per page. */
import { EVICTION, MIGRATION } from '../../../model/events';
import { CPU } from '../../../model/processor';
import { REASON } from '../../../kit/codes';
import type { Ledger } from '../../../kit/ledger';
import type { MemoryConfig } from '../../../kit/memory-system';
import type { Move, Moves } from '../../../kit/moves';
import { BOUNCED, type Residency } from '../../../kit/residency';
import { asGranule, type Granule } from '../../../base/indices';
import type { ReadRequest, WriteRequest } from './channels';
import type { PageRun } from '../decisions/prefetch';
import { DEVICE } from './resident-pages';
import { PAGE_BYTES } from '../decisions/units';

/** What the books need of the run. */
export interface BookKeeping {
  readonly config: MemoryConfig;
  readonly residency: Residency;
  readonly ledger: Ledger;
  readonly moves: Moves;
}

export class Books {
  /** Returns to the device of pages that the CPU had taken, by page. */
  private readonly bouncesOf = new Map<number, number>();

  private readonly move: Move;

  constructor(private readonly run: BookKeeping) {
    this.move = run.moves.create();
  }

  get bounces(): { readonly total: number; readonly worst: number } {
    let total = 0;
    let worst = 0;
    for (const count of this.bouncesOf.values()) {
      total += count;
      worst = Math.max(worst, count);
    }
    return { total, worst };
  }

  /** A transfer to the device starts: what was brought along, and then the page that faulted. */
  reads({ first, count, faulted, cause }: ReadRequest, timePs: number, durationPs: number): void {
    const { policies } = this.run.config;
    const brought = faulted < 0 ? count : count - 1;
    const rate = durationPs / count;
    const part = (from: Granule, pages: number, reason: number, policy: number): void => {
      const begins = timePs + Math.floor((from - first) * rate);
      const ends = timePs + Math.floor((from - first + pages) * rate);
      const move = this.of({ first: from, count: pages }, true);
      move.kind = MIGRATION;
      move.target = DEVICE;
      move.reason = reason;
      move.policy = policy;
      move.cause = cause;
      this.run.moves.count(move);
      this.run.moves.report(move, begins, ends - begins);
    };
    if (brought > 0) part(first, brought, REASON.prefetch, policies.prefetchIndex);
    if (faulted >= 0) part(asGranule(faulted), 1, REASON.fault, policies.migrationIndex);
  }

  /** The transfer is there. Page by page, as each remembers how often it came back. */
  arrives({ first, count }: PageRun): void {
    const { moves } = this.run;
    for (let page = first; page < first + count; page++) {
      moves.relocate(page, DEVICE);
      const move = this.of({ first: page, count: 1 }, true);
      move.kind = MIGRATION;
      move.target = DEVICE;
      if (moves.settle(move) > 0) this.bouncesOf.set(page, (this.bouncesOf.get(page) ?? 0) + 1);
    }
  }

  /**
   * Pages leave: evicted, or fetched by the CPU.
   * @param travels false: they were dropped, and no bytes crossed the link
   */
  leaves(request: WriteRequest, timePs: number, durationPs: number, travels: boolean): void {
    const { residency, config, moves } = this.run;
    const { first, count, isEviction, cause } = request;
    const { evictionIndex, migrationIndex } = config.policies;
    for (let page = first; page < first + count; page++) moves.relocate(page, CPU);
    const move = this.of(request, travels);
    move.kind = isEviction ? EVICTION : MIGRATION;
    move.source = DEVICE;
    move.policy = isEviction ? evictionIndex : migrationIndex;
    move.reason = isEviction ? REASON.capacity : REASON.fault;
    move.cause = cause;
    if (travels) moves.settle(move);
    else residency.rewrite(first, count, ~BOUNCED, isEviction ? 0 : BOUNCED);
    moves.count(move);
    moves.report(move, timePs, durationPs);
  }

  /** A move of the pages between host and device, still without its reason. */
  private of({ first, count }: PageRun, travels: boolean): Move {
    const { move } = this;
    move.first = first;
    move.count = count;
    move.object = this.run.ledger.objectOf[first]!;
    move.source = CPU;
    move.target = CPU;
    move.bytes = travels ? count * PAGE_BYTES : 0;
    return move;
  }
}
