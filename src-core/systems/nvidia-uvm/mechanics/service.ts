/**
 * Servicing of one VA block (uvm_va_block_service_locked and its callers): for each faulted page a hint against thrashing and a
 * residency, then neighbours from the density tree, memory, copies and mappings. When memory had to be evicted for it, all
 * decisions are taken again.
 */
import {
  clearMask,
  clearPage,
  copyMask,
  createPageMask,
  isEmpty,
  nextSet,
  orMask,
  setPage,
  type PageMask,
} from '../../../base/page-mask';
import { MOVE_CAUSE, type MoveCause, type ThrashingHint } from '../decisions/thrashing-detector';
import { requiredProtection } from '../decisions/permissions';
import { selectResidency } from '../decisions/residency';
import type { ResidencyAnswer, ResidencyQuestion } from '../decisions/questions';
import {
  ACCESS,
  HINT,
  OPERATION,
  PROTECTION,
  READ_DUPLICATION,
  type AccessMask,
  type AccessType,
  type ServiceOperation,
} from '../decisions/vocabulary';
import { assert } from '../../../base/assert';
import { NO_EVENT } from '../../../model/events';
import { type AccessOp, CPU, NO_PROCESSOR, type ProcessorIndex } from '../../../model/processor';
import { REASON } from '../../../kit/codes';
import { asGranule } from '../../../base/indices';
import type { UvmHost } from './host';
import { Mapper } from './mapping';
import { Mover, nowNs, type MoveOrder } from './mover';
import { Populator } from './populator';
import { Prefetcher } from './prefetching';
import type { RangePolicy } from './range-policies';
import { LIST, type VaBlock } from './va-block';

/** A faulted page. Reused. */
export interface PageFault {
  page: number;
  access: AccessType;
  mask: AccessMask;
  /** The access and its object, as the event of the fault has them. */
  op: AccessOp;
  object: number;
}

export const ANSWER = { serviced: 0, stale: 1, throttled: 2, outOfMemory: 3, fatal: 4 } as const;

/** Evictions that one block may need before it is our bug: as many roots as pieces of the block, and some. */
const MOST_RETRIES = 4096;

export class BlockService {
  readonly mover: Mover;
  readonly populator: Populator;
  private readonly mapper: Mapper;
  private readonly prefetcher: Prefetcher;
  private readonly going: readonly PageMask[];
  private readonly copying = createPageMask();
  private readonly moved = createPageMask();
  private readonly pinned = createPageMask();
  private readonly extra = createPageMask();
  private readonly accessOf = new Uint8Array(512);
  private readonly causes = new Uint32Array(512);
  private firstCause = NO_EVENT;
  /** What distinguishes the question that `residency` answers; −1 for none. */
  private lastQuestion = -1;
  private readonly hint: ThrashingHint = { kind: HINT.none, pinResidency: NO_PROCESSOR, throttlingEndNs: 0 };
  private readonly question: ResidencyQuestion = {
    ...{ requester: CPU, accessMask: 0, operation: OPERATION.replayableFault, hmm: false, mustUseSysmem: false },
    ...{ readDuplication: READ_DUPLICATION.unset, pageReadDuplicated: false, preferred: NO_PROCESSOR },
    ...{ accessedBy: 0, resident: 0, hint: HINT.none, pinResidency: NO_PROCESSOR },
    ...{ mapRemoteOnNativeAtomicsFault: false, remoteMm: false },
  };
  private readonly residency: ResidencyAnswer = { residency: CPU, readDuplicate: false };
  /** Of the last throttled page: when it may be tried again, ns. */
  throttledUntilNs = 0;

  constructor(private readonly host: UvmHost) {
    this.mover = new Mover(host);
    this.populator = new Populator(host, this.mover);
    this.mapper = new Mapper(host);
    this.prefetcher = new Prefetcher(65536 / host.granuleBytes);
    this.going = Array.from({ length: host.topology.processors }, createPageMask);
  }

