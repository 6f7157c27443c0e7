/** What AMD's GPUs of the CDNA line and their driver share, as far as it is known. */
import { bytes, bytesPerSecond, GIB } from '../../base/units';
import type { DriverCosts, GpuSpec, Sourced } from '../../model/machine';
import { uvmOnGtx1080Ti } from '../machines/gtx-1080-ti';
import { carried, from, ns, us } from './sourced';

export const oneFaultAtATime = from(
  1,
  'Linux amdgpu: the interrupt handler passes each retry fault to svm_range_restore_pages by itself; there is no batch',
  'published',
);

const MI300A =
  'MI300A, arXiv 2508.12743: a GPU fault on a single page takes 16 us if the page exists (minor) and 18 us if not (major); 9.0 M minor and 1.1 M major pages/s in bulk';
const SPLIT = 'the division of the 16 us is an assumption, its sum is not';
const CARRIED = 'the kernel takes for a page what the driver of a GTX 1080 Ti takes';

/** KFD's service of a retry fault, from the measurements of MI300A. */
export const kfdService: DriverCosts = {
  interrupt: from(us(5), `Share of 16 us; ${SPLIT} (${MI300A})`, 'assumed'),
  fetchPerEntry: from(ns(100), `Share of 16 us; ${SPLIT} (${MI300A})`, 'assumed'),
  preprocessPerEntry: from(ns(400), `Share of 16 us; ${SPLIT} (${MI300A})`, 'assumed'),
  perBlock: from(us(5.42), `Share of 16 us; ${SPLIT} (${MI300A})`, 'assumed'),
  perPageUnmap: carried(uvmOnGtx1080Ti.perPageUnmap, CARRIED),
  tlbShootdown: uvmOnGtx1080Ti.tlbShootdown,
  dmaMapPerPage: carried(uvmOnGtx1080Ti.dmaMapPerPage, CARRIED),
  dmaSetup: carried(uvmOnGtx1080Ti.dmaSetup, CARRIED),
  populatePerChunk: from(us(2), `18 us for a major fault less 16 us for a minor one (${MI300A})`, 'derived'),
  zeroing: from(
    bytesPerSecond(900 * GIB),
    'Assumption: about the write bandwidth of MI210 kernels, 967 GiB/s (mt4g, repository caps-tum/mt4g)',
    'assumed',
  ),
  ptePerUpdate: from(
    ns(80),
    `512 pages of a range at 9.0 M pages/s take 57 us; less 16 us for the fault that leaves 80 ns per page (${MI300A})`,
    'derived',
  ),
  replay: from(us(5), `Share of 16 us; ${SPLIT} (${MI300A})`, 'assumed'),
  evictionPerBlock: carried(uvmOnGtx1080Ti.evictionPerBlock, 'as in the driver of NVIDIA'),
};

/** The front end of a CDNA GPU. */
export const cdnaFrontEnd = (
  computeUnits: Sourced<number>,
  memoryLatency: Sourced<GpuSpec['memoryLatency']['value']>,
): GpuSpec => ({
  smCount: computeUnits,
  warpsPerSm: from(
    32,
    '2048 threads per compute unit in wavefronts of 64, as the HIP runtime reports (mt4g, repository caps-tum/mt4g, sample_results)',
    'specification',
  ),
  threadsPerWarp: from(64, 'AMD CDNA instruction set architecture: a wavefront is 64 work-items', 'specification'),
  smsPerUtlb: from(1, 'Assumption: each compute unit has a first-level translation cache of its own', 'assumed'),
  faultsPerUtlb: from(32, 'Assumption: one per resident wavefront, which retries until it is answered', 'assumed'),
  faultBufferEntries: from(
    4096,
    'Assumption: some thousand entries of the interrupt ring; a full ring only means that a fault is retried',
    'assumed',
  ),
  tlbReach: from(
    bytes(2 * GIB),
    'Assumption: as on a B200 (2 GiB to 4 GiB by random pointer chase); no figure of CDNA found',
    'assumed',
  ),
  pageWalk: from(ns(303), 'Assumption: as on newer NVIDIA GPUs here; no figure of CDNA found', 'assumed'),
  pageWalkHuge: from(ns(200), 'Assumption: as on a B200, 200 ns per miss; no figure of CDNA found', 'assumed'),
  memoryLatency,
});
