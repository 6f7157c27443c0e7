import { bytes, bytesPerSecond, KIB } from '../../base/units';
import type { MachineSpec, MachineTiming } from '../../model/machine';
import { newerTranslation, nvidiaFrontEnd, warps64 } from '../parts/nvidia';
import { kneeOfSameCost } from '../parts/size-curve';
import { from, GB_PER_S, ns } from '../parts/sourced';
import { h100Pcie } from './h100-pcie';

const ICPP =
  'STREAM and copies on a GH200 with 480 GB and 96 GB (Schieffer et al., ICPP 2024, as reported by 4nownews)';
const TO_DEVICE = 375 * GB_PER_S;

/**
 * Grace Hopper GH200: 72 Arm cores with LPDDR5X, a Hopper GPU with HBM3, joined by the coherent NVLink-C2C. Link and
 * memories are measured; the service of GPU faults (managed memory) is carried over from a GTX 1080 Ti.
 */
export const gh200: MachineSpec = {
  ...h100Pcie,
  id: 'gh200',
  title: 'Grace Hopper GH200, NVLink-C2C, 96 GB',
  summary: 'Coherent CPU and GPU with 64 KiB pages; memories and link measured.',
  deviceMemory: from(
    bytes(96_000_000_000 - (96_000_000_000 % 65_536)),
    'NVIDIA, GH200 data sheet: 96 GB HBM3',
    'specification',
  ),
  hostMapsDevice: from(
    true,
    'NVIDIA, Grace Hopper architecture: NVLink-C2C is cache-coherent; CPU and GPU share the page tables of the process',
    'specification',
  ),
  hostPage: from(
    bytes(64 * KIB),
    'System pages of 4 KB or 64 KB on Grace; 64 KB is what NVIDIA recommends and the measurements favour (Schieffer et al., ICPP 2024)',
    'published',
  ),
  gpu: {
    ...nvidiaFrontEnd(from(132, 'NVIDIA, GH200 data sheet: 132 SMs', 'specification'), warps64),
    ...newerTranslation,
    memoryLatency: from(
      ns(348),
      'Pointer chase on a GH200: 690 cycles (repository markdewing/AI_kernels) at its boost clock of 1980 MHz',
      'derived',
    ),
  },
  timing: {
    ...(h100Pcie.timing as MachineTiming),
    link: {
      asymptote: from(bytesPerSecond(TO_DEVICE), `375 GB/s from host to device, of 450 nominal. ${ICPP}`, 'published'),
      asymptoteToHost: from(
        bytesPerSecond(297 * GB_PER_S),
        `297 GB/s from device to host, of 450 nominal. ${ICPP}`,
        'published',
      ),
      kneePerKib: kneeOfSameCost(TO_DEVICE),
      duplex: from(true, 'NVIDIA, Grace Hopper architecture: NVLink-C2C 450 GB/s per direction', 'specification'),
    },
    hostBandwidth: from(bytesPerSecond(486 * GB_PER_S), `486 GB/s, all cores. ${ICPP}`, 'published'),
    deviceBandwidth: from(bytesPerSecond(3400 * GB_PER_S), `3.4 TB/s. ${ICPP}`, 'published'),
    remoteBandwidth: from(
      bytesPerSecond(342 * GB_PER_S),
      'nvbandwidth, host_to_device_memcpy_sm on a GH200: 342 GB/s (issue 23 of NVIDIA/nvbandwidth)',
      'measured',
    ),
    remote: {
      latency: from(
        ns(800),
        'Assumption: between its own memory (348 ns) and PCI Express; no measurement behind it',
        'assumed',
      ),
      inFlight: from(
        4096,
        'Assumption: deep enough for the measured 342 GB/s (which needs 2,138 lines of 128 bytes in 800 ns)',
        'assumed',
      ),
      requestBytes: from(bytes(128), 'Cache line of Hopper (mt4g, H100 NVL, repository caps-tum/mt4g)', 'measured'),
    },
  },
};
