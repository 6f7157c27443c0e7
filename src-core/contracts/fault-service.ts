/**
 * A GPU's page faults between the hardware that raises them and the memory system that answers them.
 *
 * ```
 * thread groups ── raise ──▶ FaultPath ── columns of a batch ──▶ FaultService (a driver)
 *       ▲                        │  ▲                                │
 *       └── released, replay ────┘  └───────────── answer ───────────┘
 * ```
 *
 * A memory system that works like a driver implements `FaultService` and gets its faults in batches from the buffer that
 * the machine describes (hardware/gpu/buffered-faults.ts). One whose hardware has no buffer implements `FaultPath`.
 */
import type { IndexList } from '../base/index-list';
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { Granule } from '../base/indices';

/** The part of a device that raises and holds faults: the machine's GpuSpec, or what is assumed where it has none. */
export interface FaultHardware {
  /** Threads of one thread group (warp, wavefront). */
  readonly threadsPerGroup: number;
  /** Thread groups on the device at once: SMs × warps per SM. They hide faults until all of them wait. */
  readonly groupsInFlight: number;
  readonly smCount: number;
  readonly smsPerUtlb: number;
  readonly utlbs: number;
  /** Most outstanding faults of one uTLB. */
  readonly faultsPerUtlb: number;
  readonly bufferEntries: number;
}

/** The entries of one batch, oldest first. Valid during the call that receives them. */
export interface FaultColumns {
  readonly count: number;
  readonly granule: Int32Array;
  readonly op: Uint8Array;
  /** Object that the access belongs to. */
  readonly object: Uint16Array;
  readonly utlb: Int32Array;
  /** When the fault was raised. */
  readonly atPs: Float64Array;
}

/** The fault buffer of one device, as its driver sees it. */
export interface FaultBuffer {
  /** Entries whose fault has no answer yet, in this batch or later ones. */
  readonly outstanding: number;
  /** Granules that were answered since the last replay, in this order: their accesses go on after it. */
  readonly released: IndexList;
  /** The granule's faults have their answer: a mapping, a refusal, or another try after the replay. */
  answer(granule: Granule): void;
  /** The granule's faults are refused: the accesses that wait for it end without having been made. */
  refuse(granule: Granule): void;
}

/** What a memory system does about the faults of its devices. */
export interface FaultService {
  /** A batch begins, before its entries are fetched: parameters may take other values here. */
  beginBatch(): void;
  /** Entries that are fetched at once: a buffer that holds as many is serviced although the device still runs. */
  batchEntries(): number;
  /** true: no flush, entries that were answered already stay in the buffer and are fetched in vain. */
  keepsAnswered(): boolean;
  /** A fault of the granule waits in the buffer, or waits no longer. */
  setPending(device: ProcessorIndex, granule: Granule, isPending: boolean): void;
  /**
   * Services one batch: answers each of its granules, and may answer others. May be empty, where only answered entries
   * were left.
   * @returns when the replay reaches the device, ps
   */
  service(device: ProcessorIndex, batch: FaultColumns, buffer: FaultBuffer): number;
  /** The device stalled for so long, waiting for a replay; already in the counters of the objects. */
  stalled(ps: number): void;
  /** true: accesses to the granule raise no faults any more and end without having been made; false where absent. */
  isFatal?(device: ProcessorIndex, granule: Granule, op: AccessOp): boolean;
}

/** The way from an access to its fault's answer, as the thread groups see it. */
export interface FaultPath {
  /** Entries that are serviced at once: see FaultService. */
  batchEntries(): number;
  /** Entries of the device that wait for an answer. */
  entries(device: ProcessorIndex): number;
  /**
   * Raises a fault.
   * @param atPs when
   * @returns false: the uTLB has as many faults outstanding as it can, or the buffer is full; the access has to wait
   */
  raise(device: ProcessorIndex, utlb: number, granule: Granule, op: AccessOp, object: number, atPs: number): boolean;
  /**
   * Services one batch of the device and replays. Returns when the replay reached the device, ps. Granules whose faults
   * wait no longer (mapped, throttled, or refused) are in `released(device)`.
   */
  serviceBatch(device: ProcessorIndex): number;
  /** Filled by serviceBatch, emptied by the caller. */
  released(device: ProcessorIndex): IndexList;
  /** Those of them whose accesses end without having been made. Filled by serviceBatch, emptied by the caller. */
  refused(device: ProcessorIndex): IndexList;
  /** The device stalled for so long, waiting for the replay of the last batch. */
  stalled(ps: number): void;
  /** true: an access to the granule would raise no fault and can never be made. */
  isFatal(device: ProcessorIndex, granule: Granule, op: AccessOp): boolean;
}

/** How the devices of a run raise faults. */
export interface DeviceFaults {
  readonly hardware: FaultHardware;
  readonly path: FaultPath;
}
