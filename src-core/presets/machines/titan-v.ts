import { bytes, bytesPerSecond, GIB } from '../../base/units';
import type { DriverCosts, MachineSpec } from '../../model/machine';
import { newerTranslation, nvidiaFrontEnd, uvmBatchEntries, warps64 } from '../parts/nvidia';
import { pcie3Remote } from '../parts/pcie';
import { carriedAll, from, GB_PER_S, ns, us } from '../parts/sourced';
import { wholeBatch } from '../parts/whole-batch';
import { noHostMapping, pcieDuplex, x86Host } from '../parts/x86-host';
import { uvmOnGtx1080Ti } from './gtx-1080-ti';

const FIT =
  'Titan V, sgemm 16384, batches of 256 entries, no prefetch: a batch takes about 40 us + 1.25 us/KB (Allen and Ge, SC 2021, read off a figure of repository tallendev/uvm-eval)';

const {
  interrupt,
  perBlock,
  perPageUnmap,
  dmaMapPerPage,
  preprocessPerEntry,
  ptePerUpdate,
  populatePerChunk,
  replay,
  tlbShootdown,
} = carriedAll(uvmOnGtx1080Ti, 'the same driver code takes what it took on the host of the GTX 1080 Ti');

/**
 * Calibrated on the batch service times of Allen and Ge: a batch of 256 entries takes 40 us + 1.25 us/KB, of which the
 * transfer is less than a quarter, and about 180 us more per eviction. The split: 256 entries, fetched and preprocessed, and
 * interrupt and replay make the 40 us; the 5 us per page are what the GTX 1080 Ti logs know (unmapping, mapping, page
 * table), blocks (28 pages each: 195 pages in 6.96 blocks of a batch), and the rest is the set-up of a copy per page, since
 * the pages of sgemm lie 64 KiB apart. Row V9 of the validation has the line that runs of the engine give, and what remains.
 * An eviction adds up to 180 us; in a run its copy overlaps the driver and 156 us remain, as the second figure of the source
 * implies (0.91 ms for 200 KB with four evictions).
 */
const driver: DriverCosts = {
  interrupt,
  fetchPerEntry: from(
    ns(73),
    `(40 us − interrupt − replay) / 256 entries, less 0.06 us preprocessing of each. ${FIT}`,
    'derived',
  ),
  preprocessPerEntry,
  perBlock,
  perPageUnmap,
  tlbShootdown,
  dmaMapPerPage,
  dmaSetup: from(
    us(4.444),
    `What remains of 5 us per page: less 0.221 unmapping, 0.064 DMA mapping, 0.05 page table and 6.2 / 28 per block. ${FIT}`,
    'derived',
  ),
  populatePerChunk,
  zeroing: from(
    bytesPerSecond(600 * GIB),
    'Write bandwidth of a V100, the same chip with one memory stack more (mt4g, repository caps-tum/mt4g); a copy engine may be slower',
    'assumed',
  ),
  ptePerUpdate,
  replay,
  evictionPerBlock: from(
    us(8.4),
    'About 180 us per eviction on the fault path, less 163 us of its 2 MB transfer, 4.2 us of shootdown and 4.4 us of copy set-up (Allen and Ge, SC 2021, read off a figure)',
    'derived',
  ),
};

/** NVIDIA Titan V on PCIe 3 x16: the machine of the measurements of Allen and Ge, SC 2021. */
export const titanV: MachineSpec = {
  id: 'titan-v',
  title: 'NVIDIA Titan V, PCIe 3 x16, 12 GiB',
  summary:
    'Volta card whose fault batches were measured by Allen and Ge (SC 2021); fault service is calibrated on them.',
  deviceMemory: from(bytes(12 * GIB), 'NVIDIA, Titan V specifications: 12 GB HBM2', 'specification'),
  faultBatchEntries: uvmBatchEntries,
  hostMapsDevice: noHostMapping,
  gpu: {
    ...nvidiaFrontEnd(from(80, 'NVIDIA, Titan V: 5120 CUDA cores, 64 per SM', 'specification'), warps64),
    ...newerTranslation,
    memoryLatency: from(
      ns(296),
      'Pointer chase on a Tesla V100, the same chip: 408 cycles at 1380 MHz (mt4g, repository caps-tum/mt4g, sample_results)',
      'measured',
    ),
  },
  timing: {
    ...x86Host,
    link: {
      asymptote: from(
        bytesPerSecond(12 * GIB),
        'UVMSmart simulator (Ganguly et al., ISCA 2019) for PCIe 3 x16; cudaMemcpy on the Titan V: 256 KB in 22 us (Allen and Ge, SC 2021, read off a figure), 20.8 us by this curve',
        'published',
      ),
      kneePerKib: from(
        0.1056,
        `A single page takes 1.25 us, a quarter of its share of the batch, the upper bound that the measurement gives. ${FIT}`,
        'derived',
      ),
      curveError: from(0.1, 'Reading error of the figure', 'assumed'),
      duplex: pcieDuplex,
    },
    ...wholeBatch(driver),
    deviceBandwidth: from(
      bytesPerSecond(652.8 * GB_PER_S),
      'NVIDIA, Titan V specifications: 652.8 GB/s',
      'specification',
    ),
    remoteBandwidth: from(
      bytesPerSecond(12 * GB_PER_S),
      'Measured peak into a V100 over PCIe 3 x16, 12 GB/s (issue 54 of ZaidQureshi/bam); same chip, same bus',
      'assumed',
    ),
    remote: pcie3Remote,
  },
};
