/** What NVIDIA's GPUs and their driver share, as far as it is known. */
import { bytes, GIB } from '../../base/units';
import type { GpuSpec, Sourced } from '../../model/machine';
import { pcie4x16g } from '../machines/pcie4-16g';
import { from, ns } from './sourced';

export const uvmBatchEntries = pcie4x16g.faultBatchEntries;

const FAULTS_PER_UTLB = 56;

const faultsPerUtlb = from(
  FAULTS_PER_UTLB,
  'Allen and Ge, SC 2021: at most 56 faults of one micro-TLB are outstanding; their fault log of a small kernel shows batches of 56',
  'published',
);
const threadsPerWarp = from(32, 'CUDA C++ Programming Guide: a warp is 32 threads', 'specification');

const B200_CHASE =
  'a random pointer chase on a B200 (driver 595.71.05, notes in a public repository) takes 531 ns up to 2 GiB and 733 ns at 4 GiB, so the last TLB level reaches 2 GiB to 4 GiB and a miss costs about 200 ns';

/** Reach and walks measured on a Blackwell GPU, for want of figures of others. */
export const newerTranslation: Pick<GpuSpec, 'tlbReach' | 'pageWalk' | 'pageWalkHuge'> = {
  tlbReach: from(
    bytes(2 * GIB),
    `Assumption: as on Blackwell, lower end; ${B200_CHASE}. A Titan X of the Maxwell generation reaches 130 MiB`,
    'assumed',
  ),
  pageWalk: from(
    ns(303),
    `Assumption: as on Blackwell, and one level more, as UVMSmart counts them (100 cycles for 4 KiB, 66 for 2 MiB); ${B200_CHASE}`,
    'assumed',
  ),
  pageWalkHuge: from(ns(200), `Assumption: as on Blackwell; ${B200_CHASE}`, 'assumed'),
};

/** The front end of an NVIDIA GPU with two SMs per TPC. */
export function nvidiaFrontEnd(
  smCount: Sourced<number>,
  warpsPerSm: Sourced<number>,
): Omit<GpuSpec, 'tlbReach' | 'pageWalk' | 'pageWalkHuge' | 'memoryLatency'> {
  return {
    smCount,
    warpsPerSm,
    threadsPerWarp,
    smsPerUtlb: from(
      2,
      'Assumption: the two SMs of a texture processing cluster share a micro-TLB; NVIDIA does not document it',
      'assumed',
    ),
    faultsPerUtlb,
    faultBufferEntries: from(
      Math.ceil(smCount.value / 2) * FAULTS_PER_UTLB,
      'Assumption: room for all micro-TLBs with 56 faults each; the open driver asks the hardware for the number',
      'assumed',
    ),
  };
}

const THREADS =
  'threads per SM as reported by the CUDA runtime, in warps of 32 (mt4g, repository caps-tum/mt4g, sample_results)';
export const warps64 = from(64, `2048 ${THREADS}`, 'specification');
export const warps48 = from(
  48,
  'CUDA C++ Programming Guide, compute capability 8.6: 48 resident warps per SM',
  'specification',
);
