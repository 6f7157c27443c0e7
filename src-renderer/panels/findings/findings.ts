/** What the findings panel lists. Pure. */
import type { Finding } from '../../../src-core/model/finding';
import type { RunSummary } from '../../../src-core/model/summary';

/** The findings of a run that ended; expectations of the workload that do not hold come first. */
export function findingsOf({ findings, expectations }: Pick<RunSummary, 'findings' | 'expectations'>): Finding[] {
  const broken = expectations
    .filter((one) => !one.holds)
    .map((one): Finding => ({
      kind: 'expectation-failed',
      severity: 'error',
      message: `expect ${one.what}: expected ${one.expected}, was ${one.actual ?? 'not recorded'}`,
      count: 1,
    }));
  return [...broken, ...findings];
}
