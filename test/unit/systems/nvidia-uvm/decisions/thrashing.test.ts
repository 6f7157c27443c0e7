/** What the recorded scenarios do not reach: the intended lapse, resets by user commands, links without atomics, timers. */
import { CPU, NO_PROCESSOR, type ProcessorIndex } from '../../../../../src-core/model/processor';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  MOVE_CAUSE,
  THRASHING_EVENT,
  type MigrationEvent,
  type ThrashingDetector,
  type ThrashingHint,
  type ThrashingHost,
  type ThrashingParams,
} from '../../../../../src-core/systems/nvidia-uvm/decisions/thrashing-detector';
import { HINT, type UvmTopology } from '../../../../../src-core/systems/nvidia-uvm/decisions/vocabulary';
import { createThrashing } from '../../../../../src-core/systems/nvidia-uvm/decisions/thrashing';
import { GPU0, GPU1, nvlink, pcie, set } from './topologies';

const US = 1000;
const MS = 1_000_000;
const BLOCK = 3;
const PAGE = 17;
const defaults: ThrashingParams = {
  enabled: true,
  threshold: 3,
  pinThreshold: 10,
  lapseUsec: 500,
  nap: 1,
  epoch: 2000,
  pin: 300,
  maxResets: 4,
  voteThreshold: 32,
  lapseAdaptation: 'faithful',
};

/** One block that two processors take from each other. */
class Duel {
  readonly unmapped: number[] = [];
  readonly reported: string[] = [];
  preferred: ProcessorIndex = NO_PROCESSOR;
  accessedBy = 0;
  holder: ProcessorIndex = CPU;
  nowNs = MS;
  readonly detector: ThrashingDetector;
  readonly given: ThrashingHint = { kind: HINT.none, pinResidency: NO_PROCESSOR, throttlingEndNs: 0 };

  constructor(params: Partial<ThrashingParams> = {}, topology: UvmTopology = pcie, hmm = false) {
    const host: ThrashingHost = {
      preferred: () => this.preferred,
      isHmm: () => hmm,
      resident: () => (this.holder === NO_PROCESSOR ? 0 : set(this.holder)),
      mapped: () => set(CPU, GPU0, GPU1),
      accessedBy: () => this.accessedBy,
      unmapRemote: (_block, _page, processors) => void this.unmapped.push(processors),
      report: (event, _block, page, processor) =>
        void this.reported.push(`${Object.keys(THRASHING_EVENT)[event] ?? '?'} ${page} ${processor}`),
    };
    this.detector = createThrashing({ ...defaults, ...params }, topology, host);
  }

  move(to: ProcessorIndex, more: Partial<MigrationEvent> = {}): void {
    this.nowNs += 20 * US;
    this.detector.migrated(
      {
        ...{ block: BLOCK, first: PAGE, outer: PAGE + 1, destination: to, cause: MOVE_CAUSE.replayableFault },
        ...{ copied: false, readDuplicationEnabled: false, firstStagedLeg: false },
        ...more,
      },
      this.nowNs,
    );
    this.holder = to;
  }

  fault(by: ProcessorIndex, afterNs = 10 * US): string {
    this.nowNs += afterNs;
    this.detector.hint(BLOCK, PAGE, by, this.nowNs, this.given);
    return Object.keys(HINT)[this.given.kind] ?? '?';
  }

  /** Enough moves between the two for a page to thrash. */
  untilThrashing(a: ProcessorIndex = CPU, b: ProcessorIndex = GPU0): this {
    for (let i = 0; i < 6; i++) this.move(i % 2 === 0 ? a : b);
    return this;
  }

  get thrashes(): boolean {
    return this.detector.thrashingPages(BLOCK) !== null;
  }
}

