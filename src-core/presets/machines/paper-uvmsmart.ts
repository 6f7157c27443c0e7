import { bytes, bytesPerSecond, GIB, KIB, picoseconds, PS_PER_US } from '../../base/units';
import type { MachineSpec } from '../../model/machine';
import { from, GB_PER_S, ns } from '../parts/sourced';

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
  gpu: {
    smCount: from(28, `${CONFIG}: gpgpu_n_clusters 28, one core each`, 'published'),
    warpsPerSm: from(64, `${CONFIG}: gpgpu_shader_core_pipeline 2048:32, threads per core and warp`, 'published'),
    threadsPerWarp: from(32, `${CONFIG}: gpgpu_shader_core_pipeline 2048:32`, 'published'),
    smsPerUtlb: from(1, `${CONFIG}: each core has a TLB of its own`, 'published'),
    faultsPerUtlb: from(
      65_536,
      'UVMSmart, gpu-sim.cc: faults outstanding are kept in a map without a limit; more than a core has threads',
      'definition',
    ),
    faultBufferEntries: from(65_536, 'UVMSmart has no fault buffer and so no limit', 'definition'),
    tlbReach: from(bytes(4096 * 4 * KIB), `${CONFIG}: tlb_size 4096 entries of 4 KiB per core`, 'published'),
    pageWalk: from(ns(67.5), `${CONFIG}: page_table_walk_latency 100 cycles at 1481 MHz`, 'published'),
    pageWalkHuge: from(ns(44.6), `${CONFIG}: 66 cycles for 2 MiB pages`, 'published'),
    memoryLatency: from(
      ns(148.6),
      `${CONFIG}: rop_latency 120 and dram_latency 100 cycles at 1481 MHz, the queues not counted`,
      'derived',
    ),
  },
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
