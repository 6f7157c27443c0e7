/** What the parts of the UVM model share: the run's clocks and books, the driver's state, and one another. */
import type { ThrashingDetector } from '../decisions/thrashing-detector';
import type { UvmTopology } from '../decisions/vocabulary';
import type { EventMoment } from '../../../model/event-sink';
import type { AccessOp, ProcessorIndex } from '../../../model/processor';
import type { Clocks } from '../../../sim/clock';
import type { Interconnect } from '../../../hardware/interconnect';
import type { Ledger } from '../../../kit/ledger';
import type { MemoryConfig } from '../../../kit/memory-system';
import type { Moves } from '../../../kit/moves';
import type { Residency } from '../../../kit/residency';
import type { Granule } from '../../../base/indices';
import type { AccessBytes } from './access-bytes';
import type { RangePolicies } from './range-policies';
import type { RootChunks } from './root-chunks';
import type { NvidiaUvmParams } from '../params';
import type { ToolsEvents } from './tools-events';
import type { UvmTally } from './tally';
import type { VaBlock } from './va-block';
import type { WorkClock } from './work-clock';

export interface UvmHost {
  readonly config: MemoryConfig;
  readonly topology: UvmTopology;
  readonly residency: Residency;
  readonly ledger: Ledger;
  readonly clocks: Clocks;
  readonly wire: Interconnect | null;
  readonly moves: Moves;
  readonly granuleBytes: number;
  readonly granules: number;
  readonly pagesPerBlock: number;
  readonly accessCount: number;
  readonly batchNow: number;
  readonly step: number;
  moment(timePs: number): EventMoment;
  /** The module parameters in force. */
  readonly params: NvidiaUvmParams;
  /** Access-counter migrations are on, and pages that are evicted stay mapped on the GPU that lost them. */
  readonly mapsRemoteOnEviction: boolean;
  /** null: mitigation is off, or the machine has no clock. */
  readonly thrashing: ThrashingDetector | null;
  readonly access: AccessBytes;
  readonly ranges: RangePolicies;
  readonly tally: UvmTally;
  readonly tools: ToolsEvents;
  readonly work: WorkClock;
  /** Memory of the GPUs; index 0 unused. */
  readonly memoryOf: readonly RootChunks[];
  blockAt(index: number): VaBlock;
  /** Faults of a device on the granule have their answer. */
  answered(device: ProcessorIndex, granule: Granule): void;
  beginBatch(): void;
  /** Reports a fault event. Returns its ordinal. */
  report(processor: ProcessorIndex, granule: Granule, op: AccessOp, object: number, reason: number): number;
  /** An access ended in something that is not data. */
  outcome(result: string, device: ProcessorIndex, granule: Granule, op: AccessOp): void;
  /** A tools event of the driver, into the recording. */
  event(processor: ProcessorIndex, granule: Granule, bytes: number, what: string, result: string): void;
}
