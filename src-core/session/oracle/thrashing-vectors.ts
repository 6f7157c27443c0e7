/** Vectors of thrashing detection: scenarios of steps in one block, with the full state of the module after every step. */
import { NO_PROCESSOR, type ProcessorIndex, CPU } from '../../model/processor';
import { z } from 'zod';
import { PAGE_MASK_PAGES } from '../../base/page-mask';
import {
  MOVE_CAUSE,
  THRASHING_EVENT,
  type MigrationEvent,
  type ThrashingDetector,
  type ThrashingEvent,
  type ThrashingHint,
  type ThrashingHost,
} from '../../systems/nvidia-uvm/decisions/thrashing-detector';
import { HINT, type ProcessorSet } from '../../systems/nvidia-uvm/decisions/vocabulary';
import { createThrashing } from '../../systems/nvidia-uvm/decisions/thrashing';
import { Comparison, type CaseOutcome } from './outcome';
import { Processors } from './topology';

const name = z.string();
const pair = z.tuple([name, name]);
const ns = z.int().min(0);
const count = z.int().min(0);
const page = z
  .int()
  .min(0)
  .max(PAGE_MASK_PAGES - 1);

/** Words of the vectors for the driver's tool events. */
const EVENT_NAMES = ['thrashing_detected', 'throttling_start', 'throttling_end', 'unmap_remote'] as const;
const UNMAP_REMOTE = 'unmap_remote';
const NAME_OF_EVENT: Readonly<Record<ThrashingEvent, (typeof EVENT_NAMES)[number]>> = {
  [THRASHING_EVENT.detected]: 'thrashing_detected',
  [THRASHING_EVENT.throttlingStart]: 'throttling_start',
  [THRASHING_EVENT.throttlingEnd]: 'throttling_end',
};

const state = {
  events: z.array(z.object({ e: z.enum(EVENT_NAMES), page, proc: name.nullable() })),
  lapseNs: ns,
  lapseStat: z.int(),
  block: z
    .object({
      pagesAllocated: z.boolean(),
      numThrashingPages: count,
      resetCount: count,
      pinnedCount: count,
      throttlingCount: count,
      lastTs: ns,
      lastThrashTs: ns,
    })
    .optional(),
};
const pageState = z
  .object({
    numEvents: count,
    migEv: z.boolean(),
    revEv: z.boolean(),
    pinned: z.boolean(),
    pinnedOn: name.nullable(),
    throttlingCount: count,
    throttleEnd: ns,
    lastTs: ns,
    doNotThrottle: name.nullable(),
    processors: z.array(name),
    throttled: z.array(name),
  })
  .optional();
const expectEvent = z.object({ ...state, page: pageState });

const step = z.discriminatedUnion('op', [
  z.object({ op: z.literal('setResident'), page, proc: name }),
  z.object({
    op: z.literal('fault'),
    t: ns,
    proc: name,
    page,
    expect: expectEvent.extend({
      hint: z.enum(['none', 'pin', 'throttle']),
      throttleEnd: ns.optional(),
      pinResidency: name.optional(),
    }),
  }),
  z.object({
    op: z.literal('migrated'),
    t: ns,
    proc: name,
    page,
    cause: z.literal('replayable_fault'),
    expect: expectEvent,
  }),
  z.object({ op: z.literal('revoked'), t: ns, proc: name, page, expect: expectEvent }),
  z.object({ op: z.literal('timer'), t: ns, expect: z.object({ ...state, timerRuns: count }) }),
]);

export const thrashingCase = z.object({
  id: z.string(),
  topology: z.string(),
  style: z.string(),
  processors: z.array(name).min(1).max(31),
  canAccess: z.array(pair),
  hasFastLink: z.array(pair),
  hasNativeAtomics: z.array(pair),
  params: z.object({
    lapseUs: count,
    threshold: count,
    pinThreshold: count,
    nap: count,
    epoch: count,
    pin: count,
    maxResets: count,
    voteThreshold: count,
  }),
  preferred: name.nullable(),
  blockPages: z.int().min(1).max(PAGE_MASK_PAGES),
  steps: z.array(step),
});
type ThrashingCase = z.infer<typeof thrashingCase>;
type Step = z.infer<typeof step>;
type Expected<K extends Step['op']> = Extract<Step, { op: K }> extends { expect: infer E } ? E : never;

/** The only block of a scenario. */
const BLOCK = 0;

/** Plays the driver around the module: keeps residency, collects events. */
class Harness implements ThrashingHost {
  readonly detector: ThrashingDetector;
  private readonly residency = new Int8Array(PAGE_MASK_PAGES).fill(NO_PROCESSOR);
  private readonly preferredProcessor: ProcessorIndex;
  private readonly processors: Processors;
  private readonly comparison: Comparison;
  private events: string[] = [];
  private readonly hint: ThrashingHint = { kind: HINT.none, pinResidency: NO_PROCESSOR, throttlingEndNs: 0 };

  constructor(vector: ThrashingCase, comparison: Comparison) {
    this.processors = new Processors(vector);
    this.comparison = comparison;
    this.preferredProcessor = this.processors.indexOrNone(vector.preferred);
    const { lapseUs, ...rest } = vector.params;
    this.detector = createThrashing(
      { ...rest, lapseUsec: lapseUs, enabled: true, lapseAdaptation: 'faithful' },
      this.processors.topology,
      this,
    );
  }