  /**
   * Services faults of one requester on one block, ascending by page.
   * @param answers one per fault
   */
  serve(
    block: VaBlock,
    requester: ProcessorIndex,
    faults: readonly PageFault[],
    count: number,
    operation: ServiceOperation,
    answers: Uint8Array,
  ): void {
    const { host } = this;
    this.causes.fill(NO_EVENT);
    this.firstCause = NO_EVENT;
    host.tally.blocksServiced++;
    if (block.isHmm && host.params.uvm_disable_hmm && requester !== CPU) {
      answers.fill(ANSWER.fatal, 0, count); // neither managed nor HMM nor ATS: the address means nothing to the GPU
      return;
    }
    for (let retries = 0; ; retries++) {
      assert(retries < MOST_RETRIES, 'a block is serviced again and again without an end');
      if (!this.decide(block, requester, faults, count, operation, answers, retries === 0)) return;
      const done = this.act(block, requester, operation);
      if (done === 'ready') return;
      if (done === 'none') {
        host.tally.outOfMemory++;
        for (let i = 0; i < count; i++) if (answers[i] === ANSWER.serviced) answers[i] = ANSWER.outOfMemory;
        return;
      }
      host.tally.retries++;
    }
  }

  /** Where each page goes; false: nothing is left to do. */
  private decide(
    block: VaBlock,
    requester: ProcessorIndex,
    faults: readonly PageFault[],
    count: number,
    operation: ServiceOperation,
    answers: Uint8Array,
    first: boolean,
  ): boolean {
    const { host, going, hint } = this;
    for (const mask of going) clearMask(mask);
    this.lastQuestion = -1;
    clearMask(this.copying);
    clearMask(this.pinned);
    this.accessOf.fill(ACCESS.prefetch); // what comes along unasked
    // Without state by page there is no hint for any page of the block; most blocks never have it.
    const hasState = host.thrashing?.blockState(block.index)?.pagesAllocated === true;
    const detector = hasState && operation !== OPERATION.nonReplayableFault ? host.thrashing : null;
    const policy = host.ranges.of(block.index);
    let any = false;
    for (let i = 0; i < count; i++) {
      const fault = faults[i]!;
      const { page } = fault;
      if (block.protection(requester, page) >= requiredProtection(fault.access)) {
        if (first) {
          answers[i] = ANSWER.stale;
          host.tally.stale++;
        }
        continue;
      }
      this.noHint();
      if (detector) detector.hint(block.index, page, requester, nowNs(host), hint);
      if (hint.kind === HINT.throttle) {
        answers[i] = ANSWER.throttled;
        this.throttledUntilNs = hint.throttlingEndNs;
        continue;
      }
      answers[i] = ANSWER.serviced;
      this.select(block, requester, fault, operation, policy);
      const { residency, readDuplicate } = this.residency;
      if (hint.kind === HINT.pin) {
        setPage(this.pinned, page);
        host.tally.pins++;
      }
      setPage(going[residency]!, page);
      if (readDuplicate) setPage(this.copying, page);
      this.accessOf[page] = fault.access;
      if (first) this.report(block, requester, fault, this.reasonOf(block, requester, page, residency));
      any = true;
    }
    return any;
  }

  private noHint(): void {
    this.hint.kind = HINT.none;
  }

  private select(
    block: VaBlock,
    requester: ProcessorIndex,
    fault: PageFault,
    operation: ServiceOperation,
    policy: RangePolicy,
  ): void {
    const { host, question, hint } = this;
    const duplicated = (block.readDuplicated[fault.page >>> 5]! >>> (fault.page & 31)) & 1;
    const resident = block.holders(fault.page);
    // Neighbours ask the same: with no hint, only these three differ between the pages of one block.
    const same = hint.kind === HINT.none ? (resident << 8) | (fault.mask << 1) | duplicated : -1;
    if (same !== -1 && same === this.lastQuestion) return;
    this.lastQuestion = same;
    question.requester = requester;
    question.accessMask = fault.mask;
    question.operation = operation;
    question.hmm = block.isHmm;
    question.readDuplication = policy.readDuplication;
    question.pageReadDuplicated = duplicated === 1;
    question.preferred = policy.preferred;
    question.accessedBy = policy.accessedBy;
    question.resident = resident;
    question.hint = hint.kind;
    question.pinResidency = hint.pinResidency;
    question.mapRemoteOnNativeAtomicsFault = host.params.uvm_perf_map_remote_on_native_atomics_fault;
    selectResidency(question, host.topology, this.residency);
  }

  private reasonOf(block: VaBlock, requester: ProcessorIndex, page: number, residency: ProcessorIndex): number {
    const holders = this.question.resident;
    if (holders === 0) return REASON.firstTouch;
    if (residency !== requester) return REASON.remoteMap;
    if ((holders & (1 << requester)) === 0) return REASON.notResident;
    return block.protection(requester, page) === PROTECTION.none ? REASON.notResident : REASON.noPermission;
  }