describe('detection', () => {
  it('takes five moves between two processors, and costs nothing before the second', () => {
    const duel = new Duel();
    duel.move(GPU0);
    duel.move(GPU0);
    expect(duel.detector.pageState(BLOCK, PAGE)).toBeNull();
    for (const to of [CPU, GPU0, CPU]) duel.move(to);
    expect(duel.thrashes).toBe(false);
    duel.move(GPU0);
    expect([duel.thrashes, duel.reported]).toEqual([true, [`detected ${PAGE} ${NO_PROCESSOR}`]]);
  });
  it('ignores evictions and the first leg of staged copies', () => {
    const duel = new Duel();
    for (let i = 0; i < 10; i++) {
      duel.move(i % 2 === 0 ? GPU0 : CPU, { cause: MOVE_CAUSE.eviction });
      duel.move(i % 2 === 0 ? GPU0 : CPU, { firstStagedLeg: true });
    }
    expect(duel.detector.blockState(BLOCK)).toBeNull();
  });
  it('does nothing when it is switched off', () => {
    const duel = new Duel({ enabled: false }).untilThrashing();
    duel.detector.revoked(BLOCK, PAGE, PAGE + 1, CPU, duel.nowNs);
    expect([duel.detector.blockState(BLOCK), duel.fault(CPU)]).toEqual([null, 'none']);
  });
  it.each([
    ['a user command', { cause: MOVE_CAUSE.apiMigrate }],
    ['a non-replayable fault', { cause: MOVE_CAUSE.nonReplayableFault }],
    ['a copy', { copied: true }],
    ['a range that is read-duplicated', { readDuplicationEnabled: true }],
  ])('starts again after %s', (_, event) => {
    const duel = new Duel().untilThrashing();
    duel.move(GPU0, event);
    expect(duel.thrashes).toBe(false);
    expect(duel.detector.pageState(BLOCK, PAGE)).toMatchObject({ events: 0, lastTimeStampNs: 0, processors: 0 });
  });
  it('looks at the pages of the event only', () => {
    const duel = new Duel();
    for (let i = 0; i < 6; i++) duel.move(i % 2 === 0 ? CPU : GPU0, { first: 10, outer: 20 });
    duel.move(CPU, { cause: MOVE_CAUSE.apiMigrate, first: 0, outer: 15 });
    const pages = duel.detector.thrashingPages(BLOCK);
    expect(pages && pages[0]! >>> 0).toBe(0b1111_1000_0000_0000_0000);
  });
  it('forgets a block with its pins', () => {
    const duel = new Duel({ pinThreshold: 1 }, nvlink).untilThrashing(GPU0, GPU1);
    expect(duel.fault(GPU0)).toBe('pin');
    expect(duel.detector.nextUnpinNs()).toBeLessThan(Infinity);
    duel.detector.forget(BLOCK);
    expect([duel.detector.blockState(BLOCK), duel.detector.nextUnpinNs()]).toEqual([null, Infinity]);
  });
});

describe('mitigation', () => {
  it('needs atomics in hardware beside a fast link to keep a page where it is', () => {
    expect(new Duel({}, nvlink).untilThrashing(GPU0, GPU1).fault(GPU0)).toBe('pin');
    const without = { ...nvlink, nativeAtomics: Uint32Array.of(1, 2, 4) };
    // Favoured first, and allowed to take the page: nobody is throttled or pinned yet.
    expect(new Duel({}, without).untilThrashing(GPU0, GPU1).fault(GPU0)).toBe('none');
  });
  it('takes the CPU as the holder of an HMM page without a known holder', () => {
    const coherentCpu = { ...nvlink, fastLink: Uint32Array.of(2, 1, 0), nativeAtomics: Uint32Array.of(3, 3, 4) };
    const duel = new Duel({}, coherentCpu, true).untilThrashing(CPU, GPU0);
    duel.holder = NO_PROCESSOR;
    expect([duel.fault(GPU0), duel.given.pinResidency]).toEqual(['pin', CPU]);
  });
  it('pins to the preferred location that all can access', () => {
    const duel = new Duel({}, pcie).untilThrashing(GPU0, GPU1);
    duel.preferred = CPU;
    expect([duel.fault(GPU0), duel.given.pinResidency]).toEqual(['pin', CPU]);
  });
  it('pins to the CPU what would be pinned to a processor without memory', () => {
    const duel = new Duel({}, { ...nvlink, withMemory: set(CPU, GPU0) }).untilThrashing(GPU0, GPU1);
    expect([duel.fault(GPU0), duel.given.pinResidency]).toEqual(['pin', CPU]);
  });
  it('throttles who is not favoured, until the nap is over', () => {
    const duel = new Duel().untilThrashing();
    expect(duel.fault(CPU)).toBe('none');
    expect(duel.fault(GPU0)).toBe('throttle');
    const { throttlingEndNs } = duel.given;
    expect(throttlingEndNs % 64).toBe(0);
    expect(throttlingEndNs).toBeGreaterThan(duel.nowNs);
    expect(duel.fault(GPU0)).toBe('throttle');
    expect(duel.given.throttlingEndNs).toBe(throttlingEndNs);
    expect(duel.reported.filter((line) => line.startsWith('throttling'))).toEqual([`throttlingStart ${PAGE} ${GPU0}`]);
  });
});

