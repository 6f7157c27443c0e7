import type { Finding } from './finding';
import type { SystemSummary } from './memory-system';
import type { AppliedChange, PolicyChoice } from './scenario';

/** Public contract: the field names of `run --json`. `null` = not recorded (useful-byte marking was off). */
export interface Totals {
  readonly accesses: number;
  readonly cpuFaults: number;
  readonly gpuFaults: number;
  readonly bytesToDevice: number;
  readonly bytesToHost: number;
  /** Granules moved, either way, evictions included. */
  readonly migrations: number;
  readonly evictions: number;
  readonly deadBytesToDevice: number;
  readonly deadBytesToHost: number;
  readonly unresolvedBytesToDevice: number;
  readonly unresolvedBytesToHost: number;
  /** Distinct bytes of transfers, both ways, that the receiver touched. */
  readonly usefulBytes: number | null;
  readonly remoteBytes: number;
  readonly simTimePs: number;
}

export interface ObjectSummary extends Omit<Totals, 'simTimePs'> {
  /** null: simulated time belongs to the run; what an object cost of it is `stallPs`. */
  readonly simTimePs: null;
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
  readonly pingPongs: number;
  /** Time that processors waited for faults on this object; null on a machine without timing. */
  readonly stallPs: number | null;
  readonly prefetchedBytes: number;
  /** Element accesses by processor class and kind. */
  readonly cpu: {
    readonly reads: number;
    readonly writes: number;
    readonly readWrites: number;
    readonly atomics: number;
  };
  readonly gpu: {
    readonly reads: number;
    readonly writes: number;
    readonly readWrites: number;
    readonly atomics: number;
  };
}

export interface RunSummary {
  readonly engineVersion: string;
  readonly workload: {
    readonly name: string;
    readonly file: string | null;
    readonly kind: 'workload' | 'trace';
    readonly sha256: string;
  };
  readonly machine: { readonly id: string; readonly deviceMemoryBytes: number; readonly granularity: number };
  readonly seed: number;
  /** The policies at the start. */
  readonly policies: readonly PolicyChoice[];
  readonly changes: readonly AppliedChange[];
  readonly totals: Totals & {
    readonly stallPs: number | null;
    readonly pingPongs: number;
    readonly prefetchedBytes: number;
    readonly batches: number;
    readonly events: number;
  };
  readonly objects: readonly ObjectSummary[];
  readonly findings: readonly Finding[];
  /** Results of the workload's `expect`. */
  readonly expectations: readonly {
    readonly what: string;
    readonly expected: string;
    readonly actual: number | null;
    readonly holds: boolean;
  }[];
  /** What only the memory systems on the Linux model can tell; null for `managed`. */
  readonly system: SystemSummary | null;
  /** true: the run reached the end of its workload. */
  readonly complete: boolean;
  /** Empty while the run is not complete. */
  readonly recordingHash: string;
}
