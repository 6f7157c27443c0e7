import { bytes, bytesPerSecond, GIB } from '../../base/units';
import type { LinkSpec, MachineSpec, MachineTiming } from '../../model/machine';
import { newerTranslation, nvidiaFrontEnd, warps64 } from '../parts/nvidia';
import { kneeOfSameCost } from '../parts/size-curve';
import { from, GB_PER_S, ns } from '../parts/sourced';
import { wholeBatch } from '../parts/whole-batch';
import { a100Pcie, pcie4Link, uvmOnLaterX86 } from './a100-pcie';

const CHIPS = 'Chips and Cheese, "Nvidia\'s H100: Funny L2, and Tons of Bandwidth", 2023';
const MT4G = 'mt4g, NVIDIA H100 NVL (repository caps-tum/mt4g, sample_results)';
const RATE = 52 * GB_PER_S;

/** PCIe 5 x16 as copy engines of Hopper use it. */
export const pcie5Link: LinkSpec = {
  ...pcie4Link,
  asymptote: from(
    bytesPerSecond(RATE),
    'nvbandwidth on an H200 over PCIe 5 x16: 52 GB/s in both directions (Azure/AI-benchmarking-guide, ND H200 v5); H100: 52.8 GB/s to the host (issue 24 of NVIDIA/nvbandwidth)',
    'measured',
  ),
  kneePerKib: kneeOfSameCost(RATE),
};

/** The driver beside an H100. */
export const hopperDriver = uvmOnLaterX86(
  from(
    bytesPerSecond(1500 * GIB),
    'Assumption: three quarters of the peak bandwidth, as kernels of other cards reach',
    'assumed',
  ),
);

/** NVIDIA H100 on PCIe 5 x16. */
export const h100Pcie: MachineSpec = {
  ...a100Pcie,
  id: 'h100-pcie',
  title: 'NVIDIA H100, PCIe 5 x16, 80 GB',
  summary: 'Hopper card; link and remote access measured, fault service carried over from older logs.',
  deviceMemory: from(
    bytes(80_000_000_000 - (80_000_000_000 % 4096)),
    'NVIDIA, H100 PCIe data sheet: 80 GB HBM2e',
    'specification',
  ),
  gpu: {
    ...nvidiaFrontEnd(from(114, `114 of 144 SMs enabled (${CHIPS})`, 'published'), warps64),
    ...newerTranslation,
    memoryLatency: from(
      ns(450),
      `Assumption: HBM2e answers as the HBM3 of an H100 NVL, pointer chase of 803 cycles at 1785 MHz (${MT4G})`,
      'assumed',
    ),
  },
  timing: {
    ...(a100Pcie.timing as MachineTiming),
    link: pcie5Link,
    ...wholeBatch(hopperDriver),
    deviceBandwidth: from(
      bytesPerSecond(2039 * GB_PER_S),
      `Ten 512-bit controllers at 1593 MHz, two transfers per clock (${CHIPS})`,
      'derived',
    ),
    remoteBandwidth: from(
      bytesPerSecond(35.2 * GB_PER_S),
      'nvbandwidth, host_to_device_memcpy_sm on H100 over PCIe 5 x16: 35.0 to 35.4 GB/s (issue 24 of NVIDIA/nvbandwidth)',
      'measured',
    ),
  },
};
