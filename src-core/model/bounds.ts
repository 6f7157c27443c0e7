/** Bounds beside a run: what no choice could have beaten, and reference points that show where a cost comes from. */

/** What a bound is about. Public contract: the names of `run --bounds --json`. */
export type BoundQuantity =
  | 'gpuFaults'
  | 'bytesToDevice'
  | 'bytesToHost'
  /** Bytes to the device, to the host and accessed remotely, together. */
  | 'linkBytes'
  | 'simTimePs';

/** What people call them. */
export const BOUND_QUANTITIES: Readonly<Record<BoundQuantity, string>> = {
  gpuFaults: 'Device faults',
  bytesToDevice: 'Bytes to device',
  bytesToHost: 'Bytes to host',
  linkBytes: 'Bytes over the link',
  simTimePs: 'Simulated time',
};

export interface BoundValue {
  readonly quantity: BoundQuantity;
  /** `bound`: no run of the kind that the bound is defined for gets below. `reference`: a run may be on either side. */
  readonly kind: 'bound' | 'reference';
  /** null: not defined for this run; `reason` says why. */
  readonly value: number | null;
  /** The run's own number, at the moment at which the bounds were asked for. */
  readonly run: number;
  /** run ÷ value; null where there is no value or it is 0. */
  readonly ratio: number | null;
  readonly reason: string | null;
}

export interface BoundRow {
  readonly id: string;
  readonly title: string;
  /** What is bounded, why, and under which assumptions. */
  readonly summary: string;
  readonly values: readonly BoundValue[];
  /** What the reader has to know about this run's numbers. */
  readonly notes: readonly string[];
}

/**
 * Which processors visited which unit of memory, in order. An epoch is a stretch inside of which the order of visits is not
 * fixed: a single visit where a device is serviced fault by fault, a step where it has many accesses in flight, or all steps
 * that ran at the same time.
 */
export interface Visits {
  readonly unitBytes: number;
  /** Units of the whole space. */
  readonly units: number;
  readonly devices: number;
  readonly epochs: number;
  /** Accesses of the whole run. */
  readonly accesses: number;
  /** Visits of epoch k are start[k] … start[k + 1] − 1. */
  readonly start: ArrayLike<number>;
  /** Accesses made before epoch k. */
  readonly access: ArrayLike<number>;
  readonly unit: ArrayLike<number>;
  readonly processor: ArrayLike<number>;
  /** 1: the processor wrote there in this epoch. */
  readonly wrote: ArrayLike<number>;
  /** 1: the unit lay in host memory before the first access. */
  readonly initiallyHost: ArrayLike<number>;
}
