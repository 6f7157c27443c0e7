/**
 * A workload after reading: plain data, every name resolved to an index and every range to bytes, so that compiling it
 * cannot fail any more. Objects are named by their index in `objects`; after a `swap` the same name stands for other
 * storage, therefore loops hold *names* (see stream.ts for the binding of names to storage).
 */
import type { SystemChoice } from '../model/memory-system';
import type { MappingKind, OsStep } from '../model/os-action';
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { Granularity, PolicyKind } from '../model/scenario';

export interface Workload {
  /** File name, for messages. */
  readonly file: string;
  /** The file as it was read. */
  readonly text: string;
  readonly name: string;
  readonly about: string;
  readonly seed: number;
  readonly machine?: string;
  readonly deviceMemoryBytes?: number;
  readonly granularity?: Granularity;
  /** As written; ids and parameters are not checked here, defaults are not filled in. */
  readonly policies: readonly PolicyRequest[];
  /** As written: only the id is checked, parameters are not. */
  readonly system?: SystemChoice;
  readonly usefulBytes?: boolean;
  /** As written, such as `3ms:prefetch=none`. */
  readonly changes?: readonly string[];
  /** Objects of the file in its order, then what further processes see of them (`A@child`). */
  readonly objects: readonly WorkloadObject[];
  readonly phases: readonly PhasePlan[];
  readonly expect: readonly Expectation[];
  /** Element accesses of the whole run, exact. */
  readonly accesses: number;
}

export interface PolicyRequest {
  readonly kind: PolicyKind;
  readonly id: string;
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

export interface WorkloadObject {
  readonly name: string;
  readonly bytes: number;
  readonly elementBytes: number;
  readonly elements: number;
  readonly layout: 'matrix' | 'array' | 'list' | 'tree' | 'table';
  /** planes × rows × columns = elements; other layouts than matrix are one row. */
  readonly planes: number;
  readonly rows: number;
  readonly columns: number;
  readonly initially: 'unpopulated' | 'host';
  readonly mapping?: MappingKind;
  readonly advice?: 'hugepage' | 'nohugepage';
  /** Another process's view of an object: whose, and of which object of the file. */
  readonly process?: string;
  readonly origin?: number;
}

/** A field of the run's totals (`gpuFaults`) or of an object (`objects.r.pingPongs`) and what it must be. */
export interface Expectation {
  readonly what: string;
  readonly expected: number | { readonly min?: number | undefined; readonly max?: number | undefined };
}

export interface PhasePlan {
  readonly name: string;
  readonly repeat: number;
  readonly parts: readonly PartPlan[];
}

export type PartPlan =
  | StepPlan
  | { readonly kind: 'swap'; readonly first: number; readonly second: number }
  | OsPart
  | { readonly kind: 'concurrently'; readonly quantum: number; readonly steps: readonly StepPlan[] };

/** A call to the operating system: a step of its own. */
export interface OsPart extends OsStep {
  readonly kind: 'os';
  readonly from: number;
  readonly to: number;
  readonly every: number;
}

export interface StepPlan {
  readonly kind: 'step';
  readonly name: string;
  readonly processor: ProcessorIndex;
  /** Runs at iterations from, from + every, … ≤ to of its phase (1-based). */
  readonly from: number;
  readonly to: number;
  readonly every: number;
  readonly repeat: number;
  readonly process: string;
  readonly loops: readonly LoopPlan[];
}

/** `alternate`: forward on odd iterations of the phase, in reverse on even ones. */
export type Direction = 'forward' | 'reverse' | 'alternate';

/** One access per iteration of a group, at first + i × stride bytes from the start of the named storage. */
export interface LanePlan {
  readonly object: number;
  readonly op: AccessOp;
  readonly first: number;
  readonly stride: number;
  readonly bytes: number;
  readonly direction: Direction;
}

/** Lanes in lock step, `count` times: one group. */
export interface RunPlan {
  readonly kind: 'run';
  readonly count: number;
  readonly lanes: readonly LanePlan[];
}

/** Lanes in lock step of which some draw their element in each of `count` iterations. */
export interface GatherPlan {
  readonly kind: 'gather';
  readonly count: number;
  readonly lanes: readonly GatherLane[];
  /** Uniform element numbers of one iteration: their range, and the stable name of their stream. */
  readonly draws: readonly { readonly elements: number; readonly stream: string }[];
}
export interface GatherLane extends LanePlan {
  /** Number of the draw that chooses the element; −1: the lane goes on by its stride. */
  readonly draw: number;
}

/** For every element of planes × rows × columns: read the neighbours that exist, then the lanes of the same element. */
export interface StencilPlan {
  readonly kind: 'stencil';
  readonly planes: number;
  readonly rows: number;
  readonly columns: number;
  /** Ascending in memory, the centre among them. */
  readonly neighbours: readonly { readonly plane: number; readonly row: number; readonly column: number }[];
  readonly read: LanePlan;
  readonly lanes: readonly LanePlan[];
  readonly direction: Direction;
}

/** C(m×n) = A(m×k) · B(k×n) in square tiles; `pitch` is bytes from row to row. */
export interface GemmPlan {
  readonly kind: 'gemm';
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly tile: number;
  readonly a: MatrixPlan;
  readonly b: MatrixPlan;
  readonly c: MatrixPlan;
  /** write when beta is 0, else read-write. */
  readonly cOp: AccessOp;
}

export interface MatrixPlan {
  readonly object: number;
  readonly bytes: number;
  readonly pitch: number;
}

/** Single elements by number: `first + index × bytes`. */
export interface PointsPlan {
  readonly kind: 'random' | 'zipf' | 'chase';
  readonly object: number;
  readonly op: AccessOp;
  readonly first: number;
  readonly bytes: number;
  readonly elements: number;
  /** Accesses of one run of the loop. */
  readonly count: number;
  /** Stable name of the loop's random numbers, `phase/step/loop`. */
  readonly stream: string;
  /** Zipf exponent; 0 for the other kinds. */
  readonly exponent: number;
  /** Zipf: the row of a rank comes from a random permutation, else from the rank itself. */
  readonly hashed: boolean;
}

export type LoopPlan = RunPlan | GatherPlan | StencilPlan | GemmPlan | PointsPlan;
