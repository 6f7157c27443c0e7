/** The words in which NVIDIA's UVM driver decides: processors, access types, protections, policies. Driver 595.45.04. */

/** A set of processors (`uvm_processor_id_t`: 0 is the CPU, 1.. are GPUs in the order of the machine): processor p is bit p. */
export type ProcessorSet = number;

/** Who reaches whom. Index = processor; one set each. Source: uvm_va_space.c:215-218, 828-863, 1177-1203. */
export interface UvmTopology {
  readonly processors: number;
  /** canAccess[a]: whose memory `a` can access, itself included. */
  readonly canAccess: Uint32Array;
  /** accessibleFrom[a]: who can access the memory of `a`, itself included. */
  readonly accessibleFrom: Uint32Array;
  /** fastLink[a]: joined to `a` by NVLINK or C2C. */
  readonly fastLink: Uint32Array;
  /** nativeAtomics[a]: who has hardware atomics on the memory of `a`, itself included. */
  readonly nativeAtomics: Uint32Array;
  /** smcSiblings[a]: other partitions of the same parent GPU. */
  readonly smcSiblings: Uint32Array;
  /** Who has memory of its own (`uvm_processor_has_memory`). */
  readonly withMemory: ProcessorSet;
}

/** Fault access types in the order of intrusiveness (uvm_hal_types.h:253-261). */
export const ACCESS = { prefetch: 0, read: 1, write: 2, atomicWeak: 3, atomicStrong: 4 } as const;
export type AccessType = (typeof ACCESS)[keyof typeof ACCESS];
/** Access type t is bit t: what the instances of a coalesced fault asked for. */
export type AccessMask = number;

/** Protections in ascending order (uvm_hal_types.h:230-237). */
export const PROTECTION = { none: 0, readOnly: 1, readWrite: 2, readWriteAtomic: 3 } as const;
export type Protection = (typeof PROTECTION)[keyof typeof PROTECTION];

/** The policy of a range on read duplication (`uvm_read_duplication_policy_t`). */
export const READ_DUPLICATION = { unset: 0, enabled: 1, disabled: 2 } as const;
export type ReadDuplicationPolicy = (typeof READ_DUPLICATION)[keyof typeof READ_DUPLICATION];

/** On whose behalf a block is serviced (`uvm_service_operation_t`). */
export const OPERATION = { replayableFault: 0, nonReplayableFault: 1, accessCounters: 2 } as const;
export type ServiceOperation = (typeof OPERATION)[keyof typeof OPERATION];

/** Which of the two or three hints of thrashing detection a page has got (`uvm_perf_thrashing_hint_type_t`). */
export const HINT = { none: 0, pin: 1, throttle: 2 } as const;
export type HintKind = (typeof HINT)[keyof typeof HINT];
