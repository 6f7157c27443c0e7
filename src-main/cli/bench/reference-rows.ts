/** Rule set R0 beside a C program that does the same work and must count the same. */
import {
  drain,
  referenceCases,
  subjectOf,
  timedRun,
  type BenchCase,
  type Counts,
  type TimedRun,
} from '../../../src-core/session/bench';
import { textTable } from '../table';
import { prepareReference, type CReference } from './c-reference';
import { benchPlatform, secondsNow } from './clock';
import { engineSeconds, median, millionsText, numberText, rate, ratioOf } from './figures';
import type { BenchContext, BenchSection, Figures } from './row';

const COUNTED: readonly (keyof Counts)[] = [
  'accesses',
  'faults',
  'migrations',
  'evictions',
  'bytesToDevice',
  'bytesToHost',
];

/** Throws where the two did not do the same. */
export function assertEqualCounts(id: string, ours: Counts, theirs: Counts): void {
  for (const key of COUNTED)
    if (ours[key] !== theirs[key])
      throw new Error(`${id}: the engine counts ${ours[key]} ${key}, the C reference ${theirs[key]}`);
}

function runReference(reference: CReference | null, id: string, ours: Counts): number | null {
  if (reference === null) return null;
  const theirs = reference.run();
  assertEqualCounts(id, ours, theirs);
  return theirs.accesses / theirs.seconds;
}

async function measure(bench: BenchCase, context: BenchContext): Promise<Figures> {
  const subject = subjectOf(bench);
  const reference = await prepareReference(context, bench, subject);
  const kept: TimedRun[] = [];
  const dropped: TimedRun[] = [];
  const theirs: (number | null)[] = [];
  // In turns, so that what else the machine does falls on all alike.
  for (let i = 0; i < context.runs; i++) {
    kept.push(await timedRun(subject, 'kept', benchPlatform));
    dropped.push(await timedRun(subject, 'dropped', benchPlatform));
    theirs.push(runReference(reference, bench.id, kept.at(-1)!));
  }
  const before = secondsNow();
  const made = await drain(subject.source);
  const making = engineSeconds(secondsNow()) - engineSeconds(before);
  const known = theirs.filter((each): each is number => each !== null);
  const cRate = known.length === 0 ? null : median(known);
  const recorded = rate(kept, (run) => run.accesses);
  const unrecorded = rate(dropped, (run) => run.accesses);
  const first = kept[0]!;
  return {
    accesses: first.accesses,
    faults: first.faults,
    events: first.events,
    c: cRate,
    recorded,
    unrecorded,
    recordedRatio: ratioOf(recorded, cRate),
    unrecordedRatio: ratioOf(unrecorded, cRate),
    faultsPerSecond: rate(kept, (run) => run.faults),
    eventsPerSecond: rate(kept, (run) => run.events),
    /** All threads of the process per second of the engine's thread. */
    threads: median(kept.map(({ seconds }) => seconds.process / engineSeconds(seconds))),
    makingShare: (making / made) * recorded,
  };
}

export const referenceSection: BenchSection = {
  id: 'reference',
  title:
    'R0 beside the C reference (test/perf/reference.c, gcc -O3, equal counts): M accesses per CPU second of the engine thread',
  rows: referenceCases.map((bench) => ({
    id: bench.id,
    what: bench.what,
    measure: (context) => measure(bench, context),
  })),
  table: (figures) =>
    textTable(
      ['case', 'C', 'recorded', '÷ C', 'not recorded', '÷ C', 'M faults/s', 'M events/s', 'making it', 'threads'],
      [...figures].map(([id, row]) => [
        id,
        millionsText(row['c'] as number | null),
        millionsText(row['recorded'] as number),
        numberText(row['recordedRatio'] as number | null),
        millionsText(row['unrecorded'] as number),
        numberText(row['unrecordedRatio'] as number | null),
        millionsText(row['faultsPerSecond'] as number),
        millionsText(row['eventsPerSecond'] as number),
        `${numberText(100 * (row['makingShare'] as number))} %`,
        numberText(row['threads'] as number),
      ]),
    ),
};
