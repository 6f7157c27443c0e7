import { bytes, bytesPerSecond, GIB } from '../../base/units';
import type { DriverCosts, MachineSpec } from '../../model/machine';
import { nvidiaFrontEnd, uvmBatchEntries, warps64 } from '../parts/nvidia';
import { pcie3Remote } from '../parts/pcie';
import { from, GB_PER_S, ns, us } from '../parts/sourced';
import { wholeBatch } from '../parts/whole-batch';
import { launchOfGtx1080Ti, noHostMapping, pcieDuplex, x86Host } from '../parts/x86-host';

const LOG =
  'nvprof logs of single faults on a GeForce GTX 1080 Ti (micro-benchmarks of DebashisGanguly/gpgpu-sim_UVMSmart)';
const REST =
  'a fault that brings in p pages takes 12.5 us + 0.221 us × p beside its copies, from p = 16 to 256, residual below 15 %';

/**
 * The split behind these costs. In the logs one fault at a time is serviced, and brings in 64 KiB to 1 MiB: beside the
 * copies (4 KiB for the page, then the rest) there remain 12.5 us + 0.221 us per page. The first fault of a 2 MiB block
 * takes 33 us more. A block that comes in by six faults takes 398 to 403 us in the logs, 403 us by these constants. Which
 * part of 12.5 us is interrupt, block and set-up is not in the logs: that division is an assumption, its sum is not.
 * Left out: the first fault of a process, 165 us more.
 */
export const uvmOnGtx1080Ti: DriverCosts = {
  interrupt: from(us(3), `Assumption within the fixed 12.5 us: ${REST} (${LOG})`, 'assumed'),
  fetchPerEntry: from(
    ns(133),
    'Titan V: a batch of 256 entries has a fixed part of about 40 us (Allen and Ge, SC 2021), of which 34 us / 256; used here too',
    'assumed',
  ),
  preprocessPerEntry: from(ns(60), `Assumption within the fixed 12.5 us: ${REST} (${LOG})`, 'assumed'),
  perBlock: from(us(2), `Assumption within the fixed 12.5 us: ${REST} (${LOG})`, 'assumed'),
  perPageUnmap: from(ns(221), `Slope of ${LOG}: ${REST}`, 'derived'),
  tlbShootdown: from(
    us(4.2),
    'Vesely et al., ISPASS 2016: 4.2 us to invalidate one entry from the processor (AMD A10-7850K); no figure of this machine',
    'assumed',
  ),
  dmaMapPerPage: from(
    ns(64),
    `First fault of a 2 MiB block 33 us longer than others of equal size, over its 512 host pages (${LOG})`,
    'derived',
  ),
  dmaSetup: from(us(1.55), `What remains of the fixed 12.5 us for each of the two copies: ${REST} (${LOG})`, 'derived'),
  populatePerChunk: from(
    us(1),
    'Assumption: part of the 33 us of the first fault of a block, which the DMA mappings explain',
    'assumed',
  ),
  zeroing: from(
    bytesPerSecond(378 * GIB),
    'Write bandwidth of a Quadro P6000, the same chip (mt4g, repository caps-tum/mt4g, sample_results); a copy engine may be slower',
    'assumed',
  ),
  ptePerUpdate: from(
    ns(50),
    'Assumption: small against the 221 ns per page that hold unmapping and page tables',
    'assumed',
  ),
  replay: from(
    us(3),
    'Assumption: as long as the interrupt; in the logs it falls together with the last copy',
    'assumed',
  ),
  evictionPerBlock: from(
    us(17),
    'Titan V: about 180 us per eviction less the 163 us of its 2 MB transfer (Allen and Ge, SC 2021); same driver, same bus',
    'assumed',
  ),
};

/**
 * GeForce GTX 1080 Ti on PCIe 3 x16: the machine of the UVMSmart authors' real measurements. Link and fault service are
 * from their nvprof logs.
 */
export const gtx1080Ti: MachineSpec = {
  id: 'gtx-1080-ti',
  title: 'GeForce GTX 1080 Ti, PCIe 3 x16, 11 GiB',
  summary: 'Pascal gaming card; link and fault service measured in nvprof logs of single faults.',
  deviceMemory: from(bytes(11 * GIB), 'NVIDIA, GeForce GTX 1080 Ti specifications: 11 GB GDDR5X', 'specification'),
  faultBatchEntries: uvmBatchEntries,
  hostMapsDevice: noHostMapping,
  gpu: {
    ...nvidiaFrontEnd(from(28, 'NVIDIA, GeForce GTX 1080 Ti: 3584 CUDA cores, 128 per SM', 'specification'), warps64),
    tlbReach: from(
      bytes(2 * GIB),
      'Assumption: no figure of Pascal found; 130 MiB measured on a Titan X (Maxwell), 2 GiB to 4 GiB on a B200 (Blackwell)',
      'assumed',
    ),
    pageWalk: from(ns(67.5), 'UVMSmart simulator, GTX 1080 Ti configuration: 100 cycles at 1481 MHz', 'published'),
    pageWalkHuge: from(ns(44.6), 'UVMSmart simulator, GTX 1080 Ti configuration: 66 cycles at 1481 MHz', 'published'),
    memoryLatency: from(
      ns(252),
      'Pointer chase on a Quadro P6000, the same chip: 415 cycles at 1645 MHz (mt4g, repository caps-tum/mt4g, sample_results)',
      'measured',
    ),
  },
  timing: {
    ...x86Host,
    ...launchOfGtx1080Ti,
    link: {
      asymptote: from(
        bytesPerSecond(11.39 * GIB),
        `Fitted to the medians of 4, 60, 64, 124, 252, 508 and 1020 KiB towards the device in ${LOG}`,
        'measured',
      ),
      kneePerKib: from(0.0775, `Fitted together with the rate (${LOG})`, 'measured'),
      curveError: from(
        0.01,
        'Largest distance from the seven medians towards the device; towards the host 64 KiB takes 8 % and 4 KiB 34 % less time than the curve says',
        'derived',
      ),
      duplex: pcieDuplex,
    },
    ...wholeBatch(uvmOnGtx1080Ti),
    deviceBandwidth: from(
      bytesPerSecond(484 * GB_PER_S),
      'NVIDIA, GeForce GTX 1080 Ti specifications: 484 GB/s',
      'specification',
    ),
    remoteBandwidth: from(
      bytesPerSecond(12 * GB_PER_S),
      'Measured peak into a V100 over PCIe 3 x16, 12 GB/s (issue 54 of ZaidQureshi/bam); same bus',
      'assumed',
    ),
    remote: pcie3Remote,
  },
};
