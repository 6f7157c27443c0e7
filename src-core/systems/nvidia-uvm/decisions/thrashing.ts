/**
 * Detection and mitigation of thrashing (uvm_perf_thrashing.c of driver 595.45.04). Pages that move back and forth within the
 * lapse are marked; processors that ask for a marked page are throttled in turn, and in the end the page is pinned where all
 * of them can reach it. Left out: memory running out inside the detector, and locking.
 */
import { CPU, NO_PROCESSOR, type ProcessorIndex, asProcessor } from '../../../model/processor';
import {
  clearMask,
  clearPage,
  hasPage,
  isRangeFull,
  lowestBit,
  nextSet,
  PAGE_MASK_PAGES,
  setPage,
} from '../../../base/page-mask';
import type { PageMask } from '../../../base/page-mask';
import {
  MOVE_CAUSE,
  THRASHING_EVENT,
  type BlockThrashing,
  type MigrationEvent,
  type PageThrashing,
  type ThrashingDetector,
  type ThrashingHint,
  type ThrashingHost,
  type ThrashingParams,
} from './thrashing-detector';
import { HINT, type ProcessorSet, type UvmTopology } from './vocabulary';
import { closestProcessor, has } from './residency';
import { Lapse, migrationThrashing, type ThrashingPage } from './thrashing-hint';
import { BlockRecords, type BlockRecord, PageColumns, pageView, toStamp, UnpinQueue } from './thrashing-state';

const NS_PER_US = 1000;
/** Three bits of a page's record count its events, eight its throttlings (uvm_perf_thrashing.c:41, 60). */
const EVENTS_MAX = 7;
const THROTTLINGS_MAX = 255;

class Thrashing implements ThrashingDetector {
  private readonly records = new BlockRecords();
  private readonly unpinQueue = new UnpinQueue();
  private readonly spare: PageColumns[] = [];
  private readonly lapse: Lapse;
  /** Multiples of the initial lapse: its adaptation does not change them. */
  private readonly napNs: number;
  private readonly epochNs: number;
  private readonly pinNs: number;
  private readonly scratch: ThrashingPage = {
    requester: CPU,
    preferred: NO_PROCESSOR,
    closest: NO_PROCESSOR,
    processors: 0,
    pinned: false,
    pinnedResidency: NO_PROCESSOR,
    doNotThrottle: NO_PROCESSOR,
    throttlings: 0,
  };

  constructor(
    private readonly params: ThrashingParams,
    private readonly topology: UvmTopology,
    private readonly host: ThrashingHost,
  ) {
    const lapseNs = params.lapseUsec * NS_PER_US;
    this.lapse = new Lapse(lapseNs, params);
    this.napNs = lapseNs * params.nap;
    this.epochNs = lapseNs * params.epoch;
    this.pinNs = lapseNs * params.pin;
  }

  get lapseNs(): number {
    return this.lapse.ns;
  }

  get lapseVotes(): number {
    return this.lapse.votes;
  }

  /** uvm_perf_thrashing.c:1248-1325. */
  migrated(event: MigrationEvent, nowNs: number): void {
    const { cause, block, first, outer } = event;
    if (!this.params.enabled || cause === MOVE_CAUSE.eviction || event.firstStagedLeg) return;
    const byFault = cause === MOVE_CAUSE.replayableFault || cause === MOVE_CAUSE.accessCounter;
    const record = this.records.of(block);
    // User commands and advice come before the heuristics: what was learned about the pages no longer holds.
    if ((!byFault && cause !== MOVE_CAUSE.prefetch) || event.copied || event.readDuplicationEnabled) {
      if (record?.pages) this.resetRegion(record, record.pages, first, outer);
      return;
    }
    if (byFault && record?.pages && isRangeFull(record.pinned, first, outer)) return;
    this.intake(block, first, outer, event.destination, nowNs, true);
  }

  revoked(block: number, first: number, outer: number, processor: ProcessorIndex, nowNs: number): void {
    if (this.params.enabled) this.intake(block, first, outer, processor, nowNs, false);
  }