describe('unpinning', () => {
  let duel: Duel;
  beforeEach(() => {
    duel = new Duel({}, nvlink).untilThrashing(GPU0, GPU1);
    duel.fault(GPU0);
  });

  it('is due when the pin time is over, in whole milliseconds', () => {
    const due = duel.nowNs + 150 * MS;
    expect(duel.detector.nextUnpinNs()).toBe(due);
    expect(duel.detector.unpin(due - 1)).toBe(false);
    expect(duel.detector.pageState(BLOCK, PAGE)?.pinned).toBe(true);
    expect(duel.detector.unpin(due)).toBe(true);
    expect(duel.detector.pageState(BLOCK, PAGE)).toMatchObject({ pinned: false, events: 0 });
    expect([duel.thrashes, duel.detector.nextUnpinNs()]).toEqual([false, Infinity]);
  });
  it('unmaps who has neither the page nor a policy that maps it', () => {
    duel.accessedBy = set(CPU);
    duel.holder = GPU1;
    duel.detector.unpin(duel.detector.nextUnpinNs());
    expect(duel.unmapped).toEqual([set(GPU0)]);
  });
  it('is not put off by later pin hints', () => {
    const due = duel.detector.nextUnpinNs();
    duel.fault(GPU1, MS);
    expect(duel.detector.nextUnpinNs()).toBe(due);
  });
  it('never comes with a pin time of 0', () => {
    const forever = new Duel({ pin: 0 }, nvlink).untilThrashing(GPU0, GPU1);
    expect([forever.fault(GPU0), forever.detector.nextUnpinNs()]).toEqual(['pin', Infinity]);
  });
  it('ends early, with its timer, when a user moves the page', () => {
    duel.move(GPU1, { cause: MOVE_CAUSE.apiMigrate });
    expect(duel.detector.nextUnpinNs()).toBe(Infinity);
  });
  it('goes on with the next page of the queue', () => {
    const first = duel.detector.nextUnpinNs();
    for (let i = 0; i < 6; i++)
      duel.move(i % 2 === 0 ? GPU0 : GPU1, { first: PAGE + 1, outer: PAGE + 2, cause: MOVE_CAUSE.prefetch });
    duel.detector.hint(BLOCK, PAGE + 1, GPU0, duel.nowNs, duel.given);
    expect(duel.given.kind).toBe(HINT.pin);
    const second = duel.nowNs + 150 * MS;
    expect(duel.detector.nextUnpinNs()).toBe(first);
    duel.detector.unpin(first);
    expect(duel.detector.pageState(BLOCK, PAGE + 1)?.pinned).toBe(true);
    expect(duel.detector.nextUnpinNs()).toBeGreaterThanOrEqual(second);
    expect(duel.detector.nextUnpinNs()).toBeLessThan(second + MS);
  });
});

describe('the lapse', () => {
  /** Re-faults of a thrashing page, each so long after its last move. */
  const lapses = (afterNs: number, faults: number, lapseUsec = 500): number[] => {
    const duel = new Duel({ lapseUsec }).untilThrashing();
    return Array.from({ length: faults }, () => {
      duel.fault(CPU, afterNs);
      duel.move(GPU0);
      return duel.detector.lapseNs;
    });
  };

  it('grows with every fast re-fault as compiled', () => {
    expect(lapses(10 * US, 5)).toEqual([562_500, 632_812, 711_913, 800_902, 901_014]);
  });
  /** Faults on a page that is pinned for ever: it keeps its state, and each fault is a vote. */
  const pinned = (afterNs: number, faults: number): number[] => {
    const duel = new Duel({ lapseAdaptation: 'intended', pin: 0 }, nvlink).untilThrashing(GPU0, GPU1);
    return Array.from({ length: faults }, (_, i) => {
      duel.fault(i % 2 === 0 ? GPU0 : GPU1, i === 0 ? US : afterNs);
      return duel.detector.lapseNs;
    });
  };

  it('shrinks as intended after 32 net fast re-faults, by an eighth', () => {
    const ns = pinned(US, 48);
    expect(new Set(ns.slice(0, 31))).toEqual(new Set([500_000]));
    // Half of the votes stay: sixteen more are enough for the next step.
    expect(ns.slice(31)).toEqual([...Array.from({ length: 16 }, () => 437_500), 437_500 - 54_687]);
  });
  it('grows as intended after 32 net slow re-faults', () => {
    // The first fault is a fast one, so the 32 net ones are there with the 34th.
    const ns = pinned(MS, 34);
    expect(new Set(ns.slice(0, 33))).toEqual(new Set([500_000]));
    expect(ns[33]).toBe(562_500);
  });
  it('keeps a value that is not the default', () => {
    expect(new Set(lapses(10 * US, 5, 501))).toEqual(new Set([501_000]));
  });
});
