/** What the backend answers and tells: plain data and typed arrays only. */
import type { Finding } from '../model/finding';
import type { Knob, KnobValue } from '../model/knob';
import type { UnmatchedKnob } from '../model/knob-file';
import type { SystemChoice } from '../model/memory-system';
import type { ParamDescription } from '../model/param';
import type { PolicyChoice, PolicyKind, RunChange, ScenarioSpec } from '../model/scenario';
import type { AxisKind } from '../model/timeline';

export const PROTOCOL = 'faultline.v1';

/** A knob as it stands. */
export interface KnobRow {
  readonly param: ParamDescription & { readonly knob: Knob };
  /** In force. */
  readonly value: KnobValue;
  /** Why it does nothing with these values on this machine; null: it may matter. */
  readonly withoutEffect: string | null;
}

/** What a file sets and the memory system of the run does not know. */
export interface UnknownKnob extends UnmatchedKnob {
  /** Another memory system that knows it; null: none. */
  readonly knownTo: string | null;
}

export interface PolicyDescription {
  readonly kind: PolicyKind;
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly source: string;
  readonly needsFuture: boolean;
  readonly params: readonly ParamDescription[];
}

export interface Description {
  readonly engineVersion: string;
  readonly protocol: typeof PROTOCOL;
  readonly machines: readonly {
    readonly id: string;
    readonly title: string;
    readonly summary: string;
    readonly timed: boolean;
    readonly deviceMemoryBytes: number;
    readonly constants: readonly {
      readonly name: string;
      readonly value: string;
      readonly source: string;
      readonly grade: string;
    }[];
  }[];
  readonly policies: readonly PolicyDescription[];
  readonly systems: readonly {
    readonly id: string;
    /** A to G of thread-2015.md section 5, or empty. */
    readonly letter: string;
    readonly title: string;
    readonly summary: string;
    readonly source: string;
    /** The run's policies govern it; false = it decides by itself. */
    readonly followsPolicies: boolean;
    readonly params: readonly ParamDescription[];
  }[];
  readonly importers: readonly {
    readonly id: string;
    readonly title: string;
    readonly summary: string;
    readonly extensions: readonly string[];
    readonly auxiliary: readonly { readonly option: string; readonly title: string; readonly help: string }[];
  }[];
  readonly examples: readonly { readonly id: string; readonly title: string; readonly summary: string }[];
  readonly reportSections: readonly { readonly id: string; readonly title: string }[];
  readonly granularities: readonly number[];
  /** JSON Schema (draft 2020-12) of workload files. */
  readonly workloadSchema: unknown;
}

export type RunState = 'empty' | 'opening' | 'ready' | 'running' | 'paused' | 'finished' | 'failed';

/** How a run stands; sent as an event at most 30 times a second and on every change of state. */
export interface RunStatus {
  readonly state: RunState;
  /** 0..1 of the workload (running) or of the opening; null: not known. */
  readonly progress: number | null;
  readonly doing: string;
  readonly axis: AxisKind;
  readonly extentTo: number;
  readonly accesses: number;
  readonly batches: number;
  readonly events: number;
  readonly simTimePs: number;
  readonly phase: string;
  /** Policies in force, and changes asked for that wait for the next fault batch. */
  readonly policies: readonly PolicyChoice[];
  readonly pendingChanges: readonly RunChange[];
  /** The memory system with its parameters in force; null = the ideal one, or nothing is open. */
  readonly system: SystemChoice | null;
  /** Fault batches per wall second asked for; null = as fast as it goes. */
  readonly speed: number | null;
  readonly error: ErrorData | null;
}

/** What was opened. */
export interface RunInfo {
  readonly title: string;
  readonly about: string;
  readonly file: string | null;
  /** `recording`: opened from a finished recording; it can be looked at, not run. */
  readonly kind: 'workload' | 'trace' | 'recording';
  readonly scenario: ScenarioSpec;
  readonly axis: AxisKind;
  readonly objects: readonly { readonly name: string; readonly bytes: number; readonly address: number }[];
  readonly phases: readonly string[];
  readonly capacityBytes: number;
  readonly findings: readonly Finding[];
  readonly workloadText: string;
}

export interface ErrorData {
  /** `refused`: input or usage; `crashed`: our bug or no memory; `cancelled`. */
  readonly code: 'refused' | 'crashed' | 'cancelled' | 'unknown-method';
  readonly message: string;
  readonly details: readonly Finding[];
}
