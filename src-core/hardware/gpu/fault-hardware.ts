/** How the GPU of a machine raises faults, with assumptions for machines that do not say. */
import type { FaultHardware } from '../../contracts/fault-service';
import type { MachineSpec } from '../../model/machine';

/**
 * CUDA occupancy: blocks of 256 threads, the size that samples and guides use; thread blocks go to SMs in turn. An assumption:
 * workload files do not say how a kernel was launched.
 */
export const THREADS_PER_BLOCK = 256;

/** Volta, which most published fault measurements are from: 80 SMs of 64 warps, 2 SMs per TPC and uTLB, 56 faults each (SC'21). */
const ASSUMED = { smCount: 80, warpsPerSm: 64, threadsPerWarp: 32, smsPerUtlb: 2, faultsPerUtlb: 56 } as const;
/** Large enough for all uTLBs at once, so that the buffer is never the limit. */
const assumedEntries = (utlbs: number, each: number): number => utlbs * each;

/**
 * Whether devices run thread groups that hide faults. A machine that neither describes a GPU nor takes faults in
 * batches is one of rule set R0: one access at a time, each fault serviced immediately.
 */
export const hasThreadGroups = ({ gpu, faultBatchEntries }: MachineSpec): boolean =>
  gpu !== undefined || faultBatchEntries.value > 1;

export function faultHardware({ gpu }: MachineSpec): FaultHardware {
  const of = (name: keyof typeof ASSUMED): number => gpu?.[name].value ?? ASSUMED[name];
  const smCount = of('smCount');
  const smsPerUtlb = of('smsPerUtlb');
  const utlbs = Math.max(1, Math.ceil(smCount / smsPerUtlb));
  const faultsPerUtlb = of('faultsPerUtlb');
  return {
    threadsPerGroup: of('threadsPerWarp'),
    groupsInFlight: smCount * of('warpsPerSm'),
    ...{ utlbs, smsPerUtlb, smCount, faultsPerUtlb },
    bufferEntries: gpu?.faultBufferEntries.value ?? assumedEntries(utlbs, faultsPerUtlb),
  };
}

/** uTLB of a thread group: its block's SM, in turn. */
export function utlbOfGroup(hardware: FaultHardware, group: number): number {
  const groupsPerBlock = Math.max(1, Math.floor(THREADS_PER_BLOCK / hardware.threadsPerGroup));
  const sm = Math.floor(group / groupsPerBlock) % hardware.smCount;
  return Math.floor(sm / hardware.smsPerUtlb);
}
