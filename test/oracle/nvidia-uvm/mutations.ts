/**
 * Small, plausible mistakes in the driver's decisions, each planted through a parameter or a wrapper: everything else is the
 * real code. A suite that claims to hold the decisions must notice every one of them.
 */
import { CPU, NO_PROCESSOR } from '../../../src-core/model/processor';
import type { PageMask } from '../../../src-core/base/page-mask';
import type { ThrashingParams } from '../../../src-core/systems/nvidia-uvm/decisions/thrashing-detector';
import type { PrefetchQuestion, ResidencyQuestion } from '../../../src-core/systems/nvidia-uvm/decisions/questions';
import { BLOCK_KIND } from '../../../src-core/systems/nvidia-uvm/decisions/questions';
import {
  ACCESS,
  HINT,
  OPERATION,
  READ_DUPLICATION,
  type UvmTopology,
} from '../../../src-core/systems/nvidia-uvm/decisions/vocabulary';
import { createPrefetcher } from '../../../src-core/systems/nvidia-uvm/decisions/prefetch';
import type { Decisions } from './plantable';
import type { VectorFile } from './vectors';

export interface Mutation {
  readonly name: string;
  /** Vectors that must notice. */
  readonly files: readonly VectorFile[];
  readonly apply: (decisions: Decisions) => Decisions;
}

type Prefetch = (question: PrefetchQuestion, prefetch: PageMask) => boolean;
const PREFETCH = ['prefetch', 'prefetch64k'] as const;

const prefetchMutation = (
  name: string,
  hint: (real: Prefetch) => Prefetch,
  files: readonly VectorFile[] = PREFETCH,
) => ({
  name,
  files,
  apply: (decisions: Decisions) => ({
    ...decisions,
    prefetchHint: hint((question, prefetch) => decisions.prefetchHint(question, prefetch)),
  }),
});

/** Asks another question than it was asked, and hands the state back. */
const asking =
  (change: (question: PrefetchQuestion) => Partial<PrefetchQuestion>) =>
  (real: Prefetch): Prefetch =>
  (question, prefetch) => {
    const other = { ...question, ...change(question) };
    const taken = real(other, prefetch);
    question.lastMigrationProcessor = other.lastMigrationProcessor;
    question.faultMigrationsToLast = other.faultMigrationsToLast;
    return taken;
  };

const prefetchMutations: readonly Mutation[] = [
  prefetchMutation('a subtree that is just as dense as the threshold passes (>= for >)', () =>
    createPrefetcher((filled, pages, threshold) => filled * 100 >= pages * threshold),
  ),
  prefetchMutation(
    'the threshold is one per cent too high',
    asking(({ threshold }) => ({ threshold: threshold + 1 })),
  ),
  prefetchMutation(
    'pages do not grow to 64 KiB',
    asking(() => ({ pagesPerBigPage: 1 })),
    ['prefetch'],
  ),
  prefetchMutation(
    'every block starts on a 64 KiB boundary',
    asking(() => ({ startOffsetPages: 0 })),
    ['prefetch'],
  ),
  prefetchMutation(
    'resident pages do not count',
    asking(() => ({ resident: null })),
  ),
  prefetchMutation(
    'thrashing pages are prefetched',
    asking(() => ({ thrashing: null })),
  ),
  prefetchMutation(
    'pages mapped on the CPU are prefetched to it',
    asking(() => ({ cpuMapped: null })),
  ),
  prefetchMutation(
    'prefetches away from the preferred location',
    asking(() => ({ preferred: NO_PROCESSOR })),
  ),
  prefetchMutation(
    'first touch on the preferred location brings no block',
    asking(() => ({ blockResidentAnywhere: true })),
  ),
  prefetchMutation(
    'one fault too many is asked for',
    asking(({ minFaults }) => ({ minFaults: minFaults + 1 })),
  ),
  prefetchMutation(
    'the count of faults goes on when the destination changes',
    asking(({ destination }) => ({ lastMigrationProcessor: destination })),
  ),
  prefetchMutation('HMM blocks exclude what the CPU maps', (real) => (question, prefetch) => {
    const taken = real(question, prefetch);
    if (question.kind === BLOCK_KIND.hmm && question.destination === CPU) without(prefetch, question.cpuMapped);
    return taken;
  }),
];

function without(mask: PageMask, other: PageMask | null): void {
  if (other !== null) for (let word = 0; word < mask.length; word++) mask[word]! &= ~other[word]!;
}

const thrashingMutation = (
  name: string,
  params: (real: ThrashingParams) => Partial<ThrashingParams>,
  topology: (real: UvmTopology) => Partial<UvmTopology> = () => ({}),
): Mutation => ({
  name,
  files: ['thrashing'],
  apply: (decisions) => ({
    ...decisions,
    createThrashing: (realParams, realTopology, host) =>
      decisions.createThrashing(
        { ...realParams, ...params(realParams) },
        { ...realTopology, ...topology(realTopology) },
        host,
      ),
  }),
});

