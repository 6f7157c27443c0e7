/** Questions asked of a timeline and their bounded answers. */
import type { ColourToken } from './catalog/colours';
import type { ObjectNumbers } from './catalog/object-columns';

/** `accesses`: the axis is the access number (machines without timing); `time`: simulated picoseconds. */
export type AxisKind = 'accesses' | 'time';

export interface TimelineQuestion {
  /** Visible range on the axis, from < to. */
  readonly from: number;
  readonly to: number;
  /** Answer length wanted; 1 … MAX_BINS. The answer never has more than two values per bin. */
  readonly bins: number;
}
export const MAX_BINS = 4096;

export type TrackGroup = 'faults' | 'bytes' | 'occupancy';
export const TRACK_GROUPS: Readonly<Record<TrackGroup, { readonly title: string; readonly unit: 'count' | 'bytes' }>> =
  {
    faults: { title: 'Faults', unit: 'count' },
    bytes: { title: 'Bytes moved', unit: 'bytes' },
    occupancy: { title: 'Device memory', unit: 'bytes' },
  };

/** Sums per bin. Ids are stable: `faults.cpu.first-touch`, `bytes.toDevice.prefetch` … */
export interface TrackAnswer {
  readonly id: string;
  readonly title: string;
  /** For legends. */
  readonly short: string;
  readonly group: TrackGroup;
  readonly unit: 'count' | 'bytes';
  readonly colour: ColourToken;
  /** Bytes to the host: drawn downwards. */
  readonly down: boolean;
  /** For occupancy tracks: index in the object list, −1 for "other objects". */
  readonly object?: number;
  /** Sum (faults, bytes) or last value (occupancy) per bin. */
  readonly values: Float64Array;
  /** Occupancy only: highest value inside the bin. */
  readonly peak?: Float64Array;
}

/** What could not be avoided, per bin of the same answer: the run's own bins are at or above it where all of it is. */
export interface BoundTrack {
  /** `<bound>.<what>`, such as `belady.gpuFaults`. */
  readonly id: string;
  readonly title: string;
  readonly group: TrackGroup;
  readonly colour: ColourToken;
  /** Bytes to the host: drawn downwards. */
  readonly down: boolean;
  /** Sum per bin (faults, bytes), or the level at the end of the bin (occupancy). */
  readonly values: Float64Array;
}

export interface MarkAnswer {
  readonly at: number;
  /** `os`: a call to the operating system. `outcome`: what an access or a call ended with that is not success. */
  readonly kind: 'policy' | 'phase' | 'os' | 'outcome';
  readonly label: string;
  readonly detail: string;
  /** Of a policy: the parameters that it sets, `name=value`. */
  readonly values?: readonly string[];
}

export interface TimelineAnswer {
  readonly axis: AxisKind;
  /** Whole extent of the run so far. */
  readonly extent: { readonly from: number; readonly to: number };
  /** The range answered: the question's, widened to whole buckets of the timeline. */
  readonly from: number;
  readonly to: number;
  readonly bins: number;
  readonly capacityBytes: number;
  readonly tracks: readonly TrackAnswer[];
  /** Lines of bounds, where they were measured. */
  readonly bounds?: readonly BoundTrack[];
  readonly marks: readonly MarkAnswer[];
  /** Steps (kernels, host functions) that overlap the range; empty when there are more than MAX_STEPS. */
  readonly steps: readonly StepSpan[];
  /** How many steps overlap the range, where they are too many to list. */
  readonly stepsOmitted: number;
}

/** Steps listed in one answer. */
export const MAX_STEPS = 512;

/** One run of a kernel on a device or of a function on the CPU. */
export interface StepSpan {
  readonly from: number;
  /** End, or how far it has come. */
  readonly to: number;
  readonly name: string;
  readonly processor: number;
}

/** One row of the object table for a range. */
export interface ObjectRow extends ObjectNumbers {
  /** Index in the object list, −1 for all objects together. */
  readonly object: number;
  /** Element accesses; read-writes and atomics count as both. */
  readonly reads: { readonly cpu: number; readonly gpu: number };
  readonly writes: { readonly cpu: number; readonly gpu: number };
  /** Bytes on devices at the end of the range. */
  readonly residentBytes: number;
}
