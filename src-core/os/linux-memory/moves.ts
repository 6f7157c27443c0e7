/**
 * What an operation of the kernel did to the whereabouts of pages, collected while it runs and turned into transfers on
 * the link and events afterwards. A page that several processes map is one page: it is booked once, under the granule
 * that had it first (its home).
 */
import type { EVICTION } from '../../model/events';
import { MIGRATION, NO_EVENT, NO_PROCESSOR } from '../../model/events';
import { CPU, type ProcessorIndex } from '../../model/processor';
import { toVirtual } from '../../model/space';
import type { Interconnect } from '../../hardware/interconnect';
import type { MemoryConfig } from '../memory-system';
import { PAGE_BYTES } from '../linux/page';

/** Under which cause pages move at the moment. */
export interface MoveContext {
  readonly kind: typeof MIGRATION | typeof EVICTION;
  readonly reason: number;
  readonly policy: number;
  /** Ordinal of the event that led to it, where no page of its own has one. */
  readonly cause: number;
}

interface Move extends MoveContext {
  readonly granule: number;
  readonly object: number;
  /** −1: came into being, or went. */
  readonly from: ProcessorIndex;
  readonly to: ProcessorIndex;
}

/** Where an event happens: what every row of the recording carries. */
export interface EventPlace {
  readonly access: number;
  readonly batch: number;
  readonly step: number;
}

/** Pages of one run on the link: neighbours that go the same way for the same reason. */
const sameRun = (a: Move, b: Move): boolean =>
  b.granule === a.granule + 1 &&
  b.object === a.object &&
  b.from === a.from &&
  b.to === a.to &&
  b.reason === a.reason &&
  b.kind === a.kind;

export class Moves {
  private list: Move[] = [];
  /** Causes by granule, for pages that faulted themselves. */
  readonly causes = new Map<number, number>();

  constructor(
    private readonly config: MemoryConfig,
    private readonly links: Interconnect | null,
    private readonly linkEnd: (processor: ProcessorIndex) => ProcessorIndex,
    private readonly lastTransfer: Uint32Array,
    /** Copies of the driver end at multiples of so many pages; Infinity: neighbours go in one. */
    private readonly copyPages: number,
  ) {}

  add(context: MoveContext, granule: number, object: number, from: ProcessorIndex, to: ProcessorIndex): void {
    this.list.push({ ...context, granule, object, from, to });
  }

  get count(): number {
    return this.list.length;
  }

  /** Pages that come to a processor or leave one for another, as opposed to those that appear or go. */
  travels(): boolean {
    return this.list.some(({ from, to }) => from >= 0 && to >= 0);
  }

  /**
   * Sends what was collected: what leaves devices first, then what arrives. Answers when the last byte is there.
   * @param readyPs instant from which the copies may begin
   * @param evictionPs fixed cost before each run that leaves a device
   */
  flush(readyPs: number, evictionPs: number, at: EventPlace): number {
    if (this.list.length === 0) return readyPs;
    const moves = this.list;
    this.list = [];
    // Pages of one way lie together; order of granules inside, order of events between ways.
    const leaving = moves.filter(({ to, from }) => to <= CPU && from > CPU).sort((a, b) => a.granule - b.granule);
    const arriving = moves.filter(({ to, from }) => !(to <= CPU && from > CPU)).sort((a, b) => a.granule - b.granule);
    let end = readyPs;
    for (const run of runsOf(leaving, this.copyPages)) end = Math.max(end, this.send(run, readyPs + evictionPs, at));
    const roomAt = end;
    for (const run of runsOf(arriving, this.copyPages)) end = Math.max(end, this.send(run, roomAt, at));
    this.causes.clear();
    return end;
  }

  private send(run: readonly Move[], earliestPs: number, at: EventPlace): number {
    const { granule, object, from, to, kind, reason, policy, cause } = run[0]!;
    const bytes = run.length * PAGE_BYTES;
    const travels = from >= 0 && to >= 0;
    const end =
      travels && this.links ? this.links.transfer(this.linkEnd(from), this.linkEnd(to), earliestPs, bytes) : earliestPs;
    const duration = travels && this.links ? end - this.links.startedPs : 0;
    const { sink, space } = this.config;
    const ordinal = sink.transfer(
      kind,
      this.links ? Math.max(0, end - duration) : 0,
      duration,
      at.access,
      at.batch,
      at.step,
      from < 0 ? NO_PROCESSOR : from,
      to < 0 ? NO_PROCESSOR : to,
      object,
      toVirtual(space, granule * PAGE_BYTES),
      bytes,
      policy,
      reason,
      this.causes.get(granule) ?? cause,
    );
    for (const move of run) this.lastTransfer[move.granule] = ordinal;
    return travels ? end : 0;
  }
}

/** One event says at most so many pages. */
const LONGEST_RUN = 2 ** 19;

function* runsOf(moves: readonly Move[], copyPages: number): Generator<readonly Move[]> {
  const isCut = (start: number, at: number): boolean =>
    at - start >= LONGEST_RUN || moves[at]!.granule % copyPages === 0;
  let start = 0;
  for (let i = 1; i <= moves.length; i++)
    if (i === moves.length || !sameRun(moves[i - 1]!, moves[i]!) || isCut(start, i)) {
      yield moves.slice(start, i);
      start = i;
    }
}

export const NO_CONTEXT = (reason: number): MoveContext => ({ kind: MIGRATION, reason, policy: 0, cause: NO_EVENT });
