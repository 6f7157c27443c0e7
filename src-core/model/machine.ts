import type { BytesPerSecond, Bytes, Picoseconds } from '../base/units';

/** A constant with its origin. `grade`: how well it is known. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: string;
  readonly grade: 'specification' | 'measured' | 'published' | 'derived' | 'assumed' | 'definition';
}

/** A link whose rate depends on the size of a transfer: rate(s) = asymptote × (2/π) × atan(s × knee). */
export interface LinkSpec {
  /** Rate of an endless transfer, one direction. */
  readonly asymptote: Sourced<BytesPerSecond>;
  /** Per KiB; larger reaches the asymptote at smaller transfers. */
  readonly kneePerKib: Sourced<number>;
  /** true: both directions at full rate at once. */
  readonly duplex: Sourced<boolean>;
}

/**
 * A machine: one host and some equal devices. `timing: null` is a machine that only counts (every cost is zero and
 * the axis of its timeline is the access number).
 */
export interface MachineSpec {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** Memory of each device unless the run says otherwise. */
  readonly deviceMemory: Sourced<Bytes>;
  /** Entries that the driver fetches from the fault buffer in one batch; 1 = each fault alone. */
  readonly faultBatchEntries: Sourced<number>;
  /** May the CPU map device memory (coherent link), or does a CPU touch always migrate? */
  readonly hostMapsDevice: Sourced<boolean>;
  readonly timing: MachineTiming | null;
}

export interface MachineTiming {
  readonly link: LinkSpec;
  /** CPU first touch of a granule: allocate, zero, map. */
  readonly cpuFirstTouch: Sourced<Picoseconds>;
  /** CPU fault on memory that lies on a device, without the transfer. */
  readonly cpuFault: Sourced<Picoseconds>;
  /** Fixed part of servicing one GPU fault batch: interrupt, fetch, sort, replay. */
  readonly batchFixed: Sourced<Picoseconds>;
  /** Per faulted granule of a batch, without the transfer: lookup, unmap, DMA set-up, page tables. */
  readonly batchPerFault: Sourced<Picoseconds>;
  /** Per evicted granule, without the transfer. */
  readonly evictionFixed: Sourced<Picoseconds>;
  readonly hostBandwidth: Sourced<BytesPerSecond>;
  readonly deviceBandwidth: Sourced<BytesPerSecond>;
  /** Device reading or writing host memory through its mapping, and the reverse where it can. */
  readonly remoteBandwidth: Sourced<BytesPerSecond>;
  /** Start of each step on a device. */
  readonly kernelLaunch: Sourced<Picoseconds>;
}
