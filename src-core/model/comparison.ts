/** The same workload under several memory systems. */
import type { SystemChoice } from './memory-system';
import type { RunSummary } from './summary';

/** One line per system of `run --systems`: the same workload, only the memory system swapped. */
export interface ComparisonRow {
  readonly system: SystemChoice;
  /** Parameters that were chosen for this run, beside the defaults. */
  readonly chosen: SystemChoice['params'];
  readonly title: string;
  /** null where the run could not be made; `refusal` says why. */
  readonly summary: RunSummary | null;
  readonly refusal: string | null;
}

/** What a column is called: `hmm`, or `hmm thp=always` where a parameter was chosen. */
export const comparisonLabel = ({ system, chosen }: ComparisonRow): string =>
  [system.id, ...Object.entries(chosen).map(([name, value]) => `${name}=${String(value)}`)].join(' ');
