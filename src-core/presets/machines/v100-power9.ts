import { bytes, bytesPerSecond, GIB, KIB } from '../../base/units';
import type { DriverCosts, LinkSpec, MachineSpec } from '../../model/machine';
import { newerTranslation, nvidiaFrontEnd, uvmBatchEntries, warps64 } from '../parts/nvidia';
import { carriedAll, from, GB_PER_S, ns, us } from '../parts/sourced';
import { wholeBatch } from '../parts/whole-batch';
import { x86Host } from '../parts/x86-host';
import { uvmOnGtx1080Ti } from './gtx-1080-ti';

const LOG =
  'nvprof logs of hotspot on a V100 and POWER9 of LLNL Lassen (XPlacer runs, repository AndrewXu22/optimal_unified_memory)';
const FIT =
  '926 fault groups of the two largest runs: 88 us + 0.31 us per fault + 29 us per copy beside the copies; deviation of a single group 72 us';

const link: LinkSpec = {
  asymptote: from(
    bytesPerSecond(55.35 * GIB),
    `Fitted to the medians of eleven sizes, 64 KiB to 960 KiB, towards the device in ${LOG}; NVIDIA gives 75 GB/s for three NVLink 2 bricks`,
    'measured',
  ),
  asymptoteToHost: from(
    bytesPerSecond(58 * GIB),
    `Fitted with the same knee to 64, 192, 448 and 960 KiB towards the host in ${LOG}`,
    'measured',
  ),
  kneePerKib: from(0.00785, `Fitted together with the rate (${LOG})`, 'measured'),
  curveError: from(
    0.06,
    'Largest distance from the eleven medians; these follow 2.5 us + size ÷ 68 GB/s more closely',
    'derived',
  ),
  duplex: from(
    true,
    'NVIDIA, Tesla V100 architecture: each NVLink brick has lanes for both directions',
    'specification',
  ),
};

const driver: DriverCosts = {
  ...carriedAll(uvmOnGtx1080Ti, 'the same driver code takes on POWER9 what it takes on x86'),
  interrupt: from(us(60), `Share of 88 us per group: ${FIT} (${LOG}); the division is an assumption`, 'assumed'),
  replay: from(us(28), `Share of 88 us per group: ${FIT} (${LOG}); the division is an assumption`, 'assumed'),
  fetchPerEntry: from(ns(155), `Half of 0.31 us per fault, the division is an assumption: ${FIT} (${LOG})`, 'assumed'),
  preprocessPerEntry: from(
    ns(155),
    `Half of 0.31 us per fault, the division is an assumption: ${FIT} (${LOG})`,
    'assumed',
  ),
  dmaSetup: from(us(22.7), `29 us per copy less block and shootdown: ${FIT} (${LOG})`, 'derived'),
  perPageUnmap: from(
    ns(0),
    `The fit finds no cost that grows with the size of a copy (−1 us per 64 KiB page): ${FIT} (${LOG})`,
    'derived',
  ),
  zeroing: from(
    bytesPerSecond(600 * GIB),
    'Write bandwidth of a V100 (mt4g, repository caps-tum/mt4g); a copy engine may be slower',
    'assumed',
  ),
};

/**
 * Tesla V100-SXM2 on a POWER9 host over three NVLink 2 bricks (IBM AC922 as in LLNL Lassen, 64 KiB pages). Link and fault
 * service are from nvprof logs of hotspot; the logs know groups of faults, not batches, and scatter widely.
 */
export const v100Power9: MachineSpec = {
  id: 'v100-power9',
  title: 'Tesla V100 on POWER9, NVLink 2, 16 GiB',
  summary: 'Coherent NVLink to the host, 64 KiB pages; link and fault service from nvprof logs of LLNL Lassen.',
  deviceMemory: from(bytes(16 * GIB), 'NVIDIA, Tesla V100 data sheet: 16 GB HBM2', 'specification'),
  faultBatchEntries: uvmBatchEntries,
  hostMapsDevice: from(
    true,
    'NVIDIA, Tesla V100 architecture: NVLink to POWER9 is cache-coherent, the CPU reaches GPU memory; address translation services let the GPU use the page tables of the CPU',
    'specification',
  ),
  hostPage: from(bytes(64 * KIB), `CPU faults lie 64 KiB apart in ${LOG}`, 'measured'),
  gpu: {
    ...nvidiaFrontEnd(
      from(80, 'SM count as reported by the CUDA runtime (mt4g, Tesla V100)', 'specification'),
      warps64,
    ),
    ...newerTranslation,
    memoryLatency: from(
      ns(296),
      'Pointer chase on a Tesla V100: 408 cycles at 1380 MHz (mt4g, repository caps-tum/mt4g, sample_results)',
      'measured',
    ),
  },
  timing: {
    ...x86Host,
    link,
    peerLink: {
      ...carriedAll(link, 'three bricks between two GPUs of a socket carry what three bricks to the processor do'),
      duplex: link.duplex,
    },
    ...wholeBatch(driver),
    deviceBandwidth: from(bytesPerSecond(900 * GB_PER_S), 'NVIDIA, Tesla V100 data sheet: 900 GB/s', 'specification'),
    remoteBandwidth: from(
      bytesPerSecond(55.35 * GIB),
      'Assumption: loads over NVLink reach the rate that its copies reach; no measurement of the machine behind it',
      'assumed',
    ),
    remote: {
      latency: from(ns(900), 'Assumption: less than a read over PCI Express; no measurement behind it', 'assumed'),
      inFlight: from(1024, 'Assumption: deep enough to fill the link', 'assumed'),
      requestBytes: from(bytes(128), 'Cache line of the V100 (mt4g, repository caps-tum/mt4g)', 'measured'),
    },
  },
};
