/** For which runs a bound on paging holds. */
import type { RecordingHeader } from '../../model/recording';
import type { PagingRules } from './optimal-paging';
import type { BoundContext } from './bound';

const PAGE_BYTES = 4096;

/** The unit in which a run moves memory, and what takes a unit from a device (optimal-paging.ts). */
export function pagingOf({ scenario, machine }: RecordingHeader): {
  readonly unitBytes: number;
  readonly takes: PagingRules['takes'];
  readonly inOrder: boolean;
} {
  if (scenario.system) return { unitBytes: PAGE_BYTES, takes: 'write', inOrder: false };
  return {
    unitBytes: scenario.granularity,
    takes: 'any',
    inOrder: machine.faultBatchEntries.value === 1,
  };
}

/** Why nothing can be said about the units that this run had to move; null: it can. */
export function whyNoPaging({ header, summary, observation, movement }: BoundContext): string | null {
  const { system } = header.scenario;
  if (system && movement !== 'on-demand')
    return `the memory system ${system.id} does not migrate pages to the device on demand`;
  if (system && observation.osCalls > 0)
    return 'the workload calls the operating system, which may drop, copy or move pages without a fault';
  if (summary.system && summary.system.outcomes.length > 0)
    return 'some accesses of this run were never made (see its outcomes)';
  if (summary.totals.remoteBytes > 0)
    return 'this run reads or writes memory over the link, so a page does not have to move';
  if (!observation.optimal || !observation.unlimited) return 'the run has more than 16 million visits of pages';
  return null;
}

/** Why faults are not the fetches of paging on demand; null: they are. */
export function whyNoFaults(context: BoundContext): string | null {
  const why = whyNoPaging(context);
  if (why) return why;
  if (context.header.scenario.system) return 'pages of this memory system can arrive without a fault';
  if (context.policies.some(({ kind, id }) => kind === 'prefetch' && id !== 'none'))
    return 'prefetching avoids faults, and the bound counts paging on demand';
  return null;
}