  private report(block: VaBlock, requester: ProcessorIndex, { page, op, object }: PageFault, reason: number): void {
    const { host } = this;
    const ordinal = host.report(requester, asGranule(block.index * host.pagesPerBlock + page), op, object, reason);
    this.causes[page] = ordinal;
    if (this.firstCause === NO_EVENT) this.firstCause = ordinal;
  }

  private readonly causeOf = (page: number): number => {
    const own = this.causes[page]!;
    return own === NO_EVENT ? this.firstCause : own;
  };

  /** Memory, copies, mappings. */
  private act(block: VaBlock, requester: ProcessorIndex, operation: ServiceOperation): 'ready' | 'retry' | 'none' {
    const { going, extra } = this;
    let destination = NO_PROCESSOR;
    let destinations = 0;
    for (let p = CPU; p < going.length; p++)
      if (!isEmpty(going[p]!)) {
        destination = p;
        destinations++;
      }
    clearMask(extra);
    if (destinations === 1) this.prefetch(block, destination);
    for (let p = CPU; p < going.length; p++) {
      const pages = going[p]!;
      if (isEmpty(pages)) continue;
      const populated = this.populator.populate(block, p, pages, this.firstCause);
      if (populated !== 'ready') return populated;
      this.place(block, p, pages, operation);
      this.wake(block, p, pages);
      this.mapper.map(block, requester, p, pages, this.moved, this.accessOf, isEmpty(this.pinned) ? null : this.pinned);
      if (p === CPU && requester !== CPU) this.mover.tables.mapForDma(block, pages);
    }
    return 'ready';
  }

  /** Who writes to a page whose contents were given up gives it contents again; a reader gets a read-only mapping. */
  private wake(block: VaBlock, holder: ProcessorIndex, pages: PageMask): void {
    const { discarded } = block;
    let woken = 0;
    for (
      let page = nextSet(discarded, block.first, block.outer);
      page < block.outer;
      page = nextSet(discarded, page + 1, block.outer)
    ) {
      const isWritten = ((pages[page >>> 5]! >>> (page & 31)) & 1) === 1 && this.accessOf[page]! >= ACCESS.write;
      if (!isWritten) continue;
      clearPage(discarded, page);
      woken++;
    }
    const root = holder === CPU || woken === 0 ? null : block.backing[holder]!.root;
    if (root) this.host.memoryOf[holder]!.move(root, LIST.used);
  }

  private prefetch(block: VaBlock, destination: ProcessorIndex): void {
    const { host, going, extra } = this;
    const faulted = going[destination]!;
    const policy = host.ranges.of(block.index);
    const count = this.prefetcher.ask(
      block,
      destination,
      faulted,
      policy.preferred,
      host.thrashing?.thrashingPages(block.index) ?? null,
      host.params,
    );
    if (count === 0) return;
    copyMask(extra, this.prefetcher.pages);
    for (let i = 0; i < extra.length; i++) extra[i] = extra[i]! & ~faulted[i]!;
    // What may be read-duplicated brings its neighbours as copies too.
    if (policy.readDuplication === READ_DUPLICATION.enabled && !isEmpty(this.copying)) orMask(this.copying, extra);
    orMask(faulted, extra);
  }

  /** Copies, then moves. Leaves in `moved` what came to the destination. */
  private place(block: VaBlock, destination: ProcessorIndex, pages: PageMask, operation: ServiceOperation): void {
    const { moved, copying, extra, host } = this;
    const here = block.resident[destination]!;
    for (let i = 0; i < moved.length; i++) moved[i] = pages[i]! & ~here[i]!;
    const order: MoveOrder = {
      destination,
      pages,
      prefetched: isEmpty(extra) ? null : extra,
      cause: causeOf(operation),
      reason: operation === OPERATION.accessCounters ? REASON.accessCounter : REASON.fault,
      copies: false,
      causeOf: this.causeOf,
      policy: host.config.policies.migrationIndex,
    };
    if (isEmpty(copying)) {
      this.mover.move(block, order);
      return;
    }
    const copies = createPageMask();
    const moves = createPageMask();
    for (let i = 0; i < copies.length; i++) {
      copies[i] = pages[i]! & copying[i]!;
      moves[i] = pages[i]! & ~copying[i]!;
    }
    this.mover.move(block, { ...order, pages: copies, copies: true });
    this.mover.move(block, { ...order, pages: moves });
  }
}

function causeOf(operation: ServiceOperation): MoveCause {
  if (operation === OPERATION.accessCounters) return MOVE_CAUSE.accessCounter;
  return operation === OPERATION.nonReplayableFault ? MOVE_CAUSE.nonReplayableFault : MOVE_CAUSE.replayableFault;
}
