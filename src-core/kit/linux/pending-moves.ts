/**
 * The moves of pages in one kernel operation, collected while it runs and turned into transfers on the link and events
 * afterwards. A page that several processes map is one page: it is booked once, under the granule that had it first
 * (its home).
 */
import type { EVICTION } from '../../model/events';
import { MIGRATION, NO_EVENT } from '../../model/events';
import { CPU, type ProcessorIndex } from '../../model/processor';
import type { Interconnect } from '../../hardware/interconnect';
import type { Move, Moves } from '../moves';
import { PAGE_BYTES } from '../../kernel/page';
import { type Granule, asGranule } from '../../base/indices';

/** The cause of the moves in progress. */
export interface MoveContext {
  readonly kind: typeof MIGRATION | typeof EVICTION;
  readonly reason: number;
  readonly policy: number;
  /** Ordinal of the event that led to it, where no page of its own has one. */
  readonly cause: number;
}

/** Neighbouring pages that go the same way for the same reason. */
interface Run extends MoveContext {
  /** The first. */
  granule: Granule;
  pages: number;
  readonly object: number;
  /** −1: the page was allocated or freed. */
  readonly from: ProcessorIndex;
  readonly to: ProcessorIndex;
}

export class PendingMoves {
  private runs: Run[] = [];
  /** Causes by granule, for pages that faulted themselves. */
  readonly causes = new Map<number, number>();

  private readonly move: Move;

  constructor(
    private readonly moves: Moves,
    private readonly links: Interconnect | null,
    private readonly linkEnd: (processor: ProcessorIndex) => ProcessorIndex,
    /** Copies of the driver end at multiples of so many pages; Infinity: neighbours go in one. */
    private readonly copyPages: number,
  ) {
    this.move = moves.create();
  }

  add(context: MoveContext, granule: Granule, object: number, from: ProcessorIndex, to: ProcessorIndex): void {
    const { kind, reason, policy, cause } = context;
    const last = this.runs.at(-1);
    if (last && continues(last, granule, object, from, to, context)) last.pages++;
    else this.runs.push({ kind, reason, policy, cause, granule, pages: 1, object, from, to });
  }

  /** Pages that come to a processor or leave one for another, as opposed to those that appear or go. */
  travels(): boolean {
    return this.runs.some(({ from, to }) => from >= 0 && to >= 0);
  }

  /**
   * Sends what was collected: what leaves devices first, then what arrives. Returns when the last byte is there.
   * @param readyPs instant from which the copies may begin
   * @param evictionPs fixed cost before each run that leaves a device
   */
  flush(readyPs: number, evictionPs: number): number {
    if (this.runs.length === 0) return readyPs;
    const { runs } = this;
    this.runs = [];
    const leaves = ({ from, to }: Run): boolean => to <= CPU && from > CPU;
    let end = readyPs;
    for (const run of inOrder(runs.filter(leaves), this.copyPages))
      end = Math.max(end, this.send(run, readyPs + evictionPs));
    const roomAt = end;
    for (const run of inOrder(
      runs.filter((run) => !leaves(run)),
      this.copyPages,
    ))
      end = Math.max(end, this.send(run, roomAt));
    this.causes.clear();
    return end;
  }

  private send(run: Run, earliestPs: number): number {
    const { granule, pages, from, to } = run;
    const { move } = this;
    move.kind = run.kind;
    move.first = granule;
    move.count = pages;
    move.object = run.object;
    move.source = from;
    move.target = to;
    move.bytes = pages * PAGE_BYTES;
    move.policy = run.policy;
    move.reason = run.reason;
    move.cause = this.causes.get(granule) ?? run.cause;
    const travels = from >= 0 && to >= 0;
    const end =
      travels && this.links
        ? this.links.transfer(this.linkEnd(from), this.linkEnd(to), earliestPs, move.bytes)
        : earliestPs;
    const duration = travels && this.links ? end - this.links.startedPs : 0;
    this.moves.report(move, this.links ? Math.max(0, end - duration) : 0, duration);
    return travels ? end : 0;
  }
}

/** One event covers at most so many pages. */
const LONGEST_RUN = 2 ** 19;

/** By granule, neighbours as one run, and cut where copies end. A page that moved twice is two runs of one page each. */
function* inOrder(runs: readonly Run[], copyPages: number): Generator<Run> {
  let sorted = [...runs].sort((a, b) => a.granule - b.granule);
  if (sorted.some((run, i) => i > 0 && run.granule < sorted[i - 1]!.granule + sorted[i - 1]!.pages))
    sorted = runs.flatMap(single).sort((a, b) => a.granule - b.granule);
  let piece: Run | null = null;
  for (const run of sorted) {
    const outer = run.granule + run.pages;
    for (let at = run.granule; at < outer;) {
      const cut = Math.min(outer, (Math.floor(at / copyPages) + 1) * copyPages);
      const goesOn =
        piece !== null &&
        continues(piece, at, run.object, run.from, run.to, run) &&
        piece.pages < LONGEST_RUN &&
        at % copyPages !== 0;
      if (!goesOn) {
        if (piece) yield piece;
        piece = { ...run, granule: at, pages: 0 };
      }
      const into: Run = piece!;
      const pages = Math.min(cut - at, LONGEST_RUN - into.pages);
      into.pages += pages;
      at = asGranule(at + pages);
    }
  }
  if (piece) yield piece;
}

const single = (run: Run): Run[] =>
  Array.from({ length: run.pages }, (_, i) => ({ ...run, granule: asGranule(run.granule + i), pages: 1 }));

const continues = (
  run: Run,
  granule: Granule,
  object: number,
  from: ProcessorIndex,
  to: ProcessorIndex,
  { reason, kind }: MoveContext,
): boolean =>
  granule === run.granule + run.pages &&
  object === run.object &&
  from === run.from &&
  to === run.to &&
  reason === run.reason &&
  kind === run.kind;

export const NO_CONTEXT = (reason: number): MoveContext => ({ kind: MIGRATION, reason, policy: 0, cause: NO_EVENT });
