import type { MachineSpec } from './machine';
import type { ScenarioSpec } from './scenario';
import type { ObjectSpec, RegionSpec } from './space';
import type { AxisKind } from './timeline';

/** What stands at the head of a recording: everything needed to read it and to repeat the run. No wall-clock time. */
export interface RecordingHeader {
  readonly format: number;
  readonly engineVersion: string;
  readonly title: string;
  readonly about: string;
  readonly workload: {
    readonly name: string;
    readonly file: string | null;
    readonly kind: 'workload' | 'trace';
    readonly sha256: string;
  };
  /** How a trace was read: the importer's options and the names of the files that came with it. */
  readonly imported?: {
    readonly options: Readonly<Record<string, string | number | boolean>>;
    readonly files: Readonly<Record<string, string>>;
  };
  /** The workload file as it was read; empty for traces. */
  readonly workloadText: string;
  readonly machine: MachineSpec;
  readonly scenario: ScenarioSpec;
  readonly axis: AxisKind;
  readonly devices: number;
  readonly objects: readonly ObjectSpec[];
  readonly regions: readonly RegionSpec[];
  readonly spaceBytes: number;
}
