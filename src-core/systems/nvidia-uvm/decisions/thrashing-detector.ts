/**
 * Detection and mitigation of thrashing (uvm_perf_thrashing.c of driver 595.45.04) for one VA space. Who calls: the servicing
 * code reports migrations and revocations and asks for a hint per faulted page; its timer runs the unpin worker. Time is
 * nanoseconds of the run in whole numbers and must not be 0 at the first event: the driver takes 0 for "never".
 * State exists only for blocks that had an event, per page only where two processors compete: an idle block costs nothing.
 */
import type { ProcessorIndex } from '../../../model/processor';
import type { PageMask } from '../../../base/page-mask';
import type { HintKind, ProcessorSet } from './vocabulary';

/** Module parameters, snapshotted when the VA space is created. Names: uvm_perf_thrashing_*. */
export interface ThrashingParams {
  readonly enabled: boolean;
  /** Events within the lapse that make a page thrash, 1..7. */
  readonly threshold: number;
  /** Throttlings after which a page is pinned, 1..255. */
  readonly pinThreshold: number;
  readonly lapseUsec: number;
  /** Multiples of the lapse. `pin` 0: pinned for ever. */
  readonly nap: number;
  readonly epoch: number;
  readonly pin: number;
  readonly maxResets: number;
  /** `uvm_perf_lapse_vote_threshold`. */
  readonly voteThreshold: number;
  /**
   * How the lapse adapts, which it does only while `lapseUsec` is 500. `faithful`: as compiled, where a signed count is
   * compared with an unsigned threshold, so that every fast re-fault lengthens the lapse. `intended`: as the code reads.
   */
  readonly lapseAdaptation: 'faithful' | 'intended';
}

export const THRASHING_EVENT = { detected: 0, throttlingStart: 1, throttlingEnd: 2 } as const;
export type ThrashingEvent = (typeof THRASHING_EVENT)[keyof typeof THRASHING_EVENT];

/** What detection needs to know of blocks, and whom it tells. Blocks are numbers of the caller's choice. */
export interface ThrashingHost {
  preferred(block: number): ProcessorIndex;
  isHmm(block: number): boolean;
  /** Processors that hold the page. */
  resident(block: number, page: number): ProcessorSet;
  /** Processors that map the page. */
  mapped(block: number, page: number): ProcessorSet;
  accessedBy(block: number): ProcessorSet;
  /** The unpin worker takes the remote mappings of these processors away (a page that was pinned for their sake). */
  unmapRemote(block: number, page: number, processors: ProcessorSet): void;
  /** A tools event. `processor` is NO_PROCESSOR for `detected`; throttling is reported for GPUs only. */
  report(event: ThrashingEvent, block: number, page: number, processor: ProcessorIndex): void;
}

/** Why pages moved (`uvm_make_resident_cause_t`, without the test ones). */
export const MOVE_CAUSE = {
  replayableFault: 0,
  nonReplayableFault: 1,
  accessCounter: 2,
  prefetch: 3,
  eviction: 4,
  apiMigrate: 5,
  apiSetRangeGroup: 6,
  apiHint: 7,
} as const;
export type MoveCause = (typeof MOVE_CAUSE)[keyof typeof MOVE_CAUSE];

/** A run of pages of one block that moved together. */
export interface MigrationEvent {
  block: number;
  first: number;
  outer: number;
  destination: ProcessorIndex;
  cause: MoveCause;
  /** Copied (read duplication) instead of moved. */
  copied: boolean;
  /** The range's policy is READ_DUPLICATION.enabled. */
  readDuplicationEnabled: boolean;
  /** The way from a source to the staging buffer of a copy that goes through the CPU. */
  firstStagedLeg: boolean;
}

export interface ThrashingHint {
  kind: HintKind;
  /** Of `pin`: where the page is to be. */
  pinResidency: ProcessorIndex;
  /** Of `throttle`: when the requester may try again, ns. */
  throttlingEndNs: number;
}

/** State of a block, for views and checks. */
export interface BlockThrashing {
  readonly pagesAllocated: boolean;
  readonly thrashingPages: number;
  readonly resets: number;
  /** Pages that were pinned, ever: the driver never counts down (quirk). */
  readonly pinned: number;
  readonly throttlings: number;
  readonly lastTimeStampNs: number;
  readonly lastThrashingTimeStampNs: number;
}

/** State of a page, for views and checks. */
export interface PageThrashing {
  readonly events: number;
  readonly hasMigrationEvents: boolean;
  readonly hasRevocationEvents: boolean;
  readonly pinned: boolean;
  readonly pinnedResidency: ProcessorIndex;
  readonly throttlings: number;
  readonly throttlingEndNs: number;
  /** In steps of 64 ns. */
  readonly lastTimeStampNs: number;
  readonly doNotThrottle: ProcessorIndex;
  readonly processors: ProcessorSet;
  readonly throttled: ProcessorSet;
}

export interface ThrashingDetector {
  /** The lapse as adapted, ns. */
  readonly lapseNs: number;
  /** Balance of slow and fast re-faults. */
  readonly lapseVotes: number;

  /** Pages have moved. Never called for first-touch population. */
  migrated(event: MigrationEvent, nowNs: number): void;
  /** A processor lost permission on pages [first, outer) to another one. */
  revoked(block: number, first: number, outer: number, processor: ProcessorIndex, nowNs: number): void;
  /** What to do with a faulted page; written into `hint`. Asked before its residency is selected. */
  hint(block: number, page: number, requester: ProcessorIndex, nowNs: number, hint: ThrashingHint): void;

  /** Pages marked thrashing, or null when there are none. The detector's own: to be read, not kept. */
  thrashingPages(block: number): PageMask | null;
  /** Processors that compete for a page: what a pinned page is mapped for. */
  processors(block: number, page: number): ProcessorSet;
  /** When the unpin worker is due; Infinity when nothing is pinned for a time. */
  nextUnpinNs(): number;
  /** Runs the worker if it is due. True when it ran. */
  unpin(nowNs: number): boolean;
  /** The block was freed: drops its state. */
  forget(block: number): void;

  /** null: no event yet. */
  blockState(block: number): BlockThrashing | null;
  /** null: the block has no state per page. */
  pageState(block: number, page: number): PageThrashing | null;
}
