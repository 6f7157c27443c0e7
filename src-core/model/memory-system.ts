/** Memory systems: who makes the memory of a device reachable, and what that costs. Which there are is in systems/index.ts. */

/** A memory system with all its parameters filled in. */
export interface SystemChoice {
  /** An id of the registry. */
  readonly id: string;
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

/** Spread of latencies: per work item (a step instance, or a branch of `concurrently`), or per barrier. ps. */
export interface Latencies {
  readonly count: number;
  readonly p50Ps: number;
  readonly p99Ps: number;
  readonly maxPs: number;
}

/** Something the operating system answered that is not success: a state of the run, never an exception. */
export interface OutcomeRow {
  /** SIGBUS, SIGSEGV, OOM, or an errno such as EFAULT. */
  readonly result: string;
  /** Who asked for what: `gpu0 read`, `munmap`, `unplug`. */
  readonly what: string;
  readonly object: string | null;
  readonly count: number;
  /** Of the first one. */
  readonly timePs: number;
  readonly access: number;
}

/** One requirement of docs/rules/thread-2015.md. `holds: null` = this run did not put it to the test. */
export interface RequirementRow {
  readonly id: '1' | '1a' | '1b' | '2' | '3' | '4' | '5' | '6' | '6a' | '6b' | '6c';
  readonly title: string;
  readonly holds: boolean | null;
  readonly detail: string;
}

/**
 * The numbers of docs/rules/thread-2015.md. null = does not exist for this system, is not
 * known without the Linux model, or needs a machine with timing.
 * Public contract: the field names of `run --json`, `system`.
 */
export interface SystemNumbers {
  /** Accesses per simulated second. */
  readonly accessesPerSecond: number | null;
  readonly workItems: Latencies | null;
  readonly barriers: Latencies | null;
  /** Share of simulated device time in which thread groups could run, 0..1. */
  readonly deviceBusy: number | null;
  readonly pagesToDevice: number;
  readonly pagesToHost: number;
  /** Times that a page came back to a device after a CPU fault took it away, and the most that one page did. */
  readonly bounces: number;
  readonly bouncesOfWorstPage: number | null;
  /** Peak of memory that holds copies of application data / the application's data; 1 = one copy of everything. */
  readonly duplicationFactor: number | null;
  readonly relocatedPointers: number;
  /** Calls that the application had to add; 0 = unmodified. */
  readonly apiCalls: number;
  /** Reads of a copy that was older than another one. */
  readonly staleReads: number;
  /** Time to empty the devices at the end of the run, and what could not be moved. */
  readonly evacuationPs: number | null;
  readonly evacuationResidueBytes: number | null;
  readonly pinnedBytesPeak: number | null;
  /** Pages that were brought to a device and that no device ever used (6c). */
  readonly untouchedDeviceBytes: number | null;
  /** Reads that gave other bytes than were written last; null unless the run has contents. */
  readonly contentMismatches: number | null;
  readonly strayKernelBytes: number | null;
  readonly peakDeviceBytes: number;
  readonly peakHostBytes: number;
  readonly swapOuts: number | null;
  readonly swapIns: number | null;
  readonly hintFaults: number | null;
  readonly cowBreaks: number | null;
  readonly notifierEvents: number | null;
  /** Books at the end: sum of RSS over processes = mapped pages, memcg charge = charged pages. null = no Linux underneath. */
  readonly rssConsistent: boolean | null;
  readonly memcgConsistent: boolean | null;
}

/** As systems on the Linux model know them: with what the kernel counts. */
export type LinuxNumbers = SystemNumbers &
  Readonly<
    Record<
      | 'evacuationResidueBytes'
      | 'pinnedBytesPeak'
      | 'strayKernelBytes'
      | 'swapOuts'
      | 'swapIns'
      | 'hintFaults'
      | 'cowBreaks'
      | 'notifierEvents',
      number
    >
  >;

/**
 * How a system moves memory, as far as bounds take it for granted (docs/bounds.md). `on-demand`: a device faults in pages that
 * it does not have, and reads or writes nothing before they are there. `one-memory`: processors share a memory, and nothing has
 * to move. `built-on-device`: what is there at the start may be in device memory.
 */
export type SystemMovement = 'on-demand' | 'one-memory' | 'built-on-device';

/** A number that one memory system alone has. Public contract: `run --json`, `system.figures`. */
export interface SystemFigure {
  /** Stable. */
  readonly id: string;
  readonly title: string;
  readonly unit: 'count' | 'bytes' | 'ps';
  /** null = does not exist on a machine without timing. */
  readonly value: number | null;
}

/** What a memory system knows of its run at the end. */
export interface SystemReport {
  readonly numbers: SystemNumbers;
  /** Beside the numbers that every system has; absent = none. */
  readonly figures?: readonly SystemFigure[];
  readonly requirements: readonly RequirementRow[];
  readonly outcomes: readonly OutcomeRow[];
}

/** The same with what the registry knows of the system. */
export interface SystemSummary extends SystemReport {
  readonly id: string;
  readonly title: string;
  /** The run's policies governed it; absent = it decided by itself. */
  readonly followsPolicies?: true;
  readonly params: SystemChoice['params'];
}
