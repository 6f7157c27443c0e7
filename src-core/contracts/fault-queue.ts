/**
 * A device's replayable fault buffer and the driver behind it, as the engine sees them. The engine runs thread groups and
 * raises their faults; the memory system's driver fetches them in batches, services them and replays. Between the two
 * lies what real hardware has there: a buffer, and per uTLB a limit of faults that may be outstanding.
 */
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { GranuleList } from '../base/granule-list';

export interface FaultQueue {
  /** Threads of one thread group (warp, wavefront). */
  readonly threadsPerGroup: number;
  /** Thread groups that are on the device at once: SMs × warps per SM. They hide faults until all of them wait. */
  readonly groupsInFlight: number;
  /** The uTLB that serves a thread group; groups are numbered from 0 in each kernel. */
  utlbOf(group: number): number;
  readonly utlbs: number;
  /** Entries that the driver fetches at once: a buffer that holds as many is serviced although the device still runs. */
  batchEntries(): number;
  /** Entries in the buffer of the device. */
  entries(device: ProcessorIndex): number;
  /**
   * Puts a fault into the buffer.
   * @param atPs when it was raised
   * @returns false: the uTLB has as many faults outstanding as it can, or the buffer is full; the access has to wait
   */
  raise(device: ProcessorIndex, utlb: number, granule: number, op: AccessOp, object: number, atPs: number): boolean;
  /**
   * Fetches and services one batch of the device's buffer and replays. Answers when the replay reached the device, ps.
   * Granules whose faults wait no longer (mapped, throttled, or refused for good) are in `released`, in the order of
   * their release.
   */
  serviceBatch(device: ProcessorIndex): number;
  /** Filled by serviceBatch, emptied by the engine. */
  readonly released: GranuleList;
  /** The device stood still for so long, waiting for the replay of the last batch: goes into the books of what it waited for. */
  stalled(ps: number): void;
  /** true: the access can never be made; it ended in an outcome. Asked after its fault was released. */
  isFatal(device: ProcessorIndex, granule: number, op: AccessOp): boolean;
}