  /** uvm_perf_thrashing.c:1664-1831. */
  hint(block: number, page: number, requester: ProcessorIndex, nowNs: number, hint: ThrashingHint): void {
    hint.kind = HINT.none;
    hint.pinResidency = NO_PROCESSOR;
    hint.throttlingEndNs = 0;
    const record = this.records.of(block);
    if (!record?.pages) return;
    if (this.epochIsOver(record, nowNs)) {
      this.startAfresh(record, record.pages);
      return;
    }
    this.judge(record, record.pages, page, requester, nowNs, hint);
    this.apply(record, record.pages, page, requester, nowNs, hint);
  }

  thrashingPages(block: number): PageMask | null {
    const record = this.records.of(block);
    return record === undefined || record.thrashingPages === 0 ? null : record.thrashing;
  }

  processors(block: number, page: number): ProcessorSet {
    return this.records.of(block)?.pages?.processors[page] ?? 0;
  }

  nextUnpinNs(): number {
    return this.unpinQueue.timerNs;
  }

  /** uvm_perf_thrashing.c:1874-1957. */
  unpin(nowNs: number): boolean {
    if (nowNs < this.unpinQueue.timerNs) return false;
    for (let due = this.unpinQueue.take(nowNs); due !== null; due = this.unpinQueue.take(nowNs)) {
      const { record, pages, page } = due;
      const { block } = record;
      const remote = this.host.mapped(block, page) & ~this.host.accessedBy(block) & ~this.host.resident(block, page);
      if (remote !== 0) this.host.unmapRemote(block, page, remote);
      this.resetPage(record, pages, page);
    }
    return true;
  }

  forget(block: number): void {
    const record = this.records.of(block);
    if (record === undefined) return;
    const { pages, pinned } = record;
    if (pages !== null) {
      for (let page = nextSet(pinned, 0, PAGE_MASK_PAGES); page < PAGE_MASK_PAGES;) {
        this.unpinQueue.remove(pages, page);
        page = nextSet(pinned, page + 1, PAGE_MASK_PAGES);
      }
      this.spare.push(pages);
    }
    this.records.delete(block);
  }

  blockState(block: number): BlockThrashing | null {
    return this.records.of(block)?.view() ?? null;
  }

  pageState(block: number, page: number): PageThrashing | null {
    const record = this.records.of(block);
    return record?.pages ? pageView(record.pages, page, hasPage(record.pinned, page)) : null;
  }

  /** One event on a run of pages (uvm_perf_thrashing.c:1326-1400). */
  private intake(
    block: number,
    first: number,
    outer: number,
    processor: ProcessorIndex,
    nowNs: number,
    migration: boolean,
  ): void {
    const record = this.records.of(block) ?? this.records.add(block);
    if (record.pages === null && this.mayThrash(record, processor, nowNs)) record.pages = this.takeColumns();
    if (record.pages !== null)
      for (let page = first; page < outer; page++)
        this.pageEvent(record, record.pages, page, processor, nowNs, migration);
    record.lastTimeStampNs = nowNs;
    record.lastProcessor = processor;
  }

  /** Another processor than last time, and soon after it. */
  private mayThrash(record: BlockRecord, processor: ProcessorIndex, nowNs: number): boolean {
    return (
      record.lastTimeStampNs !== 0 &&
      record.lastProcessor !== processor &&
      nowNs - record.lastTimeStampNs <= this.lapse.ns
    );
  }

  private pageEvent(
    record: BlockRecord,
    pages: PageColumns,
    page: number,
    processor: ProcessorIndex,
    nowNs: number,
    migration: boolean,
  ): void {
    const lastNs = pages.lastTimeStampNs[page]!;
    pages.processors[page]! |= 1 << processor;
    pages.lastTimeStampNs[page] = toStamp(nowNs);
    if (lastNs === 0) return;
    const { threshold } = this.params;
    if (nowNs - lastNs <= this.lapse.ns) {
      const events = Math.min(pages.events[page]! + 1, EVENTS_MAX);
      pages.events[page] = events;
      // Equal, not "just reached": with threshold 7 the saturated counter is detected every time.
      if (events === threshold) this.detected(record, page);
      if (events >= threshold) record.lastThrashingTimeStampNs = nowNs;
      setPage(migration ? pages.migrationEvents : pages.revocationEvents, page);
    } else if (pages.events[page]! >= threshold && !hasPage(record.pinned, page)) this.resetPage(record, pages, page);
  }

