import type { Counted } from './catalog/metrics';
import type { Finding } from './finding';
import type { SystemSummary } from './memory-system';
import type { AppliedChange, PolicyChoice } from './scenario';

/** Public contract: the field names of `run --json`. `null` = not recorded (useful-byte marking was off). */
export interface Totals extends Counted {
  readonly accesses: number;
  /** Distinct bytes of transfers, both ways, that the receiver touched. */
  readonly usefulBytes: number | null;
  readonly simTimePs: number;
}

/** Element accesses by kind. */
export interface AccessCounts {
  readonly reads: number;
  readonly writes: number;
  readonly readWrites: number;
  readonly atomics: number;
}

export interface ObjectSummary extends Omit<Totals, 'simTimePs'> {
  /** null: simulated time belongs to the run; what an object cost of it is `stallPs`. */
  readonly simTimePs: null;
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
  readonly cpu: AccessCounts;
  readonly gpu: AccessCounts;
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
  readonly totals: Totals & { readonly batches: number; readonly events: number };
  readonly objects: readonly ObjectSummary[];
  readonly findings: readonly Finding[];
  /** Results of the workload's `expect`. */
  readonly expectations: readonly {
    readonly what: string;
    readonly expected: string;
    readonly actual: number | null;
    readonly holds: boolean;
  }[];
  /** What only the memory systems on the Linux model can tell; null for `ideal`. */
  readonly system: SystemSummary | null;
  /** true: the run reached the end of its workload. */
  readonly complete: boolean;
  /** Empty while the run is not complete. */
  readonly recordingHash: string;
}
