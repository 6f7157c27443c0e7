/** The NVIDIA UVM model on the shapes of access of the reference rows. */
import { oversubscribedCase, subjectOf, timedRun, uvmCases, type BenchCase } from '../../../src-core/session/bench';
import { textTable } from '../table';
import { benchPlatform } from './clock';
import { engineSeconds, median, millionsText, numberText, rate } from './figures';
import type { BenchContext, BenchSection, Figures } from './row';

async function measure(bench: BenchCase, count: number): Promise<Figures> {
  const runs = [];
  for (let i = 0; i < count; i++) runs.push(await timedRun(subjectOf(bench), 'kept', benchPlatform));
  return {
    accessesPerSecond: rate(runs, ({ accesses }) => accesses),
    faultsPerSecond: rate(runs, ({ faults }) => faults),
    eventsPerSecond: rate(runs, ({ events }) => events),
    seconds: median(runs.map(({ seconds }) => engineSeconds(seconds))),
  };
}

export const uvmSection: BenchSection = {
  id: 'uvm',
  title: 'NVIDIA UVM, recorded: per CPU second of the engine thread',
  rows: [
    ...uvmCases.map((bench) => ({
      id: bench.id,
      what: bench.what,
      measure: ({ runs }: BenchContext) => measure(bench, runs),
    })),
    {
      id: oversubscribedCase.id,
      what: oversubscribedCase.what,
      isLong: true,
      measure: () => measure(oversubscribedCase, 1),
    },
  ],
  table: (figures) =>
    textTable(
      ['case', 'M accesses/s', 'M faults/s', 'M events/s', 'seconds'],
      [...figures].map(([id, row]) => [
        id,
        millionsText(row['accessesPerSecond'] as number),
        millionsText(row['faultsPerSecond'] as number),
        millionsText(row['eventsPerSecond'] as number),
        numberText(row['seconds'] as number),
      ]),
    ),
};