  private detected(record: BlockRecord, page: number): void {
    this.host.report(THRASHING_EVENT.detected, record.block, page, NO_PROCESSOR);
    if (hasPage(record.thrashing, page)) return;
    setPage(record.thrashing, page);
    record.thrashingPages++;
  }

  private epochIsOver(record: BlockRecord, nowNs: number): boolean {
    return (
      record.lastThrashingTimeStampNs !== 0 &&
      nowNs - record.lastThrashingTimeStampNs > this.epochNs &&
      record.pinnedEver === 0 &&
      record.resets < this.params.maxResets
    );
  }

  private startAfresh(record: BlockRecord, pages: PageColumns): void {
    record.resets++;
    for (let page = nextSet(record.thrashing, 0, PAGE_MASK_PAGES); page < PAGE_MASK_PAGES;) {
      this.endThrottling(record, pages, page);
      page = nextSet(record.thrashing, page + 1, PAGE_MASK_PAGES);
    }
    this.spare.push(pages);
    record.pages = null;
    clearMask(record.thrashing);
    record.thrashingPages = 0;
    record.lastProcessor = NO_PROCESSOR;
    record.lastTimeStampNs = 0;
    record.lastThrashingTimeStampNs = 0;
  }

  /** What to do with a fault on a page that may thrash. */
  private judge(
    record: BlockRecord,
    pages: PageColumns,
    page: number,
    requester: ProcessorIndex,
    nowNs: number,
    hint: ThrashingHint,
  ): void {
    if (pages.events[page]! < this.params.threshold) return;
    if (has(pages.throttled[page]!, requester)) {
      if (nowNs < pages.throttlingEndNs[page]! && requester !== pages.doNotThrottle[page]) {
        hint.kind = HINT.throttle;
        return;
      }
      this.endThrottlingOf(record, pages, page, requester);
    }
    const pinned = hasPage(record.pinned, page);
    const deltaNs = nowNs - pages.lastTimeStampNs[page]!;
    this.lapse.vote(deltaNs);
    if (deltaNs > this.lapse.ns && !pinned) return;
    pages.processors[page]! |= 1 << requester;
    this.updatePeriod(pages, page, requester, nowNs);
    // A pinned page does not move: what thrashes is the permission, and only taking turns helps.
    if (pinned && hasPage(pages.revocationEvents, page) && requester !== pages.doNotThrottle[page])
      hint.kind = HINT.throttle;
    else this.consult(record, pages, page, requester, hint);
  }

  private apply(
    record: BlockRecord,
    pages: PageColumns,
    page: number,
    requester: ProcessorIndex,
    nowNs: number,
    hint: ThrashingHint,
  ): void {
    if (hint.kind === HINT.pin) this.pin(record, pages, page, hint.pinResidency, nowNs);
    if (hint.kind !== HINT.throttle) return;
    this.throttle(record, pages, page, requester);
    hint.throttlingEndNs = pages.throttlingEndNs[page]!;
  }

  /** Who may go on while the others wait; a processor is not favoured twice in a row (uvm_perf_thrashing.c:790-813). */
  private updatePeriod(pages: PageColumns, page: number, requester: ProcessorIndex, nowNs: number): void {
    if (nowNs > pages.throttlingEndNs[page]!) {
      pages.throttlingEndNs[page] = toStamp(nowNs + this.napNs);
      pages.doNotThrottle[page] = pages.doNotThrottle[page] === requester ? NO_PROCESSOR : requester;
    } else if (pages.doNotThrottle[page] === NO_PROCESSOR) pages.doNotThrottle[page] = requester;
  }

