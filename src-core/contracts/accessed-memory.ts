/**
 * What a memory system shows to the code that executes accesses: the executor for the CPU, a device's front end for its thread
 * groups. Most accesses need one byte of it and nothing else.
 */
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { Granule } from '../base/indices';

/** A ledger follows the granule byte by byte: none of its accesses is a plain hit. */
export const TRACKED = 0b0000_1000;
/** A fault on the granule waits for its batch. */
export const PENDING = 0b0001_0000;

/** Accesses of one kind inside one granule. Reused for each run: valid only during the call that receives it. */
export interface AccessRun {
  readonly granule: Granule;
  readonly op: AccessOp;
  /** Space offset of the first one. */
  readonly address: number;
  /** Bytes from one to the next. */
  readonly stride: number;
  readonly count: number;
  /** Of one access. */
  readonly bytes: number;
}

/** When an access needs no more than the granule's byte of `hotState`. */
export interface HotMasks {
  /** By AccessOp: the access is a plain hit where (state & mask[op]) === want[op]. */
  readonly mask: Uint8Array;
  readonly want: Uint8Array;
}

/** Whether an access finds its granule, and in which way. */
export interface AccessTables {
  /** State bytes by granule, as the processor sees them. The array stays the same for the whole run. */
  hotState(processor: ProcessorIndex): Uint8Array;
  hotMasks(processor: ProcessorIndex): HotMasks;
  /** true: the access finds the granule in the processor's own memory, questions of the ledger aside. */
  isLocal(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean;
  /** true: the processor may make the access where the granule lies, over the link. */
  mapsRemotely(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean;
  /** Remote accesses that may still be made before the access counter moves the granule; Infinity where none counts. */
  remoteBudget(processor: ProcessorIndex, granule: Granule): number;
  /** The budget of remote accesses to the granule is used up. */
  counterNotifies(processor: ProcessorIndex, granule: Granule): void;
}

/** The counters of objects. */
export interface AccessLedger {
  readonly objectOf: Uint16Array;
  count(object: number, metric: number, amount: number): void;
}

/**
 * The part of the system to notify when a device uses its own memory. The flags may change at the start of a fault
 * batch.
 */
export interface UseOrder {
  /** Hits count for the order in which memory leaves a full device. */
  readonly keepsOrder: boolean;
  /** The order does not tell 2^unitShift neighbouring granules apart. */
  readonly unitShift: number;
  /** The policy is notified of every run of accesses; none is a plain hit. */
  readonly follows: boolean;
  /** The newest use is one of this granule; where `keepsOrder`. */
  touch(device: ProcessorIndex, granule: Granule): void;
  /** Accesses to the granule were made and counted; where `follows`. */
  follow(device: ProcessorIndex, granule: Granule): void;
  /** The eviction policy was replaced. */
  policyChanged?(): void;
}

/** What accesses take beside their bytes; see hardware/access-delay.ts. */
export interface AccessDelays {
  access(block: number, count: number, isLocal: boolean, isDependent: boolean): void;
  point(block: number, isDependent: boolean): void;
}

export interface AccessedMemory extends AccessTables {
  readonly granuleBytes: number;
  readonly granulesPerBlock: number;
  readonly granules: number;
  /** Accesses executed so far; their executor counts them. */
  accessCount: number;
  readonly residency: { readonly state: Uint8Array };
  readonly ledger: AccessLedger;
  readonly delays: readonly (AccessDelays | null)[];

  // --- time, in ps ---
  readonly clocks: {
    now(processor: ProcessorIndex): number;
    reach(processor: ProcessorIndex, instantPs: number): void;
  };
  /** Brings a processor's clock up to date with the accesses it made. Only at points that pausing cannot shift. */
  settleClock(processor: ProcessorIndex): number;

  // --- accesses that were made ---
  /** Bytes in the processor's own memory. */
  busy(processor: ProcessorIndex, bytes: number): void;
  /** `count` accesses over the link, `bytes` in all. */
  remoteAccess(processor: ProcessorIndex, granule: Granule, count: number, bytes: number): void;
  readonly uses: UseOrder;
  /** true: every access is passed to `onAccess`; none is a plain hit. */
  readonly hasObserver: boolean;
  onAccess(processor: ProcessorIndex, run: AccessRun): void;
  /** The granule of the run carries TRACKED: the ledger looks at its bytes. */
  tracked(run: AccessRun, isLocal: boolean): void;
}