const thrashingMutations: readonly Mutation[] = [
  thrashingMutation('pinning is one throttling late', ({ pinThreshold }) => ({ pinThreshold: pinThreshold + 1 })),
  thrashingMutation('pinning is one throttling early', ({ pinThreshold }) => ({ pinThreshold: pinThreshold - 1 })),
  thrashingMutation('thrashing is found one event late', ({ threshold }) => ({ threshold: threshold + 1 })),
  thrashingMutation('the nap lasts one lapse more', ({ nap }) => ({ nap: nap + 1 })),
  thrashingMutation('pages stay pinned one lapse more', ({ pin }) => ({ pin: pin + 1 })),
  thrashingMutation('an epoch is half as long', ({ epoch }) => ({ epoch: Math.floor(epoch / 2) })),
  thrashingMutation('a block starts afresh one time less', ({ maxResets }) => ({ maxResets: maxResets - 1 })),
  thrashingMutation('the lapse adapts as intended', () => ({ lapseAdaptation: 'intended' })),
  thrashingMutation('the lapse needs one vote more', ({ voteThreshold }) => ({ voteThreshold: voteThreshold + 1 })),
  thrashingMutation(
    'no link is fast',
    () => ({}),
    ({ processors }) => ({ fastLink: new Uint32Array(processors) }),
  ),
  thrashingMutation(
    'partitions of a GPU are not fast to each other',
    () => ({}),
    ({ processors }) => ({
      smcSiblings: new Uint32Array(processors),
    }),
  ),
  {
    name: 'the CPU counts as a holder of every page',
    files: ['thrashing'],
    apply: (decisions) => ({
      ...decisions,
      createThrashing: (params, topology, host) =>
        decisions.createThrashing(params, topology, {
          ...delegate(host),
          resident: (block, page) => host.resident(block, page) | (1 << CPU),
        }),
    }),
  },
];

type Host = Parameters<Decisions['createThrashing']>[2];
/** The methods of a host that may be a class. */
const delegate = (host: Host): Host => ({
  preferred: (block) => host.preferred(block),
  isHmm: (block) => host.isHmm(block),
  resident: (block, page) => host.resident(block, page),
  mapped: (block, page) => host.mapped(block, page),
  accessedBy: (block) => host.accessedBy(block),
  unmapRemote: (block, page, processors) => {
    host.unmapRemote(block, page, processors);
  },
  report: (event, block, page, processor) => {
    host.report(event, block, page, processor);
  },
});

const residencyMutation = (
  name: string,
  change: (question: ResidencyQuestion, topology: UvmTopology) => Partial<ResidencyQuestion>,
): Mutation => ({
  name,
  files: ['residency'],
  apply: (decisions) => ({
    ...decisions,
    selectResidency: (question, topology, answer) => {
      decisions.selectResidency({ ...question, ...change(question, topology) }, topology, answer);
    },
  }),
});

const has = (set: number, processor: number): boolean => ((set >>> processor) & 1) === 1;

const residencyMutations: readonly Mutation[] = [
  residencyMutation('pages that HMM cannot move go to the requester', () => ({ mustUseSysmem: false })),
  residencyMutation('an unset policy never duplicates', ({ readDuplication }) => ({
    readDuplication: readDuplication === READ_DUPLICATION.unset ? READ_DUPLICATION.disabled : readDuplication,
  })),
  residencyMutation('a write to a duplicated page is a read of it', () => ({ accessMask: 1 << ACCESS.read })),
  residencyMutation('a pinned page may be duplicated', ({ hint, readDuplication, pageReadDuplicated }) =>
    hint === HINT.pin && readDuplication === READ_DUPLICATION.unset && pageReadDuplicated
      ? { readDuplication: READ_DUPLICATION.enabled }
      : {},
  ),
  residencyMutation('accessed-by comes before pin (rules 7 and 9 swapped)', ({ hint, accessedBy, requester }) =>
    hint === HINT.pin && has(accessedBy, requester) ? { hint: HINT.none } : {},
  ),
  residencyMutation('a CPU fault on HMM memory follows the preferred location', () => ({ hmm: false })),
  residencyMutation('pin hints are not followed', () => ({ hint: HINT.none })),
  residencyMutation('first touch is where the fault is', ({ resident }) =>
    resident === 0 ? { preferred: NO_PROCESSOR } : {},
  ),
  residencyMutation('accessed-by does not keep pages', () => ({ accessedBy: 0 })),
  residencyMutation('access counters respect accessed-by', ({ operation }) =>
    operation === OPERATION.accessCounters ? { operation: OPERATION.replayableFault } : {},
  ),
  residencyMutation('pages do not go to the preferred location', ({ requester, resident, preferred }) =>
    preferred !== NO_PROCESSOR && resident !== 0 && !has(resident, requester) ? { preferred: NO_PROCESSOR } : {},
  ),
  {
    name: 'processors without memory get pages',
    files: ['residency'],
    apply: (decisions) => ({
      ...decisions,
      selectResidency: (question, topology, answer) => {
        decisions.selectResidency(question, { ...topology, withMemory: -1 }, answer);
      },
    }),
  },
];

export const mutations: readonly Mutation[] = [...prefetchMutations, ...thrashingMutations, ...residencyMutations];
