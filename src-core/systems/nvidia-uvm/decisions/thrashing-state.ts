/**
 * What thrashing detection remembers (uvm_perf_thrashing.c:47-120 of driver 595.45.04): a record per block that had an
 * event, columns per page only where two processors competed within the lapse, and the queue of pages to unpin.
 */
import { NO_PROCESSOR, type ProcessorIndex, asProcessor } from '../../../model/processor';
import { createPageMask, PAGE_MASK_PAGES, clearMask, type PageMask } from '../../../base/page-mask';
import type { BlockThrashing, PageThrashing } from './thrashing-detector';
import { type ProcessorSet } from './vocabulary';

/** Page time stamps lose their low bits to make room for the counters beside them (uvm_perf_thrashing.c:47-60). */
const STAMP_STEP_NS = 64;
export const toStamp = (ns: number): number => ns - (ns % STAMP_STEP_NS);

/** State of the pages of one block; index = page. */
export class PageColumns {
  readonly lastTimeStampNs = new Float64Array(PAGE_MASK_PAGES);
  readonly throttlingEndNs = new Float64Array(PAGE_MASK_PAGES);
  readonly processors = new Uint32Array(PAGE_MASK_PAGES);
  readonly throttled = new Uint32Array(PAGE_MASK_PAGES);
  readonly events = new Uint8Array(PAGE_MASK_PAGES);
  readonly throttlings = new Uint8Array(PAGE_MASK_PAGES);
  readonly pinnedResidency = new Int8Array(PAGE_MASK_PAGES);
  /** Which entry of the unpin queue is the page's; 0 = none. */
  readonly unpinTicket = new Float64Array(PAGE_MASK_PAGES);
  readonly doNotThrottle = new Int8Array(PAGE_MASK_PAGES);
  readonly migrationEvents = createPageMask();
  readonly revocationEvents = createPageMask();

  constructor() {
    this.reset();
  }

  reset(): void {
    this.lastTimeStampNs.fill(0);
    this.throttlingEndNs.fill(0);
    this.processors.fill(0);
    this.throttled.fill(0);
    this.events.fill(0);
    this.throttlings.fill(0);
    this.pinnedResidency.fill(NO_PROCESSOR);
    this.unpinTicket.fill(0);
    this.doNotThrottle.fill(NO_PROCESSOR);
    clearMask(this.migrationEvents);
    clearMask(this.revocationEvents);
  }
}

/** State of one block. */
export class BlockRecord {
  pages: PageColumns | null = null;
  readonly thrashing: PageMask = createPageMask();
  thrashingPages = 0;
  readonly pinned: PageMask = createPageMask();
  /** Quirk: counts pages that were ever pinned, so a block that pinned once is never reset by an epoch (:976). */
  pinnedEver = 0;
  resets = 0;
  throttlings = 0;
  lastProcessor: ProcessorIndex = NO_PROCESSOR;
  lastTimeStampNs = 0;
  lastThrashingTimeStampNs = 0;

  constructor(readonly block: number) {}

  view(): BlockThrashing {
    return {
      pagesAllocated: this.pages !== null,
      thrashingPages: this.thrashingPages,
      resets: this.resets,
      pinned: this.pinnedEver,
      throttlings: this.throttlings,
      lastTimeStampNs: this.lastTimeStampNs,
      lastThrashingTimeStampNs: this.lastThrashingTimeStampNs,
    };
  }
}

export function pageView(pages: PageColumns, page: number, pinned: boolean): PageThrashing {
  const bit = (mask: PageMask): boolean => ((mask[page >>> 5]! >>> (page & 31)) & 1) === 1;
  const set = (column: Uint32Array): ProcessorSet => column[page]!;
  return {
    events: pages.events[page]!,
    hasMigrationEvents: bit(pages.migrationEvents),
    hasRevocationEvents: bit(pages.revocationEvents),
    pinned,
    pinnedResidency: asProcessor(pages.pinnedResidency[page]!),
    throttlings: pages.throttlings[page]!,
    throttlingEndNs: pages.throttlingEndNs[page]!,
    lastTimeStampNs: pages.lastTimeStampNs[page]!,
    doNotThrottle: asProcessor(pages.doNotThrottle[page]!),
    processors: set(pages.processors),
    throttled: set(pages.throttled),
  };
}

