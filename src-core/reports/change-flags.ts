import type { AppliedChange } from '../model/scenario';
import { policyFlag } from './words';

/** The changes of a run as command-line flags that repeat them exactly: `--at batch:12:prefetch=tree,threshold=75`. */
export const changeFlags = (changes: readonly AppliedChange[]): readonly string[] =>
  changes.map((change) => `--at batch:${change.batch}:${policyFlag(change.policy)}`);
