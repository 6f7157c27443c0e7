import { bytes, bytesPerSecond } from '../../base/units';
import type { MachineSpec, MachineTiming } from '../../model/machine';
import { newerTranslation, nvidiaFrontEnd, warps64 } from '../parts/nvidia';
import { kneeOfSameCost } from '../parts/size-curve';
import { carried, from, GB_PER_S } from '../parts/sourced';
import { h100Pcie } from './h100-pcie';

const h100 = h100Pcie.timing as MachineTiming;
const NVLINK = 450 * GB_PER_S;

/** NVIDIA H200 SXM: host over PCIe 5 x16, other GPUs over NVLink 4. */
export const h200: MachineSpec = {
  ...h100Pcie,
  id: 'h200',
  title: 'NVIDIA H200, PCIe 5 x16, NVLink, 141 GB',
  summary: 'Hopper with HBM3e; host link measured, peers over NVLink, fault service carried over from older logs.',
  deviceMemory: from(
    bytes(141_000_000_000 - (141_000_000_000 % 4096)),
    'NVIDIA, H200 data sheet: 141 GB HBM3e',
    'specification',
  ),
  gpu: {
    ...nvidiaFrontEnd(from(132, 'NVIDIA, H200: 16,896 CUDA cores, 128 per SM', 'specification'), warps64),
    ...newerTranslation,
    memoryLatency: carried(h100Pcie.gpu!.memoryLatency, 'as on an H100 NVL'),
  },
  timing: {
    ...h100,
    peerLink: {
      asymptote: from(
        bytesPerSecond(NVLINK),
        'NVIDIA, H200 data sheet: NVLink 900 GB/s, 450 GB/s per direction',
        'specification',
      ),
      kneePerKib: kneeOfSameCost(NVLINK),
      duplex: from(true, 'NVIDIA, H200 data sheet: 900 GB/s counts both directions', 'specification'),
    },
    deviceBandwidth: from(bytesPerSecond(4800 * GB_PER_S), 'NVIDIA, H200 data sheet: 4.8 TB/s', 'specification'),
    remoteBandwidth: carried(h100.remoteBandwidth, 'as on H100, same bus and chip'),
  },
};
