/**
 * Everything that crosses a boundary: renderer ↔ main ↔ engine worker, browser ↔ headless server, CLI ↔ worker.
 * A client sends requests and gets one response each; the backend sends events at any time. Plain data and typed arrays
 * only. One session per connection.
 */
import type { BoundRow } from '../model/bounds';
import type { Finding } from '../model/finding';
import type { ComparisonRow } from '../model/comparison';
import type { Knob, KnobValue } from '../model/knob';
import type { KnobFile, KnobFileFormat, KnobLeft, KnobText, UnmatchedKnob } from '../model/knob-file';
import type { MemorySystemId, SystemChoice } from '../model/memory-system';
import type { ReportBlock } from '../model/report';
import type { ChangeKind, PolicyChange, PolicyChoice, PolicyKind, RunChange, ScenarioSpec } from '../model/scenario';
import type { RunSummary } from '../model/summary';
import type { ParamDescription } from '../model/param';
import type { OpenTarget } from '../model/target';
import type { AxisKind, ObjectRow, TimelineAnswer, TimelineQuestion } from '../model/timeline';

export type { ParamDescription } from '../model/param';

export const PROTOCOL = 'faultline.v1';

/** A memory system by id, with the parameters that differ from their defaults. */
export interface SystemWish {
  readonly id: string;
  readonly params?: Readonly<Record<string, number | string | boolean>>;
}

/** Overrides of what the workload file says; absent = as the file (or the default) says. */
export interface RunOptions {
  readonly machine?: string;
  readonly machineFile?: OpenTarget;
  readonly deviceMemoryBytes?: number;
  readonly granularity?: number;
  readonly seed?: number;
  readonly policies?: readonly {
    readonly kind: PolicyKind;
    readonly id: string;
    readonly params?: Readonly<Record<string, number | string | boolean>>;
  }[];
  readonly changes?: readonly PolicyChange[];
  /** Memory system; absent = as the file says, or `managed`. */
  readonly system?: SystemWish;
  readonly usefulBytes?: boolean;
  /** Importer options (`deviceFunctions` …) and auxiliary files (`symbols`, `allocations`). */
  readonly importOptions?: Readonly<Record<string, string | number | boolean>>;
  readonly importFiles?: Readonly<Record<string, OpenTarget>>;
  /** Write the recording here as well when the run ends (a path on the backend's machine). */
  readonly record?: string;
  /** false: keep no recording at all (its hash is still made). Default true. */
  readonly spool?: boolean;
}

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
  readonly knownTo: MemorySystemId | null;
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
    readonly id: MemorySystemId;
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
  /** The memory system with its parameters in force; null = managed, or nothing is open. */
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

export type ReportFormat = 'html' | 'json' | 'csv' | 'blocks';

export interface ErrorData {
  /** `refused`: input or usage; `crashed`: our bug or no memory; `cancelled`. */
  readonly code: 'refused' | 'crashed' | 'cancelled' | 'unknown-method';
  readonly message: string;
  readonly details: readonly Finding[];
}

