import { bytes, bytesPerSecond, GIB } from '../../base/units';
import type { DriverCosts, LinkSpec, MachineSpec } from '../../model/machine';
import { newerTranslation, nvidiaFrontEnd, uvmBatchEntries, warps64 } from '../parts/nvidia';
import { pcie4Remote } from '../parts/pcie';
import { kneeOfSameCost } from '../parts/size-curve';
import { carriedAll, from, GB_PER_S, ns } from '../parts/sourced';
import { wholeBatch } from '../parts/whole-batch';
import { noHostMapping, pcieDuplex, x86Host } from '../parts/x86-host';
import { uvmOnGtx1080Ti } from './gtx-1080-ti';

const MT4G = 'mt4g, NVIDIA A100-PCIE-40GB (repository caps-tum/mt4g, sample_results)';
const RATE = 26.28 * GB_PER_S;

/** PCIe 4 x16 as copy engines of an A100 use it. */
export const pcie4Link: LinkSpec = {
  asymptote: from(
    bytesPerSecond(RATE),
    'nvbandwidth on an A100-SXM4-80GB over PCIe 4 x16, host to device: 26.28 GB/s (Azure/AI-benchmarking-guide, ND A100 v4)',
    'measured',
  ),
  kneePerKib: kneeOfSameCost(RATE),
  duplex: pcieDuplex,
};

/** The driver on x86 of later years: what the GTX 1080 Ti logs show, for want of others. */
export const uvmOnLaterX86 = (zeroing: DriverCosts['zeroing']): DriverCosts => ({
  ...carriedAll(uvmOnGtx1080Ti, 'the same driver code takes what it took on the host of the GTX 1080 Ti'),
  zeroing,
});

/**
 * NVIDIA A100 on PCIe 4 x16. Memory and link are measured; the split of fault service is carried over from a GTX 1080 Ti,
 * so a single fault takes about 23 us (10 us to 50 us are reported for a card of this generation, ObservUVM, ISCA 2026).
 */
export const a100Pcie: MachineSpec = {
  id: 'a100-pcie',
  title: 'NVIDIA A100, PCIe 4 x16, 40 GB',
  summary: 'Ampere data-centre card; link and memory measured, fault service carried over from older logs.',
  deviceMemory: from(bytes(42_406_903_808), `Memory that the CUDA runtime reports (${MT4G})`, 'measured'),
  faultBatchEntries: uvmBatchEntries,
  hostMapsDevice: noHostMapping,
  gpu: {
    ...nvidiaFrontEnd(from(108, `SM count that the CUDA runtime reports (${MT4G})`, 'specification'), warps64),
    ...newerTranslation,
    memoryLatency: from(ns(454), `Pointer chase: 640 cycles at 1410 MHz (${MT4G})`, 'measured'),
  },
  timing: {
    ...x86Host,
    link: pcie4Link,
    ...wholeBatch(
      uvmOnLaterX86(
        from(
          bytesPerSecond(1163 * GIB),
          `Write bandwidth of its kernels (${MT4G}); a copy engine may be slower`,
          'assumed',
        ),
      ),
    ),
    deviceBandwidth: from(
      bytesPerSecond(1555 * GB_PER_S),
      'NVIDIA, A100 PCIe 40 GB data sheet: 1,555 GB/s',
      'specification',
    ),
    remoteBandwidth: from(
      bytesPerSecond(25.13 * GB_PER_S),
      'nvbandwidth, host_to_device_memcpy_sm on an A100-SXM4-40GB over PCIe 4 x16: 25.13 GB/s (issue 42 of NVIDIA/nvbandwidth)',
      'measured',
    ),
    remote: pcie4Remote,
  },
};
