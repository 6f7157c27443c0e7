/** What `faultline bench` measures in the engine. The command (src-main/cli/bench) reads clocks, files and processes. */
export { oversubscribedCase, referenceCases, uvmCases, type BenchCase } from './cases';
export { drain, encodeAccesses } from './encode-accesses';
export { mixedText } from './mixed-text';
export { encodeRequests, requestSource } from './request-file';
export { snapshotCosts, type SnapshotCosts, type SnapshotPlan } from './snapshot-run';
export {
  difference,
  subjectOf,
  timedRun,
  type BenchPlatform,
  type Counts,
  type Recording,
  type Seconds,
  type Subject,
  type TimedRun,
} from './timed-run';
