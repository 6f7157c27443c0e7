import { bytes, bytesPerSecond, GIB } from '../../base/units';
import type { MachineSpec, MachineTiming } from '../../model/machine';
import { newerTranslation, nvidiaFrontEnd, warps48 } from '../parts/nvidia';
import { kneeOfSameCost } from '../parts/size-curve';
import { carried, from, GB_PER_S, ns } from '../parts/sourced';
import { wholeBatch } from '../parts/whole-batch';
import { a100Pcie, pcie4Link, uvmOnLaterX86 } from './a100-pcie';

const RATE = 26.3 * GB_PER_S;
const a100 = a100Pcie.timing as MachineTiming;

/** GeForce RTX 3090 on PCIe 4 x16, the machine of SUV (MICRO 2024) and ObservUVM (ISCA 2026). */
export const rtx3090: MachineSpec = {
  ...a100Pcie,
  id: 'rtx-3090',
  title: 'GeForce RTX 3090, PCIe 4 x16, 24 GiB',
  summary: 'Ampere gaming card; link measured on its successor, fault service carried over from older logs.',
  deviceMemory: from(bytes(24 * GIB), 'NVIDIA, GeForce RTX 3090 specifications: 24 GB GDDR6X', 'specification'),
  gpu: {
    ...nvidiaFrontEnd(from(82, 'NVIDIA, GeForce RTX 3090: 10,496 CUDA cores, 128 per SM', 'specification'), warps48),
    ...newerTranslation,
    memoryLatency: from(
      ns(293),
      'Assumption: as on an RTX 3060, same generation: 520 cycles (YKTian-x2b/AmpereArchViaMicroBenchMark) at its boost clock of 1777 MHz',
      'assumed',
    ),
  },
  timing: {
    ...a100,
    link: {
      ...pcie4Link,
      asymptote: from(
        bytesPerSecond(RATE),
        'Assumption: as on an RTX 4090, same bus: 26.3 GB/s from the host (nvbandwidth, issue 15 of NVIDIA/nvbandwidth)',
        'assumed',
      ),
      asymptoteToHost: from(
        bytesPerSecond(26.8 * GB_PER_S),
        'Assumption: as on an RTX 4090, same bus: 26.3 to 27.1 GB/s to the host (nvbandwidth, issue 15 of NVIDIA/nvbandwidth)',
        'assumed',
      ),
      kneePerKib: kneeOfSameCost(RATE),
    },
    ...wholeBatch(
      uvmOnLaterX86(
        from(
          bytesPerSecond(700 * GB_PER_S),
          'Assumption: three quarters of the peak bandwidth, as kernels of other cards reach',
          'assumed',
        ),
      ),
    ),
    deviceBandwidth: from(
      bytesPerSecond(936 * GB_PER_S),
      'NVIDIA, GeForce RTX 3090 specifications: 936 GB/s',
      'specification',
    ),
    remoteBandwidth: carried(a100.remoteBandwidth, 'as on an A100, same bus'),
  },
};