  preferred(): ProcessorIndex {
    return this.preferredProcessor;
  }
  isHmm(): boolean {
    return false;
  }
  resident(_block: number, of: number): ProcessorSet {
    const holder = this.residency[of]!;
    return holder === NO_PROCESSOR ? 0 : 1 << holder;
  }
  /** The recorded harness assumes that all processors that thrash on a page map it. */
  mapped(block: number, of: number): ProcessorSet {
    return this.detector.processors(block, of);
  }
  accessedBy(): ProcessorSet {
    return 0;
  }
  unmapRemote(_block: number, of: number, processors: ProcessorSet): void {
    for (let processor = CPU; processor < this.processors.topology.processors; processor++)
      if (((processors >>> processor) & 1) === 1) this.note(UNMAP_REMOTE, of, processor);
  }
  report(event: ThrashingEvent, _block: number, of: number, processor: ProcessorIndex): void {
    this.note(NAME_OF_EVENT[event], of, processor);
  }

  run(given: Step): void {
    this.events = [];
    switch (given.op) {
      case 'setResident':
        this.residency[given.page] = this.processors.index(given.proc);
        return;
      case 'fault':
        this.detector.hint(BLOCK, given.page, this.processors.index(given.proc), given.t, this.hint);
        this.compareHint(given.expect);
        this.compare(given.expect);
        this.comparePage(given.page, given.expect.page);
        return;
      case 'migrated':
        this.migrate(given.page, this.processors.index(given.proc), given.t);
        this.compare(given.expect);
        this.comparePage(given.page, given.expect.page);
        return;
      case 'revoked':
        this.detector.revoked(BLOCK, given.page, given.page + 1, this.processors.index(given.proc), given.t);
        this.compare(given.expect);
        this.comparePage(given.page, given.expect.page);
        return;
      case 'timer':
        this.comparison.same('timerRuns', given.expect.timerRuns, this.detector.unpin(given.t) ? 1 : 0);
        this.compare(given.expect);
    }
  }

  private migrate(of: number, destination: ProcessorIndex, nowNs: number): void {
    const event: MigrationEvent = {
      block: BLOCK,
      first: of,
      outer: of + 1,
      destination,
      cause: MOVE_CAUSE.replayableFault,
      copied: false,
      readDuplicationEnabled: false,
      firstStagedLeg: false,
    };
    this.detector.migrated(event, nowNs);
    this.residency[of] = destination;
  }

  private note(event: string, of: number, processor: ProcessorIndex): void {
    this.events.push(`${event} page ${of} ${this.processors.name(processor) ?? 'nobody'}`);
  }

  private compareHint(expected: Expected<'fault'>): void {
    const { comparison, hint } = this;
    comparison.same(
      'hint',
      expected.hint,
      hint.kind === HINT.pin ? 'pin' : hint.kind === HINT.throttle ? 'throttle' : 'none',
    );
    if (expected.throttleEnd !== undefined) comparison.same('throttleEnd', expected.throttleEnd, hint.throttlingEndNs);
    if (expected.pinResidency !== undefined)
      comparison.same('pinResidency', expected.pinResidency, this.processors.name(hint.pinResidency));
  }

  private compare(expected: Expected<'timer'> | Expected<'migrated'>): void {
    const { comparison, detector } = this;
    const events = expected.events.map(({ e, page: of, proc }) => `${e} page ${of} ${proc ?? 'nobody'}`);
    comparison.same('events', events.join(', '), this.events.join(', '));
    comparison.same('lapseNs', expected.lapseNs, detector.lapseNs);
    comparison.same('lapseStat', expected.lapseStat, detector.lapseVotes);
    const got = detector.blockState(BLOCK);
    comparison.same('block', expected.block !== undefined, got !== null);
    if (expected.block === undefined || got === null) return;
    comparison.same('block.pagesAllocated', expected.block.pagesAllocated, got.pagesAllocated);
    comparison.same('block.numThrashingPages', expected.block.numThrashingPages, got.thrashingPages);
    comparison.same('block.resetCount', expected.block.resetCount, got.resets);
    comparison.same('block.pinnedCount', expected.block.pinnedCount, got.pinned);
    comparison.same('block.throttlingCount', expected.block.throttlingCount, got.throttlings);
    comparison.same('block.lastTs', expected.block.lastTs, got.lastTimeStampNs);
    comparison.same('block.lastThrashTs', expected.block.lastThrashTs, got.lastThrashingTimeStampNs);
  }

  private comparePage(of: number, expected: z.infer<typeof pageState>): void {
    const { comparison, processors } = this;
    const got = this.detector.pageState(BLOCK, of);
    comparison.same('page', expected !== undefined, got !== null);
    if (expected === undefined || got === null) return;
    const names = (list: readonly string[]): string => processors.names(processors.set(list));
    comparison.same('page.numEvents', expected.numEvents, got.events);
    comparison.same('page.migEv', expected.migEv, got.hasMigrationEvents);
    comparison.same('page.revEv', expected.revEv, got.hasRevocationEvents);
    comparison.same('page.pinned', expected.pinned, got.pinned);
    comparison.same('page.pinnedOn', expected.pinnedOn, processors.name(got.pinnedResidency));
    comparison.same('page.throttlingCount', expected.throttlingCount, got.throttlings);
    comparison.same('page.throttleEnd', expected.throttleEnd, got.throttlingEndNs);
    comparison.same('page.lastTs', expected.lastTs, got.lastTimeStampNs);
    comparison.same('page.doNotThrottle', expected.doNotThrottle, processors.name(got.doNotThrottle));
    comparison.same('page.processors', names(expected.processors), processors.names(got.processors));
    comparison.same('page.throttled', names(expected.throttled), processors.names(got.throttled));
  }
}

export function checkThrashing(vector: ThrashingCase): CaseOutcome {
  const comparison = new Comparison(vector.id);
  const harness = new Harness(vector, comparison);
  for (const [index, given] of vector.steps.entries()) {
    comparison.atStep(index);
    harness.run(given);
  }
  return comparison.outcome();
}
