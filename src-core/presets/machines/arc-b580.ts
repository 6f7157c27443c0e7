import { bytes, bytesPerSecond, GIB } from '../../base/units';
import type { MachineSpec } from '../../model/machine';
import { pcie4Remote } from '../parts/pcie';
import { kneeOfSameCost } from '../parts/size-curve';
import { carriedAll, from, GB_PER_S, ns } from '../parts/sourced';
import { wholeBatch } from '../parts/whole-batch';
import { noHostMapping, pcieDuplex, x86Host } from '../parts/x86-host';
import { uvmOnGtx1080Ti } from './gtx-1080-ti';

const RATE = 13.14 * GB_PER_S;

/**
 * Intel Arc B580 (Xe2, Battlemage) on PCIe 4 x8. Sizes are Intel's; no measurement of page faults by parts was found
 * (the kernel's commit log mentions 130 us to 165 us for a fault with its copy), so the driver is the GTX 1080 Ti's.
 */
export const arcB580: MachineSpec = {
  id: 'arc-b580',
  title: 'Intel Arc B580, PCIe 4 x8, 12 GiB',
  summary: 'Xe2 gaming card; sizes from Intel, link derived from wider ones, fault service carried over.',
  deviceMemory: from(bytes(12 * GIB), 'Intel, Arc B580 specifications: 12 GB GDDR6', 'specification'),
  faultBatchEntries: from(
    1,
    'Linux xe: the page-fault queue is worked off fault by fault; there is no batch',
    'published',
  ),
  hostMapsDevice: noHostMapping,
  gpu: {
    smCount: from(20, 'Intel, Arc B580 specifications: 20 Xe cores', 'specification'),
    warpsPerSm: from(64, 'Assumption: 8 vector engines per Xe core (Intel) with 8 threads each', 'assumed'),
    threadsPerWarp: from(16, 'Intel, Xe2: native SIMD16', 'specification'),
    smsPerUtlb: from(1, 'Assumption: a first-level TLB per Xe core', 'assumed'),
    faultsPerUtlb: from(64, 'Assumption: one per thread of a Xe core', 'assumed'),
    faultBufferEntries: from(1280, 'Assumption: room for all of them', 'assumed'),
    tlbReach: from(bytes(2 * GIB), 'Assumption: as on a B200 (2 GiB to 4 GiB); no figure of Xe2 found', 'assumed'),
    pageWalk: from(ns(303), 'Assumption: as on newer NVIDIA GPUs here; no figure of Xe2 found', 'assumed'),
    pageWalkHuge: from(ns(200), 'Assumption: as on a B200; no figure of Xe2 found', 'assumed'),
    memoryLatency: from(ns(400), 'Assumption: as other GPUs with GDDR6; no figure of the B580 found', 'assumed'),
  },
  timing: {
    ...x86Host,
    link: {
      asymptote: from(
        bytesPerSecond(RATE),
        'Assumption: half of the 26.28 GB/s that an A100 reaches over sixteen lanes of PCIe 4 (Azure/AI-benchmarking-guide)',
        'assumed',
      ),
      kneePerKib: kneeOfSameCost(RATE),
      duplex: pcieDuplex,
    },
    ...wholeBatch({
      ...carriedAll(uvmOnGtx1080Ti, "Intel's driver takes what NVIDIA's takes on the host of the GTX 1080 Ti"),
      zeroing: from(
        bytesPerSecond(340 * GB_PER_S),
        'Assumption: three quarters of the peak bandwidth, as kernels of other cards reach',
        'assumed',
      ),
    }),
    deviceBandwidth: from(bytesPerSecond(456 * GB_PER_S), 'Intel, Arc B580 specifications: 456 GB/s', 'specification'),
    remoteBandwidth: from(
      bytesPerSecond(12.5 * GB_PER_S),
      'Assumption: half of the 25.13 GB/s that kernels of an A100 read over sixteen lanes of PCIe 4 (issue 42 of NVIDIA/nvbandwidth)',
      'assumed',
    ),
    remote: pcie4Remote,
  },
};
