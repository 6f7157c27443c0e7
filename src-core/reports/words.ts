/** Wording shared by sections: shares, absent values, and which object costs most. */
import { ABSENT, formatCount, formatShare, formatTime } from '../base/units';
import { movedBytes } from '../model/catalog/object-columns';
import type { RunChange } from '../model/scenario';
import type { SystemChoice } from '../model/memory-system';
import type { ObjectSummary, RunSummary } from '../model/summary';

/** A share as text: `49.5 %`; absent where there is nothing to take a share of. */
export const percent = (part: number, whole: number): string => (whole > 0 ? formatShare(part / whole) : ABSENT);

/** `1 batch`, `3 batches`. */
export const plural = (count: string, one: string, many = `${one}s`): string =>
  `${count} ${count === '1' ? one : many}`;

const faults = (row: { readonly cpuFaults: number; readonly gpuFaults: number }): number =>
  row.cpuFaults + row.gpuFaults;

/** What the objects are ranked by: waiting time where it is modelled, else bytes moved, else faults. */
export interface Ranking {
  readonly by: 'stall' | 'bytes' | 'faults' | 'nothing';
  readonly total: number;
  /** Dearest first; equal ones in the order of the run. */
  readonly rows: readonly { readonly object: ObjectSummary; readonly cost: number }[];
}

export function rankObjects(summary: RunSummary): Ranking {
  const { totals } = summary;
  const rank = (by: Ranking['by'], total: number, cost: (object: ObjectSummary) => number): Ranking => ({
    by,
    total,
    rows: summary.objects.map((object) => ({ object, cost: cost(object) })).sort((a, b) => b.cost - a.cost),
  });
  if ((totals.stallPs ?? 0) > 0) return rank('stall', totals.stallPs ?? 0, (object) => object.stallPs ?? 0);
  if (movedBytes(totals) > 0) return rank('bytes', movedBytes(totals), movedBytes);
  if (faults(totals) > 0) return rank('faults', faults(totals), faults);
  return rank('nothing', 0, () => 0);
}

/** What a report of an unfinished run is; null for a run that reached its end. */
export const snapshotOf = ({ complete, totals }: RunSummary): string | null =>
  complete ? null : `Snapshot at access ${formatCount(totals.accesses)} of an unfinished run`;

export const timeOrAbsent = (value: number | null): string => (value === null ? ABSENT : formatTime(value));

/** `hmm`, or `hmm, thp=always, swap=4096`. */
export const formatSystem = ({ id, params }: Pick<SystemChoice, 'id' | 'params'>): string =>
  [id, ...Object.entries(params).map(([name, value]) => `${name}=${String(value)}`)].join(', ');

/** A policy as the command line writes it: `prefetch=tree,threshold=75`. */
export function policyFlag(policy: RunChange): string {
  const params = Object.entries(policy.params).map(([name, value]) => `,${name}=${String(value)}`);
  return `${policy.kind}=${policy.id}${params.join('')}`;
}