/** Method name → parameters and result. `session.*` is answered by the engine worker, `app.*` and `upload.*` by its host. */
export interface Methods {
  'session.describe': { params: null; result: Description };
  'session.open': { params: { target: OpenTarget; options: RunOptions }; result: RunInfo };
  'session.cancel': { params: null; result: null };
  /** run: start or go on; pause; step: up to and including the next fault batch; restart: back to the start, ready. */
  'session.control': { params: { action: 'run' | 'pause' | 'step' | 'restart' }; result: RunStatus };
  'session.speed': { params: { batchesPerSecond: number | null }; result: RunStatus };
  /**
   * A policy, or parameters of the memory system (`system`; those not named keep their values). Takes effect at the next
   * fault batch; refused with the reason (belady in a live run, a parameter that cannot change in mid-run).
   */
  'session.policy': {
    params: { kind: ChangeKind; id: string; params: Readonly<Record<string, number | string | boolean>> };
    result: RunStatus;
  };
  /** The knobs of a memory system (the run's own unless named), on a machine (the run's, or r0). Needs nothing open. */
  'session.knobs': {
    params: { system?: SystemWish; machine?: string };
    result: { system: SystemChoice; machine: string; rows: readonly KnobRow[] };
  };
  /** The same as configuration files of a real machine; `all`: also what has its default. */
  'session.exportKnobs': {
    params: { system?: SystemWish; all: boolean };
    result: { system: SystemChoice; files: readonly KnobFile[]; left: readonly KnobLeft[] };
  };
  /**
   * What configuration files set. Answers the parameters; whether they are put in force is for the client to ask
   * (session.policy, session.open). Without a system: the run's own, or else the one that knows most of the names.
   */
  'session.importKnobs': {
    params: { files: readonly KnobText[]; system?: string };
    result: {
      system: MemorySystemId;
      params: SystemChoice['params'];
      findings: readonly Finding[];
      unknown: readonly UnknownKnob[];
    };
  };
  'session.status': { params: null; result: RunStatus };
  'session.timeline': { params: TimelineQuestion; result: TimelineAnswer };
  'session.objects': {
    params: { from: number; to: number };
    result: { from: number; to: number; rows: readonly ObjectRow[]; totals: ObjectRow };
  };
  'session.summary': { params: null; result: RunSummary };
  'session.report': {
    params: { format: ReportFormat; only?: readonly string[] };
    result: { text: string; blocks: readonly ReportBlock[] };
  };
  /**
   * Runs what is open once per memory system, from its start, beside the run in hand; the rows go into later reports of the same input,
   * whatever its memory system (section `compared-systems`).
   * Cancelled by session.cancel.
   */
  'session.compare': {
    params: { systems: readonly SystemWish[] };
    result: { rows: readonly ComparisonRow[] };
  };
  /**
   * The run as it stands against its bounds. `make`: measures what is not known yet, by passes over the same input beside
   * the run in hand; from then on the timeline has their lines. Without it, null where nobody has asked yet. `report`: later
   * reports of the same input have them too (section `bounds`). Cancelled by session.cancel, and by opening or comparing.
   */
  'session.bounds': {
    params: { make: boolean; report?: boolean };
    result: { rows: readonly BoundRow[] | null };
  };
  'session.saveRecording': { params: { path: string }; result: { path: string; bytes: number } };

  'app.info': {
    params: null;
    result: {
      shell: 'electron' | 'browser';
      versions: Readonly<Record<string, string>>;
      canPdf: boolean;
      startTarget: OpenTarget | null;
    };
  };
  /** Native dialog (desktop only); null = the user cancelled. */
  'app.openDialog': { params: { title: string }; result: OpenTarget | null };
  'app.recent': { params: null; result: readonly { readonly path: string; readonly title: string }[] };
  /** Desktop: asks where and writes, answers the path (null = cancelled). Browser: answers path null and the bytes. */
  'app.saveReport': {
    params: { format: 'html' | 'json' | 'csv' | 'pdf'; suggestedName: string; path?: string };
    result: { path: string | null; bytes: Uint8Array | null; cancelled: boolean };
  };
  /** One of the configuration files of session.exportKnobs, of the run in hand. */
  'app.saveKnobs': {
    params: { format: KnobFileFormat; all: boolean; suggestedName: string; path?: string };
    result: { path: string | null; bytes: Uint8Array | null; cancelled: boolean };
  };
  'app.saveRecording': {
    params: { suggestedName: string; path?: string };
    result: { path: string | null; bytes: Uint8Array | null; cancelled: boolean };
  };
  'upload.begin': { params: { name: string; bytes: number }; result: { upload: string } };
  'upload.chunk': { params: { upload: string; bytes: Uint8Array }; result: { received: number } };
  'upload.end': { params: { upload: string }; result: null };
}
export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M]['params'];
export type ResultOf<M extends Method> = Methods[M]['result'];

export interface Request<M extends Method = Method> {
  readonly type: 'request';
  /** Chosen by the client, unique among its unanswered requests. */
  readonly id: number;
  readonly method: M;
  readonly params: Params<M>;
}
export type Response =
  | { readonly type: 'response'; readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly type: 'response'; readonly id: number; readonly ok: false; readonly error: ErrorData };

export type BackendEvent =
  | { readonly type: 'event'; readonly event: 'status'; readonly status: RunStatus }
  /** The host opened something on its own (menu, file argument, drop): clients reload their views. */
  | {
      readonly type: 'event';
      readonly event: 'opened';
      readonly info: RunInfo;
      /** What was opened and how, so that a client can open it again with other options. */
      readonly target: OpenTarget;
      readonly options: RunOptions;
    }
  /** The engine worker died. A new one is ready; `recording` is what was saved so far. */
  | { readonly type: 'event'; readonly event: 'crashed'; readonly error: ErrorData; readonly recording: string | null };

export type Message = Request | Response | BackendEvent;
