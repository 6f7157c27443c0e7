import { bytes, bytesPerSecond, GIB, picoseconds, PS_PER_US } from '../../base/units';
import type { MachineSpec } from '../../model/machine';

const GB_PER_S = 1_000_000_000;
const CONFIG = 'UVMSmart, configs/GeForceGTX1080Ti/gpgpusim.config';

/**
 * The GeForce GTX 1080 Ti on PCIe 3 x16 as GPGPU-Sim with UVMSmart simulates it, for comparison with the numbers that its
 * authors published. Meant for the memory system `uvmsmart`, which has the latency of faults (45 us) as an option of its
 * own. Left out: the caches and the clock domains; a kernel takes as long as its bytes need at the bandwidth below.
 */
export const paperUvmsmart: MachineSpec = {
  id: 'paper-uvmsmart',
  title: 'GTX 1080 Ti as UVMSmart simulates it',
  summary: 'The configuration of the ISCA 2019, IPDPS 2020 and DATE 2021 papers: PCIe 3 x16, faults one at a time.',
  deviceMemory: { value: bytes(GIB), source: `${CONFIG}: gddr_size 1GB, the most it can simulate`, grade: 'published' },
  faultBatchEntries: {
    value: 1,
    source: 'UVMSmart, gpu-sim.cc, gmmu_t: no fault buffer; each fault is handled in the cycle in which it is seen',
    grade: 'published',
  },
  hostMapsDevice: { value: false, source: 'UVMSmart simulates no accesses of the CPU', grade: 'published' },
  timing: {
    link: {
      asymptote: {
        value: bytesPerSecond(12 * GIB),
        source: 'UVMSmart, gpu-sim.cc lines 632-653: curve_a = 12 for pcie_bandwidth 16GB/s, in units of 2^30 B/s',
        grade: 'published',
      },
      kneePerKib: { value: 0.07292, source: 'UVMSmart, gpu-sim.cc lines 632-653: curve_b', grade: 'published' },
      duplex: {
        value: true,
        source: 'UVMSmart, gpu-sim.cc: one read and one write latency queue, independent of each other',
        grade: 'published',
      },
    },
    cpuFirstTouch: { value: picoseconds(0), source: 'UVMSmart simulates no accesses of the CPU', grade: 'definition' },
    cpuFault: { value: picoseconds(0), source: 'UVMSmart simulates no accesses of the CPU', grade: 'definition' },
    batchFixed: {
      value: picoseconds(45 * PS_PER_US),
      source: 'UVMSmart, -page_fault_latency 66645 cycles at 1481 MHz per fault; a fault is a batch of its own here',
      grade: 'published',
    },
    batchPerFault: {
      value: picoseconds(0),
      source: 'UVMSmart has one latency per fault, which is in batchFixed',
      grade: 'definition',
    },
    evictionFixed: {
      value: picoseconds(0),
      source: 'UVMSmart, gpu-sim.cc: choosing and unmapping a victim takes no time, only its transfer does',
      grade: 'published',
    },
    hostBandwidth: {
      value: bytesPerSecond(12 * GB_PER_S),
      source: 'Assumption; UVMSmart simulates no accesses of the CPU',
      grade: 'assumed',
    },
    deviceBandwidth: {
      value: bytesPerSecond(484 * GB_PER_S),
      source: `${CONFIG}: 11 channels of 4 bytes at 2750 MHz, quad data rate; NVIDIA gives 484 GB/s`,
      grade: 'specification',
    },
    remoteBandwidth: {
      value: bytesPerSecond(947_840_000),
      source:
        'UVMSmart, gpu-sim.cc: a zero-copy request of a 128-byte line occupies the read channel for 200 core cycles, whatever its size: 128 B / (200 / 1481 MHz)',
      grade: 'derived',
    },
    kernelLaunch: {
      value: picoseconds(150 * PS_PER_US),
      source: 'UVMSmart: kernel launch latency of 222,150 cycles at 1481 MHz',
      grade: 'published',
    },
  },
};