interface PinnedPage {
  readonly record: BlockRecord;
  readonly pages: PageColumns;
  readonly page: number;
  readonly deadlineNs: number;
  /** Of the pinning; another one than the page's now: this pinning is over. */
  readonly ticket: number;
}

/** The worker finds entries this much before their deadline (TIMER_GRANULARITY_NS, uvm_perf_thrashing.c:1873). */
const SLACK_NS = 20_000;
/** A jiffy; HZ = 1000. Delays of delayed work are rounded up to whole ones. */
const JIFFY_NS = 1_000_000;
/** Entries that were taken and still stand at the head of the array, before it is cut. */
const TAKEN_MAX = 4096;

/** Pages that are to be unpinned, in the order of their deadlines, and the timer of the worker that does it. */
export class UnpinQueue {
  private entries: PinnedPage[] = [];
  private head = 0;
  /** Entries whose pinning is not over: the driver's list. */
  private live = 0;
  private tickets = 0;
  private dueNs = Infinity;

  /** When the worker runs next. */
  get timerNs(): number {
    return this.dueNs;
  }

  /** A deadline is not moved by later pin hints. The timer is set only if the queue was empty (:946-956). */
  add(record: BlockRecord, pages: PageColumns, page: number, nowNs: number, pinNs: number): void {
    const ticket = ++this.tickets;
    pages.unpinTicket[page] = ticket;
    this.entries.push({ record, pages, page, deadlineNs: nowNs + pinNs, ticket });
    if (this.live++ === 0) this.arm(nowNs, pinNs);
  }

  /** The page was unpinned otherwise; the last one takes the timer along. */
  remove(pages: PageColumns, page: number): void {
    if (pages.unpinTicket[page] === 0) return;
    pages.unpinTicket[page] = 0;
    if (--this.live === 0) this.dueNs = Infinity;
  }

  /** The next entry that is due, taken off; null when the worker is done, and the timer set for the rest. */
  take(nowNs: number): PinnedPage | null {
    for (; this.head < this.entries.length; this.head++) {
      const entry = this.entries[this.head]!;
      if (entry.pages.unpinTicket[entry.page] !== entry.ticket) continue;
      if (entry.deadlineNs > nowNs + SLACK_NS) {
        this.arm(nowNs, entry.deadlineNs - nowNs);
        this.cut();
        return null;
      }
      this.head++;
      this.remove(entry.pages, entry.page);
      return entry;
    }
    this.dueNs = Infinity;
    this.cut();
    return null;
  }

  private cut(): void {
    if (this.head < this.entries.length && this.head < TAKEN_MAX) return;
    this.entries = this.entries.slice(this.head);
    this.head = 0;
  }

  private arm(nowNs: number, delayNs: number): void {
    const microseconds = Math.floor(delayNs / 1000);
    this.dueNs = nowNs + Math.ceil((microseconds * 1000) / JIFFY_NS) * JIFFY_NS;
  }
}

/** The records of all blocks. The block asked for last is remembered: questions come in runs. */
export class BlockRecords {
  private readonly records = new Map<number, BlockRecord>();
  private lastBlock = -1;
  private lastRecord: BlockRecord | undefined;

  of(block: number): BlockRecord | undefined {
    if (block !== this.lastBlock) {
      this.lastRecord = this.records.get(block);
      this.lastBlock = block;
    }
    return this.lastRecord;
  }

  /** The block has no record yet. */
  add(block: number): BlockRecord {
    const record = new BlockRecord(block);
    this.records.set(block, record);
    this.lastBlock = -1;
    return record;
  }

  delete(block: number): void {
    this.records.delete(block);
    this.lastBlock = -1;
  }
}
