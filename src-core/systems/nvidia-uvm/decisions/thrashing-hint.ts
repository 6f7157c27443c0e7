/**
 * The decision tree for a page that thrashes by migration (uvm_perf_thrashing.c:1479-1621 of driver 595.45.04), and how the
 * lapse adapts (1623-1644). Pure functions; state and events are in thrashing.ts.
 */
import { CPU, NO_PROCESSOR, type ProcessorIndex, asProcessor } from '../../../model/processor';
import type { ThrashingParams } from './thrashing-detector';
import { HINT, type HintKind, type ProcessorSet, type UvmTopology } from './vocabulary';
import { lowestBit } from '../../../base/page-mask';
import { closestProcessor, has } from './residency';

/** What the tree looks at. */
export interface ThrashingPage {
  requester: ProcessorIndex;
  preferred: ProcessorIndex;
  /** Closest holder of the page to the requester. */
  closest: ProcessorIndex;
  /** All processors that thrash on the page, the requester included. */
  processors: ProcessorSet;
  pinned: boolean;
  pinnedResidency: ProcessorIndex;
  doNotThrottle: ProcessorIndex;
  throttlings: number;
}

const subset = (set: ProcessorSet, of: ProcessorSet): boolean => (set & ~of) === 0;

const allCanAccess = (set: ProcessorSet, to: ProcessorIndex, topology: UvmTopology): boolean =>
  to !== NO_PROCESSOR && subset(set, topology.accessibleFrom[to]!);

/** NVLINK or C2C with native atomics, the holder itself, and the other partitions of its GPU. */
function allFast(set: ProcessorSet, to: ProcessorIndex, topology: UvmTopology): boolean {
  if (to === NO_PROCESSOR) return false;
  const fast = topology.fastLink[to]! & topology.nativeAtomics[to]!;
  return subset(set, fast | (1 << to) | (to === CPU ? 0 : topology.smcSiblings[to]!));
}

/** Whose memory every thrashing processor can access. */
function commonLocations(set: ProcessorSet, topology: UvmTopology): ProcessorSet {
  let common = -1;
  for (let rest = set; rest !== 0; rest &= rest - 1) common &= topology.canAccess[lowestBit(rest)]!;
  return set === 0 ? 0 : common;
}

const NONE = -2;
const THROTTLE = -3;

/** NONE, THROTTLE, or the processor to pin to. */
function treatment(page: ThrashingPage, pinThreshold: number, topology: UvmTopology): number {
  const { requester, preferred, closest, processors, pinned, pinnedResidency, doNotThrottle } = page;
  if (allCanAccess(processors, preferred, topology)) return preferred;
  const preferredThrashes = preferred !== NO_PROCESSOR && has(processors, preferred);
  if (!preferredThrashes && allFast(processors, closest, topology)) {
    if (closest !== CPU || !allCanAccess(processors, requester, topology)) return closest;
    return requester === CPU ? NONE : requester;
  }
  if (requester === preferred) {
    if (pinned) return pinnedResidency === preferred || doNotThrottle === preferred ? preferred : THROTTLE;
    if (doNotThrottle !== preferred) return THROTTLE;
    return page.throttlings >= pinThreshold ? preferred : NONE;
  }
  if (pinned) {
    if (requester === doNotThrottle) {
      if (allCanAccess(processors, requester, topology)) return requester;
      const common = commonLocations(processors, topology);
      return common === 0 ? requester : closestProcessor(common, requester, topology);
    }
    return has(topology.canAccess[requester]!, pinnedResidency) ? pinnedResidency : THROTTLE;
  }
  if (requester !== doNotThrottle) return THROTTLE;
  return page.throttlings >= pinThreshold ? requester : NONE;
}

/** The hint of the tree; with `HINT.pin`, `answer.pinResidency` is the place. */
export function migrationThrashing(
  page: ThrashingPage,
  pinThreshold: number,
  topology: UvmTopology,
  answer: { kind: HintKind; pinResidency: ProcessorIndex },
): void {
  const chosen = treatment(page, pinThreshold, topology);
  answer.pinResidency = NO_PROCESSOR;
  if (chosen === NONE) answer.kind = HINT.none;
  else if (chosen === THROTTLE) answer.kind = HINT.throttle;
  else {
    answer.kind = HINT.pin;
    answer.pinResidency = has(topology.withMemory, asProcessor(chosen)) ? asProcessor(chosen) : CPU;
  }
}

/** The lapse adapts only while the module parameter has its default (:1625). */
const DEFAULT_LAPSE_USEC = 500;
/** Bounds of the lapse: the default times 1000 and divided by 100 (:270-271), and the same as steps' bounds. */
const LAPSE_MAX_NS = 500_000_000;
const LAPSE_MIN_NS = 5_000;
const STEP_MAX_NS = 50_000_000;
const STEP_MIN_NS = 5_000;

/** The lapse of a VA space and the votes on it. */
export class Lapse {
  votes = 0;

  constructor(
    public ns: number,
    private readonly params: ThrashingParams,
  ) {}

  /** A page that thrashes faulted again, `deltaNs` after its last event. */
  vote(deltaNs: number): void {
    if (this.params.lapseUsec !== DEFAULT_LAPSE_USEC) return;
    this.votes += deltaNs < this.ns ? -1 : 1;
    if (this.params.lapseAdaptation === 'faithful') this.adaptAsCompiled();
    else this.adaptAsIntended();
  }

  /** Quirk: the signed count becomes unsigned in the comparison, so that one fast re-fault passes the test for many slow ones. */
  private adaptAsCompiled(): void {
    const passes = this.votes < 0 || this.votes >= this.params.voteThreshold;
    if (passes && this.ns < LAPSE_MAX_NS) this.grow();
    else if (this.votes >= this.params.voteThreshold && this.ns > LAPSE_MIN_NS) this.shrink();
  }

  /** Many slow re-faults: thrashing with a longer period than the lapse is missed. Many fast ones: it could be shorter. */
  private adaptAsIntended(): void {
    if (this.votes >= this.params.voteThreshold && this.ns < LAPSE_MAX_NS) this.grow();
    else if (this.votes <= -this.params.voteThreshold && this.ns > LAPSE_MIN_NS) this.shrink();
  }

  private grow(): void {
    this.ns += Math.min(Math.floor(this.ns / 8), STEP_MAX_NS);
    this.votes = Math.trunc(this.votes / 2);
  }

  private shrink(): void {
    this.ns -= Math.max(Math.floor(this.ns / 8), STEP_MIN_NS);
    this.votes = Math.trunc(this.votes / 2);
  }
}