  private consult(
    record: BlockRecord,
    pages: PageColumns,
    page: number,
    requester: ProcessorIndex,
    hint: ThrashingHint,
  ): void {
    const { block } = record;
    const { scratch, topology } = this;
    const closest = closestProcessor(this.host.resident(block, page), requester, topology);
    scratch.requester = requester;
    scratch.preferred = this.host.preferred(block);
    // HMM pages start out on the CPU, even if the block has no record of it.
    scratch.closest = closest === NO_PROCESSOR && this.host.isHmm(block) ? CPU : closest;
    scratch.processors = pages.processors[page]!;
    scratch.pinned = hasPage(record.pinned, page);
    scratch.pinnedResidency = asProcessor(pages.pinnedResidency[page]!);
    scratch.doNotThrottle = asProcessor(pages.doNotThrottle[page]!);
    scratch.throttlings = pages.throttlings[page]!;
    migrationThrashing(scratch, this.params.pinThreshold, topology, hint);
  }

  /** uvm_perf_thrashing.c:920-985. */
  private pin(record: BlockRecord, pages: PageColumns, page: number, residency: ProcessorIndex, nowNs: number): void {
    const pinned = hasPage(record.pinned, page);
    if (!pinned || !has(this.host.resident(record.block, page), residency)) this.endThrottling(record, pages, page);
    if (!pinned) {
      if (this.pinNs > 0) this.unpinQueue.add(record, pages, page, nowNs, this.pinNs);
      pages.throttlings[page] = 0;
      record.pinnedEver++;
      setPage(record.pinned, page);
    }
    pages.pinnedResidency[page] = residency;
  }

  private throttle(record: BlockRecord, pages: PageColumns, page: number, requester: ProcessorIndex): void {
    if (has(pages.throttled[page]!, requester)) return;
    pages.throttled[page]! |= 1 << requester;
    if (!hasPage(record.pinned, page))
      pages.throttlings[page] = Math.min(pages.throttlings[page]! + 1, THROTTLINGS_MAX);
    record.throttlings++;
    if (requester !== CPU) this.host.report(THRASHING_EVENT.throttlingStart, record.block, page, requester);
  }

  private endThrottlingOf(record: BlockRecord, pages: PageColumns, page: number, processor: ProcessorIndex): void {
    pages.throttled[page]! &= ~(1 << processor);
    if (pages.throttled[page] === 0) pages.throttlingEndNs[page] = 0;
    if (processor !== CPU) this.host.report(THRASHING_EVENT.throttlingEnd, record.block, page, processor);
  }

  private endThrottling(record: BlockRecord, pages: PageColumns, page: number): void {
    while (pages.throttled[page] !== 0)
      this.endThrottlingOf(record, pages, page, asProcessor(lowestBit(pages.throttled[page]!)));
  }

  /** Throttling count and the favoured processor outlive a reset (uvm_perf_thrashing.c:1063-1091). */
  private resetPage(record: BlockRecord, pages: PageColumns, page: number): void {
    this.endThrottling(record, pages, page);
    if (hasPage(record.pinned, page)) {
      this.unpinQueue.remove(pages, page);
      pages.pinnedResidency[page] = NO_PROCESSOR;
      clearPage(record.pinned, page);
    }
    pages.lastTimeStampNs[page] = 0;
    clearPage(pages.migrationEvents, page);
    clearPage(pages.revocationEvents, page);
    pages.events[page] = 0;
    pages.processors[page] = 0;
    if (!hasPage(record.thrashing, page)) return;
    clearPage(record.thrashing, page);
    record.thrashingPages--;
  }

  private resetRegion(record: BlockRecord, pages: PageColumns, first: number, outer: number): void {
    for (let page = nextSet(record.thrashing, first, outer); page < outer;) {
      this.resetPage(record, pages, page);
      page = nextSet(record.thrashing, page + 1, outer);
    }
  }

  private takeColumns(): PageColumns {
    const spare = this.spare.pop();
    spare?.reset();
    return spare ?? new PageColumns();
  }
}

/** Detection and mitigation of thrashing for one VA space. */
export const createThrashing = (
  params: ThrashingParams,
  topology: UvmTopology,
  host: ThrashingHost,
): ThrashingDetector => new Thrashing(params, topology, host);
